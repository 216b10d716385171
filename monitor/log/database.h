/**
 * What writer, reader and restore share: opening an SQLite file, and its failures in words.
 */
#ifndef SHAREWATCH_DATABASE_H
#define SHAREWATCH_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include <sharewatch/log.h>
#include <sharewatch/text.h>

#define SW_BUSY_TIMEOUT_MS 5000 // readers that open at once, a checkpoint, a backup

/** Writes into @sentence what failed while @doing something with the log at @path, and what to
 *  do. */
void sw_database_explain(sqlite3 *database, const char *path, const char *doing,
                         char sentence[SW_LOG_SENTENCE_BYTES]);

/**
 * Looks at the file at @path before SQLite does. SW_NOT_FOUND: there is none, or it is empty.
 * SW_DATABASE: it is no database, or cut short; @sentence says so.
 */
enum sw_status sw_database_inspect(const char *path,
                                   char sentence[SW_LOG_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Whose @database is, without changing it. SW_EMPTY: it has no tables yet. SW_DATABASE: not ours,
 *  @sentence says so. */
enum sw_status sw_database_identify(sqlite3 *database, const char *path,
                                    char sentence[SW_LOG_SENTENCE_BYTES]) SW_MUST_CHECK;

/** The single integer that @sql gives, or @otherwise. */
int64_t sw_database_number(sqlite3 *database, const char *sql, int64_t otherwise);

/** Copies column @column of the current row into @text [capacity], cut to fit, NUL-terminated. */
void sw_database_copy(sqlite3_stmt *statement, int column, char *text, size_t capacity);

/** Binds @text, which stays where it is until the statement is reset; an empty text is ''. */
bool sw_database_bind(sqlite3_stmt *statement, int index, struct sw_text text);

/** True when the log has the table of settings, which logs that were begun earlier lack. */
bool sw_database_has_settings(sqlite3 *database);

/** The bits of the duties in @names, joined by commas. */
uint32_t sw_database_duties(const char *names);

#define SW_ALERT_COLUMNS                                                                           \
    "alert.id, ts_event, ts_logged, level, verdict, duties, daily, "                               \
    "coalesce(alert_count.hops, 1), synthetic, chain, coalesce(edge, ''), coalesce(rule, ''), "    \
    "cite, title, sentence, path "                                                                 \
    "FROM alert LEFT JOIN alert_count ON alert_count.alert = alert.id "

#define SW_CHAIN_COLUMNS                                                                           \
    "chain, revision, level, verdict, verdicts, duties, hops, first_ms, last_ms, fed_reach"

/** Reads a row of SW_CHAIN_COLUMNS. */
void sw_database_chain(sqlite3_stmt *statement, struct sw_chain *chain);

#endif
