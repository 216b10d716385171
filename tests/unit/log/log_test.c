#include "sw_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/log.h>
#include <sharewatch/time.h>

#include "log_place.h"

#define NOBODY 65534
#define T0     INT64_C(1790000000000) // event time of the first event

static struct test_log_place place;
static struct sw_log log_file;
static struct sw_node nodes[] = {
    {.id = {"JAIL", 4}, .name = {"LAPD jail", 9}, .class_code = SW_AGENCY_CLASS_LOCAL},
    {.id = {"SCAN", 4}, .name = {"Live Scan", 9}, .class_code = SW_AGENCY_CLASS_LOCAL},
    {.id = {"IDENT", 5},
     .name = {"DHS IDENT", 9},
     .class_code = SW_AGENCY_CLASS_FED_IMM,
     .immigration = true},
};
static struct sw_agency agencies[] = {{.id = {"LAPD", 4}, .name = {"LAPD", 4}}};
static struct sw_edge edges[] = {{.id = {"E04", 3},
                                  .name = {"Search of the DHS store", 23},
                                  .via = {1},
                                  .via_count = 1,
                                  .modes = 1U << 1 | 1U << 2,
                                  .basis = {"28 C.F.R. 20", 12}}};
static struct sw_map map = {.id = {"test", 4},
                            .version = {"1", 1},
                            .agencies = agencies,
                            .nodes = nodes,
                            .edges = edges,
                            .agency_count = 1,
                            .node_count = 3,
                            .edge_count = 1,
                            .digest = {1}};
static struct sw_rule rules[] = {
    {.id = {"r-0", 3},
     .name = {"no-handover", 11},
     .cite = {"Gov. Code 7284.6", 16},
     .has_verdict = true,
     .verdict = SW_VERDICT_PROH},
    {.id = {"r-1", 3}, .name = {"daily-search", 12}, .alert = SW_ALERT_DAILY},
};

static struct sw_log_run make_run(void)
{
    return (struct sw_log_run){.version = "0",
                               .broker = "mqtt://127.0.0.1:1883",
                               .started_ms = 1,
                               .map = &map,
                               .map_content = SW_TEXT("map: test"),
                               .policy_name = SW_TEXT("test"),
                               .policy_digest = {2},
                               .policy_content = SW_TEXT("rules"),
                               .rules = rules,
                               .rule_count = 2};
}

static void open_log(void)
{
    struct sw_log_run run = make_run();
    if (sw_log_open(&log_file, place.path) != SW_OK || sw_log_start_run(&log_file, &run) != SW_OK) {
        fail_msg("%s", log_file.sentence);
    }
}

