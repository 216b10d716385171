#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sharewatch/assert.h>
#include <sharewatch/yaml.h>

#include "engine.h"

#define FOLDER_DEPTH_MAX 16
#define PATH_BYTES       4096

static struct sw_file *add_file(struct sw_files *files, enum sw_file_role role, struct sw_text name,
                                const char *path, bool packed)
{
    files->items = sw_grow(files->items, files->count, &files->capacity, sizeof(struct sw_file));
    struct sw_file *file = &files->items[files->count++];
    *file = (struct sw_file){
        .role = role,
        .name = sw_arena_text(&files->arena, name),
        .path = sw_arena_text(&files->arena, sw_text_from(path)).bytes,
        .packed = packed,
    };
    return file;
}

static enum sw_status fail_io(struct sw_report *report, const char *path)
{
    sw_report_error(report, (struct sw_place){.file = path}, NULL, "cannot be read: %s",
                    strerror(errno));
    return SW_IO;
}

static enum sw_status read_file(struct sw_files *files, const char *path, struct sw_text *text,
                                struct sw_report *report)
{
    FILE *stream = fopen(path, "rb");
    struct stat status;
    if (stream == NULL || fstat(fileno(stream), &status) != 0) {
        if (stream != NULL) {
            (void)fclose(stream);
        }
        return fail_io(report, path);
    }
    if (status.st_size < 0 || (size_t)status.st_size > SW_YAML_FILE_BYTES) {
        (void)fclose(stream);
        sw_report_error(report, (struct sw_place){.file = path}, NULL, "is larger than %zu MiB",
                        SW_YAML_FILE_BYTES >> 20);
        return SW_IO;
    }
    size_t bytes = (size_t)status.st_size;
    char *memory = sw_arena_alloc(&files->arena, bytes + 1);
    size_t read = fread(memory, 1, bytes, stream);
    (void)fclose(stream);
    if (read != bytes) {
        return fail_io(report, path);
    }
    *text = (struct sw_text){memory, (uint32_t)bytes};
    return SW_OK;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name);
    size_t tail = strlen(ending);
    return length > tail && strcmp(name + length - tail, ending) == 0;
}

static bool is_yaml(const char *name)
{
    return ends_with(name, ".yml") || ends_with(name, ".yaml");
}

static bool is_lines(const char *name)
{
    return ends_with(name, ".txt") || ends_with(name, ".csv");
}

/* The value of one line of a list: its first column, without blanks and quotes. */
static struct sw_text value_of_line(struct sw_text line)
{
    const char *comma = line.length > 0 ? memchr(line.bytes, ',', line.length) : NULL;
    if (comma != NULL) {
        line.length = (uint32_t)(comma - line.bytes);
    }
    while (line.length > 0 && strchr(" \t\r\"", line.bytes[0]) != NULL) {
        line = (struct sw_text){line.bytes + 1, line.length - 1};
    }
    while (line.length > 0 && strchr(" \t\r\"", line.bytes[line.length - 1]) != NULL) {
        line.length--;
    }
    return line;
}

/* Rewrites a list of lines as a YAML sequence, line by line, so that line numbers stay. */
static struct sw_text lines_to_yaml(struct sw_files *files, struct sw_text text)
{
    uint32_t most = text.length * 6 + 64;
    for (uint32_t i = 0; i < text.length; i++) {
        most += text.bytes[i] == '\n' ? 8 : 0;
    }
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, sw_arena_alloc(&files->arena, most), most);
    uint32_t start = 0;
    for (uint32_t i = 0; i <= text.length; i++) {
        if (i < text.length && text.bytes[i] != '\n') {
            continue;
        }
        struct sw_text value = value_of_line((struct sw_text){text.bytes + start, i - start});
        if (value.length > 0 && value.bytes[0] != '#') {
            sw_buffer_append_string(&buffer, "- ");
            sw_buffer_append_json(&buffer, value);
        }
        if (i < text.length) {
            sw_buffer_append_string(&buffer, "\n");
        }
        start = i + 1;
    }
    SW_ASSERT(!buffer.overflowed);
    return sw_buffer_text(&buffer);
}

