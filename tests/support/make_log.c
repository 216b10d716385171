/* make_log SCHEMA FILE EVENTS [SEED] [--follow MS]: writes a believable log through schema.sql, for
 * tests and measurements of the dashboard that need no monitor. Same arguments, same log.
 *
 * It knows the roads that records take through Los Angeles and how often; what it writes about each
 * event is made up. Every row says that it is synthetic. With --follow it goes on afterwards, one
 * event each MS milliseconds, until its standard input closes. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#define SQL_BYTES (64 * 1024)
#define BATCH     20000
#define HOUR_MS   INT64_C(3600000)
#define DAY_MS    (24 * HOUR_MS)
#define END_MS    INT64_C(1795500000000) // 2026-11-24T06:00:00Z
#define SPAN_MS   (30 * DAY_MS)

struct node {
    const char *id, *name, *agency, *class;
    int immigration;
};

static const struct node nodes[] = {
    {"LAPD-JAIL", "LAPD jail", "LAPD", "local", 0},
    {"LAPD-STAFF", "LAPD officers and detectives", "LAPD", "local", 0},
    {"LASD-AJIS", "county jail", "LASD", "county", 0},
    {"LAPD-ID", "LAPD print unit", "LAPD", "local", 0},
    {"CADOJ-ABIS", "state print system", "CADOJ", "state", 0},
    {"CLETS", "CLETS", "CADOJ", "state", 0},
    {"NGI", "FBI prints (NGI)", "FBI", "fed_nonimm", 0},
    {"FED-CRIM", "federal criminal agency", "FED-OTHER", "fed_nonimm", 0},
    {"IDENT", "DHS print store", "DHS-OBIM", "fed_imm", 1},
    {"LESC", "ICE support centre (LESC)", "ICE", "fed_imm", 1},
    {"PERC", "ICE response centre (PERC)", "ICE", "fed_imm", 1},
    {"ERO-LA", "ICE in Los Angeles (ERO)", "ICE", "fed_imm", 1},
    {"HSI-LA", "HSI in Los Angeles", "HSI", "fed_imm", 1},
    {"LAPD-READER", "LAPD plate readers", "LAPD", "local", 0},
    {"LAPD-ALPR", "LAPD plate store", "LAPD", "local", 0},
    {"FLOCK", "Flock cloud", "FLOCK", "vendor", 0},
    {"JUSTICE-INT", "Justice Intelligence", "APPRISS", "vendor", 0},
    {"ACCURINT", "Accurint", "LEXISNEXIS", "vendor", 0},
    {"JRIC", "fusion centre (JRIC)", "JRIC", "county", 0},
    {"SISTER", "other Californian agency", "SISTER", "local", 0},
    {"OOS", "out-of-state agency", "OOS", "oos", 0},
};
#define NODE_COUNT (int)(sizeof(nodes) / sizeof(nodes[0]))

struct edge {
    const char *id, *name, *modes, *basis, *off_switch;
};

static const struct edge edges[] = {
    {"E01", "Booking prints are taken and searched locally", "mandated", "Pen. Code 13150",
     "Legislature; a cite-and-release policy avoids it"},
    {"E02", "Booking prints go to the state", "automatic,mandated", "Pen. Code 13150, 11112.1 ff.",
     "Legislature; California Department of Justice"},
    {"E03", "The state sends the prints to the FBI", "automatic", "28 USC 534",
     "California Department of Justice, which would lose the FBI's replies"},
    {"E04", "FBI searches the DHS store with the prints", "automatic,federal", "8 USC 1722",
     "Congress, DHS and the FBI only; no local switch"},
    {"E05", "A match in the DHS store opens a query at ICE", "automatic,federal", "8 USC 1722",
     "federal only"},
    {"E06", "ICE's support centre tells the field office", "automatic,federal", "8 USC 1722",
     "federal only"},
    {"E08", "The jail tells ICE when a person will be released", "discretionary,prohibited",
     "Gov. Code 7284.6(a)(1)(C)", "City Council or Board of Supervisors; Chief or Sheriff"},
    {"E10", "A person in local custody is handed over to ICE", "discretionary,prohibited",
     "Gov. Code 7284.6(a)(4)", "City Council or Board of Supervisors"},
    {"E12", "LAPD gives ICE the criminal history of a named person on request", "discretionary",
     "Gov. Code 7284.6(b)(2)", "Chief of Police; City Council"},
    {"E15", "An officer asks ICE about a person's immigration status", "prohibited",
     "Gov. Code 7284.6(a)(1)(A)", "Chief of Police; California Department of Justice"},
    {"E18", "A plate is read and stored by LAPD", "automatic", "Civ. Code 1798.90.51",
     "Police Commission; City Council"},
    {"E19", "Another Californian agency searches LAPD's plates", "discretionary",
     "Civ. Code 1798.90.55(b)", "Chief of Police"},
    {"E20", "LAPD's plates are pooled at a joint intelligence centre", "discretionary",
     "Civ. Code 1798.90.55(b)", "Chief of Police; Police Commission"},
    {"E22", "An LAPD officer searches plates for immigration agents (side door)", "prohibited",
     "Civ. Code 1798.90.55(b)", "Chief of Police"},
    {"E23", "Another agency passes LAPD's plate data on", "prohibited,third_party",
     "Civ. Code 1798.90.55(b)", "LAPD can revoke the share"},
    {"E24", "Statewide or national plate lookup reaches the cameras (back door)",
     "prohibited,third_party", "Civ. Code 1798.90.55(b)", "the agency's own setting; the vendor"},
    {"E27", "The jail feed reaches ICE through data brokers", "automatic,third_party",
     "vendor contract", "County (feed contract)"},
};
#define EDGE_COUNT (int)(sizeof(edges) / sizeof(edges[0]))

struct road {
    const char *edge, *from, *to, *kind, *action, *data;
    int level;
    const char *verdict, *rule, *cite, *duties, *title, *sentence, *path;
    int daily;
    int weight; // in 100,000 events
};

static const struct road roads[] = {
    {"E18", "LAPD-READER", "LAPD-ALPR", "plate", "read", "alpr_read", 0, "NONE", NULL, "", "", NULL,
     NULL, "", 0, 62000},
    {"E01", "LAPD-JAIL", "LAPD-ID", "booking", "booked", "prints", 0, "NONE", NULL, "", "", NULL,
     NULL, "", 0, 6000},
    {"E02", "LAPD-ID", "CADOJ-ABIS", "fingerprint", "submitted", "prints", 0, "NONE", NULL, "", "",
     NULL, NULL, "", 0, 7000},
    {"E02", "LASD-AJIS", "CADOJ-ABIS", "fingerprint", "submitted", "prints", 0, "NONE", NULL, "",
     "", NULL, NULL, "", 0, 5000},
    {"E03", "CADOJ-ABIS", "NGI", "fingerprint", "submitted", "prints", 0, "NONE", NULL, "", "",
     NULL, NULL, "", 0, 7000},
    {"E04", "NGI", "IDENT", "fingerprint", "searched", "prints", 1, "AUTO", NULL, "8 USC 1722", "",
     NULL, NULL, "", 0, 6000},
    {"E05", "IDENT", "LESC", "fingerprint", "matched", "prints", 2, "AUTO", NULL, "8 USC 1722", "",
     "Booking prints matched in the DHS store; a query opened at ICE",
     "The FBI searched the DHS store with prints taken at a booking, and the store reported a "
     "match to ICE. No local agency took part after the booking, and no local rule reaches this "
     "step. A match says nothing of anybody's status.",
     "LAPD jail › LAPD print unit › state print system › FBI prints (NGI) › DHS print store › ICE "
     "support centre (LESC)",
     1, 1400},
    {"E06", "LESC", "PERC", "fingerprint", "responded", "prints", 2, "AUTO", NULL, "8 USC 1722", "",
     "ICE's support centre told the response centre of a booking",
     "The support centre answered the query that a print match had opened, and told the response "
     "centre for Los Angeles. Only federal bodies could stop this step.",
     "DHS print store › ICE support centre (LESC) › ICE response centre (PERC)", 1, 900},
    {"E27", "JUSTICE-INT", "ERO-LA", "booking", "feed", "arrest", 3, "AUTO", NULL,
     "vendor contract", "", "Jail feed reached ICE through a data broker",
     "A booking went from the jail feed to a data broker, which ICE reads under contract. The "
     "county could end the feed contract.",
     "county jail › Justice Intelligence › Accurint › ICE in Los Angeles (ERO)", 1, 700},
    {"E19", "LAPD-ALPR", "SISTER", "plate", "search", "alpr_search_result", 0, "NONE", NULL, "", "",
     NULL, NULL, "", 0, 2600},
    {"E20", "LAPD-ALPR", "JRIC", "plate", "share", "alpr_read", 0, "REVIEW", "alpr-joint-centre",
     "Civ. Code 1798.90.55(b)", "", "Plate data pooled at a joint intelligence centre",
     "LAPD's plate reads went to the fusion centre, where federal staff work beside local staff. "
     "Whether a joint centre is a public agency of the state is arguable; a person must decide.",
     "LAPD plate store › fusion centre (JRIC)", 1, 500},
    {"E12", "LAPD-STAFF", "ERO-LA", "notice", "answered", "crim_history", 3, "DISC",
     "history-on-request", "Gov. Code 7284.6(b)(2)", "LOG_PURPOSE",
     "Criminal history sent on request, purpose recorded",
     "LAPD answered a request about one named person with a criminal history. State law allows "
     "this as a local choice. The purpose has to be logged.",
     "LAPD officers and detectives › CLETS › ICE in Los Angeles (ERO)", 0, 160},
    {"E22", "LAPD-ALPR", "HSI-LA", "plate", "search", "alpr_search_result", 3, "REVIEW",
     "alpr-for-federal-partner", "Civ. Code 1798.90.55(b)", "",
     "Plate search for a federal partner; the only reason given is its name",
     "An LAPD officer searched plates and gave a federal unit's name as the reason. Whether the "
     "purpose was immigration cannot be told from that; a person must decide.",
     "LAPD plate store › HSI in Los Angeles", 0, 90},
    {"E22", "LAPD-ALPR", "ERO-LA", "plate", "search", "alpr_search_result", 3, "PROH",
     "alpr-side-door", "Civ. Code 1798.90.55(b)", "", "Plates searched for immigration agents",
     "An LAPD officer searched plates for an immigration unit and passed the result on. State law "
     "and the city's ordinance forbid this.",
     "LAPD plate store › ICE in Los Angeles (ERO)", 0, 30},
    {"E23", "SISTER", "HSI-LA", "plate", "share", "alpr_search_result", 3, "PROH", "alpr-onward",
     "Civ. Code 1798.90.55(b)", "REVOKE_SHARE",
     "Sister agency sent plate history to a federal immigration unit",
     "A plate read by LAPD was searched by another Californian agency under its agreement. Later "
     "that agency sent the history to a federal immigration unit. The first two steps followed the "
     "rules; the third did not. LAPD can revoke the share.",
     "LAPD plate readers › LAPD plate store › other Californian agency › HSI in Los Angeles", 0,
     40},
    {"E24", "FLOCK", "OOS", "plate", "search", "alpr_search_result", 0, "PROH", "alpr-back-door",
     "Civ. Code 1798.90.55(b)", "REVOKE_SHARE",
     "National lookup switched on: an out-of-state agency searched the cameras",
     "A vendor setting let an agency of another state search the city's cameras. It stayed outside "
     "immigration systems, and state law forbids it nevertheless.",
     "Flock cloud › out-of-state agency", 0, 70},
    {"E08", "LASD-AJIS", "ERO-LA", "notice", "sent", "release_time", 3, "PROH", "release-notice",
     "Gov. Code 7284.6(a)(1)(C)", "SERVE_COPY", "Release time given by telephone before a release",
     "A jail told ICE when a person would be released. The time was not public and no exception of "
     "the law is recorded.",
     "county jail › ICE in Los Angeles (ERO)", 0, 25},
    {"E10", "LASD-AJIS", "ERO-LA", "custody", "transferred", "custody_access", 4, "PROH",
     "transfer-without-warrant", "Gov. Code 7284.6(a)(4)", "FORUM",
     "A person was handed over without a judge's warrant",
     "A jail handed a person over to ICE at release. No judge's warrant or finding is recorded.",
     "county jail › ICE in Los Angeles (ERO)", 0, 6},
    {"E10", "LASD-AJIS", "ERO-LA", "custody", "transferred", "custody_access", 4, "DISC",
     "transfer-with-warrant", "Gov. Code 7284.6(a)(4)", "FORUM",
     "A person was handed over on a judge's warrant",
     "A jail handed a person over to ICE on a judge's warrant, which the law allows.",
     "county jail › ICE in Los Angeles (ERO)", 0, 8},
    {"E15", "LAPD-STAFF", "LESC", "query", "sent", "demographics", 2, "PROH", "status-query",
     "Gov. Code 7284.6(a)(1)(A)", "", "Immigration status asked from a patrol terminal",
     "An officer asked ICE's support centre about a person's status. None of the exceptions of the "
     "law is recorded.",
     "LAPD officers and detectives › CLETS › ICE support centre (LESC)", 0, 12},
};
#define ROAD_COUNT (int)(sizeof(roads) / sizeof(roads[0]))

static sqlite3 *database;
static uint64_t random_state;

static void fail(const char *what)
{
    (void)fprintf(stderr, "make_log: %s: %s\n", what,
                  database != NULL ? sqlite3_errmsg(database) : strerror(errno));
    exit(3);
}

static void run(const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail(sql);
    }
}

/* xorshift64*: the same numbers everywhere. */
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(sql);
    }
    return statement;
}