static int set_up(void **state)
{
    (void)state;
    test_log_place_open(&place);
    assert_int_equal(chmod(place.folder, 0755), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sw_log_close(&log_file);
    return test_log_place_close(&place);
}

/* Adds the event of @source called @id; its digest begins with @mark. */
static enum sw_status add_event(const char *source, const char *id, uint64_t sequence, uint8_t mark)
{
    static struct sw_event event;
    struct sw_packet packet = {.topic = SW_TEXT("sharewatch/v1/event/LAPD/booking"),
                               .payload = SW_TEXT("{\"id\":\"x\"}"),
                               .digest = {mark},
                               .received_ms = 5};
    event = (struct sw_event){.id = sw_text_from(id),
                              .source = sw_text_from(source),
                              .sequence = sequence,
                              .kind = SW_KIND_BOOKING,
                              .action = sw_kind_first_action(SW_KIND_BOOKING),
                              .time_ms = T0,
                              .recorded_ms = T0,
                              .synthetic = true};
    return sw_log_add_event(&log_file, &packet, &event, packet.payload);
}

#define SOURCE "urn:sharewatch:agency:LAPD"

static struct sw_outputs make_outputs(void)
{
    struct sw_outputs outputs = {
        .has_hop = true,
        .hop = {.edge = 0,
                .from = 0,
                .to = 2,
                .data_class = SW_DATA_CLASS_PRINTS,
                .crosses = SW_CROSSES_DIRECT,
                .level = SW_LEVEL_MATCHED,
                .verdict = SW_VERDICT_PROH,
                .duties = SW_DUTY_LOG_PURPOSE | SW_DUTY_FORUM,
                .finding_count = 2,
                .findings = {{.rule = 0,
                              .has_verdict = true,
                              .verdict = SW_VERDICT_PROH,
                              .missing = SW_FIELD_COUNT},
                             {.rule = 1, .missing = SW_FIELD_EDGE}}},
        .has_chain = true,
        .chain_changed = true,
        .chain = {.key = "subject:tok-1",
                  .revision = 1,
                  .level = SW_LEVEL_MATCHED,
                  .verdict = SW_VERDICT_PROH,
                  .verdicts = 1U << SW_VERDICT_PROH | 1U << SW_VERDICT_AUTO,
                  .hops = 1,
                  .first_ms = T0,
                  .last_ms = T0},
        .has_alert = true,
        .alert = {.alert_id = 1,
                  .verdict = SW_VERDICT_PROH,
                  .level = SW_LEVEL_MATCHED,
                  .duties = SW_DUTY_LOG_PURPOSE,
                  .edge = 0,
                  .title = "A title",
                  .sentence = "A sentence."}};
    return outputs;
}

static void add_outputs(const struct sw_outputs *outputs, int64_t cause)
{
    struct sw_log_alert alert;
    bool is_new =
        sw_log_add_outputs(&log_file,
                           &(struct sw_log_subject){.event_id = log_file.event_id,
                                                    .cause_id = cause,
                                                    .path = SW_TEXT("LAPD jail › DHS IDENT"),
                                                    .time_ms = T0,
                                                    .logged_ms = 6,
                                                    .synthetic = true},
                           outputs, &alert);
    assert_int_equal(is_new, outputs->has_alert && !outputs->alert.repeated);
}

static int64_t number(const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(place.path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return value;
}

static void commit(void)
{
    if (sw_log_commit(&log_file) != SW_OK) {
        fail_msg("%s", log_file.sentence);
    }
}

static void keeps_an_event_once_and_across_restarts(void **state)
{
    (void)state;
    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_EXISTS);
    assert_int_equal(add_event(SOURCE ":two", "b-1", 1, 1), SW_OK);
    commit();
    sw_log_close(&log_file);

    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_EXISTS);
    assert_int_equal(add_event(SOURCE, "b-2", 2, 1), SW_OK);
    commit();

    assert_int_equal(number("SELECT count(*) FROM event"), 3);
    assert_int_equal(number("SELECT max(id) FROM event"), 3);
    assert_int_equal(number("SELECT count(*) FROM run"), 2);
    assert_int_equal(number("SELECT count(*) FROM map"), 1);
    assert_int_equal(number("SELECT count(*) FROM source"), 2);
}

/* The same id with other content is no duplicate, somebody must look at it. */
static void tells_a_reused_id_from_a_duplicate(void **state)
{
    (void)state;
    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);

    assert_int_equal(add_event(SOURCE, "b-1", 1, 2), SW_INVALID);

    commit();
    assert_int_equal(number("SELECT count(*) FROM event"), 1);
}

static void loses_what_was_not_committed_and_nothing_else(void **state)
{
    (void)state;
    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    sw_log_set_spool(&log_file, 77, 1000, 0);
    commit();
    assert_int_equal(add_event(SOURCE, "b-2", 2, 1), SW_OK);
    sw_log_set_spool(&log_file, 77, 2000, 0);
    sw_log_close(&log_file);

    assert_int_equal(number("SELECT count(*) FROM event"), 1);
    assert_int_equal(number("SELECT position FROM spool WHERE file = 77"), 1000);
}

