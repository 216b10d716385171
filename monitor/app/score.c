/* Only what matters is looked up: an event that crossed or could have led on, and those of steps
 * of which the log says so. Millions of plate reads are made again and not asked for. */
#include "score.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/log.h>

#include "phases.h"

#define ID_PREFIX 11 // digits and a dash in front of the step's name

struct scoring {
    const struct sw_scenario *scenario;
    const char *verb;
    struct sw_log_reader reader;
    struct sw_phases phases;
    uint32_t phase;
    struct sw_truth *truth;
    sqlite3_stmt *sighting;
    bool *told; // [step_count], the log has a hop of it that crossed or could lead on
    bool failed;
};

static const char sighting_sql[] =
    "SELECT hop.level, hop.verdict, hop.crosses FROM source "
    "JOIN event ON event.source_id = source.id AND event.event_id = ?2 "
    "LEFT JOIN hop ON hop.event = event.id AND hop.revision = 0 WHERE source.name = ?1";

static const char told_sql[] =
    "SELECT DISTINCT substr(event.event_id, ?1) FROM hop JOIN event ON event.id = hop.event "
    "WHERE hop.revision = 0 AND (hop.level > 0 OR hop.crosses <> 'none')";

static void complain(struct scoring *scoring, const char *sentence)
{
    (void)fprintf(stderr, "sharewatch %s: the score: %s\n", scoring->verb, sentence);
    scoring->failed = true;
}

static sqlite3_stmt *prepare(struct scoring *scoring, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(scoring->reader.database, sql, -1, &statement, NULL) != SQLITE_OK) {
        complain(scoring, sqlite3_errmsg(scoring->reader.database));
    }
    return statement;
}

static struct sw_text column_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    int bytes = sqlite3_column_bytes(row, column);
    return (struct sw_text){(const char *)text, text != NULL ? (uint32_t)bytes : 0};
}

static void mark_told(struct scoring *scoring)
{
    sqlite3_stmt *rows = prepare(scoring, told_sql);
    if (rows == NULL) {
        return;
    }
    (void)sqlite3_bind_int(rows, 1, ID_PREFIX + 1);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct sw_text name = column_text(rows, 0);
        for (uint32_t i = 0; i < scoring->scenario->step_count; i++) {
            scoring->told[i] =
                scoring->told[i] || sw_text_equal(scoring->scenario->steps[i].name, name);
        }
    }
    (void)sqlite3_finalize(rows);
}

/* Why the log does not have @made: lost by a fault, spoiled by one, or nobody knows. */
static enum sw_arrival absence(const struct sw_scenario_event *made)
{
    if (made->fault.kind == SW_FAULT_LOST) {
        return SW_ARRIVAL_LOST;
    }
    return made->fault.kind != SW_FAULT_NONE ? SW_ARRIVAL_REFUSED : SW_ARRIVAL_MISSING;
}

static uint16_t crosses_of(struct sw_text word)
{
    return sw_enum_find(sw_field_info(SW_FIELD_FLOW_CROSSES)->values, word);
}

static struct sw_sighting look_up(struct scoring *scoring, const struct sw_scenario_event *made)
{
    sqlite3_stmt *row = scoring->sighting;
    struct sw_text source = made->event.source;
    struct sw_text id = made->event.id;
    struct sw_sighting sighting = {.arrival = absence(made)};
    (void)sqlite3_bind_text(row, 1, source.bytes, (int)source.length, SQLITE_STATIC);
    (void)sqlite3_bind_text(row, 2, id.bytes, (int)id.length, SQLITE_STATIC);
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        sighting.arrival = SW_ARRIVAL_TAKEN;
        sighting.has_hop = sqlite3_column_type(row, 0) != SQLITE_NULL;
    } else if (code != SQLITE_DONE) {
        complain(scoring, sqlite3_errmsg(scoring->reader.database));
    }
    if (sighting.has_hop) {
        sighting.level = (enum sw_level)sqlite3_column_int(row, 0);
        sighting.verdict = sw_verdict_find(column_text(row, 1));
        sighting.crosses = crosses_of(column_text(row, 2));
    }
    (void)sqlite3_reset(row);
    return sighting;
}

