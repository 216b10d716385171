/* Hops come chain by chain, in the order in which they were logged, so that one chain's state is
 * all that is kept: for each system, the edges that what came there last stands on. */
#include "switches_log.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>

#include "database.h"

static const char hops_sql[] =
    "SELECT chain, coalesce(edge, ''), coalesce(from_node, ''), coalesce(to_node, ''), level"
    " FROM hop WHERE chain IN (SELECT chain FROM chain WHERE level >= 2) AND revision ="
    " (SELECT max(revision) FROM hop AS newer WHERE newer.event = hop.event)"
    " ORDER BY chain, event";

struct walk {
    struct sw_switches *switches;
    char chain[SW_CHAIN_KEY_MAX];
    struct sw_edge_set came_by[SW_MAP_NODES_MAX];
    struct sw_switch_paths paths; // of this chain's crossings
    bool edgeless;
    bool crossed;
};

static enum sw_status fail(struct sw_switches *switches)
{
    sqlite3 *database = switches->reader.database;
    sw_database_explain(database, sqlite3_db_filename(database, "main"), "reading",
                        switches->reader.sentence);
    return SW_DATABASE;
}

static bool same_kind(const struct sw_chain_kind *kind, const struct sw_switch_paths *paths)
{
    if (kind->path_count != paths->count) {
        return false;
    }
    for (uint32_t i = 0; i < kind->path_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < paths->count; j++) {
            found = found || memcmp(&kind->paths[i], &paths->sets[j], sizeof(kind->paths[i])) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool grow(struct sw_switches *switches)
{
    uint32_t capacity = switches->kind_capacity == 0 ? 64 : 2 * switches->kind_capacity;
    struct sw_chain_kind *kinds = realloc(switches->kinds, capacity * sizeof(*kinds));
    if (kinds == NULL) {
        (void)snprintf(switches->reader.sentence, sizeof(switches->reader.sentence),
                       "not enough memory");
        return false;
    }
    switches->kinds = kinds;
    switches->kind_capacity = capacity;
    return true;
}

/* The chain is complete: counts it with those of its kind. */
static bool end_chain(struct walk *walk)
{
    struct sw_switches *switches = walk->switches;
    if (!walk->crossed) {
        return true;
    }
    switches->chains++;
    switches->edgeless += walk->edgeless ? 1 : 0;
    if (walk->edgeless) {
        return true; // whatever is switched off, this one stays
    }
    for (uint32_t i = 0; i < walk->paths.count; i++) {
        sw_switch_paths_add(&switches->paths, &walk->paths.sets[i]);
    }
    for (uint32_t i = 0; i < switches->kind_count; i++) {
        if (same_kind(&switches->kinds[i], &walk->paths)) {
            switches->kinds[i].chains++;
            return true;
        }
    }
    if (switches->kind_count == switches->kind_capacity && !grow(switches)) {
        return false;
    }
    struct sw_chain_kind *kind = &switches->kinds[switches->kind_count++];
    *kind = (struct sw_chain_kind){.path_count = walk->paths.count, .chains = 1};
    memcpy(kind->paths, walk->paths.sets, walk->paths.count * sizeof(kind->paths[0]));
    return true;
}

/* What the hop stands on: its edge, and what brought the data to where it starts. */
static struct sw_edge_set path_of(const struct walk *walk, uint16_t edge_index, uint16_t from)
{
    const struct sw_edge *edge = &walk->switches->map.edges[edge_index];
    struct sw_edge_set path = {{0}};
    sw_edge_set_add(&path, edge_index);
    if (from != SW_NONE) {
        sw_edge_set_join(&path, &walk->came_by[from]);
    }
    for (uint16_t i = 0; from == SW_NONE && i < edge->from_count; i++) {
        sw_edge_set_join(&path, &walk->came_by[edge->from[i]]);
    }
    return path;
}

static void arrive(struct walk *walk, uint16_t edge_index, uint16_t to,
                   const struct sw_edge_set *path)
{
    const struct sw_edge *edge = &walk->switches->map.edges[edge_index];
    for (uint16_t i = 0; i < edge->via_count; i++) {
        sw_edge_set_join(&walk->came_by[edge->via[i]], path);
    }
    for (uint16_t i = 0; to == SW_NONE && i < edge->to_count; i++) {
        sw_edge_set_join(&walk->came_by[edge->to[i]], path);
    }
    if (to != SW_NONE) {
        walk->came_by[to] = *path;
    }
}

static void add_hop(struct walk *walk, sqlite3_stmt *row)
{
    const struct sw_map *map = &walk->switches->map;
    uint16_t edge = sw_map_edge(map, sw_text_from((const char *)sqlite3_column_text(row, 1)));
    uint16_t from = sw_map_node(map, sw_text_from((const char *)sqlite3_column_text(row, 2)));
    uint16_t to = sw_map_node(map, sw_text_from((const char *)sqlite3_column_text(row, 3)));
    bool crosses = sqlite3_column_int(row, 4) >= (int)SW_LEVEL_MATCHED;
    walk->crossed = walk->crossed || crosses;
    if (edge == SW_NONE) {
        walk->edgeless = walk->edgeless || crosses;
        return;
    }
    struct sw_edge_set path = path_of(walk, edge, from);
    arrive(walk, edge, to, &path);
    if (crosses && walk->paths.count < SW_CHAIN_PATHS_MAX) {
        sw_switch_paths_add_shortest(&walk->paths, &path);
    } else if (crosses) {
        walk->edgeless = true; // rather "nothing cuts it" than a cut that may not be one
    }
}

static void begin_chain(struct walk *walk, const char *chain)
{
    struct sw_switches *switches = walk->switches;
    memset(walk, 0, sizeof(*walk));
    walk->switches = switches;
    (void)snprintf(walk->chain, sizeof(walk->chain), "%s", chain);
}

static enum sw_status read_hops(struct sw_switches *switches)
{
    static struct walk walk; // large
    sqlite3_stmt *row = NULL;
    bool room = true;
    int code = sqlite3_prepare_v2(switches->reader.database, hops_sql, -1, &row, NULL);
    walk.switches = switches;
    begin_chain(&walk, "");
    while ((code == SQLITE_OK || code == SQLITE_ROW) && room) {
        code = sqlite3_step(row);
        const char *chain = code == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : "";
        if (strcmp(walk.chain, chain) != 0) {
            room = end_chain(&walk);
            begin_chain(&walk, chain);
        }
        if (code == SQLITE_ROW) {
            add_hop(&walk, row);
        }
    }
    (void)sqlite3_finalize(row);
    return !room ? SW_NO_MEMORY : code == SQLITE_DONE ? SW_OK : fail(switches);
}

static enum sw_status read_map(struct sw_switches *switches)
{
    sqlite3_stmt *row = NULL;
    struct sw_report report = {0};
    enum sw_status status = SW_INVALID;
    if (sqlite3_prepare_v2(switches->reader.database,
                           "SELECT content FROM map WHERE id = (SELECT map_id FROM run"
                           " ORDER BY id DESC LIMIT 1)",
                           -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        struct sw_text content = sw_text_from((const char *)sqlite3_column_text(row, 0));
        status = sw_map_parse(&switches->map, "the map in the log", content, &report);
    }
    (void)sqlite3_finalize(row);
    sw_report_free(&report);
    if (status != SW_OK) {
        (void)snprintf(switches->reader.sentence, sizeof(switches->reader.sentence),
                       "the log holds no sharing map that this sharewatch reads; use the one that "
                       "wrote the log");
    }
    return status;
}

enum sw_status sw_switches_open(struct sw_switches *switches, const char *path)
{
    memset(switches, 0, sizeof(*switches));
    enum sw_status status = sw_log_reader_open(&switches->reader, path);
    if (status == SW_OK) {
        status = read_map(switches);
    }
    if (status == SW_OK) {
        status = read_hops(switches);
    }
    if (status != SW_OK) {
        sw_switches_close(switches);
    }
    return status;
}

void sw_switches_close(struct sw_switches *switches)
{
    sw_log_reader_close(&switches->reader);
    sw_map_free(&switches->map);
    free(switches->kinds);
    switches->kinds = NULL;
}

static bool cuts(const struct sw_chain_kind *kind, const struct sw_edge_set *off)
{
    for (uint32_t i = 0; i < kind->path_count; i++) {
        if (!sw_edge_set_meets(&kind->paths[i], off)) {
            return false;
        }
    }
    return true;
}

uint64_t sw_switches_cut(const struct sw_switches *switches, const struct sw_edge_set *off)
{
    uint64_t chains = 0;
    for (uint32_t i = 0; i < switches->kind_count; i++) {
        chains += cuts(&switches->kinds[i], off) ? switches->kinds[i].chains : 0;
    }
    return chains;
}
