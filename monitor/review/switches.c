#include "switches.h"

#include <string.h>

#include <sharewatch/assert.h>

bool sw_edge_set_has(const struct sw_edge_set *set, uint16_t edge)
{
    SW_ASSERT(edge < SW_MAP_EDGES_MAX);
    return (set->words[edge / 64] & UINT64_C(1) << edge % 64) != 0;
}

void sw_edge_set_add(struct sw_edge_set *set, uint16_t edge)
{
    SW_ASSERT(edge < SW_MAP_EDGES_MAX);
    set->words[edge / 64] |= UINT64_C(1) << edge % 64;
}

void sw_edge_set_join(struct sw_edge_set *set, const struct sw_edge_set *other)
{
    for (int i = 0; i < SW_EDGE_SET_WORDS; i++) {
        set->words[i] |= other->words[i];
    }
}

bool sw_edge_set_meets(const struct sw_edge_set *a, const struct sw_edge_set *b)
{
    uint64_t common = 0;
    for (int i = 0; i < SW_EDGE_SET_WORDS; i++) {
        common |= a->words[i] & b->words[i];
    }
    return common != 0;
}

bool sw_edge_set_within(const struct sw_edge_set *a, const struct sw_edge_set *b)
{
    uint64_t outside = 0;
    for (int i = 0; i < SW_EDGE_SET_WORDS; i++) {
        outside |= a->words[i] & ~b->words[i];
    }
    return outside == 0;
}

uint32_t sw_edge_set_count(const struct sw_edge_set *set)
{
    uint32_t count = 0;
    for (int i = 0; i < SW_EDGE_SET_WORDS; i++) {
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    }
    return count;
}

static void append(struct sw_switch_paths *paths, const struct sw_edge_set *path)
{
    if (paths->count == SW_SWITCH_PATHS_MAX) {
        paths->overflowed = true;
        return;
    }
    paths->sets[paths->count++] = *path;
}

void sw_switch_paths_add(struct sw_switch_paths *paths, const struct sw_edge_set *path)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        if (memcmp(&paths->sets[i], path, sizeof(*path)) == 0) {
            return;
        }
    }
    append(paths, path);
}

void sw_switch_paths_add_shortest(struct sw_switch_paths *paths, const struct sw_edge_set *path)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < paths->count; i++) {
        if (sw_edge_set_within(&paths->sets[i], path)) {
            return;
        }
    }
    for (uint32_t i = 0; i < paths->count; i++) {
        if (!sw_edge_set_within(path, &paths->sets[i])) {
            paths->sets[kept++] = paths->sets[i];
        }
    }
    paths->count = kept;
    append(paths, path);
}

/* --- the search --- */

struct search {
    const struct sw_switch_paths *paths; // each has an allowed edge
    struct sw_switch_answer *answer;
    uint32_t size; // that is tried
    uint64_t steps;
};

/* Paths that are not hit and have no edge in common need an edge each. */
static uint32_t lower_bound(const struct search *search, const struct sw_edge_set *chosen)
{
    struct sw_edge_set used = {{0}};
    uint32_t bound = 0;
    for (uint32_t i = 0; i < search->paths->count; i++) {
        const struct sw_edge_set *path = &search->paths->sets[i];
        if (!sw_edge_set_meets(path, chosen) && !sw_edge_set_meets(path, &used)) {
            sw_edge_set_join(&used, path);
            bound++;
        }
    }
    return bound;
}

/* The path that is not hit with the fewest edges to choose from; NULL: all are hit. */
static const struct sw_edge_set *narrowest(const struct search *search,
                                           const struct sw_edge_set *chosen,
                                           const struct sw_edge_set *barred, uint32_t *choices)
{
    const struct sw_edge_set *best = NULL;
    for (uint32_t i = 0; i < search->paths->count; i++) {
        const struct sw_edge_set *path = &search->paths->sets[i];
        struct sw_edge_set open = *path;
        if (sw_edge_set_meets(path, chosen)) {
            continue;
        }
        for (int word = 0; word < SW_EDGE_SET_WORDS; word++) {
            open.words[word] &= ~barred->words[word];
        }
        uint32_t count = sw_edge_set_count(&open);
        if (best == NULL || count < *choices) {
            best = path;
            *choices = count;
        }
    }
    return best;
}

