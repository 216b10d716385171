/**
 * The files of a policy: found under paths, or taken apart from the content that a log keeps.
 *
 * The content is one YAML stream. Before each file stands the line `# sharewatch-file: NAME`, where
 * NAME is PACK/FILE, or the path as given when there is no pack. Lists of plain lines are kept as
 * YAML sequences. The same content gives the same policy again, so that a replay needs nothing
 * else.
 */
#ifndef SHAREWATCH_FILES_H
#define SHAREWATCH_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/arena.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

#define SW_FILES_MARK "# sharewatch-file: "

enum sw_file_role { SW_FILE_PACK, SW_FILE_LIST, SW_FILE_RULES };

struct sw_file {
    enum sw_file_role role;
    struct sw_text name; // as in the content; NUL-terminated
    const char *path;    // as in diagnostics
    struct sw_text text;
    bool packed; // belongs to the pack whose name is the first part of `name`
};

struct sw_files {
    struct sw_file *items; // [count]
    uint32_t count, capacity;
    struct sw_arena arena;
};

/** Reads all files under @path. SW_IO, SW_INVALID: @report says why. */
enum sw_status sw_files_collect(struct sw_files *files, const char *path,
                                struct sw_report *report) SW_MUST_CHECK;

/** Takes @content apart. SW_INVALID: it does not start with a mark. */
enum sw_status sw_files_split(struct sw_files *files, struct sw_text content,
                              struct sw_report *report) SW_MUST_CHECK;

/** Joins the files to one content in @arena. */
struct sw_text sw_files_join(const struct sw_files *files, struct sw_arena *arena);

/** The folder part of @name, without its last slash; empty when there is none. */
struct sw_text sw_files_folder(struct sw_text name);

void sw_files_free(struct sw_files *files);

#endif
