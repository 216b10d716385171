/* A log gives the same again, whatever happened while it was written, and every change of it is
 * found and named. */
#include "sw_test.h"

#include <stdio.h>

#include "replay.h"
#include "rewrite.h"
#include "story_log.h"

static struct sw_replay replay;
static struct sw_rewrite rewrite;
static char folder[64];
static char path[128];
static char changed[128];

static int set_up(void **state)
{
    (void)state;
    story_make_folder(folder);
    (void)snprintf(path, sizeof(path), "%s/story.db", folder);
    (void)snprintf(changed, sizeof(changed), "%s/changed.db", folder);
    story_write(path, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    story_remove_folder(folder);
    return 0;
}

static enum sw_status play(const char *log)
{
    assert_int_equal(sw_replay_open(&replay, log), SW_OK);
    enum sw_status status = sw_replay_run(&replay);
    sw_replay_close(&replay);
    return status;
}

/* The story has what the other tests change. */
static void the_story_has_everything(void **state)
{
    (void)state;
    assert_int_equal(story_number(path, "SELECT count(*) FROM run"), 3);
    assert_int_equal(story_number(path, "SELECT count(*) FROM run AS a JOIN run AS b ON "
                                        "a.ended_ms = b.started_ms"),
                     1);
    assert_int_equal(story_number(path, "SELECT max(revision) FROM hop"), 3);
    assert_true(story_number(path, "SELECT count(*) FROM hop WHERE late AND revision = 0") > 0);
    assert_int_equal(story_number(path, "SELECT count(*) FROM gap WHERE filled = 0"), 1);
    assert_int_equal(story_number(path, "SELECT count(*) FROM gap WHERE filled = 1"), 1);
    assert_int_equal(story_number(path, "SELECT count(*) FROM quarantine"), 3);
    assert_int_equal(
        story_number(path, "SELECT count(*) FROM quarantine WHERE reason = 'id_reused'"), 1);
    assert_true(story_number(path, "SELECT count(*) FROM finding JOIN rule USING (policy_id, rule) "
                                   "WHERE name = 'many_notices' AND policy_id = 1") > 0);
    assert_true(story_number(path, "SELECT count(*) FROM finding JOIN rule USING (policy_id, rule) "
                                   "WHERE name = 'many_notices' AND policy_id = 2") > 0);
}

static void all_of_it_comes_out_again(void **state)
{
    (void)state;
    enum sw_status status = play(path);
    if (status != SW_OK) {
        fail_msg("%s", replay.difference);
    }
    assert_int_equal(replay.counts.runs, 3);
    assert_int_equal(replay.counts.gaps, 2);
    assert_int_equal(replay.counts.quarantined, 3);
    assert_int_equal(replay.counts.events, story_number(path, "SELECT count(*) FROM event"));
    assert_int_equal(replay.counts.hops, story_number(path, "SELECT count(*) FROM hop"));
    assert_int_equal(replay.counts.findings, story_number(path, "SELECT count(*) FROM finding"));
    assert_int_equal(replay.counts.chains, story_number(path, "SELECT count(*) FROM chain"));
    assert_int_equal(replay.counts.alerts, story_number(path, "SELECT count(*) FROM alert"));
}

static const struct {
    const char *sql;
    const char *named; // in the difference
} changes[] = {
    /* events */
    {"UPDATE event SET ts_event = ts_event + 1 WHERE id = 3", "event.ts_event"},
    {"UPDATE event SET ts_recorded = 0 WHERE id = 3", "event.ts_recorded"},
    {"UPDATE event SET sequence = 99 WHERE id = 2", "event.sequence"},
    {"UPDATE event SET event_id = 'n-0' WHERE id = 1", "event.event_id"},
    {"UPDATE event SET action = 'declined' WHERE id = 1", "event.action"},
    {"UPDATE event SET synthetic = 1 WHERE id = 1", "event.synthetic"},
    {"UPDATE source SET name = 'urn:sharewatch:agency:LAPD:2'", "its source was logged as"},
    {"UPDATE event SET run_id = 2 WHERE id = 2", "its run 1 is over"},
    {"DELETE FROM event WHERE id = 3", "event"},
    /* late knowledge */
    {"UPDATE hop SET late = 0 WHERE late = 1 AND revision = 0", "hop.late"},
    {"UPDATE hop SET revision = 9 WHERE revision = 2", "hop.revision"},
    {"UPDATE hop SET cause = 1 WHERE revision = 1", "does not come out now"},
    {"UPDATE hop SET verdict = 'NONE' WHERE revision = 3", "hop.verdict"},
    {"DELETE FROM hop WHERE revision = 3", "hop.event was logged as 14"},
    /* counts over time */
    {"DELETE FROM finding WHERE rule = (SELECT rule FROM rule WHERE name = 'many_notices' AND "
     "policy_id = 2) AND policy_id = 2",
     "rule many_notices speaks now"},
    {"INSERT INTO finding SELECT 1, policy_id, rule, 'PROH', NULL FROM rule WHERE name = "
     "'many_notices' AND policy_id = 1",
     "rule many_notices spoke then"},
    /* chains: looked up only when the sum is wrong, and the first one is named */
    {"UPDATE chain SET level = 4 WHERE chain = 'subject:s-2' AND revision = 1",
     "event 2 (n-2 of urn:sharewatch:agency:LAPD): chain.level was logged as 4"},
    {"UPDATE chain SET hops = 7 WHERE chain = 'subject:s-5'", "chain.hops"},
    {"UPDATE chain SET duties = 'FORUM' WHERE chain = 'subject:s-1'", "chain.duties"},
    {"UPDATE chain SET chain = 'subject:s-0' WHERE chain = 'subject:s-7'", "gets revision 1 now"},
    {"DELETE FROM chain WHERE chain = 'subject:s-7'", "gets revision 1 now"},
    {"INSERT INTO chain SELECT 'subject:s-0', revision, event, level, verdict, verdicts, duties, "
     "fed_reach, hops, first_ms, last_ms, synthetic FROM chain WHERE chain = 'subject:s-7'",
     "rows of chains"},
    {"UPDATE chain SET level = 4 WHERE chain = 'subject:s-1' AND revision = 1; "
     "UPDATE hop SET level = 4 WHERE id = (SELECT max(id) FROM hop)",
     "event 1 (n-1"},
    /* alerts */
    {"UPDATE alert SET synthetic = 1 WHERE id = 1", "alert.synthetic"},
    {"UPDATE alert_count SET hops = hops + 1", "was logged as standing for"},
    {"UPDATE alert_count SET last_ms = last_ms - 1", "was logged as standing for"},
    {"DELETE FROM alert_count", "the log does not count them"},
    /* gaps */
    {"DELETE FROM gap WHERE filled = 0", "was not told as missing"},
    {"DELETE FROM gap WHERE filled = 1", "says that number 6 of"},
    {"DELETE FROM gap; DELETE FROM quarantine WHERE id = 3", "numbers of source"},
    {"UPDATE gap SET first = 4 WHERE filled = 0", "says that number 4 of"},
    {"UPDATE gap SET last = 12 WHERE filled = 0", "says that number 8 of"},
    {"UPDATE gap SET first = 7, last = 7 WHERE filled = 1", "says that number 6 of"},
    {"UPDATE gap SET last = 0 WHERE filled = 0", "goes from"},
    {"UPDATE gap SET opened_ms = logged_ms WHERE filled = 0", "which cannot be"},
    {"UPDATE gap SET logged_ms = logged_ms + 1 WHERE filled = 1", "which cannot be"},
    {"INSERT INTO gap (source_id, first, last, opened_ms, logged_ms, filled) "
     "VALUES (1, 14, 15, 0, 60000, 0)",
     "says that number 14 of"},
    {"INSERT INTO gap (source_id, first, last, opened_ms, logged_ms, filled) "
     "SELECT source_id, first, last, opened_ms, logged_ms, 0 FROM gap WHERE filled = 0",
     "the same numbers"},
    {"UPDATE source SET highest = 12", "as its highest number"},
    {"UPDATE source SET contiguous = highest + 1", "as its highest number"},
    /* refused packets */
    {"DELETE FROM quarantine WHERE id = 1", "row 1 of quarantine is not in the log"},
    {"DELETE FROM quarantine", "numbers of source"},
    {"UPDATE quarantine SET reason = 'because' WHERE id = 2", "row 2 of quarantine has a reason"},
    {"UPDATE quarantine SET digest = x'00' WHERE id = 2", "a digest that is none"},
    {"UPDATE quarantine SET bytes = 70000 WHERE id = 2", "a length that does not fit"},
    {"UPDATE quarantine SET position = bytes + 1 WHERE id = 2", "a place beyond its length"},
    /* runs and losses */
    {"DELETE FROM run WHERE id = 3", "its run 3 is not in the log"},
    {"UPDATE run SET policy_id = 1 WHERE id = 3", "event 12 (n-16"},
    {"UPDATE finding SET policy_id = 2 WHERE policy_id = 1", "was logged under policy 2"},
    {"INSERT INTO loss (what, total, ts_logged, run_id) VALUES ('chains_evicted', 3, 0, 1)",
     "run 1: chains_evicted was logged as 3"},
    {"INSERT INTO loss (what, total, ts_logged, run_id) VALUES ('parents_missing', 1, 0, 3)",
     "run 3: parents_missing was logged as 1"},
};

static void every_change_is_found_and_named(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        story_copy(path, changed);
        story_change(changed, changes[i].sql);
        enum sw_status status = play(changed);
        if (status != SW_INVALID || strstr(replay.difference, changes[i].named) == NULL) {
            print_message("after %s: %s, \"%s\" lacks \"%s\"\n", changes[i].sql,
                          sw_status_text(status), replay.difference, changes[i].named);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* Deletes what retention would, with the row that tells of it. */
static void delete_payloads(const char *where)
{
    char sql[1024];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO redaction (made_ms, class, reason, payloads, keys) "
                   "SELECT 0, 'request', 'a test', count(*), 0 FROM event WHERE %s; "
                   "UPDATE event SET payload = '', digest = x'' WHERE %s",
                   where, where);
    story_copy(path, changed);
    story_change(changed, sql);
}

/* Corrections and what they correct, what rules counted, alerts of the day, runs: whatever is gone,
 * all the rest comes out again. */
static void what_is_left_comes_out_again_without_deleted_events(void **state)
{
    (void)state;
    int failed = 0;
    int64_t events = story_number(path, "SELECT count(*) FROM event");
    for (int64_t first = 1; first <= events; first++) {
        int64_t lasts[] = {first, first + 1, first + 4, events};
        for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
            char where[64];
            (void)snprintf(where, sizeof(where), "id BETWEEN %lld AND %lld", (long long)first,
                           (long long)lasts[i]);
            delete_payloads(where);
            if (play(changed) != SW_OK) {
                print_message("without %s: %s\n", where, replay.difference);
                failed++;
            }
            uint64_t gone =
                (uint64_t)story_number(changed, "SELECT count(*) FROM event WHERE payload = ''");
            assert_int_equal(replay.counts.gone, gone);
            assert_int_equal(replay.counts.events + gone, events);
            assert_int_equal(replay.counts.unsure, 0);
            assert_int_equal(replay.counts.hops + replay.counts.taken_hops,
                             story_number(path, "SELECT count(*) FROM hop"));
            assert_int_equal(replay.counts.alerts + replay.counts.taken_alerts,
                             story_number(path, "SELECT count(*) FROM alert"));
            assert_int_equal(replay.counts.chains,
                             story_number(path, "SELECT count(*) FROM chain"));
        }
    }
    assert_int_equal(failed, 0);
}

/* What is compared is compared as always; what hangs on gone events is told apart. */
static void changes_beside_deleted_events_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *gone, *sql, *named;
    } cases[] = {
        {"id = 2", "UPDATE hop SET level = 4 WHERE event = 5 AND revision = 0", "hop.level"},
        {"id = 1", "UPDATE chain SET level = 4 WHERE chain = 'subject:s-1' AND revision = 1",
         "chain.level"},
        {"id = 1", "UPDATE hop SET level = 4 WHERE event = 1", "chain.level"},
        {"id = 3", "UPDATE hop SET verdict = 'PROH' WHERE revision = 1", "chain.verdict"},
        {"id > 3", "UPDATE alert_count SET hops = hops + 1", "was logged as standing for"},
        {"id = 1", "UPDATE event SET payload = '', digest = x'' WHERE id = 7",
         "2 events have no payload, the log tells of 1"},
        {"id = 1", "DELETE FROM redaction", "1 events have no payload, the log tells of 0"},
        {"id = 4", "DELETE FROM gap WHERE filled = 0", "was not told as missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        delete_payloads(cases[i].gone);
        story_change(changed, cases[i].sql);
        enum sw_status status = play(changed);
        if (status != SW_INVALID || strstr(replay.difference, cases[i].named) == NULL) {
            fail_msg("without %s, after %s: \"%s\" lacks \"%s\"", cases[i].gone, cases[i].sql,
                     replay.difference, cases[i].named);
        }
    }
}

