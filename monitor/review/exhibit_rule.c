#include "exhibit_rule.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include <sharewatch/yaml.h>

#define FILE_LINE "# sharewatch-file: "

/* One file of the policy: what stands between its line and the next such line. */
struct section {
    struct sw_text name, body;
};

static bool next_section(struct sw_text *rest, struct section *section)
{
    const struct sw_text line = SW_TEXT(FILE_LINE);
    if (!sw_text_starts_with(*rest, line)) {
        return false;
    }
    const char *start = rest->bytes + line.length;
    const char *end = rest->bytes + rest->length;
    const char *name_end = memchr(start, '\n', (size_t)(end - start));
    if (name_end == NULL) {
        return false;
    }
    const char *next = name_end + 1;
    while (next != NULL && next < end &&
           !sw_text_starts_with((struct sw_text){next, (uint32_t)(end - next)}, line)) {
        next = memchr(next, '\n', (size_t)(end - next));
        next = next != NULL ? next + 1 : end;
    }
    section->name = (struct sw_text){start, (uint32_t)(name_end - start)};
    section->body = (struct sw_text){name_end + 1, (uint32_t)(next - name_end - 1)};
    const struct sw_text mark = SW_TEXT("---\n"); // the stream's, not the file's
    if (sw_text_starts_with(section->body, mark)) {
        section->body.bytes += mark.length;
        section->body.length -= mark.length;
    }
    *rest = (struct sw_text){next, (uint32_t)(end - next)};
    return true;
}

static void copy(char *to, size_t bytes, const struct sw_yaml_node *from)
{
    if (from != NULL && from->type == SW_YAML_SCALAR) {
        (void)snprintf(to, bytes, "%.*s", SW_TEXT_FORMAT(from->text));
    }
}

static void read_force(const struct sw_yaml_node *file, struct sw_exhibit_rule *rule)
{
    const struct sw_yaml_node *policy = sw_yaml_get(file, "x_policy");
    const struct sw_yaml_node *force = policy != NULL ? sw_yaml_get(policy, "in_force") : NULL;
    char from[32] = "";
    char until[32] = "";
    if (force != NULL) {
        copy(from, sizeof(from), sw_yaml_get(force, "from"));
        copy(until, sizeof(until), sw_yaml_get(force, "until"));
    }
    (void)snprintf(rule->in_force, sizeof(rule->in_force), "%s%s%s%s",
                   from[0] != '\0' ? "from " : "", from, until[0] != '\0' ? " until " : "", until);
}

static void write_digest(struct sw_text body, char digest[65])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (EVP_Digest(body.bytes, body.length, bytes, NULL, EVP_sha256(), NULL) == 1) {
        sw_text_hex(bytes, 32, digest);
    }
}

static bool is_called(const struct sw_yaml_node *file, struct sw_text name)
{
    const struct sw_yaml_node *given = sw_yaml_get(file, "name");
    return given != NULL && given->type == SW_YAML_SCALAR && sw_text_equal(given->text, name);
}

static void read_section(const struct section *section, struct sw_text name, bool is_pack,
                         struct sw_exhibit_rule *rule)
{
    struct sw_yaml yaml = {0};
    struct sw_report report = {0};
    if (sw_yaml_parse(&yaml, "policy", section->body, &report) == SW_OK &&
        yaml.document_count > 0) {
        const struct sw_yaml_node *file = yaml.documents[0];
        if (is_pack) {
            copy(rule->pack_version, sizeof(rule->pack_version), sw_yaml_get(file, "version"));
        } else if (is_called(file, name)) {
            copy(rule->description, sizeof(rule->description), sw_yaml_get(file, "description"));
            read_force(file, rule);
            write_digest(section->body, rule->digest);
        }
    }
    sw_yaml_free(&yaml);
    sw_report_free(&report);
}

/* Reading YAML costs more than looking for the name, so that comes first. */
static bool mentions(struct sw_text body, struct sw_text name)
{
    for (uint32_t i = 0; name.length > 0 && i + name.length <= body.length; i++) {
        if (body.bytes[i] == name.bytes[0] &&
            memcmp(body.bytes + i, name.bytes, name.length) == 0) {
            return true;
        }
    }
    return false;
}

void sw_exhibit_find_rule(struct sw_text content, struct sw_text pack, struct sw_text name,
                          struct sw_exhibit_rule *rule)
{
    struct section section;
    memset(rule, 0, sizeof(*rule));
    while (next_section(&content, &section)) {
        struct sw_text inside = section.name;
        bool of_pack = sw_text_starts_with(inside, pack) && inside.length > pack.length &&
                       inside.bytes[pack.length] == '/';
        struct sw_text file = {inside.bytes + pack.length + 1,
                               of_pack ? inside.length - pack.length - 1 : 0};
        bool is_pack = of_pack && sw_text_equal(file, SW_TEXT("pack.yaml"));
        if (is_pack || (of_pack && mentions(section.body, name))) {
            read_section(&section, name, is_pack, rule);
        }
    }
}