static void keep(struct sw_switch_answer *answer, const struct sw_edge_set *chosen)
{
    if (answer->set_count == SW_SWITCH_SETS_MAX) {
        answer->more = true;
    } else {
        answer->sets[answer->set_count++] = *chosen;
    }
}

/* Edges that were tried before at this place, or further up, are barred: no set is found twice. At
 * most `size` calls deep. */
// NOLINTNEXTLINE(misc-no-recursion)
static void choose(struct search *search, const struct sw_edge_set *chosen,
                   const struct sw_edge_set *barred, uint32_t count)
{
    uint32_t choices = 0;
    const struct sw_edge_set *path = narrowest(search, chosen, barred, &choices);
    search->steps++;
    if (path == NULL) {
        if (count == search->size) { // a smaller one would have been found before
            keep(search->answer, chosen);
        }
        return;
    }
    if (count + lower_bound(search, chosen) > search->size || choices == 0) {
        return;
    }
    struct sw_edge_set closed = *barred;
    for (uint16_t edge = 0;
         edge < SW_MAP_EDGES_MAX && !search->answer->more && search->steps < SW_SWITCH_STEPS_MAX;
         edge++) {
        if (sw_edge_set_has(path, edge) && !sw_edge_set_has(&closed, edge)) {
            struct sw_edge_set next = *chosen;
            sw_edge_set_add(&next, edge);
            choose(search, &next, &closed, count + 1);
            sw_edge_set_add(&closed, edge);
        }
    }
}

/* Where the search was given up: the edge that hits most, again and again. */
static void choose_greedily(const struct sw_switch_paths *paths, struct sw_switch_answer *answer)
{
    struct sw_edge_set chosen = {{0}};
    uint16_t best = 0;
    while (best != SW_NONE) {
        uint32_t most = 0;
        best = SW_NONE;
        for (uint16_t edge = 0; edge < SW_MAP_EDGES_MAX; edge++) {
            uint32_t hits = 0;
            for (uint32_t i = 0; i < paths->count; i++) {
                hits += sw_edge_set_has(&paths->sets[i], edge) &&
                                !sw_edge_set_meets(&paths->sets[i], &chosen)
                            ? 1
                            : 0;
            }
            best = hits > most ? edge : best;
            most = hits > most ? hits : most;
        }
        if (best != SW_NONE) {
            sw_edge_set_add(&chosen, best);
        }
    }
    answer->size = sw_edge_set_count(&chosen);
    answer->sets[0] = chosen;
    answer->set_count = 1;
}

void sw_switches_solve(const struct sw_switch_paths *paths, const struct sw_edge_set *allowed,
                       struct sw_switch_answer *answer)
{
    static struct sw_switch_paths open; // large
    struct search search = {.paths = &open, .answer = answer};
    const struct sw_edge_set none = {{0}};
    memset(answer, 0, sizeof(*answer));
    memset(&open, 0, sizeof(open));
    for (uint32_t i = 0; i < paths->count; i++) {
        struct sw_edge_set path = paths->sets[i];
        for (int word = 0; word < SW_EDGE_SET_WORDS; word++) {
            path.words[word] &= allowed->words[word];
        }
        if (sw_edge_set_count(&path) == 0) {
            answer->left_in_peace++;
        } else {
            sw_switch_paths_add_shortest(&open, &path);
        }
    }
    while (open.count > 0 && answer->set_count == 0 && search.steps < SW_SWITCH_STEPS_MAX) {
        search.size++;
        choose(&search, &none, &none, 0);
    }
    answer->size = open.count > 0 ? search.size : 0;
    answer->proven = !paths->overflowed && search.steps < SW_SWITCH_STEPS_MAX;
    if (open.count > 0 && answer->set_count == 0) {
        choose_greedily(&open, answer);
    }
}
