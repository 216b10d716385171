/* Three questions: with any edge; without those that a law mandates; and without those, too, that
 * only federal bodies hold, which leaves what the state and its cities could do. */
#include "switches_log.h"

#include <inttypes.h>
#include <string.h>

#include <sharewatch/assert.h>

#define HOLDERS_MAX 128

struct question {
    const char *key;
    const char *text;
    uint32_t barred; // modes, bits (1 << SW_EDGE_MODE_…)
};

static const struct question questions[] = {
    {"any", "any edge", 0},
    {"not_mandated", "leaving alone what a law mandates", UINT32_C(1) << SW_EDGE_MODE_MANDATED},
    {"state_or_local", "leaving alone what a law mandates and what only federal bodies hold",
     UINT32_C(1) << SW_EDGE_MODE_MANDATED | UINT32_C(1) << SW_EDGE_MODE_FEDERAL},
};
#define QUESTION_COUNT (sizeof(questions) / sizeof(questions[0]))

/* Somebody who could turn edges off, as the map calls them. */
struct holder {
    struct sw_text name;
    struct sw_edge_set edges;
    uint64_t cut;
};

static struct sw_edge_set allowed_edges(const struct sw_map *map, uint32_t barred)
{
    struct sw_edge_set allowed = {{0}};
    for (uint16_t i = 0; i < map->edge_count; i++) {
        if ((map->edges[i].modes & barred) == 0) {
            sw_edge_set_add(&allowed, i);
        }
    }
    return allowed;
}

/* The edges that some crossing took, also in paths that hold a shorter one. */
static struct sw_edge_set used_edges(const struct sw_switches *switches)
{
    struct sw_edge_set used = {{0}};
    for (uint32_t i = 0; i < switches->kind_count; i++) {
        for (uint32_t j = 0; j < switches->kinds[i].path_count; j++) {
            sw_edge_set_join(&used, &switches->kinds[i].paths[j]);
        }
    }
    return used;
}

static struct sw_text trim(struct sw_text text)
{
    while (text.length > 0 && text.bytes[0] == ' ') {
        text.bytes++;
        text.length--;
    }
    return text;
}

static void add_holder(struct holder *holders, uint32_t *count, struct sw_text name, uint16_t edge)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (sw_text_equal(holders[i].name, name)) {
            sw_edge_set_add(&holders[i].edges, edge);
            return;
        }
    }
    SW_ASSERT(*count < HOLDERS_MAX);
    holders[*count] = (struct holder){.name = name};
    sw_edge_set_add(&holders[(*count)++].edges, edge);
}