static enum sw_status collect_file(struct sw_files *files, enum sw_file_role role,
                                   struct sw_text name, const char *path, bool packed,
                                   struct sw_report *report)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (sw_text_equal(files->items[i].name, name)) {
            return SW_OK; // given twice
        }
    }
    struct sw_text text = {0};
    enum sw_status status = read_file(files, path, &text, report);
    if (status != SW_OK) {
        return status;
    }
    if (role == SW_FILE_LIST && is_lines(path)) {
        text = lines_to_yaml(files, text);
    }
    add_file(files, role, name, path, packed)->text = text;
    return SW_OK;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool join_path(char *joined, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] == '/';
    int written =
        snprintf(joined, PATH_BYTES, "%s%s%s", folder, slash || length == 0 ? "" : "/", name);
    return written > 0 && written < PATH_BYTES;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The entries of @path in order of name, hidden ones left out. */
static enum sw_status list_folder(struct sw_files *files, const char *path, const char ***names,
                                  uint32_t *count, struct sw_report *report)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return fail_io(report, path);
    }
    uint32_t capacity = 0;
    *names = NULL;
    *count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        *names = sw_grow((void *)*names, *count, &capacity, sizeof(char *));
        (*names)[(*count)++] = sw_arena_text(&files->arena, sw_text_from(entry->d_name)).bytes;
    }
    (void)closedir(folder);
    if (*count > 1) {
        qsort((void *)*names, *count, sizeof(char *), compare_names);
    }
    return SW_OK;
}

/* How names in the content are made: `name` of the folder. */
struct folder {
    const char *path;
    const char *name;
    bool packed;
};

static enum sw_status collect_lists(struct sw_files *files, const struct folder *parent,
                                    struct sw_report *report)
{
    char path[PATH_BYTES];
    const char **names = NULL;
    uint32_t count = 0;
    if (!join_path(path, parent->path, "lists") || !is_folder(path)) {
        return SW_OK;
    }
    enum sw_status status = list_folder(files, path, &names, &count, report);
    for (uint32_t i = 0; i < count && status == SW_OK; i++) {
        char file[PATH_BYTES];
        char name[PATH_BYTES];
        char below[PATH_BYTES];
        bool good = join_path(file, path, names[i]) && join_path(below, "lists", names[i]) &&
                    join_path(name, parent->name, below);
        if (!good || !(is_yaml(file) || is_lines(file)) || !is_file(file)) {
            continue;
        }
        status =
            collect_file(files, SW_FILE_LIST, sw_text_from(name), file, parent->packed, report);
    }
    free((void *)names);
    return status;
}

static enum sw_status collect_pack(struct sw_files *files, const char *path, uint32_t depth,
                                   struct sw_report *report);

/* Collects the packs that the pack at @path extends; they stand beside it. */
static enum sw_status collect_extended(struct sw_files *files, const char *path,
                                       const struct sw_file *pack, uint32_t depth,
                                       struct sw_report *report)
{
    struct sw_yaml yaml = {0};
    struct sw_report ignored = {0}; // the file is read again, and reported on, when it is loaded
    enum sw_status status = sw_yaml_parse(&yaml, pack->path, pack->text, &ignored);
    sw_report_free(&ignored);
    const struct sw_yaml_node *extends = status == SW_OK && yaml.document_count > 0
                                             ? sw_yaml_get(yaml.documents[0], "extends")
                                             : NULL;
    status = SW_OK;
    uint32_t count = extends == NULL ? 0 : extends->type == SW_YAML_SEQUENCE ? extends->count : 1;
    for (uint32_t i = 0; i < count && status == SW_OK; i++) {
        const struct sw_yaml_node *name =
            extends->type == SW_YAML_SEQUENCE ? extends->items[i] : extends;
        char beside[PATH_BYTES];
        struct sw_text parent = sw_files_folder(sw_text_from(path));
        int written = snprintf(beside, sizeof(beside), "%.*s%s%.*s", SW_TEXT_FORMAT(parent),
                               parent.length > 0 ? "/" : "", SW_TEXT_FORMAT(name->text));
        bool good = name->type == SW_YAML_SCALAR && written > 0 &&
                    (size_t)written < sizeof(beside) && is_folder(beside);
        if (!good) {
            sw_report_error(report, name->place, "a pack that is extended stands beside this one",
                            "no pack %.*s", SW_TEXT_FORMAT(name->text));
            status = SW_INVALID;
        } else {
            status = collect_pack(files, beside, depth + 1, report);
        }
    }
    sw_yaml_free(&yaml);
    return status;
}

