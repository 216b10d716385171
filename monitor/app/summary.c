#include "summary.h"

#include <string.h>

#include <sqlite3.h>

#include <sharewatch/time.h>

#define CHAINS_SHOWN 8
#define RULES_SHOWN  8
#define LINE_BYTES   1024

struct summary {
    struct sw_log_reader reader;
    struct sw_log_totals totals;
    const struct sw_render *render;
    FILE *stream;
};

/* Newest judgement of each event: what was learned later counts. */
#define NEWEST_HOP "hop.revision = (SELECT max(revision) FROM hop AS n WHERE n.event = hop.event)"

static const char chains_sql[] =
    "SELECT chain, level, verdicts, duties, fed_reach, hops FROM chain_now "
    "ORDER BY level DESC, CASE verdict WHEN 'PROH' THEN 0 WHEN 'REVIEW' THEN 1 ELSE 2 END, chain "
    "LIMIT ?1";

static const char broken_sql[] =
    "SELECT rule.title, rule.cite, count(*) FROM hop JOIN finding ON finding.hop = hop.id "
    "JOIN rule USING (policy_id, rule) WHERE finding.verdict = 'PROH' AND " NEWEST_HOP
    " GROUP BY rule.pack, rule.name ORDER BY count(*) DESC, rule.name";

static const char known_sql[] =
    "SELECT policy.name, map.name, map.version FROM "
    "(SELECT min(id) AS first, map_id, policy_id FROM run GROUP BY map_id, policy_id) "
    "JOIN policy ON policy.id = policy_id JOIN map ON map.id = map_id ORDER BY first";

static sqlite3_stmt *prepare(struct summary *summary, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(summary->reader.database, sql, -1, &statement, NULL) != SQLITE_OK) {
        (void)snprintf(summary->reader.sentence, sizeof(summary->reader.sentence), "%s",
                       sqlite3_errmsg(summary->reader.database));
    }
    return statement;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return text != NULL ? (const char *)text : "";
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* "NONE,FED,AUTO" as "automatic, federal": the strictest first, and no word for nothing to judge.
 */
static void append_verdict_words(const char *codes, struct sw_buffer *buffer)
{
    uint32_t verdicts = 0;
    const char *separator = "";
    while (*codes != '\0') {
        struct sw_text code = {.bytes = codes, .length = (uint32_t)strcspn(codes, ",")};
        enum sw_verdict verdict = sw_verdict_find(code);
        verdicts |= verdict != SW_VERDICT_COUNT ? 1U << verdict : 0;
        codes += code.length;
        codes += *codes == ',';
    }
    for (int verdict = SW_VERDICT_COUNT - 1; verdict > SW_VERDICT_NONE; verdict--) {
        if ((verdicts & (1U << verdict)) != 0) {
            sw_buffer_append_format(buffer, "%s%s", separator,
                                    sw_verdict_word((enum sw_verdict)verdict));
            separator = ", ";
        }
    }
}

static void print_chain(const struct summary *summary, sqlite3_stmt *row)
{
    char bytes[LINE_BYTES];
    struct sw_buffer line;
    sw_buffer_init(&line, bytes, sizeof(bytes));
    int level = sqlite3_column_int(row, 1);
    sw_buffer_append_format(&line, "  %-28s  ", text_of(row, 0));
    sw_render_level(summary->render,
                    level >= 0 && level < SW_LEVEL_COUNT ? (enum sw_level)level : SW_LEVEL_NONE,
                    &line);
    sw_buffer_append_format(&line, "   %d hop%s: ", sqlite3_column_int(row, 5),
                            plural((uint64_t)sqlite3_column_int64(row, 5)));
    append_verdict_words(text_of(row, 2), &line);
    if (text_of(row, 3)[0] != '\0') {
        sw_buffer_append_format(&line, "   owed: %s", text_of(row, 3));
    }
    (void)fprintf(summary->stream, "%s\n", bytes);
}

static void print_chains(struct summary *summary)
{
    sqlite3_stmt *rows = prepare(summary, chains_sql);
    (void)sqlite3_bind_int(rows, 1, CHAINS_SHOWN);
    while (rows != NULL && sqlite3_step(rows) == SQLITE_ROW) {
        print_chain(summary, rows);
    }
    (void)sqlite3_finalize(rows);
    if (summary->totals.chains > CHAINS_SHOWN) {
        (void)fprintf(summary->stream, "  … and %llu more in the view chain_now\n",
                      (unsigned long long)(summary->totals.chains - CHAINS_SHOWN));
    }
}

