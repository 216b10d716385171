/* libyaml scans and parses; this file builds the tree from its events, so that each node keeps its
 * place, and resolves plain scalars by the YAML 1.2 core schema, which libyaml does not do. */
#include <sharewatch/yaml.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include <sharewatch/assert.h>

#define ANCHORS_MAX   256
#define DOCUMENTS_MAX 4096
#define NUMBER_BYTES  64

struct anchor {
    const char *name;
    const struct sw_yaml_node *node;
};

/* A growing list of children of the node that is being built; lives on the level's frame. */
struct children {
    const struct sw_yaml_node **items;
    uint32_t count;
    uint32_t capacity;
};

struct builder {
    struct sw_yaml *yaml;
    struct sw_report *report;
    yaml_parser_t parser;
    struct anchor anchors[ANCHORS_MAX];
    uint32_t anchor_count;
    bool failed;
};

static struct sw_place place_of(const struct builder *builder, yaml_mark_t mark)
{
    return (struct sw_place){
        .file = builder->yaml->file,
        .line = (uint32_t)mark.line + 1,
        .column = (uint32_t)mark.column + 1,
    };
}

/* The ways out of what goes wrong most often, by the parser's own words; NULL: it says enough. */
static const char *syntax_hint(const char *problem)
{
    static const char *const hints[][2] = {
        {"found character that cannot start any token",
         "indent with blanks, never with tabs; quote a text that begins with @, ` or %"},
        {"mapping values are not allowed in this context",
         "a key with its value stands on a line of its own; quote a text that holds ': '"},
        {"did not find expected ',' or '}'", "a { is closed by a }, with commas in between"},
        {"did not find expected ',' or ']'", "a [ is closed by a ], with commas in between"},
        {"did not find expected node content", "a { or [ that was opened is not closed"},
        {"did not find expected key", "lines that belong together begin in the same column"},
    };
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strcmp(problem, hints[i][0]) == 0) {
            return hints[i][1];
        }
    }
    return NULL;
}

static void report_parser_error(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "not YAML";
    struct sw_place place = place_of(builder, parser->problem_mark);
    if (parser->error == YAML_READER_ERROR) {
        sw_report_error(builder->report, (struct sw_place){.file = builder->yaml->file},
                        "the file must be UTF-8 text", "%s at byte %zu", problem,
                        parser->problem_offset);
    } else if (parser->context != NULL) {
        sw_report_error(builder->report, place, syntax_hint(problem), "%s, %s", problem,
                        parser->context);
    } else {
        sw_report_error(builder->report, place, syntax_hint(problem), "%s", problem);
    }
    builder->failed = true;
}

static bool next_event(struct builder *builder, yaml_event_t *event)
{
    if (builder->failed) {
        return false;
    }
    if (yaml_parser_parse(&builder->parser, event) == 0) {
        report_parser_error(builder);
        return false;
    }
    return true;
}

static void append(struct children *children, struct sw_arena *arena,
                   const struct sw_yaml_node *node)
{
    if (children->count == children->capacity) {
        uint32_t capacity = children->capacity == 0 ? 8 : children->capacity * 2;
        const struct sw_yaml_node **items =
            sw_arena_alloc(arena, capacity * sizeof(const struct sw_yaml_node *));
        for (uint32_t i = 0; i < children->count; i++) {
            items[i] = children->items[i];
        }
        children->items = items;
        children->capacity = capacity;
    }
    children->items[children->count++] = node;
}

static void remember_anchor(struct builder *builder, const yaml_char_t *name,
                            const struct sw_yaml_node *node)
{
    if (name == NULL) {
        return;
    }
    if (builder->anchor_count == ANCHORS_MAX) {
        sw_report_error(builder->report, node->place, NULL, "more than %d anchors", ANCHORS_MAX);
        builder->failed = true;
        return;
    }
    struct sw_text copy = sw_arena_text(&builder->yaml->arena, sw_text_from((const char *)name));
    builder->anchors[builder->anchor_count++] = (struct anchor){copy.bytes, node};
}

static const struct sw_yaml_node *find_anchor(struct builder *builder, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (uint32_t i = builder->anchor_count; i > 0; i--) {
        if (strcmp(builder->anchors[i - 1].name, name) == 0) {
            return builder->anchors[i - 1].node;
        }
    }
    sw_report_error(builder->report, place_of(builder, event->start_mark), NULL,
                    "alias *%s without an anchor before it", name);
    builder->failed = true;
    return NULL;
}