static enum sw_status collect_pack(struct sw_files *files, const char *path, uint32_t depth,
                                   struct sw_report *report)
{
    char folder_path[PATH_BYTES];
    (void)snprintf(folder_path, sizeof(folder_path), "%s", path);
    size_t length = strlen(folder_path);
    while (length > 1 && folder_path[length - 1] == '/') {
        folder_path[--length] = '\0';
    }
    const char *slash = strrchr(folder_path, '/');
    struct folder folder = {folder_path, slash != NULL ? slash + 1 : folder_path, true};
    char file[PATH_BYTES];
    char name[PATH_BYTES];
    if (depth > FOLDER_DEPTH_MAX || !join_path(file, folder_path, "pack.yaml") ||
        !join_path(name, folder.name, "pack.yaml")) {
        sw_report_error(report, (struct sw_place){.file = path}, NULL,
                        "packs extend each other in a circle, or the path is too long");
        return SW_INVALID;
    }
    uint32_t pack = files->count;
    enum sw_status status =
        collect_file(files, SW_FILE_PACK, sw_text_from(name), file, true, report);
    if (status != SW_OK || files->count == pack) {
        return status; // failed, or loaded already
    }
    struct sw_file copy = files->items[pack];
    status = collect_extended(files, folder_path, &copy, depth, report);
    if (status == SW_OK) {
        status = collect_lists(files, &folder, report);
    }
    const char **names = NULL;
    uint32_t count = 0;
    if (status == SW_OK) {
        status = list_folder(files, folder_path, &names, &count, report);
    }
    for (uint32_t i = 0; i < count && status == SW_OK; i++) {
        if (ends_with(names[i], ".yml") && join_path(file, folder_path, names[i]) &&
            join_path(name, folder.name, names[i]) && is_file(file)) {
            status = collect_file(files, SW_FILE_RULES, sw_text_from(name), file, true, report);
        }
    }
    free((void *)names);
    return status;
}

/* Any other folder: rules of all depths; packs within it as packs. */
static enum sw_status collect_folder(struct sw_files *files, const char *path, uint32_t depth,
                                     struct sw_report *report)
{
    char pack[PATH_BYTES];
    if (join_path(pack, path, "pack.yaml") && is_file(pack)) {
        return collect_pack(files, path, 0, report);
    }
    struct folder folder = {path, path, false};
    const char **names = NULL;
    uint32_t count = 0;
    enum sw_status status = collect_lists(files, &folder, report);
    if (status == SW_OK) {
        status = list_folder(files, path, &names, &count, report);
    }
    for (uint32_t i = 0; i < count && status == SW_OK; i++) {
        char below[PATH_BYTES];
        if (!join_path(below, path, names[i])) {
            continue;
        }
        if (is_folder(below)) {
            if (strcmp(names[i], "lists") != 0 && depth < FOLDER_DEPTH_MAX) {
                status = collect_folder(files, below, depth + 1, report);
            }
        } else if (is_yaml(names[i])) {
            status = collect_file(files, SW_FILE_RULES, sw_text_from(below), below, false, report);
        }
    }
    free((void *)names);
    return status;
}

enum sw_status sw_files_collect(struct sw_files *files, const char *path, struct sw_report *report)
{
    if (is_folder(path)) {
        uint32_t before = files->count;
        enum sw_status status = collect_folder(files, path, 0, report);
        if (status == SW_OK && files->count == before && before == 0) {
            sw_report_error(report, (struct sw_place){.file = path},
                            "rules are files *.yml or *.yaml", "no rules in this folder");
            return SW_INVALID;
        }
        return status;
    }
    struct sw_text parent = sw_files_folder(sw_text_from(path));
    char folder_path[PATH_BYTES];
    (void)snprintf(folder_path, sizeof(folder_path), "%.*s", SW_TEXT_FORMAT(parent));
    struct folder folder = {parent.length > 0 ? folder_path : ".", folder_path, false};
    enum sw_status status = collect_lists(files, &folder, report);
    return status == SW_OK
               ? collect_file(files, SW_FILE_RULES, sw_text_from(path), path, false, report)
               : status;
}

