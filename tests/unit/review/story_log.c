#include "story_log.h"

#include "sw_test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include <sharewatch/time.h>

#include "digest.h"
#include "scribe.h"
#include "small_map.h"

#define START_MS INT64_C(1795687200000) // 2026-11-26T10:00:00Z
#define BROKER   "mqtt://127.0.0.1:1883"
#define RULES                                                                                      \
    "# sharewatch-file: rules.yml\n"                                                               \
    "title: a notice\nname: a_notice\nid: a_notice\n"                                              \
    "logsource: {product: sharewatch, category: notice}\n"                                         \
    "detection: {s: {action: sent}, condition: s}\n"                                               \
    "---\n"                                                                                        \
    "title: many notices\nname: many_notices\nid: many_notices\n"                                  \
    "correlation: {type: event_count, rules: [a_notice], group-by: [actor.agency],\n"              \
    "  timespan: 30d, condition: {gte: 4}}\n"                                                      \
    "x_policy: {verdict: PROH, cite: the small ordinance, alert: daily}\n"
#define MORE_RULES                                                                                 \
    RULES                                                                                          \
    "---\n"                                                                                        \
    "title: a felony notice\nname: felony\nid: felony\n"                                           \
    "logsource: {product: sharewatch, category: notice}\n"                                         \
    "detection: {s: {charge_class: F}, condition: s}\n"                                            \
    "x_policy: {verdict: DISC, cite: the small law, duties: [LOG_PURPOSE]}\n"

#define TOLD                                                                                       \
    "{\"actor\":{\"system\":\"JAIL\"},\"recipient\":{\"agency\":\"ICE\"},\"data_class\":"          \
    "\"release_time\",\"subject_tok\":\"%s\"}"
#define SEARCHED                                                                                   \
    "{\"actor\":{\"agency\":\"SISTER\",\"system\":\"ALPR\"},\"recipient\":{\"agency\":\"SISTER\"," \
    "\"system\":\"SISTER\"},\"data_class\":\"alpr_search_result\",\"vehicle_tok\":\"v-1-token\"}"
#define SHARED                                                                                     \
    "{\"actor\":{\"agency\":\"SISTER\",\"system\":\"SISTER\"},\"recipient\":{\"system\":\"ERO\"}," \
    "\"data_class\":\"alpr_search_result\",\"vehicle_tok\":\"v-1-token\"}"

enum what { EVENT, RAW, TICK, RELOAD, RESTART };

struct step {
    enum what what;
    int sequence;
    int64_t seconds;          // after the step before
    int64_t happened_seconds; // before it was received
    const char *type;         // "notice.sent"
    const char *id;
    const char *more; // attributes
    const char *data; // or the raw packet
    const char *subject;
};

static const struct step story[] = {
    {EVENT, 1, 1, 0, "notice.sent", "n-1", "", TOLD, "s-1"},
    {EVENT, 2, 1, 0, "notice.sent", "n-2", "", TOLD, "s-2"},
    {EVENT, 3, 1, 0, "notice.sent", "n-3", ",\"swparent\":\"n-2\",\"swcorrects\":true",
     "{\"public_already\":true}", ""},
    {EVENT, 4, 1, 0, "notice.sent", "n-4", ",\"swparent\":\"n-2\",\"swcorrects\":true",
     "{\"charge_class\":\"F\"}", ""},
    {EVENT, 8, 1, 0, "notice.sent", "n-8", "", TOLD, "s-3"},
    {RAW, 0, 1, 0, NULL, NULL, NULL, "{\"specversion\":", NULL},
    {EVENT, 9, 1, 0, "notice.sent", "n-9", "", "{\"names\":\"somebody\"}", ""},
    {TICK, 0, 70, 0, NULL, NULL, NULL, NULL, NULL},
    {EVENT, 6, 1, 3600, "notice.sent", "n-6", "", TOLD, "s-1"},
    {EVENT, 10, 1, 0, "plate.search", "p-1", "", SEARCHED, ""},
    {EVENT, 11, 1, 0, "notice.sent", "n-1", "", TOLD, "s-9"},
    {EVENT, 12, 1, 0, "plate.share", "p-2", ",\"swparent\":\"p-1\"", SHARED, ""},
    {RELOAD, 0, 1, 0, NULL, NULL, NULL, NULL, NULL},
    {EVENT, 13, 1, 0, "notice.sent", "n-13", "",
     "{\"actor\":{\"system\":\"JAIL\"},\"charge_class\":\"F\",\"subject_tok\":\"s-4\"}", ""},
    {EVENT, 14, 1, 0, "notice.sent", "n-14", "", TOLD, "s-5"},
    {EVENT, 15, 1, 0, "notice.sent", "n-15", "", TOLD, "s-5"},
    {RESTART, 0, 5, 0, NULL, NULL, NULL, NULL, NULL},
    {EVENT, 16, 1, 0, "notice.sent", "n-16", "", TOLD, "s-6"},
    {EVENT, 17, 1, 0, "notice.sent", "n-17", ",\"swparent\":\"n-2\",\"swcorrects\":true",
     "{\"public_already\":false}", ""},
    {EVENT, 18, 1, 0, "notice.sent", "n-18", "", TOLD, "s-7"},
};

static struct sw_scribe scribe;

static void load(struct sw_knowledge *knowledge, const char *rules)
{
    *knowledge = (struct sw_knowledge){0};
    assert_true(sw_knowledge_parse_map(knowledge, "test", sw_text_from(small_map_text)));
    assert_true(sw_knowledge_parse_policy(knowledge, "test", sw_text_from(rules)));
    assert_true(sw_knowledge_overlay(knowledge));
}