static void text(sqlite3_stmt *statement, int at, const char *value)
{
    (void)(value != NULL ? sqlite3_bind_text(statement, at, value, -1, SQLITE_TRANSIENT)
                         : sqlite3_bind_null(statement, at));
}

static void number(sqlite3_stmt *statement, int at, int64_t value)
{
    (void)sqlite3_bind_int64(statement, at, value);
}

static void done(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fail("insert");
    }
    (void)sqlite3_reset(statement);
}

static void make_schema(const char *schema_path)
{
    static char sql[SQL_BYTES];
    FILE *file = fopen(schema_path, "r");
    size_t length = file != NULL ? fread(sql, 1, sizeof(sql) - 1, file) : 0;
    if (length == 0) {
        fail(schema_path);
    }
    (void)fclose(file);
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA application_id=0x73777431; PRAGMA user_version=2; BEGIN");
    run(sql);
    run("COMMIT");
}

static void make_map(void)
{
    sqlite3_stmt *node = prepare("INSERT INTO map_node (map_id, node, place, name, agency, class,"
                                 " immigration) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)");
    run("INSERT INTO map VALUES (1, 'los-angeles', '2026-11-01', zeroblob(32), 'map: "
        "los-angeles')");
    for (int i = 0; i < NODE_COUNT; i++) {
        text(node, 1, nodes[i].id);
        number(node, 2, i);
        text(node, 3, nodes[i].name);
        text(node, 4, nodes[i].agency);
        text(node, 5, nodes[i].class);
        number(node, 6, nodes[i].immigration);
        done(node);
    }
    (void)sqlite3_finalize(node);
    sqlite3_stmt *edge = prepare("INSERT INTO map_edge (map_id, edge, name, modes, basis,"
                                 " off_switch, source) VALUES (1, ?1, ?2, ?3, ?4, ?5, 'sourced')");
    for (int i = 0; i < EDGE_COUNT; i++) {
        text(edge, 1, edges[i].id);
        text(edge, 2, edges[i].name);
        text(edge, 3, edges[i].modes);
        text(edge, 4, edges[i].basis);
        text(edge, 5, edges[i].off_switch);
        done(edge);
    }
    (void)sqlite3_finalize(edge);
}

