/* Any bytes as the first line of a request, METHOD PATH?QUERY, and as a cell of an export. What a
 * query keeps is within its bounds; what is shown of a refused one is printable; a cell is one
 * cell. */
#include <string.h>

#include <sharewatch/html.h>

#include "body.h"
#include "export.h"
#include "fuzz.h"
#include "route.h"

static void check_words(const struct sw_query *query)
{
    const char *const words[] = {query->rule,    query->edge,       query->from_node,
                                 query->to_node, query->chain_case, query->what};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        SW_ASSERT(strlen(words[i]) < SW_WORD_BYTES);
        SW_ASSERT(strpbrk(words[i], " '\"\\/%;") == NULL);
    }
    SW_ASSERT(strlen(query->search) < SW_SEARCH_BYTES);
    SW_ASSERT(query->limit >= 1 && query->limit <= SW_PAGE_MAX);
    SW_ASSERT(query->verdicts < 1u << SW_VERDICT_COUNT);
    SW_ASSERT(query->levels < 1u << SW_LEVEL_COUNT);
    SW_ASSERT(query->states < 1u << SW_STATE_COUNT);
}

static void check_query(struct sw_text text)
{
    struct sw_query query;
    struct sw_query_problem problem = {.message = ""};
    if (sw_body_filter(text, &query, &problem) != SW_OK) {
        SW_ASSERT(problem.message[0] != '\0');
        for (const char *p = problem.message; *p != '\0'; p++) {
            SW_ASSERT(*p >= ' ' && *p < 0x7f);
        }
        return;
    }
    check_words(&query);
    sw_query_resolve(&query, INT64_C(1700000000000), INT64_C(1795500000000));
    SW_ASSERT(query.has_from && query.has_to);
}

/* One parameter of a page's address: passed over, taken in or refused in printable words. */
static void check_page_parameter(struct sw_text text)
{
    struct sw_query query;
    struct sw_query_problem problem = {.message = ""};
    const char *equals = memchr(text.bytes, '=', text.length);
    struct sw_text key = text;
    struct sw_text value = SW_TEXT("");
    if (equals != NULL) {
        key.length = (uint32_t)(equals - text.bytes);
        value = (struct sw_text){.bytes = equals + 1, .length = text.length - key.length - 1};
    }
    sw_query_init(&query);
    if (sw_query_add_of_page(&query, key, value, &problem) != SW_OK) {
        SW_ASSERT(problem.message[0] != '\0');
        return;
    }
    sw_query_default_of_page(&query);
    SW_ASSERT(query.states != 0);
    check_words(&query);
}

/* Reads a cell back as RFC 4180 has it: quotes are closed, and nothing follows them. */
static void check_cell(struct sw_text text)
{
    static char bytes[256 * 1024];
    struct sw_buffer out;
    sw_buffer_init(&out, bytes, sizeof(bytes));
    sw_export_cell(&out, text);
    if (out.overflowed || out.length == 0) {
        return;
    }
    bool quoted = bytes[0] == '"';
    SW_ASSERT(bytes[0] == '\0' || strchr("=+-@\t\r", bytes[0]) == NULL);
    for (uint32_t i = quoted ? 1 : 0; i < out.length - (quoted ? 1 : 0); i++) {
        if (bytes[i] == '"') {
            SW_ASSERT(quoted && bytes[i + 1] == '"');
            i++;
        }
        SW_ASSERT(quoted || (bytes[i] != ',' && bytes[i] != '\n' && bytes[i] != '\r'));
    }
    SW_ASSERT(!quoted || bytes[out.length - 1] == '"');
}

/* Text in HTML never opens a tag or ends an attribute. */
static void check_html(const char *text)
{
    static char bytes[256 * 1024];
    struct sw_buffer out;
    sw_buffer_init(&out, bytes, sizeof(bytes));
    sw_html(&out, text);
    SW_ASSERT(strpbrk(bytes, "<>\"'") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char text[4096];
    if (length >= sizeof(text)) {
        return 0;
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
    char *space = memchr(text, ' ', length);
    char *query = memchr(text, '?', length);
    struct sw_text method = sw_text_from(text);
    struct sw_text path = {.bytes = text, .length = (uint32_t)length};
    if (space != NULL) {
        method = (struct sw_text){.bytes = text, .length = (uint32_t)(space - text)};
        path =
            (struct sw_text){.bytes = space + 1, .length = (uint32_t)(text + length - space - 1)};
    }
    if (query != NULL && query > path.bytes) {
        path.length = (uint32_t)(query - path.bytes);
        check_page_parameter(
            (struct sw_text){.bytes = query + 1, .length = (uint32_t)(text + length - query - 1)});
        check_query(
            (struct sw_text){.bytes = query + 1, .length = (uint32_t)(text + length - query - 1)});
    }
    struct sw_routed routed = sw_route_find(method, path);
    SW_ASSERT(routed.id >= 0);
    SW_ASSERT(routed.name.length <= path.length);
    SW_ASSERT((routed.route == SW_ROUTE_NOT_METHOD) == (routed.allow != NULL));
    check_cell((struct sw_text){.bytes = text, .length = (uint32_t)length});
    check_html(text);
    return 0;
}