static struct sw_yaml_node *new_node(struct builder *builder, const yaml_event_t *event,
                                     enum sw_yaml_type type)
{
    struct sw_yaml_node *node = sw_arena_alloc(&builder->yaml->arena, sizeof(*node));
    node->type = type;
    node->place = place_of(builder, event->start_mark);
    return node;
}

static const struct sw_yaml_node *build_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct sw_yaml_node *node = new_node(builder, event, SW_YAML_SCALAR);
    struct sw_text text = {(const char *)event->data.scalar.value,
                           (uint32_t)event->data.scalar.length};
    node->text = sw_arena_text(&builder->yaml->arena, text);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    remember_anchor(builder, event->data.scalar.anchor, node);
    return node;
}

/* The first earlier key of the mapping with the same text as the scalar @key, or NULL. */
static const struct sw_yaml_node *find_twin(const struct children *pairs,
                                            const struct sw_yaml_node *key)
{
    for (uint32_t i = 0; i < pairs->count; i += 2) {
        const struct sw_yaml_node *other = pairs->items[i];
        if (other->type == SW_YAML_SCALAR && sw_text_equal(other->text, key->text)) {
            return other;
        }
    }
    return NULL;
}

static void check_key(struct builder *builder, const struct children *pairs,
                      const struct sw_yaml_node *key)
{
    if (key->type != SW_YAML_SCALAR) {
        sw_report_error(builder->report, key->place, NULL, "a key must be text");
        builder->failed = true;
        return;
    }
    const struct sw_yaml_node *twin = find_twin(pairs, key);
    if (twin != NULL) {
        sw_report_error(builder->report, key->place, NULL,
                        "key %.*s stands twice, first in line %u", SW_TEXT_FORMAT(key->text),
                        twin->place.line);
        builder->failed = true;
    }
}

static const struct sw_yaml_node *build_node(struct builder *builder, yaml_event_t *event,
                                             uint32_t depth);

/* Builds the children of @node up to its end event. Recursion is bounded by SW_YAML_DEPTH_MAX. */
static void build_children(struct builder *builder, struct sw_yaml_node *node, uint32_t depth)
{
    yaml_event_type_t end =
        node->type == SW_YAML_SEQUENCE ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
    struct children children = {0};
    yaml_event_t event;
    while (next_event(builder, &event)) {
        if (event.type == end) {
            yaml_event_delete(&event);
            break;
        }
        const struct sw_yaml_node *child = build_node(builder, &event, depth);
        yaml_event_delete(&event);
        if (child == NULL) {
            break;
        }
        if (node->type == SW_YAML_MAPPING && children.count % 2 == 0) {
            check_key(builder, &children, child);
        }
        append(&children, &builder->yaml->arena, child);
    }
    node->items = children.items;
    node->count = node->type == SW_YAML_MAPPING ? children.count / 2 : children.count;
}

static const struct sw_yaml_node *build_collection(struct builder *builder,
                                                   const yaml_event_t *event,
                                                   enum sw_yaml_type type,
                                                   const yaml_char_t *anchor, uint32_t depth)
{
    struct sw_yaml_node *node = new_node(builder, event, type);
    if (depth == SW_YAML_DEPTH_MAX) {
        sw_report_error(builder->report, node->place, NULL, "nested more than %d levels deep",
                        SW_YAML_DEPTH_MAX);
        builder->failed = true;
        return NULL;
    }
    build_children(builder, node, depth + 1);
    remember_anchor(builder, anchor, node); // after its children: an alias to itself is undefined
    return node;
}

static const struct sw_yaml_node *build_node(struct builder *builder, yaml_event_t *event,
                                             uint32_t depth)
{
    const struct sw_yaml_node *node = NULL;
    if (event->type == YAML_ALIAS_EVENT) {
        node = find_anchor(builder, event);
    } else if (event->type == YAML_SCALAR_EVENT) {
        node = build_scalar(builder, event);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node = build_collection(builder, event, SW_YAML_SEQUENCE, event->data.sequence_start.anchor,
                                depth);
    } else {
        SW_ASSERT(event->type == YAML_MAPPING_START_EVENT);
        node = build_collection(builder, event, SW_YAML_MAPPING, event->data.mapping_start.anchor,
                                depth);
    }
    return builder->failed ? NULL : node;
}