static void make_rules(void)
{
    run("INSERT INTO policy VALUES (1, 'ca-state+la-city-2024', zeroblob(32), 'packs')");
    sqlite3_stmt *rule = prepare("INSERT INTO rule (policy_id, rule, id, name, title, pack, cite,"
                                 " verdict) VALUES (1, ?1, ?2, ?2, ?3, 'ca-state', ?4, ?5)");
    int count = 0;
    for (int i = 0; i < ROAD_COUNT; i++) {
        if (roads[i].rule != NULL) {
            number(rule, 1, count++);
            text(rule, 2, roads[i].rule);
            text(rule, 3, roads[i].title);
            text(rule, 4, roads[i].cite);
            text(rule, 5, roads[i].verdict);
            done(rule);
        }
    }
    (void)sqlite3_finalize(rule);
    run("INSERT INTO run VALUES (1, 1795400000000, NULL, '0.1.0', 'mqtt://127.0.0.1:1883', 1, 1)");
    run("INSERT INTO source VALUES (1, 'urn:sharewatch:agency:LAPD:sim-demo-7', 0, 0, 0),"
        " (2, 'urn:sharewatch:agency:LASD:sim-demo-7', 0, 0, 0),"
        " (3, 'urn:sharewatch:agency:CADOJ:sim-demo-7', 0, 0, 0),"
        " (4, 'urn:sharewatch:agency:SISTER:sim-demo-7', 0, 0, 0)");
}