struct sw_text sw_files_folder(struct sw_text name)
{
    while (name.length > 0 && name.bytes[name.length - 1] != '/') {
        name.length--;
    }
    if (name.length > 1) {
        name.length--;
    }
    return name;
}

/* Whether a mark stands at @at, and at the start of a line. */
static bool mark_at(struct sw_text text, uint32_t at)
{
    struct sw_text rest = {text.bytes + at, text.length - at};
    return (at == 0 || text.bytes[at - 1] == '\n') &&
           sw_text_starts_with(rest, SW_TEXT(SW_FILES_MARK));
}

static enum sw_file_role role_of(struct sw_text name)
{
    const char *slash = strrchr(name.bytes, '/');
    const char *last = slash != NULL ? slash + 1 : name.bytes;
    struct sw_text folder = sw_files_folder(name);
    bool list = sw_text_equal(folder, SW_TEXT("lists")) ||
                (folder.length > 6 && memcmp(folder.bytes + folder.length - 6, "/lists", 6) == 0);
    return strcmp(last, "pack.yaml") == 0 ? SW_FILE_PACK : list ? SW_FILE_LIST : SW_FILE_RULES;
}

static bool is_packed(const struct sw_files *files, struct sw_text name)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (files->items[i].role == SW_FILE_PACK) {
            struct sw_text folder = sw_files_folder(files->items[i].name);
            if (sw_text_starts_with(name, folder) && name.length > folder.length &&
                name.bytes[folder.length] == '/') {
                return true;
            }
        }
    }
    return false;
}

enum sw_status sw_files_split(struct sw_files *files, struct sw_text content,
                              struct sw_report *report)
{
    if (!mark_at(content, 0)) {
        sw_report_error(report, (struct sw_place){.file = "policy content"}, NULL,
                        "does not start with \"%s\"", SW_FILES_MARK);
        return SW_INVALID;
    }
    uint32_t at = 0;
    while (at < content.length) {
        uint32_t start = at + (uint32_t)strlen(SW_FILES_MARK);
        uint32_t end = start;
        while (end < content.length && content.bytes[end] != '\n') {
            end++;
        }
        struct sw_text name =
            sw_arena_text(&files->arena, (struct sw_text){content.bytes + start, end - start});
        at = end < content.length ? end + 1 : end;
        uint32_t body = at;
        while (at < content.length && !mark_at(content, at)) {
            at++;
        }
        struct sw_text text = {content.bytes + body, at - body};
        enum sw_file_role role = role_of(name);
        bool packed = role == SW_FILE_PACK || is_packed(files, name);
        add_file(files, role, name, name.bytes, packed)->text = sw_arena_text(&files->arena, text);
    }
    return SW_OK;
}

struct sw_text sw_files_join(const struct sw_files *files, struct sw_arena *arena)
{
    size_t bytes = 1;
    for (uint32_t i = 0; i < files->count; i++) {
        bytes += strlen(SW_FILES_MARK) + files->items[i].name.length +
                 (size_t)files->items[i].text.length + 8;
    }
    SW_ASSERT(bytes < UINT32_MAX);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, sw_arena_alloc(arena, bytes), (uint32_t)bytes);
    for (uint32_t i = 0; i < files->count; i++) {
        const struct sw_file *file = &files->items[i];
        sw_buffer_append_string(&buffer, SW_FILES_MARK);
        sw_buffer_append(&buffer, file->name);
        sw_buffer_append_string(&buffer, "\n");
        if (!sw_text_starts_with(file->text, SW_TEXT("---"))) {
            sw_buffer_append_string(&buffer, "---\n");
        }
        sw_buffer_append(&buffer, file->text);
        if (file->text.length > 0 && file->text.bytes[file->text.length - 1] != '\n') {
            sw_buffer_append_string(&buffer, "\n");
        }
    }
    SW_ASSERT(!buffer.overflowed);
    return sw_buffer_text(&buffer);
}

void sw_files_free(struct sw_files *files)
{
    free(files->items);
    sw_arena_free(&files->arena);
    *files = (struct sw_files){0};
}