static void print_crossing(struct summary *summary)
{
    const uint64_t *by_level = summary->totals.chains_by_level;
    uint64_t crossed = 0;
    char bytes[LINE_BYTES];
    struct sw_buffer line;
    sw_buffer_init(&line, bytes, sizeof(bytes));
    for (int level = SW_LEVEL_COUNT - 1; level > SW_LEVEL_NONE; level--) {
        if (by_level[level] != 0) {
            sw_buffer_append_format(&line, "%s%llu chain%s got as far as %s",
                                    crossed != 0 ? ", " : "", (unsigned long long)by_level[level],
                                    plural(by_level[level]), sw_level_word((enum sw_level)level));
            crossed += by_level[level];
        }
    }
    if (crossed == 0) {
        (void)fprintf(summary->stream, "Did it cross?       No chain reached a federal immigration "
                                       "system.\n");
    } else {
        (void)fprintf(summary->stream, "Did it cross?       Yes: %s.\n", bytes);
    }
}

/* Rules first, then what they could not decide: "0 forbidden" alone would say too much. */
static void print_forbidden(struct summary *summary)
{
    const uint64_t *by_verdict = summary->totals.hops_by_verdict;
    uint64_t forbidden = by_verdict[SW_VERDICT_PROH];
    uint64_t open = by_verdict[SW_VERDICT_REVIEW];
    if (forbidden == 0) {
        (void)fprintf(summary->stream, "Was it forbidden?   No local rule was broken: no rule in "
                                       "force forbade any hop.\n");
    } else {
        (void)fprintf(summary->stream, "Was it forbidden?   Yes, %llu hop%s:\n",
                      (unsigned long long)forbidden, plural(forbidden));
        sqlite3_stmt *rows = prepare(summary, broken_sql);
        for (int i = 0; rows != NULL && i < RULES_SHOWN && sqlite3_step(rows) == SQLITE_ROW; i++) {
            (void)fprintf(summary->stream, "                    %6lld × %s (%s)\n",
                          (long long)sqlite3_column_int64(rows, 2), text_of(rows, 0),
                          text_of(rows, 1));
        }
        (void)sqlite3_finalize(rows);
    }
    if (open != 0) {
        (void)fprintf(summary->stream,
                      "Cannot be assessed: %llu hop%s need%s review: facts are missing, or the law "
                      "is contested.\n",
                      (unsigned long long)open, plural(open), open == 1 ? "s" : "");
    } else {
        (void)fprintf(summary->stream, "Cannot be assessed: nothing; every hop had the facts its "
                                       "rules need.\n");
    }
}

static void print_counts(struct summary *summary)
{
    const struct sw_log_totals *totals = &summary->totals;
    (void)fprintf(summary->stream,
                  "\n%llu event%s, %llu hop%s, %llu alert%s; %llu missing, %llu in quarantine.\n",
                  (unsigned long long)totals->events, plural(totals->events),
                  (unsigned long long)totals->hops, plural(totals->hops),
                  (unsigned long long)totals->alerts, plural(totals->alerts),
                  (unsigned long long)totals->missing, (unsigned long long)totals->quarantined);
    sqlite3_stmt *row = prepare(summary, known_sql);
    const char *how = "Judged by";
    while (row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        (void)fprintf(summary->stream, "%s %s under the map %s of %s.\n", how, text_of(row, 0),
                      text_of(row, 1), text_of(row, 2));
        how = "Then by";
    }
    (void)sqlite3_finalize(row);
}

enum sw_status sw_summary_print(const char *path, const struct sw_render *render, FILE *stream,
                                char *sentence)
{
    struct summary summary = {.render = render, .stream = stream};
    enum sw_status status = sw_log_reader_open(&summary.reader, path);
    if (status == SW_OK) {
        status = sw_log_totals(&summary.reader, &summary.totals);
    }
    if (status == SW_OK) {
        print_crossing(&summary);
        print_forbidden(&summary);
        if (summary.totals.chains != 0) {
            (void)fprintf(stream, "\n");
            print_chains(&summary);
        }
        print_counts(&summary);
    }
    (void)snprintf(sentence, SW_LOG_SENTENCE_BYTES, "%s", summary.reader.sentence);
    sw_log_reader_close(&summary.reader);
    return status;
}