static struct {
    sqlite3_stmt *event, *hop, *finding, *alert, *count, *count_up, *hour, *day, *chain;
    int64_t event_id, hop_id, alert_id;
    int64_t daily_alert[ROAD_COUNT], daily_day[ROAD_COUNT];
} to;

static void prepare_all(void)
{
    to.event = prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?1, ?4, ?5, ?6, ?9, ?7, ?8,"
                       " zeroblob(32), 0, 1, 1)");
    to.hop =
        prepare("INSERT INTO hop VALUES (?1, ?2, 0, NULL, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                " 0, ?12, ?13, ?14, 1)");
    to.finding = prepare("INSERT INTO finding VALUES (?1, 1, (SELECT rule FROM rule WHERE"
                         " policy_id = 1 AND name = ?2), ?3, NULL)");
    to.alert =
        prepare("INSERT INTO alert VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                " ?13, ?14, ?15, 1, 1)");
    to.count = prepare("INSERT INTO alert_count VALUES (?1, 1, ?2, ?3)");
    to.count_up = prepare("UPDATE alert_count SET hops = hops + 1, last_ms = max(last_ms, ?2),"
                          " last_hop = ?3 WHERE alert = ?1");
    to.hour = prepare("INSERT INTO edge_hour VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)"
                      " ON CONFLICT DO UPDATE SET hops = hops + 1");
    to.day = prepare("INSERT INTO edge_day VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)"
                     " ON CONFLICT DO UPDATE SET hops = hops + 1");
    to.chain =
        prepare("INSERT OR IGNORE INTO chain VALUES (?1, 1, ?2, ?3, ?4, ?4, ?5, 0, 1, ?6, ?6, 1)");
}

