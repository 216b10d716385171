/**
 * Turns taxonomy.yaml into C at build time: `taxonomy_gen TAXONOMY HEADER SOURCE`.
 *
 * The header gets the enums, the source the tables. A mistake in the file stops the build with its
 * line and column.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/yaml.h>

#define FIELDS_MAX 256

/* Writes @text in capitals with everything else than letters and digits as _. */
static void print_capitals(FILE *out, struct sw_text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        int c = (unsigned char)text.bytes[i];
        (void)fputc(isalnum(c) ? toupper(c) : '_', out);
    }
}

static void print_list_name(FILE *out, struct sw_text name)
{
    (void)fputs("SW_", out);
    print_capitals(out, name);
    (void)fputc('_', out);
}

/* Prints the C string literal of @text. */
static void print_string(FILE *out, struct sw_text text)
{
    (void)fputc('"', out);
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '"' || text.bytes[i] == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(text.bytes[i], out);
    }
    (void)fputc('"', out);
}

static void print_kinds_header(FILE *out, const struct sw_yaml_node *kinds)
{
    (void)fputs("enum sw_kind {\n    SW_KIND_NONE,\n", out);
    for (uint32_t i = 0; i < kinds->count; i++) {
        (void)fputs("    SW_KIND_", out);
        print_capitals(out, sw_yaml_key(kinds, i)->text);
        (void)fputs(",\n", out);
    }
    (void)fputs("    SW_KIND_COUNT\n};\n\nenum sw_action {\n    SW_ACTION_NONE,\n", out);
    for (uint32_t i = 0; i < kinds->count; i++) {
        const struct sw_yaml_node *actions = sw_yaml_pair_value(kinds, i);
        for (uint32_t j = 0; j < actions->count; j++) {
            (void)fputs("    SW_ACTION_", out);
            print_capitals(out, sw_yaml_key(kinds, i)->text);
            (void)fputc('_', out);
            print_capitals(out, actions->items[j]->text);
            (void)fputs(",\n", out);
        }
    }
    (void)fputs("    SW_ACTION_COUNT\n};\n\n", out);
}

static void print_enums_header(FILE *out, const struct sw_yaml_node *enums)
{
    for (uint32_t i = 0; i < enums->count; i++) {
        struct sw_text name = sw_yaml_key(enums, i)->text;
        const struct sw_yaml_node *values = sw_yaml_pair_value(enums, i);
        (void)fprintf(out, "enum sw_%.*s {\n", SW_TEXT_FORMAT(name));
        for (uint32_t j = 0; j < values->count; j++) {
            (void)fputs("    ", out);
            print_list_name(out, name);
            print_capitals(out, values->items[j]->text);
            (void)fputs(j == 0 ? " = 1,\n" : ",\n", out);
        }
        (void)fputs("    ", out);
        print_list_name(out, name);
        (void)fputs("COUNT // one more than the last\n};\n\n", out);
    }
}

static void print_header(FILE *out, const struct sw_yaml_node *root, const uint32_t *order)
{
    const struct sw_yaml_node *fields = sw_yaml_get(root, "fields");
    (void)fputs("/* Made from taxonomy.yaml. */\n#ifndef SHAREWATCH_TAXONOMY_TABLE_H\n"
                "#define SHAREWATCH_TAXONOMY_TABLE_H\n\n",
                out);
    print_kinds_header(out, sw_yaml_get(root, "kinds"));
    print_enums_header(out, sw_yaml_get(root, "enums"));
    (void)fputs("enum sw_field {\n", out);
    for (uint32_t i = 0; i < fields->count; i++) {
        (void)fputs("    SW_FIELD_", out);
        print_capitals(out, sw_yaml_key(fields, order[i])->text);
        (void)fputs(",\n", out);
    }
    (void)fputs("    SW_FIELD_COUNT\n};\n\n#endif\n", out);
}

