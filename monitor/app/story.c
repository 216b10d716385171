#include "story.h"

#include <sqlite3.h>

#define LINE_BYTES 1024

static const char until_sql[] =
    "SELECT event - 1 FROM hop WHERE id = (SELECT hop FROM alert WHERE id = ?1)";

/* An edge's name says what moves; where nothing did (a request was declined) the event's own words.
 */
static const char events_sql[] =
    "SELECT event.id, event.ts_event, hop.id, hop.level, hop.verdict, hop.alert, "
    "CASE WHEN hop.to_node IS NULL OR map_edge.name IS NULL "
    "THEN event.kind || ': ' || replace(event.action, '_', ' ') ELSE map_edge.name END "
    "FROM event JOIN run ON run.id = event.run_id "
    "LEFT JOIN hop ON hop.event = event.id AND hop.revision = 0 "
    "LEFT JOIN map_edge ON map_edge.map_id = run.map_id AND map_edge.edge = hop.edge "
    "WHERE event.id > ?1 AND event.id <= ?2 ORDER BY event.id";

/* The row of the last event before that of the alert. */
static int64_t event_before(sqlite3 *database, int64_t alert_id)
{
    sqlite3_stmt *row = NULL;
    int64_t event_id = 0;
    if (sqlite3_prepare_v2(database, until_sql, -1, &row, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(row, 1, alert_id) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
        event_id = sqlite3_column_int64(row, 0);
    }
    (void)sqlite3_finalize(row);
    return event_id;
}

static void tell_row(sqlite3_stmt *row, struct sw_render *render, FILE *stream)
{
    char bytes[LINE_BYTES];
    struct sw_buffer line;
    int level = sqlite3_column_int(row, 3);
    struct sw_render_step step = {
        .time_ms = sqlite3_column_int64(row, 1),
        .has_hop = sqlite3_column_type(row, 2) != SQLITE_NULL,
        .level = level >= 0 && level < SW_LEVEL_COUNT ? (enum sw_level)level : SW_LEVEL_NONE,
        .verdict = sw_verdict_find(sw_text_from((const char *)sqlite3_column_text(row, 4))),
        .what = sw_text_from((const char *)sqlite3_column_text(row, 6)),
    };
    if (step.verdict == SW_VERDICT_COUNT) {
        step.verdict = SW_VERDICT_NONE;
    }
    sw_buffer_init(&line, bytes, sizeof(bytes));
    sw_render_step(render, &step, &line);
    (void)fwrite(bytes, 1, line.length, stream);
}

void sw_story_tell(struct sw_story *story, struct sw_log_reader *reader, int64_t alert_id,
                   struct sw_render *render, FILE *stream)
{
    sqlite3_stmt *rows = NULL;
    int64_t until = alert_id != 0 ? event_before(reader->database, alert_id) : INT64_MAX;
    if (sqlite3_prepare_v2(reader->database, events_sql, -1, &rows, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(rows, 1, story->last_event) == SQLITE_OK &&
        sqlite3_bind_int64(rows, 2, until) == SQLITE_OK) {
        while (sqlite3_step(rows) == SQLITE_ROW) {
            story->last_event = sqlite3_column_int64(rows, 0);
            if (sqlite3_column_type(rows, 5) == SQLITE_NULL) {
                tell_row(rows, render, stream);
            }
        }
    }
    (void)sqlite3_finalize(rows);
    (void)fflush(stream);
}
