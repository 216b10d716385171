# Writes the file IN as the C array NAME, and its length, into OUT.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)"
       "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"schema.h\"\n\nconst unsigned char ${NAME}[] = {\n${bytes}0};\n")