static void add_roll_up(sqlite3_stmt *statement, int64_t unit, const struct road *road)
{
    number(statement, 1, unit);
    text(statement, 2, road->edge);
    text(statement, 3, road->from);
    text(statement, 4, road->to);
    text(statement, 5, road->verdict);
    number(statement, 6, road->level);
    done(statement);
}

static void add_alert(const struct road *road, int index, const char *chain, int64_t ts,
                      int64_t logged)
{
    to.alert_id++;
    number(to.alert, 1, to.alert_id);
    number(to.alert, 2, to.hop_id);
    text(to.alert, 3, chain);
    text(to.alert, 4, road->edge);
    text(to.alert, 5, road->rule);
    text(to.alert, 6, road->cite);
    number(to.alert, 7, road->level);
    text(to.alert, 8, road->verdict);
    text(to.alert, 9, road->duties);
    text(to.alert, 10, road->title);
    text(to.alert, 11, road->sentence);
    text(to.alert, 12, road->path);
    number(to.alert, 13, ts);
    number(to.alert, 14, logged);
    number(to.alert, 15, road->daily);
    done(to.alert);
    if (road->daily != 0) {
        to.daily_alert[index] = to.alert_id;
        to.daily_day[index] = ts / DAY_MS;
        number(to.count, 1, to.alert_id);
        number(to.count, 2, ts);
        number(to.count, 3, to.hop_id);
        done(to.count);
    }
}