/* Who holds the switches of @used: the parts of each off switch, which are parted by semicolons. */
static uint32_t find_holders(const struct sw_switches *switches, const struct sw_edge_set *used,
                             struct holder holders[HOLDERS_MAX])
{
    uint32_t count = 0;
    for (uint16_t i = 0; i < switches->map.edge_count; i++) {
        struct sw_text rest = switches->map.edges[i].off_switch;
        while (sw_edge_set_has(used, i) && rest.length > 0) {
            const char *end = memchr(rest.bytes, ';', rest.length);
            uint32_t length = end != NULL ? (uint32_t)(end - rest.bytes) : rest.length;
            struct sw_text name = trim((struct sw_text){rest.bytes, length});
            bool nobody = sw_text_starts_with(name, SW_TEXT("no local switch"));
            if (count < HOLDERS_MAX && !nobody) {
                add_holder(holders, &count, name, i);
            }
            length += end != NULL ? 1 : 0;
            rest.bytes += length;
            rest.length -= length;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        holders[i].cut = sw_switches_cut(switches, &holders[i].edges);
    }
    return count;
}

/* --- for people --- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_set(const struct sw_map *map, const struct sw_edge_set *set, FILE *stream)
{
    const char *comma = "";
    for (uint16_t i = 0; i < map->edge_count; i++) {
        if (sw_edge_set_has(set, i)) {
            (void)fprintf(stream, "%s%.*s", comma, SW_TEXT_FORMAT(map->edges[i].id));
            comma = ", ";
        }
    }
}

static void print_edges(const struct sw_switches *switches, const struct sw_edge_set *used,
                        FILE *stream)
{
    (void)fprintf(stream, "\nEach edge alone\n");
    for (uint16_t i = 0; i < switches->map.edge_count; i++) {
        if (sw_edge_set_has(used, i)) {
            const struct sw_edge *edge = &switches->map.edges[i];
            struct sw_edge_set alone = {{0}};
            sw_edge_set_add(&alone, i);
            (void)fprintf(stream, "  %-5.*s cuts %" PRIu64 " of %" PRIu64 "  %.*s\n",
                          SW_TEXT_FORMAT(edge->id), sw_switches_cut(switches, &alone),
                          switches->chains, SW_TEXT_FORMAT(edge->name));
        }
    }
}

static void print_holders(const struct sw_switches *switches, const struct sw_edge_set *used,
                          FILE *stream)
{
    static struct holder holders[HOLDERS_MAX];
    uint32_t count = find_holders(switches, used, holders);
    (void)fprintf(stream, "\nBy who could turn them off\n");
    for (uint32_t i = 0; i < count; i++) {
        (void)fprintf(stream, "  %.*s: cuts %" PRIu64 " of %" PRIu64 " by ",
                      SW_TEXT_FORMAT(holders[i].name), holders[i].cut, switches->chains);
        print_set(&switches->map, &holders[i].edges, stream);
        (void)fprintf(stream, "\n");
    }
}

static void print_answer(const struct sw_switches *switches, const struct question *question,
                         FILE *stream)
{
    struct sw_switch_answer answer;
    struct sw_edge_set allowed = allowed_edges(&switches->map, question->barred);
    sw_switches_solve(&switches->paths, &allowed, &answer);
    (void)fprintf(stream, "\nSmallest sets, %s\n", question->text);
    for (uint32_t i = 0; i < answer.set_count; i++) {
        (void)fprintf(stream, "  cuts %" PRIu64 " of %" PRIu64 ": ",
                      sw_switches_cut(switches, &answer.sets[i]), switches->chains);
        print_set(&switches->map, &answer.sets[i], stream);
        (void)fprintf(stream, "\n");
    }
    if (answer.set_count == 0) {
        (void)fprintf(stream, "  none: no path has such an edge\n");
    }
    if (answer.more) {
        (void)fprintf(stream, "  … and more sets of %u\n", answer.size);
    }
    if (answer.left_in_peace > 0) {
        (void)fprintf(stream, "  %u path%s ha%s no such edge and stay%s open\n",
                      answer.left_in_peace, plural(answer.left_in_peace),
                      answer.left_in_peace == 1 ? "s" : "ve", answer.left_in_peace == 1 ? "s" : "");
    }
    if (!answer.proven) {
        (void)fprintf(stream, "  (the search was given up: a smaller set may exist)\n");
    }
}

void sw_switches_print(const struct sw_switches *switches, FILE *stream)
{
    struct sw_edge_set used = used_edges(switches);
    (void)fprintf(stream,
                  "%" PRIu64 " chain%s got to level 2 (matched) or further, over %u different "
                  "path%s\n",
                  switches->chains, plural(switches->chains), switches->paths.count,
                  plural(switches->paths.count));
    if (switches->edgeless > 0) {
        (void)fprintf(stream,
                      "%" PRIu64 " of them crossed by no edge of the map: no switch cuts "
                      "these\n",
                      switches->edgeless);
    }
    if (switches->paths.count == 0) {
        return;
    }
    print_edges(switches, &used, stream);
    print_holders(switches, &used, stream);
    for (size_t i = 0; i < QUESTION_COUNT; i++) {
        print_answer(switches, &questions[i], stream);
    }
    (void)fprintf(stream,
                  "\nA set is what was enough for the paths that were taken, not a forecast: "
                  "who is cut off may take another.\n");
}

/* --- for programs --- */

static void print_json_set(const struct sw_map *map, const struct sw_edge_set *set, FILE *stream)
{
    const char *comma = "";
    (void)fprintf(stream, "[");
    for (uint16_t i = 0; i < map->edge_count; i++) {
        if (sw_edge_set_has(set, i)) {
            (void)fputs(comma, stream);
            sw_text_print_json(map->edges[i].id, stream);
            comma = ",";
        }
    }
    (void)fprintf(stream, "]");
}

static void print_json_edges(const struct sw_switches *switches, const struct sw_edge_set *used,
                             FILE *stream)
{
    const char *comma = "";
    for (uint16_t i = 0; i < switches->map.edge_count; i++) {
        if (sw_edge_set_has(used, i)) {
            struct sw_edge_set alone = {{0}};
            sw_edge_set_add(&alone, i);
            (void)fprintf(stream, "%s{\"edge\":", comma);
            sw_text_print_json(switches->map.edges[i].id, stream);
            (void)fprintf(stream, ",\"off_switch\":");
            sw_text_print_json(switches->map.edges[i].off_switch, stream);
            (void)fprintf(stream, ",\"cut\":%" PRIu64 "}", sw_switches_cut(switches, &alone));
            comma = ",";
        }
    }
}

static void print_json_holders(const struct sw_switches *switches, const struct sw_edge_set *used,
                               FILE *stream)
{
    static struct holder holders[HOLDERS_MAX];
    uint32_t count = find_holders(switches, used, holders);
    for (uint32_t i = 0; i < count; i++) {
        (void)fprintf(stream, "%s{\"holder\":", i > 0 ? "," : "");
        sw_text_print_json(holders[i].name, stream);
        (void)fprintf(stream, ",\"edges\":");
        print_json_set(&switches->map, &holders[i].edges, stream);
        (void)fprintf(stream, ",\"cut\":%" PRIu64 "}", holders[i].cut);
    }
}

static void print_json_answer(const struct sw_switches *switches, const struct question *question,
                              FILE *stream)
{
    struct sw_switch_answer answer;
    struct sw_edge_set allowed = allowed_edges(&switches->map, question->barred);
    sw_switches_solve(&switches->paths, &allowed, &answer);
    (void)fprintf(stream,
                  ",\"%s\":{\"size\":%u,\"proven\":%s,\"more\":%s,\"open_paths\":%u,\"sets\":[",
                  question->key, answer.size, answer.proven ? "true" : "false",
                  answer.more ? "true" : "false", answer.left_in_peace);
    for (uint32_t i = 0; i < answer.set_count; i++) {
        (void)fprintf(stream, "%s{\"edges\":", i > 0 ? "," : "");
        print_json_set(&switches->map, &answer.sets[i], stream);
        (void)fprintf(stream, ",\"cut\":%" PRIu64 "}", sw_switches_cut(switches, &answer.sets[i]));
    }
    (void)fprintf(stream, "]}");
}

void sw_switches_print_json(const struct sw_switches *switches, FILE *stream)
{
    struct sw_edge_set used = used_edges(switches);
    (void)fprintf(stream,
                  "{\"chains\":%" PRIu64 ",\"without_edge\":%" PRIu64 ",\"paths\":%u,\"edges\":[",
                  switches->chains, switches->edgeless, switches->paths.count);
    print_json_edges(switches, &used, stream);
    (void)fprintf(stream, "],\"holders\":[");
    print_json_holders(switches, &used, stream);
    (void)fprintf(stream, "]");
    for (size_t i = 0; i < QUESTION_COUNT; i++) {
        print_json_answer(switches, &questions[i], stream);
    }
    (void)fprintf(stream, "}\n");
}