static void print_kinds_source(FILE *out, const struct sw_yaml_node *kinds)
{
    int first = 1;
    (void)fputs("const struct sw_kind_info sw_taxonomy_kinds[SW_KIND_COUNT] = {\n"
                "    {\"none\", 0, 0},\n",
                out);
    for (uint32_t i = 0; i < kinds->count; i++) {
        int count = (int)sw_yaml_pair_value(kinds, i)->count;
        (void)fputs("    {", out);
        print_string(out, sw_yaml_key(kinds, i)->text);
        (void)fprintf(out, ", %d, %d},\n", first, count);
        first += count;
    }
    (void)fputs("};\n\nconst char *const sw_taxonomy_actions[SW_ACTION_COUNT] = {\n    \"none\",\n",
                out);
    for (uint32_t i = 0; i < kinds->count; i++) {
        const struct sw_yaml_node *actions = sw_yaml_pair_value(kinds, i);
        for (uint32_t j = 0; j < actions->count; j++) {
            (void)fputs("    ", out);
            print_string(out, actions->items[j]->text);
            (void)fputs(",\n", out);
        }
    }
    (void)fputs("};\n\n", out);
}

static void print_enums_source(FILE *out, const struct sw_yaml_node *enums)
{
    for (uint32_t i = 0; i < enums->count; i++) {
        struct sw_text name = sw_yaml_key(enums, i)->text;
        const struct sw_yaml_node *values = sw_yaml_pair_value(enums, i);
        (void)fprintf(out, "static const char *const values_%.*s[] = {\n    NULL,\n",
                      SW_TEXT_FORMAT(name));
        for (uint32_t j = 0; j < values->count; j++) {
            (void)fputs("    ", out);
            print_string(out, values->items[j]->text);
            (void)fputs(",\n", out);
        }
        (void)fprintf(out, "};\nstatic const uint8_t lengths_%.*s[] = {0", SW_TEXT_FORMAT(name));
        for (uint32_t j = 0; j < values->count; j++) {
            (void)fprintf(out, ", %u", values->items[j]->text.length);
        }
        (void)fprintf(out, "};\nstatic const struct sw_enum_info enum_%.*s = {",
                      SW_TEXT_FORMAT(name));
        print_string(out, name);
        (void)fprintf(out, ", values_%.*s, %u, lengths_%.*s};\n\n", SW_TEXT_FORMAT(name),
                      values->count, SW_TEXT_FORMAT(name));
    }
}

static const char *text_of(const struct sw_yaml_node *node, const char *key, const char *otherwise)
{
    const struct sw_yaml_node *value = sw_yaml_get(node, key);
    return value != NULL ? value->text.bytes : otherwise;
}

/* Prints the SW_TYPE_… of a field and the list of its values. */
static void print_type(FILE *out, const struct sw_yaml_node *enums, const char *type)
{
    if (sw_yaml_get(enums, type) != NULL) {
        (void)fprintf(out, ".type = SW_TYPE_ENUM, .values = &enum_%s", type);
        return;
    }
    (void)fputs(".type = SW_TYPE_", out);
    print_capitals(out, sw_text_from(type));
}

static void print_fields_source(FILE *out, const struct sw_yaml_node *root, const uint32_t *order)
{
    const struct sw_yaml_node *fields = sw_yaml_get(root, "fields");
    (void)fputs("const struct sw_field_info sw_taxonomy_fields[SW_FIELD_COUNT] = {\n", out);
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct sw_yaml_node *field = sw_yaml_pair_value(fields, order[i]);
        (void)fputs("    {.name = ", out);
        print_string(out, sw_yaml_key(fields, order[i])->text);
        (void)fputs(", .what = ", out);
        print_string(out, sw_text_from(text_of(field, "what", "")));
        (void)fputs(",\n     ", out);
        print_type(out, sw_yaml_get(root, "enums"), text_of(field, "type", ""));
        (void)fputs(", .by = SW_BY_", out);
        print_capitals(out, sw_text_from(text_of(field, "by", "")));
        (void)fprintf(out, ", .min = %s, .max = %s, .list_max = %s", text_of(field, "min", "0"),
                      text_of(field, "max", "0"), text_of(field, "list", "1"));
        struct sw_text name = sw_yaml_key(fields, order[i])->text;
        const char *dot = memchr(name.bytes, '.', name.length);
        (void)fprintf(out, ", .name_bytes = %u, .group_bytes = %u},\n", name.length,
                      dot != NULL ? (unsigned)(dot - name.bytes) : 0);
    }
    (void)fputs("};\n", out);
}