/* A rule that counted an event that is gone, and an event that corrected one. */
static void what_hangs_on_deleted_events_is_counted(void **state)
{
    (void)state;
    delete_payloads("id = 1");
    assert_int_equal(play(changed), SW_OK);
    assert_true(replay.counts.taken_findings > 0);
    assert_int_equal(replay.counts.left_again, 0);
    delete_payloads("id = 2");
    assert_int_equal(play(changed), SW_OK);
    assert_int_equal(replay.counts.left_again, 3); // n-3, n-4 and n-17 correct n-2
    delete_payloads("id = 3");
    assert_int_equal(play(changed), SW_OK);
    assert_int_equal(replay.counts.left_again, 2); // n-3 is needed for the next two
}

/* Restart, reload and all: the new log has the same rows and gives them again. */
static void it_is_written_anew_row_for_row(void **state)
{
    (void)state;
    static const char *const tables[] = {"event", "hop", "finding", "chain", "alert"};
    char copy[128];
    (void)snprintf(copy, sizeof(copy), "%s/anew.db", folder);
    assert_int_equal(sw_rewrite_open(&rewrite, path, copy), SW_OK);
    assert_int_equal(sw_rewrite_run(&rewrite), SW_OK);
    assert_int_equal(sw_rewrite_close(&rewrite), SW_OK);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        assert_int_equal(story_differences(path, copy, tables[i]), 0);
    }
    if (play(copy) != SW_OK) {
        fail_msg("%s", replay.difference);
    }
    assert_int_equal(replay.counts.runs, 3);
    assert_int_equal(
        story_number(copy, "SELECT count(*) FROM run WHERE broker = '(replay of story.db)'"), 3);
    assert_int_equal(sw_rewrite_open(&rewrite, path, copy), SW_EXISTS);
    assert_int_equal(sw_rewrite_close(&rewrite), SW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_story_has_everything),
        cmocka_unit_test(all_of_it_comes_out_again),
        cmocka_unit_test(every_change_is_found_and_named),
        cmocka_unit_test(what_is_left_comes_out_again_without_deleted_events),
        cmocka_unit_test(changes_beside_deleted_events_are_found),
        cmocka_unit_test(what_hangs_on_deleted_events_is_counted),
        cmocka_unit_test(it_is_written_anew_row_for_row),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