static void writes_every_row_of_a_judgement(void **state)
{
    (void)state;
    open_log();
    struct sw_outputs outputs = make_outputs();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    add_outputs(&outputs, 0);
    outputs.hop.revision = 1;
    outputs.has_alert = false;
    outputs.chain_changed = false;
    add_outputs(&outputs, 1);
    commit();

    assert_int_equal(number("SELECT count(*) FROM hop"), 2);
    assert_int_equal(number("SELECT count(*) FROM hop WHERE revision = 1 AND cause = 1"), 1);
    assert_int_equal(
        number("SELECT count(*) FROM hop WHERE alert = 1 AND edge = 'E04' AND from_node = 'JAIL' "
               "AND to_node = 'IDENT' AND data_class = 'prints' AND crosses = 'direct' "
               "AND verdict = 'PROH' AND duties = 'LOG_PURPOSE,FORUM' AND synthetic = 1"),
        1);
    assert_int_equal(
        number("SELECT count(*) FROM finding WHERE missing = 'edge' AND verdict IS NULL"), 2);
    assert_int_equal(number("SELECT count(*) FROM chain WHERE verdicts = 'AUTO,PROH'"), 1);
    assert_int_equal(number("SELECT hops FROM edge_hour WHERE edge = 'E04' AND level = 2"), 1);
    assert_int_equal(number("SELECT hops FROM edge_day"), 1);
    assert_int_equal(number("SELECT count(*) FROM alert WHERE cite = 'Gov. Code 7284.6' "
                            "AND path = 'LAPD jail › DHS IDENT'"),
                     1);
    struct sw_chain chain;
    assert_int_equal(sw_log_find_chain(&log_file, SW_TEXT("subject:tok-1"), &chain), SW_OK);
    assert_int_equal(chain.verdicts, outputs.chain.verdicts);
    assert_int_equal(chain.level, SW_LEVEL_MATCHED);
    assert_int_equal(sw_log_find_chain(&log_file, SW_TEXT("subject:no"), &chain), SW_NOT_FOUND);
    assert_int_equal(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static void sums_many_hops_into_few_roll_ups(void **state)
{
    (void)state;
    open_log();
    struct sw_outputs outputs = make_outputs();
    outputs.has_alert = false;
    outputs.chain_changed = false;
    for (int i = 0; i < 2000; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "b-%d", i);
        assert_int_equal(add_event(SOURCE, id, 0, 1), SW_OK);
        struct sw_log_alert alert;
        assert_false(
            sw_log_add_outputs(&log_file,
                               &(struct sw_log_subject){.event_id = log_file.event_id,
                                                        .time_ms = T0 + i * SW_HOUR_MS / 4},
                               &outputs, &alert));
    }
    commit();

    assert_int_equal(number("SELECT sum(hops) FROM edge_hour"), 2000);
    assert_int_equal(number("SELECT sum(hops) FROM edge_day"), 2000);
    assert_true(number("SELECT count(*) FROM edge_hour") <= 501);
    assert_true(number("SELECT count(*) FROM edge_day") <= 22);
    assert_int_equal(number("SELECT max(hops) FROM edge_hour"), 4);
}

static void counts_a_daily_alert_instead_of_repeating_it(void **state)
{
    (void)state;
    open_log();
    struct sw_outputs outputs = make_outputs();
    outputs.alert.rule = 1;
    for (int i = 0; i < 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "b-%d", i);
        assert_int_equal(add_event(SOURCE, id, 0, 1), SW_OK);
        outputs.alert.repeated = i > 0;
        outputs.chain_changed = i == 0;
        add_outputs(&outputs, 0);
    }
    commit();

    struct sw_log_reader reader;
    struct sw_log_alert alert;
    assert_int_equal(sw_log_reader_open(&reader, place.path), SW_OK);
    assert_int_equal(sw_log_alert_after(&reader, 0, &alert), SW_OK);
    assert_int_equal(alert.hops, 3);
    assert_true(alert.daily);
    assert_int_equal(sw_log_alert_after(&reader, alert.id, &alert), SW_EMPTY);
    sw_log_reader_close(&reader);
}