/* The alert that this hop belongs to: a new one, that of its day, or none (0). */
static int64_t alert_for(const struct road *road, int index, const char *chain, int64_t ts,
                         int64_t logged)
{
    if (road->title == NULL) {
        return 0;
    }
    if (road->daily != 0 && to.daily_alert[index] != 0 && to.daily_day[index] == ts / DAY_MS) {
        number(to.count_up, 1, to.daily_alert[index]);
        number(to.count_up, 2, ts);
        number(to.count_up, 3, to.hop_id);
        done(to.count_up);
        return to.daily_alert[index];
    }
    add_alert(road, index, chain, ts, logged);
    return to.alert_id;
}

static void add_hop(const struct road *road, const char *chain, int64_t ts, int64_t alert, int late)
{
    number(to.hop, 1, to.hop_id);
    number(to.hop, 2, to.event_id);
    text(to.hop, 3, chain);
    text(to.hop, 4, road->edge);
    text(to.hop, 5, road->from);
    text(to.hop, 6, road->to);
    text(to.hop, 7, road->data);
    text(to.hop, 8, road->level > 0 ? "direct" : "none");
    number(to.hop, 9, road->level);
    text(to.hop, 10, road->verdict);
    text(to.hop, 11, road->duties);
    number(to.hop, 12, late);
    number(to.hop, 13, ts);
    if (alert != 0) {
        number(to.hop, 14, alert);
    } else {
        text(to.hop, 14, NULL);
    }
    done(to.hop);
    if (road->rule != NULL) {
        number(to.finding, 1, to.hop_id);
        text(to.finding, 2, road->rule);
        text(to.finding, 3, road->verdict);
        done(to.finding);
    }
}

static void add_event(const struct road *road, int index, const char *chain, int64_t ts,
                      int64_t logged, int late)
{
    char id[32];
    char payload[256];
    int source = strcmp(road->from, "SISTER") == 0      ? 4
                 : strncmp(road->from, "CADOJ", 5) == 0 ? 3
                 : strncmp(road->from, "LASD", 4) == 0  ? 2
                                                        : 1;
    to.event_id++;
    to.hop_id++;
    (void)snprintf(id, sizeof(id), "e-%012lld", (long long)to.event_id);
    (void)snprintf(payload, sizeof(payload),
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"swsynthetic\":true,\"data\":"
                   "{\"data_class\":\"%s\",\"actor\":{\"system\":\"%s\"},\"recipient\":"
                   "{\"system\":\"%s\"}}}",
                   id, road->data, road->from, road->to);
    number(to.event, 1, to.event_id);
    number(to.event, 2, source);
    text(to.event, 3, id);
    text(to.event, 4, road->kind);
    text(to.event, 5, road->action);
    number(to.event, 6, ts);
    number(to.event, 7, logged);
    text(to.event, 8, payload);
    number(to.event, 9, late != 0 ? logged : ts);
    done(to.event);
    int64_t alert = alert_for(road, index, chain, ts, logged);
    add_hop(road, chain, ts, alert, late);
    add_roll_up(to.hour, ts / HOUR_MS, road);
    add_roll_up(to.day, ts / DAY_MS, road);
}

static int find_road(const char *edge, const char *verdict)
{
    for (int i = 0; i < ROAD_COUNT; i++) {
        if (strcmp(roads[i].edge, edge) == 0 &&
            (verdict == NULL || strcmp(roads[i].verdict, verdict) == 0)) {
            return i;
        }
    }
    return 0;
}

/* The hops before an alert, so that its path can be read hop by hop. */
static void add_chain_before(const struct road *road, const char *chain, int64_t ts, int64_t logged)
{
    if (strcmp(road->edge, "E23") == 0) {
        int read = find_road("E18", NULL);
        int search = find_road("E19", NULL);
        add_event(&roads[read], read, chain, ts - 2 * DAY_MS, logged, 0);
        add_event(&roads[search], search, chain, ts - HOUR_MS / 6, logged, 0);
    } else if (strcmp(road->edge, "E05") == 0) {
        static const char *const before[] = {"E01", "E02", "E03", "E04"};
        for (int i = 0; i < 4; i++) {
            int at = find_road(before[i], NULL);
            add_event(&roads[at], at, chain, ts - (4 - i) * HOUR_MS / 4, logged, 0);
        }
    }
}

