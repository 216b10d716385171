#include "rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "database.h"

#define COMMIT_EVERY 4096 // events

static enum sw_status fail(struct sw_rewrite *rewrite, const char *sentence)
{
    (void)snprintf(rewrite->sentence, sizeof(rewrite->sentence), "%s", sentence);
    return SW_DATABASE;
}

/* Makes an empty file, so that nobody else's is ever written over. */
static enum sw_status make_file(struct sw_rewrite *rewrite, const char *path)
{
    int descriptor =
        open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
    if (descriptor >= 0) {
        (void)close(descriptor);
        return SW_OK;
    }
    bool there = errno == EEXIST;
    (void)snprintf(rewrite->sentence, sizeof(rewrite->sentence), "%s: %s", path,
                   there ? "the file is there already; a log is never written over, give another "
                           "name or take it away"
                         : strerror(errno));
    return there ? SW_EXISTS : SW_IO;
}

enum sw_status sw_rewrite_open(struct sw_rewrite *rewrite, const char *from, const char *to)
{
    const char *slash = strrchr(from, '/');
    memset(rewrite, 0, sizeof(*rewrite));
    (void)snprintf(rewrite->origin, sizeof(rewrite->origin), "(replay of %s)",
                   slash != NULL ? slash + 1 : from);
    enum sw_status status = sw_logged_open(&rewrite->logged, from);
    if (status != SW_OK) {
        (void)fail(rewrite, rewrite->logged.reader.sentence);
        return status;
    }
    status = make_file(rewrite, to);
    if (status == SW_OK && sw_scribe_open(&rewrite->scribe, to) != SW_OK) {
        status = fail(rewrite, rewrite->scribe.log.sentence);
    }
    if (status != SW_OK) {
        sw_logged_close(&rewrite->logged);
    }
    return status;
}

/* --- choosing --- */

/* ?3 and ?4 are NULL where nothing was asked for. Reporters are compared event by event. */
static const char chosen_sql[] =
    "SELECT id FROM event WHERE ts_event >= ?1 AND ts_event < ?2 AND ((?3 IS NULL AND ?4 IS NULL) "
    "OR id IN (SELECT event FROM hop WHERE (?3 IS NULL OR edge = ?3) AND (?4 IS NULL OR chain = "
    "?4) "
    "UNION SELECT cause FROM hop WHERE cause IS NOT NULL AND (?3 IS NULL OR edge = ?3) AND "
    "(?4 IS NULL OR chain = ?4))) ORDER BY id";

