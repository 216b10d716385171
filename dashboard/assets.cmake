# Puts the files of web/ into the program. Called by the build with
#   WEB     folder of the files        SQL     reviews.sql
#   OUT_S   assembly to write          OUT_C   table to write
# Each file is taken in as it is by .incbin. The table has its name, type and place, and one hash over
# all contents, which stands in their URLs so that a browser may keep them for ever.
file(GLOB files RELATIVE ${WEB} ${WEB}/*)
list(SORT files)
set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")

set(all "")
foreach(file IN LISTS files)
    file(SHA256 ${WEB}/${file} one)
    string(APPEND all "${file} ${one}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 12 hash)

set(asm "# Made from dashboard/web by assets.cmake.\n    .section .rodata\n")
set(rows "")
set(names "")
set(index 0)
foreach(file IN LISTS files)
    get_filename_component(extension ${file} LAST_EXT)
    string(SUBSTRING ${extension} 1 -1 extension)
    string(APPEND asm "    .global sw_asset_${index}\nsw_asset_${index}:\n    .incbin \"${WEB}/${file}\"\n"
                      "    .global sw_asset_${index}_end\nsw_asset_${index}_end:\n    .byte 0\n")
    string(APPEND names "extern const char sw_asset_${index}[];\nextern const char sw_asset_${index}_end[];\n")
    string(APPEND rows "    {\"${file}\", \"${type_${extension}}\", sw_asset_${index}, sw_asset_${index}_end},\n")
    math(EXPR index "${index} + 1")
endforeach()
string(APPEND asm "    .global sw_reviews_sql\nsw_reviews_sql:\n    .incbin \"${SQL}\"\n    .byte 0\n"
                  "    .section .note.GNU-stack, \"\", %progbits\n")
file(WRITE ${OUT_S} "${asm}")
file(WRITE ${OUT_C} "/* Made from dashboard/web by assets.cmake. */\n#include \"assets.h\"\n\n${names}\n"
                    "const struct sw_asset sw_assets[] = {\n${rows}};\n"
                    "const uint32_t sw_asset_count = ${index};\n"
                    "const char sw_assets_hash[] = \"${hash}\";\n")