static void print_source(FILE *out, const struct sw_yaml_node *root, const uint32_t *order)
{
    (void)fputs("/* Made from taxonomy.yaml. */\n#include <stddef.h>\n\n"
                "#include \"taxonomy_data.h\"\n\n",
                out);
    print_kinds_source(out, sw_yaml_get(root, "kinds"));
    print_enums_source(out, sw_yaml_get(root, "enums"));
    print_fields_source(out, root, order);
}

/* Checks what the printing relies on. */
static void check_fields(const struct sw_yaml_node *root, struct sw_report *report)
{
    static const char *const keys[] = {"type", "by", "what", "max", "min", "list"};
    static const char *const types[] = {"bool", "integer", "token", "agency",
                                        "node", "text",    "word"};
    const struct sw_yaml_node *fields = sw_yaml_get(root, "fields");
    const struct sw_yaml_node *enums = sw_yaml_get(root, "enums");
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct sw_yaml_node *field = sw_yaml_pair_value(fields, i);
        if (field->type != SW_YAML_MAPPING ||
            !sw_yaml_check_keys(field, "field", keys, sizeof(keys) / sizeof(keys[0]), report)) {
            continue;
        }
        const char *type = text_of(field, "type", "");
        const char *by = text_of(field, "by", "");
        bool known = sw_yaml_get(enums, type) != NULL;
        for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
            known = known || strcmp(type, types[j]) == 0;
        }
        if (!known) {
            sw_report_error(report, field->place, NULL, "unknown type %s", type);
        }
        if (strcmp(by, "sender") != 0 && strcmp(by, "monitor") != 0 &&
            strcmp(by, "envelope") != 0) {
            sw_report_error(report, field->place, NULL, "by must be sender, monitor or envelope");
        }
    }
}

/* Fills @order with the indices of the fields in order of their names, by insertion. */
static void sort_fields(const struct sw_yaml_node *fields, uint32_t *order)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        uint32_t at = i;
        while (at > 0 && sw_text_compare(sw_yaml_key(fields, order[at - 1])->text,
                                         sw_yaml_key(fields, i)->text) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
}

static bool write_file(const char *path, const struct sw_yaml_node *root, const uint32_t *order,
                       void (*print)(FILE *, const struct sw_yaml_node *, const uint32_t *))
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        return false;
    }
    print(out, root, order);
    return fclose(out) == 0;
}

static const struct sw_yaml_node *root_of(const struct sw_yaml *yaml)
{
    const struct sw_yaml_node *root = yaml->document_count == 1 ? yaml->documents[0] : NULL;
    const struct sw_yaml_node *fields = sw_yaml_get(root, "fields");
    bool complete = sw_yaml_get(root, "kinds") != NULL && sw_yaml_get(root, "enums") != NULL &&
                    fields != NULL && fields->count <= FIELDS_MAX;
    return complete ? root : NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fprintf(stderr, "usage: taxonomy_gen TAXONOMY HEADER SOURCE\n");
        return EXIT_FAILURE;
    }
    struct sw_yaml yaml;
    struct sw_report report = {0};
    uint32_t order[FIELDS_MAX] = {0};
    bool done = false;
    if (sw_yaml_open(&yaml, argv[1], &report) == SW_OK) {
        const struct sw_yaml_node *root = root_of(&yaml);
        if (root == NULL) {
            sw_report_error(&report, (struct sw_place){.file = argv[1]}, NULL,
                            "needs kinds, enums and at most %d fields", FIELDS_MAX);
        } else {
            check_fields(root, &report);
        }
        if (report.error_total == 0) {
            sort_fields(sw_yaml_get(root, "fields"), order);
            done = write_file(argv[2], root, order, print_header) &&
                   write_file(argv[3], root, order, print_source);
        }
    }
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    sw_yaml_free(&yaml);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