static bool next_chosen(struct sw_rewrite *rewrite)
{
    int code = sqlite3_step(rewrite->chosen);
    rewrite->chosen_row = code == SQLITE_ROW ? sqlite3_column_int64(rewrite->chosen, 0) : 0;
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static enum sw_status find_chosen(struct sw_rewrite *rewrite)
{
    const struct sw_replay_filter *filter = &rewrite->filter;
    sqlite3 *database = rewrite->logged.reader.database;
    bool done =
        !rewrite->filtered ||
        (sqlite3_prepare_v2(database, chosen_sql, -1, &rewrite->chosen, NULL) == SQLITE_OK &&
         sqlite3_bind_int64(rewrite->chosen, 1, filter->from_ms) == SQLITE_OK &&
         sqlite3_bind_int64(rewrite->chosen, 2, filter->until_ms) == SQLITE_OK &&
         (filter->edge.length == 0 || sw_database_bind(rewrite->chosen, 3, filter->edge)) &&
         (filter->chain.length == 0 || sw_database_bind(rewrite->chosen, 4, filter->chain)) &&
         next_chosen(rewrite));
    return done ? SW_OK : fail(rewrite, sqlite3_errmsg(database));
}

/* Events come in the order of their rows, and so do those that are chosen. */
static bool is_chosen(struct sw_rewrite *rewrite, const struct sw_logged_event *event)
{
    struct sw_text reporter = {0};
    if (!rewrite->filtered) {
        return true;
    }
    if (event->id != rewrite->chosen_row) {
        return false;
    }
    (void)next_chosen(rewrite); // what cannot be read is told of by the events' own cursor
    return rewrite->filter.agency.length == 0 ||
           (sw_wire_parse_source(event->source, &reporter) == SW_OK &&
            sw_text_equal(reporter, rewrite->filter.agency));
}

/* --- judging --- */

/* The former scratch is there until what it counts is in the new log. */
static enum sw_status change_run(struct sw_rewrite *rewrite, const struct sw_logged_run *run,
                                 bool reload)
{
    struct sw_knowledge *former = &rewrite->knowledge[rewrite->turn_of];
    rewrite->turn_of = 1 - rewrite->turn_of;
    struct sw_knowledge *fresh = &rewrite->knowledge[rewrite->turn_of];
    enum sw_status status = SW_OK;
    if (!sw_logged_load(&rewrite->logged, run, "replay", rewrite->map_given, rewrite->policy_given,
                        fresh)) {
        (void)fail(rewrite, "map or policy of the log cannot be used");
        return SW_INVALID;
    }
    if (reload) {
        status = sw_scribe_reload(&rewrite->scribe, fresh, rewrite->origin, run->started_ms);
    } else {
        status = sw_scribe_begin(&rewrite->scribe, fresh, rewrite->origin, run->started_ms);
    }
    sw_knowledge_close(former);
    return status == SW_OK ? SW_OK : fail(rewrite, rewrite->scribe.log.sentence);
}

/* Runs are those of the log, or one for all where it is judged anew. */
static enum sw_status enter_run(struct sw_rewrite *rewrite, int64_t run_id)
{
    struct sw_logged_run run;
    bool anew = rewrite->map_given != NULL || rewrite->policy_given != NULL;
    bool first = rewrite->run_id == 0;
    if (run_id == rewrite->run_id || (anew && !first)) {
        rewrite->run_id = run_id;
        return SW_OK;
    }
    if (sw_logged_run(&rewrite->logged, run_id, &run) != SW_OK) {
        return fail(rewrite, "the log names a run that it does not have");
    }
    bool reload = !first && rewrite->run.ended_ms != 0 && rewrite->run.ended_ms == run.started_ms;
    if (!first && !reload && rewrite->run.ended_ms != 0) {
        sw_scribe_tick(&rewrite->scribe, rewrite->run.ended_ms);
    }
    rewrite->run_id = run_id;
    rewrite->run = run;
    return change_run(rewrite, &run, reload);
}

static enum sw_status take(struct sw_rewrite *rewrite, const struct sw_logged_event *event)
{
    struct sw_packet packet = {.topic = sw_logged_topic(&rewrite->logged, event),
                               .payload = event->payload,
                               .received_ms = event->logged_ms};
    memcpy(packet.digest, event->digest, sizeof(packet.digest));
    enum sw_status status = sw_scribe_take(&rewrite->scribe, &packet, event->scrubbed);
    rewrite->last_ms = event->logged_ms;
    rewrite->events++;
    if (status != SW_DATABASE && rewrite->events % COMMIT_EVERY == 0) {
        status = sw_scribe_commit(&rewrite->scribe);
        if (status == SW_OK && rewrite->turn != NULL && !rewrite->turn(rewrite->context)) {
            return SW_STOPPED;
        }
    }
    return status == SW_DATABASE ? fail(rewrite, rewrite->scribe.log.sentence) : SW_OK;
}

void sw_rewrite_choose(struct sw_rewrite *rewrite, const struct sw_replay_filter *filter,
                       struct sw_text chosen)
{
    size_t length = strlen(rewrite->origin) - 1; // without its parenthesis
    rewrite->filter = *filter;
    rewrite->filtered = true;
    (void)snprintf(rewrite->origin + length, sizeof(rewrite->origin) - length, "%.*s)",
                   SW_TEXT_FORMAT(chosen));
}

enum sw_status sw_rewrite_run(struct sw_rewrite *rewrite)
{
    struct sw_logged_event event = {0};
    enum sw_status status = find_chosen(rewrite);
    while (status == SW_OK) {
        status = sw_logged_next_event(&rewrite->logged, &event);
        if (status == SW_DATABASE) {
            return fail(rewrite, rewrite->logged.reader.sentence);
        }
        if (status == SW_OK && !is_chosen(rewrite, &event)) {
            rewrite->left_out++;
            continue;
        }
        if (status == SW_OK) {
            status = enter_run(rewrite, event.run_id);
        }
        if (status == SW_OK && sw_logged_is_gone(&event)) {
            rewrite->gone++;
        } else if (status == SW_OK) {
            status = take(rewrite, &event);
        }
    }
    rewrite->alerts = rewrite->scribe.alerts;
    rewrite->refused = rewrite->scribe.refused;
    return status == SW_EMPTY ? SW_OK : status;
}

enum sw_status sw_rewrite_close(struct sw_rewrite *rewrite)
{
    int64_t end_ms =
        rewrite->run.ended_ms > rewrite->last_ms ? rewrite->run.ended_ms : rewrite->last_ms;
    if (rewrite->scribe.running && !rewrite->scribe.log.failed) {
        sw_scribe_tick(&rewrite->scribe, end_ms);
    }
    enum sw_status status = sw_scribe_close(&rewrite->scribe, end_ms);
    if (status != SW_OK) {
        (void)fail(rewrite, rewrite->scribe.log.sentence);
    }
    sw_knowledge_close(&rewrite->knowledge[0]);
    sw_knowledge_close(&rewrite->knowledge[1]);
    (void)sqlite3_finalize(rewrite->chosen);
    rewrite->chosen = NULL;
    sw_logged_close(&rewrite->logged);
    return status;
}