static void write_payload(const struct step *step, int64_t at_ms, char *payload, size_t capacity)
{
    char data[512];
    char time[SW_TIME_BYTES];
    if (step->what == RAW) {
        (void)snprintf(payload, capacity, "%s", step->data);
        return;
    }
    const char *hole = strstr(step->data, "%s");
    int before = (int)(hole != NULL ? (size_t)(hole - step->data) : strlen(step->data));
    (void)snprintf(data, sizeof(data), "%.*s%s%s", before, step->data,
                   hole != NULL ? step->subject : "", hole != NULL ? hole + 2 : "");
    sw_time_format(at_ms - step->happened_seconds * 1000, time);
    (void)snprintf(payload, capacity,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:sharewatch:agency:LAPD"
                   "\",\"type\":\"org.sharewatch.%s.v1\",\"time\":\"%s\",\"sequence\":\"%020d\"%s,"
                   "\"data\":%s}",
                   step->id, step->type, time, step->sequence, step->more, data);
}

static void take(struct sw_digest *digest, const struct step *step, int64_t at_ms)
{
    static char payload[2048];
    char topic[64] = "sharewatch/v1/event/LAPD/notice";
    if (step->what == EVENT) {
        (void)snprintf(topic, sizeof(topic), "sharewatch/v1/event/LAPD/%.*s",
                       (int)strcspn(step->type, "."), step->type);
    }
    write_payload(step, at_ms, payload, sizeof(payload));
    struct sw_packet packet = {
        .topic = sw_text_from(topic), .payload = sw_text_from(payload), .received_ms = at_ms};
    sw_digest_of(digest, packet.payload, packet.digest);
    enum sw_status status = sw_scribe_take(&scribe, &packet, false);
    assert_true(status == SW_OK || status == SW_MALFORMED);
}

void story_write(const char *path, bool (*commit)(uint32_t packet))
{
    struct sw_knowledge first;
    struct sw_knowledge second;
    struct sw_scratch *former;
    struct sw_digest digest;
    int64_t at_ms = START_MS;
    load(&first, RULES);
    load(&second, MORE_RULES);
    assert_int_equal(sw_digest_open(&digest), SW_OK);
    assert_int_equal(sw_scribe_open(&scribe, path), SW_OK);
    assert_int_equal(sw_scribe_begin(&scribe, &first, BROKER, at_ms), SW_OK);
    for (uint32_t i = 0; i < sizeof(story) / sizeof(story[0]); i++) {
        const struct step *step = &story[i];
        at_ms += step->seconds * 1000;
        switch (step->what) {
        case EVENT:
        case RAW:
            take(&digest, step, at_ms);
            break;
        case TICK:
            sw_scribe_tick(&scribe, at_ms);
            break;
        case RELOAD:
            assert_int_equal(sw_scribe_reload(&scribe, &second, BROKER, at_ms), SW_OK);
            break;
        case RESTART:
            former = second.scratch;
            second.scratch = sw_scratch_open(second.policy);
            assert_int_equal(sw_scribe_begin(&scribe, &second, BROKER, at_ms), SW_OK);
            sw_scratch_close(former);
            break;
        }
        if (commit == NULL || commit(i)) {
            assert_int_equal(sw_scribe_commit(&scribe), SW_OK);
        }
    }
    assert_int_equal(sw_scribe_close(&scribe, at_ms + 1000), SW_OK);
    sw_digest_close(&digest);
    sw_knowledge_close(&first);
    sw_knowledge_close(&second);
}

void story_change(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA synchronous = OFF", NULL, NULL, NULL),
                     SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", sql, why);
    }
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

int64_t story_number(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return value;
}

static int64_t count_missing(sqlite3 *database, const char *table, const char *in, const char *of)
{
    char sql[256];
    sqlite3_stmt *statement = NULL;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM (SELECT * FROM %s.%s EXCEPT SELECT * FROM %s.%s)", of,
                   table, in, table);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return count;
}

int64_t story_differences(const char *first, const char *second, const char *table)
{
    sqlite3 *database = NULL;
    char attach[256];
    assert_int_equal(sqlite3_open(first, &database), SQLITE_OK);
    (void)snprintf(attach, sizeof(attach), "ATTACH '%s' AS other", second);
    assert_int_equal(sqlite3_exec(database, attach, NULL, NULL, NULL), SQLITE_OK);
    int64_t count = count_missing(database, table, "main", "other") +
                    count_missing(database, table, "other", "main");
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return count;
}

void story_copy(const char *from, const char *to)
{
    sqlite3 *source = NULL;
    sqlite3 *copy = NULL;
    (void)unlink(to);
    assert_int_equal(sqlite3_open(from, &source), SQLITE_OK);
    assert_int_equal(sqlite3_open(to, &copy), SQLITE_OK);
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", source, "main");
    assert_non_null(backup);
    assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
    assert_int_equal(sqlite3_close(copy), SQLITE_OK);
    assert_int_equal(sqlite3_close(source), SQLITE_OK);
}

void story_make_folder(char folder[64])
{
    (void)snprintf(folder, 64, "/tmp/sw-story-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

void story_remove_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char name[512];
        (void)snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
        (void)unlink(name);
    }
    (void)closedir(directory);
    assert_int_equal(rmdir(folder), 0);
}