static void take(struct scoring *scoring, const struct sw_scenario_event *made)
{
    struct sw_truth_fact fact;
    struct sw_sighting sighting = {.arrival = SW_ARRIVAL_TAKEN};
    sw_truth_judge(scoring->truth, made, &fact);
    if (made->hidden) {
        sighting.arrival = SW_ARRIVAL_HIDDEN;
    } else if (fact.crossing || fact.leads_on || scoring->told[made->step]) {
        sighting = look_up(scoring, made);
    }
    sw_truth_take(scoring->truth, made, &fact, &sighting);
}

static void begin_phases(struct scoring *scoring, int64_t at_ms)
{
    const struct sw_phases *phases = &scoring->phases;
    while (scoring->phase + 1 < phases->count && phases->from_ms[scoring->phase + 1] <= at_ms) {
        scoring->phase++;
        if (sw_truth_go_on(scoring->truth, &phases->items[scoring->phase].map) != SW_OK) {
            complain(scoring, sw_status_text(SW_NO_MEMORY));
        }
    }
}

static void take_all(struct scoring *scoring)
{
    static struct sw_scenario_event made;
    struct sw_generator *generator = NULL;
    enum sw_status status = sw_generator_open(&generator, scoring->scenario);
    if (status != SW_OK) {
        complain(scoring, sw_status_text(status));
    }
    while (!scoring->failed && sw_generator_next(generator, &made) == SW_OK) {
        begin_phases(scoring, made.emit_ms);
        take(scoring, &made);
    }
    sw_generator_close(generator);
}

static void prepare_all(struct scoring *scoring, const char *log, const char *policy)
{
    if (sw_log_reader_open(&scoring->reader, log) != SW_OK) {
        complain(scoring, scoring->reader.sentence);
        return;
    }
    if (!sw_phases_open(&scoring->phases, scoring->scenario, scoring->verb, policy)) {
        scoring->failed = true;
        return;
    }
    scoring->told = calloc(scoring->scenario->step_count + 1, sizeof(scoring->told[0]));
    if (scoring->told == NULL ||
        sw_truth_open(&scoring->truth, scoring->scenario, &scoring->phases.items[0].map) != SW_OK) {
        complain(scoring, sw_status_text(SW_NO_MEMORY));
        return;
    }
    scoring->sighting = prepare(scoring, sighting_sql);
    mark_told(scoring);
}

bool sw_score_log(const struct sw_scenario *scenario, const char *log, const char *policy,
                  const char *verb, struct sw_truth_score *score)
{
    static struct scoring scoring;
    scoring = (struct scoring){.scenario = scenario, .verb = verb};
    prepare_all(&scoring, log, policy);
    if (!scoring.failed) {
        take_all(&scoring);
    }
    if (!scoring.failed) {
        sw_truth_finish(scoring.truth, score);
    }
    (void)sqlite3_finalize(scoring.sighting);
    sw_truth_close(scoring.truth);
    free(scoring.told);
    sw_phases_close(&scoring.phases);
    sw_log_reader_close(&scoring.reader);
    return !scoring.failed;
}

void sw_score_print(const struct sw_truth_score *score, FILE *stream)
{
    char bytes[SW_TRUTH_TEXT_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_truth_write_text(score, &buffer);
    (void)fprintf(stream, "\nHeld against what really happened, also where nobody told:\n%s",
                  bytes);
}

bool sw_score_write(const struct sw_truth_score *score, const char *path, const char *verb)
{
    char bytes[SW_TRUTH_TEXT_BYTES];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_truth_write_json(score, &buffer);
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fprintf(file, "%s\n", bytes) > 0;
    if (file != NULL && fclose(file) != 0) {
        written = false;
    }
    if (!written) {
        (void)fprintf(stderr, "sharewatch %s: %s: %s\n", verb, path, strerror(errno));
    }
    return written;
}