static void add_standing(const struct road *road, const char *chain, int64_t ts)
{
    text(to.chain, 1, chain);
    number(to.chain, 2, to.event_id);
    number(to.chain, 3, road->level);
    text(to.chain, 4, road->verdict);
    text(to.chain, 5, road->duties);
    number(to.chain, 6, ts);
    done(to.chain);
}

static void add_one(int64_t ts, int64_t logged)
{
    char chain[32];
    int total = 0;
    int index = 0;
    for (int i = 0; i < ROAD_COUNT; i++) {
        total += roads[i].weight;
    }
    int pick = (int)random_below((uint32_t)total);
    while (pick >= roads[index].weight) {
        pick -= roads[index++].weight;
    }
    const struct road *road = &roads[index];
    (void)snprintf(chain, sizeof(chain), "%s:%08x",
                   strncmp(road->kind, "plate", 5) == 0 ? "vehicle" : "subject",
                   random_below(INT32_MAX));
    add_chain_before(road, chain, ts, logged);
    int late = strcmp(road->edge, "E23") == 0;
    add_event(road, index, chain, ts, late ? logged + 7 * DAY_MS : logged, late);
    if (road->level > 0 || strcmp(road->verdict, "NONE") != 0) {
        add_standing(road, chain, ts);
    }
}

static void make_events(int64_t count)
{
    run("BEGIN");
    for (int64_t i = 0; to.event_id < count; i++) {
        int64_t ts =
            END_MS - SPAN_MS + (int64_t)((double)SPAN_MS * (double)to.event_id / (double)count);
        add_one(ts, ts + 2000);
        if (i % BATCH == BATCH - 1) {
            run("COMMIT; BEGIN");
        }
    }
    run("INSERT INTO gap VALUES (1, 2, 4410, 4412, 1795490000000, 1795490060000, 0)");
    run("INSERT INTO quarantine VALUES (1, 'sharewatch/v1/event/LAPD/booking', 'unknown_field', "
        "118,"
        " 'data.name', zeroblob(32), 412, 1795480000000, 1),"
        " (2, 'sharewatch/v1/event/LASD/custody', 'json_truncated', 96, '', zeroblob(32), 96,"
        " 1795485000000, 1)");
    run("COMMIT");
}

/* One prohibited event, then ordinary ones: what a live page waits for. */
static void follow(int wait_ms)
{
    for (int64_t i = 0;; i++) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        char line[64];
        if (poll(&input, 1, wait_ms) > 0 && read(STDIN_FILENO, line, sizeof(line)) <= 0) {
            return;
        }
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        int64_t logged = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        run("BEGIN IMMEDIATE");
        if (i % 4 == 0) {
            int road = find_road("E08", NULL);
            char chain[32];
            (void)snprintf(chain, sizeof(chain), "subject:%08x", random_below(INT32_MAX));
            add_event(&roads[road], road, chain, END_MS + i * 1000, logged, 0);
            add_standing(&roads[road], chain, END_MS + i * 1000);
        } else {
            add_one(END_MS + i * 1000, logged);
        }
        run("COMMIT");
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        (void)fprintf(stderr, "usage: make_log SCHEMA FILE EVENTS [SEED] [--follow MS]\n");
        return 2;
    }
    int64_t count = strtoll(argv[3], NULL, 10);
    random_state = argc > 4 && argv[4][0] != '-' ? strtoull(argv[4], NULL, 10) * 7919 + 1 : 1;
    if (sqlite3_open(argv[2], &database) != SQLITE_OK) {
        fail(argv[2]);
    }
    int persist = 1;
    (void)sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    make_schema(argv[1]);
    run("BEGIN");
    make_map();
    make_rules();
    run("COMMIT");
    prepare_all();
    make_events(count);
    if (strcmp(argv[argc - 2], "--follow") == 0) {
        (void)printf("following\n");
        (void)fflush(stdout);
        follow((int)strtol(argv[argc - 1], NULL, 10));
    }
    sqlite3_stmt *all[] = {to.event,    to.hop,  to.finding, to.alert, to.count,
                           to.count_up, to.hour, to.day,     to.chain};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)sqlite3_finalize(all[i]);
    }
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    return sqlite3_close(database) == SQLITE_OK ? 0 : 3;
}