static void reads_alerts_hops_and_totals(void **state)
{
    (void)state;
    open_log();
    struct sw_outputs outputs = make_outputs();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    add_outputs(&outputs, 0);
    assert_int_equal(add_event(SOURCE, "b-2", 5, 1), SW_OK);
    sw_log_add_gap(&log_file, SW_TEXT(SOURCE), &(struct sw_gap){.first = 2, .last = 4}, 7);
    sw_log_add_gap(&log_file, SW_TEXT(SOURCE),
                   &(struct sw_gap){.first = 3, .last = 3, .filled = true}, 8);
    commit();

    struct sw_log_reader reader;
    struct sw_log_alert alert;
    struct sw_log_hop hop;
    struct sw_log_totals totals;
    struct sw_chain chain;
    int64_t newest_event = 0;
    int64_t newest_alert = 0;
    assert_int_equal(sw_log_reader_open(&reader, place.path), SW_OK);
    assert_int_equal(sw_log_alert_after(&reader, 0, &alert), SW_OK);
    assert_string_equal(alert.title, "A title");
    assert_string_equal(alert.rule, "no-handover");
    assert_string_equal(alert.edge, "E04");
    assert_int_equal(alert.verdict, SW_VERDICT_PROH);
    assert_int_equal(alert.duties, SW_DUTY_LOG_PURPOSE);
    assert_int_equal(sw_log_hop_of(&reader, SW_TEXT(SOURCE), SW_TEXT("b-1"), &hop), SW_OK);
    assert_true(hop.has_hop);
    assert_int_equal(hop.level, SW_LEVEL_MATCHED);
    assert_string_equal(hop.rules, "no-handover,daily-search");
    assert_int_equal(hop.verdicts, 1U << SW_VERDICT_PROH);
    assert_int_equal(hop.alert_id, 1);
    assert_int_equal(sw_log_hop_of(&reader, SW_TEXT(SOURCE), SW_TEXT("b-2"), &hop), SW_OK);
    assert_false(hop.has_hop);
    assert_int_equal(sw_log_hop_of(&reader, SW_TEXT(SOURCE), SW_TEXT("b-3"), &hop), SW_NOT_FOUND);
    assert_int_equal(sw_log_totals(&reader, &totals), SW_OK);
    assert_int_equal(totals.events, 2);
    assert_int_equal(totals.missing, 2);
    assert_int_equal(totals.gaps, 1);
    assert_int_equal(totals.hops_by_verdict[SW_VERDICT_PROH], 1);
    assert_int_equal(totals.chains_by_level[SW_LEVEL_MATCHED], 1);
    assert_int_equal(totals.first_ms, T0);
    assert_int_equal(sw_log_chain_of(&reader, SW_TEXT("subject:tok-1"), &chain), SW_OK);
    assert_int_equal(chain.level, SW_LEVEL_MATCHED);
    assert_int_equal(chain.verdicts, outputs.chain.verdicts);
    assert_int_equal(sw_log_chain_of(&reader, SW_TEXT("subject:x"), &chain), SW_NOT_FOUND);
    assert_int_equal(sw_log_newest(&reader, &newest_event, &newest_alert), SW_OK);
    assert_int_equal(newest_event, 2);
    assert_int_equal(newest_alert, 1);
    sw_log_reader_close(&reader);
}

static void finds_an_event_of_the_same_source_first(void **state)
{
    (void)state;
    static char payload[SW_PACKET_BYTES_MAX];
    struct sw_log_event found;
    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    struct sw_outputs outputs = make_outputs();
    add_outputs(&outputs, 0);
    assert_int_equal(add_event(SOURCE ":two", "b-1", 1, 2), SW_OK);
    commit();

    assert_int_equal(sw_log_find_event(&log_file, SW_TEXT(SOURCE), SW_TEXT("b-1"), &found, payload),
                     SW_OK);
    assert_int_equal(found.id, 1);
    assert_int_equal(found.next_revision, 1);
    assert_int_equal(found.kind, SW_KIND_BOOKING);
    assert_int_equal(found.payload_length, 10);
    assert_int_equal(
        sw_log_find_event(&log_file, SW_TEXT(SOURCE ":x"), SW_TEXT("b-1"), &found, payload), SW_OK);
    assert_int_equal(found.id, 2);
    assert_int_equal(sw_log_find_event(&log_file, SW_TEXT(SOURCE), SW_TEXT("b-9"), &found, payload),
                     SW_NOT_FOUND);
}

static void quarantines_without_the_bytes(void **state)
{
    (void)state;
    open_log();
    struct sw_packet packet = {.topic = SW_TEXT("sharewatch/v1/event/LAPD/booking"),
                               .payload = SW_TEXT("secret"),
                               .received_ms = 5};
    struct sw_rejection rejection = {
        .reason = SW_REFUSAL_TYPE, .code = "wrong_type", .position = 3, .field = "edge"};
    sw_log_add_quarantine(&log_file, &packet, &rejection);
    packet.topic = SW_TEXT("sharewatch/v1/event/John Doe/+/booking");
    sw_log_add_quarantine(&log_file, &packet, &rejection);
    sw_log_add_loss(&log_file, "chains_evicted", 3, 9);
    commit();

    assert_int_equal(number("SELECT count(*) FROM quarantine WHERE reason = 'wrong_type' AND "
                            "position = 3 AND bytes = 6"),
                     2);
    assert_int_equal(number("SELECT count(*) FROM quarantine WHERE topic = ''"), 1);
    assert_int_equal(number("SELECT total FROM loss WHERE what = 'chains_evicted'"), 3);
}