static void build_documents(struct builder *builder)
{
    struct children documents = {0};
    yaml_event_t event;
    bool done = false;
    while (!done && next_event(builder, &event)) {
        done = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            builder->anchor_count = 0;
        } else if (!done && event.type != YAML_STREAM_START_EVENT &&
                   event.type != YAML_DOCUMENT_END_EVENT) {
            const struct sw_yaml_node *root = build_node(builder, &event, 0);
            if (root != NULL && documents.count < DOCUMENTS_MAX) {
                append(&documents, &builder->yaml->arena, root);
            }
        }
        yaml_event_delete(&event);
    }
    builder->yaml->documents = documents.items;
    builder->yaml->document_count = documents.count;
}

enum sw_status sw_yaml_parse(struct sw_yaml *yaml, const char *file, struct sw_text source,
                             struct sw_report *report)
{
    *yaml = (struct sw_yaml){0};
    yaml->file = sw_arena_text(&yaml->arena, sw_text_from(file)).bytes;
    struct builder *builder = calloc(1, sizeof(*builder));
    if (builder == NULL || yaml_parser_initialize(&builder->parser) == 0) {
        free(builder);
        return SW_NO_MEMORY;
    }
    builder->yaml = yaml;
    builder->report = report;
    const char *bytes = source.length > 0 ? source.bytes : "";
    yaml_parser_set_input_string(&builder->parser, (const unsigned char *)bytes, source.length);
    build_documents(builder);
    bool failed = builder->failed;
    yaml_parser_delete(&builder->parser);
    free(builder);
    return failed ? SW_INVALID : SW_OK;
}

/* Reads the whole of @stream into fresh memory. NULL: it cannot be read or is too long. */
static char *read_all(FILE *stream, uint32_t *length)
{
    char *bytes = malloc(SW_YAML_FILE_BYTES + 1);
    if (bytes == NULL) {
        return NULL;
    }
    size_t read = fread(bytes, 1, SW_YAML_FILE_BYTES + 1, stream);
    if (ferror(stream) != 0 || read > SW_YAML_FILE_BYTES) {
        errno = ferror(stream) != 0 ? errno : EFBIG;
        free(bytes);
        return NULL;
    }
    *length = (uint32_t)read;
    return bytes;
}

enum sw_status sw_yaml_open(struct sw_yaml *yaml, const char *path, struct sw_report *report)
{
    *yaml = (struct sw_yaml){0};
    FILE *stream = fopen(path, "rb");
    uint32_t length = 0;
    char *bytes = stream != NULL ? read_all(stream, &length) : NULL;
    int error = errno;
    if (stream != NULL) {
        (void)fclose(stream);
    }
    if (bytes == NULL) {
        sw_report_error(report, (struct sw_place){.file = path}, NULL, "cannot be read: %s",
                        strerror(error));
        return SW_IO;
    }
    enum sw_status status = sw_yaml_parse(yaml, path, (struct sw_text){bytes, length}, report);
    free(bytes);
    return status;
}

void sw_yaml_free(struct sw_yaml *yaml)
{
    sw_arena_free(&yaml->arena);
    *yaml = (struct sw_yaml){0};
}

const struct sw_yaml_node *sw_yaml_key(const struct sw_yaml_node *node, uint32_t index)
{
    SW_ASSERT(node->type == SW_YAML_MAPPING);
    SW_ASSERT(index < node->count);
    return node->items[2 * (size_t)index];
}

const struct sw_yaml_node *sw_yaml_pair_value(const struct sw_yaml_node *node, uint32_t index)
{
    SW_ASSERT(node->type == SW_YAML_MAPPING);
    SW_ASSERT(index < node->count);
    return node->items[2 * (size_t)index + 1];
}

const struct sw_yaml_node *sw_yaml_get(const struct sw_yaml_node *node, const char *key)
{
    if (node == NULL || node->type != SW_YAML_MAPPING) {
        return NULL;
    }
    struct sw_text wanted = sw_text_from(key);
    for (uint32_t i = 0; i < node->count; i++) {
        if (sw_text_equal(sw_yaml_key(node, i)->text, wanted)) {
            return sw_yaml_pair_value(node, i);
        }
    }
    return NULL;
}

static bool is_one_of(struct sw_text text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (sw_text_equal(text, sw_text_from(*words))) {
            return true;
        }
    }
    return false;
}

static bool only(struct sw_text text, uint32_t from, const char *accepted)
{
    for (uint32_t i = from; i < text.length; i++) {
        if (strchr(accepted, text.bytes[i]) == NULL || text.bytes[i] == '\0') {
            return false;
        }
    }
    return from < text.length;
}

/* An integer by the core schema: [-+]?[0-9]+, 0o[0-7]+ or 0x[0-9a-fA-F]+, and within 64 bits. */
static bool read_integer(struct sw_text text, int64_t *integer)
{
    uint32_t start = text.length > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+') ? 1 : 0;
    int base = 10;
    const char *digits = text.bytes;
    if (only(text, start, "0123456789")) {
        base = 10;
    } else if (sw_text_starts_with(text, SW_TEXT("0x")) &&
               only(text, 2, "0123456789abcdefABCDEF")) {
        base = 16;
        digits = text.bytes + 2;
    } else if (sw_text_starts_with(text, SW_TEXT("0o")) && only(text, 2, "01234567")) {
        base = 8;
        digits = text.bytes + 2;
    } else {
        return false;
    }
    errno = 0;
    long long number = strtoll(digits, NULL, base); // texts of nodes end in NUL
    *integer = number;
    return errno == 0;
}

/* A float by the core schema: [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, .inf, .nan */
static bool read_real(struct sw_text text, double *real)
{
    static const char *const infinities[] = {".inf",  ".Inf",  ".INF", "+.inf",
                                             "+.Inf", "+.INF", NULL};
    static const char *const negatives[] = {"-.inf", "-.Inf", "-.INF", NULL};
    static const char *const not_numbers[] = {".nan", ".NaN", ".NAN", NULL};
    if (is_one_of(text, infinities)) {
        *real = strtod("inf", NULL);
        return true;
    }
    if (is_one_of(text, negatives)) {
        *real = strtod("-inf", NULL);
        return true;
    }
    if (is_one_of(text, not_numbers)) {
        *real = strtod("nan", NULL);
        return true;
    }
    bool digits = false;
    for (uint32_t i = 0; i < text.length; i++) {
        digits = digits || (text.bytes[i] >= '0' && text.bytes[i] <= '9');
    }
    if (!digits || text.length >= NUMBER_BYTES || !only(text, 0, "+-.0123456789eE")) {
        return false;
    }
    char *end = NULL;
    *real = strtod(text.bytes, &end);
    return end == text.bytes + text.length;
}

struct sw_value sw_yaml_value(const struct sw_yaml_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    SW_ASSERT(node->type == SW_YAML_SCALAR);
    struct sw_value value = {.type = SW_VALUE_TEXT, .text = node->text};
    int64_t integer = 0;
    double real = 0;
    if (!node->plain) {
        return value;
    }
    if (is_one_of(node->text, nulls)) {
        value = (struct sw_value){.type = SW_VALUE_NULL};
    } else if (is_one_of(node->text, trues)) {
        value = (struct sw_value){.type = SW_VALUE_BOOL, .boolean = true};
    } else if (is_one_of(node->text, falses)) {
        value = (struct sw_value){.type = SW_VALUE_BOOL, .boolean = false};
    } else if (read_integer(node->text, &integer)) {
        value = (struct sw_value){.type = SW_VALUE_INTEGER, .integer = integer};
    } else if (read_real(node->text, &real)) {
        value = (struct sw_value){.type = SW_VALUE_REAL, .real = real};
    }
    return value;
}

bool sw_yaml_check_keys(const struct sw_yaml_node *node, const char *what,
                        const char *const *allowed, uint32_t allowed_count,
                        struct sw_report *report)
{
    SW_ASSERT(node->type == SW_YAML_MAPPING);
    bool known_all = true;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct sw_yaml_node *key = sw_yaml_key(node, i);
        struct sw_suggestion suggestion;
        sw_suggestion_init(&suggestion, key->text);
        bool known = false;
        for (uint32_t j = 0; j < allowed_count && !known; j++) {
            known = sw_text_equal(key->text, sw_text_from(allowed[j]));
            sw_suggestion_offer(&suggestion, sw_text_from(allowed[j]));
        }
        if (!known) {
            char hint[128];
            sw_report_error(report, key->place, sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                            "unknown key %.*s in %s", SW_TEXT_FORMAT(key->text), what);
            known_all = false;
        }
    }
    return known_all;
}