/* ---- the file ---- */

static void refuses_a_second_writer(void **state)
{
    (void)state;
    static struct sw_log second;
    open_log();
    pid_t child = fork();
    if (child == 0) {
        bool refused = sw_log_open(&second, place.path) == SW_DATABASE &&
                       strstr(second.sentence, "another monitor") != NULL;
        _exit(refused ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void assert_refused(const char *part)
{
    static struct sw_log refused;
    assert_int_equal(sw_log_open(&refused, place.path), SW_DATABASE);
    if (strstr(refused.sentence, part) == NULL) {
        fail_msg("'%s' does not say '%s'", refused.sentence, part);
    }
    assert_null(refused.database);
}

static void execute(const char *sql)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(place.path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void refuses_files_that_are_no_log_of_ours(void **state)
{
    (void)state;
    execute("CREATE TABLE holiday (day)");
    assert_refused("is not a log of sharewatch");
    assert_int_equal(truncate(place.path, 50), 0);
    assert_refused("is not a log of sharewatch");
}

struct kept {
    char text[128];
    bool known; // what the policy answers for all keys but x
};

static bool put_back(void *context, struct sw_text key, struct sw_text value)
{
    struct kept *kept = context;
    size_t used = strlen(kept->text);
    (void)snprintf(kept->text + used, sizeof(kept->text) - used, "%.*s=%.*s ", SW_TEXT_FORMAT(key),
                   SW_TEXT_FORMAT(value));
    return kept->known || key.bytes[0] != 'x';
}

static void keeps_the_state_of_correlations_in_the_order_of_their_changes(void **state)
{
    (void)state;
    struct kept kept = {.known = true};
    open_log();
    sw_log_set_state(&log_file, SW_TEXT("a"), SW_TEXT("1"));
    sw_log_set_state(&log_file, SW_TEXT("b"), SW_TEXT("2"));
    sw_log_set_state(&log_file, SW_TEXT("x"), SW_TEXT("3"));
    sw_log_set_state(&log_file, SW_TEXT("a"), SW_TEXT("4"));
    commit();
    sw_log_set_state(&log_file, SW_TEXT("b"), SW_TEXT("5"));
    sw_log_close(&log_file); // before the commit

    open_log();
    assert_int_equal(sw_log_restore_state(&log_file, put_back, &kept), SW_OK);
    assert_string_equal(kept.text, "b=2 x=3 a=4 ");
    sw_log_set_state(&log_file, SW_TEXT("b"), (struct sw_text){0});
    commit();

    kept = (struct kept){.known = false};
    assert_int_equal(sw_log_restore_state(&log_file, put_back, &kept), SW_OK);
    assert_string_equal(kept.text, "x=3 a=4 ");
    commit();
    assert_int_equal(number("SELECT count(*) FROM correlation"), 1);
}

static void refuses_a_newer_log(void **state)
{
    (void)state;
    open_log();
    sw_log_close(&log_file);
    execute("PRAGMA user_version = 99");
    assert_refused("newer sharewatch");
}

static void refuses_a_log_that_is_cut_short(void **state)
{
    (void)state;
    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    commit();
    sw_log_close(&log_file);
    assert_int_equal(truncate(place.path, 8192), 0);
    assert_refused("cut short");
}

static void refuses_a_folder_that_is_not_there(void **state)
{
    (void)state;
    static struct sw_log refused;
    assert_int_equal(sw_log_open(&refused, "/nowhere/x.db"), SW_DATABASE);
    assert_non_null(strstr(refused.sentence, "No such file"));
}

/* Runs @task as another user and answers its exit code; -1 when we may not change users. */
static int as_nobody(bool (*task)(void))
{
    if (geteuid() != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        _exit(setgid(NOBODY) == 0 && setuid(NOBODY) == 0 && task() ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static bool cannot_write(void)
{
    static struct sw_log refused;
    return sw_log_open(&refused, place.path) == SW_DATABASE &&
           strstr(refused.sentence, "written") != NULL;
}

static bool can_read(void)
{
    struct sw_log_reader reader;
    struct sw_log_hop hop;
    return sw_log_reader_open(&reader, place.path) == SW_OK &&
           sw_log_hop_of(&reader, SW_TEXT(SOURCE), SW_TEXT("b-1"), &hop) == SW_OK;
}

static void give_to_group(void)
{
    const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[160];
        struct stat status;
        (void)snprintf(name, sizeof(name), "%s%s", place.path, endings[i]);
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0640);
        assert_int_equal(chown(name, 0, NOBODY), 0);
    }
}

/* The dashboard runs as another user of the log's group, while the monitor runs and when it has
 * stopped. */
static void can_be_read_by_another_user(void **state)
{
    (void)state;
    open_log();
    assert_int_equal(add_event(SOURCE, "b-1", 1, 1), SW_OK);
    commit();
    if (geteuid() != 0) {
        skip();
    }
    give_to_group();
    assert_int_equal(as_nobody(can_read), 0);
    assert_int_equal(as_nobody(cannot_write), 0);
    sw_log_close(&log_file);
    assert_int_equal(as_nobody(can_read), 0);
}

static void says_that_there_is_no_log_yet(void **state)
{
    (void)state;
    struct sw_log_reader reader;
    assert_int_equal(sw_log_reader_open(&reader, place.path), SW_NOT_FOUND);
    assert_non_null(strstr(reader.sentence, "no log"));
}

/* A checkpoint elsewhere while the writer rests lets the WAL start anew. */
static void starts_the_wal_anew_after_a_checkpoint(void **state)
{
    (void)state;
    char sentence[SW_LOG_SENTENCE_BYTES];
    open_log();
    for (int i = 0; i < 500; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "b-%d", i);
        assert_int_equal(add_event(SOURCE, id, 0, 1), SW_OK);
        commit();
    }
    int64_t before = sw_log_wal_bytes(&log_file);

    assert_int_equal(sw_log_checkpoint(place.path, sentence), SW_OK);
    assert_int_equal(add_event(SOURCE, "c", 0, 1), SW_OK);
    commit();

    assert_true(before > INT64_C(500) * 4096);
    assert_true(sw_log_wal_bytes(&log_file) < INT64_C(20) * 4096);
    assert_int_equal(fdatasync(sw_log_sync_descriptor(&log_file)), 0);
    assert_int_equal(number("SELECT count(*) FROM event"), 501);
}

/* A full disk, made with the limit on a file's size. */
static bool meets_a_full_disk(void)
{
    open_log();
    if (sqlite3_exec(log_file.database, "PRAGMA max_page_count = 80", NULL, NULL, NULL) !=
        SQLITE_OK) {
        return false;
    }
    enum sw_status status = SW_OK;
    for (int i = 0; i < 100000 && status == SW_OK; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "b-%d", i);
        status = add_event(SOURCE, id, 0, 1);
    }
    return status == SW_DATABASE && sw_log_commit(&log_file) == SW_DATABASE &&
           strstr(log_file.sentence, "the disk is full") != NULL;
}

static void says_that_the_disk_is_full_and_keeps_what_was_committed(void **state)
{
    (void)state;
    open_log();
    assert_int_equal(add_event(SOURCE, "first", 0, 1), SW_OK);
    commit();
    sw_log_close(&log_file);

    assert_true(meets_a_full_disk());

    sw_log_close(&log_file);
    assert_int_equal(number("SELECT count(*) FROM event"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_an_event_once_and_across_restarts),
        TEST(tells_a_reused_id_from_a_duplicate),
        TEST(loses_what_was_not_committed_and_nothing_else),
        TEST(writes_every_row_of_a_judgement),
        TEST(sums_many_hops_into_few_roll_ups),
        TEST(counts_a_daily_alert_instead_of_repeating_it),
        TEST(reads_alerts_hops_and_totals),
        TEST(finds_an_event_of_the_same_source_first),
        TEST(quarantines_without_the_bytes),
        TEST(refuses_a_second_writer),
        TEST(refuses_files_that_are_no_log_of_ours),
        TEST(keeps_the_state_of_correlations_in_the_order_of_their_changes),
        TEST(refuses_a_newer_log),
        TEST(refuses_a_log_that_is_cut_short),
        TEST(refuses_a_folder_that_is_not_there),
        TEST(can_be_read_by_another_user),
        TEST(says_that_there_is_no_log_yet),
        TEST(starts_the_wal_anew_after_a_checkpoint),
        TEST(says_that_the_disk_is_full_and_keeps_what_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
