/* What a file says of an alert, in the order in which people ask. */
#include "exhibit.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/time.h>
#include <sharewatch/verdict.h>

#include "exhibit_rule.h"
#include "exhibit_sheet.h"

#define HOPS_MAX    64
#define ROWS_MAX    200
#define TEXT_BYTES  256
#define CHAIN_BYTES 160
#define SMALL       11 // numbers below it are not published

struct writer {
    const struct sw_exhibit *exhibit;
    struct sw_exhibit_sheet sheet;
    char chain[CHAIN_BYTES];
    bool failed;
};

static sqlite3_stmt *prepare(struct writer *writer, const char *sql)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(writer->exhibit->database, sql, -1, &row, NULL) != SQLITE_OK) {
        writer->failed = true;
        return NULL;
    }
    return row;
}

static bool step(struct writer *writer, sqlite3_stmt *row)
{
    int code = row != NULL ? sqlite3_step(row) : SQLITE_DONE;
    writer->failed = writer->failed || (code != SQLITE_ROW && code != SQLITE_DONE);
    return code == SQLITE_ROW;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text != NULL ? text : "";
}

/* To the second where the file may tell, to the day where it is to be published. */
static const char *time_of(const struct writer *writer, sqlite3_stmt *row, int column,
                           char text[SW_TIME_BYTES])
{
    sw_time_format(sqlite3_column_int64(row, column), text);
    if (!writer->exhibit->full) {
        text[sizeof("2026-11-24") - 1] = '\0';
    }
    return text;
}

static const char *judgement_of(sqlite3_stmt *row, int verdict_column, int level_column,
                                char text[TEXT_BYTES])
{
    const char *code = text_of(row, verdict_column);
    enum sw_verdict verdict = sw_verdict_find(sw_text_from(code));
    int level = sqlite3_column_int(row, level_column);
    bool known = level >= 0 && level < SW_LEVEL_COUNT;
    (void)snprintf(text, TEXT_BYTES, "%s, level %d (%s)",
                   verdict < SW_VERDICT_COUNT ? sw_verdict_word(verdict) : code, level,
                   known ? sw_level_word((enum sw_level)level) : "not known");
    return text;
}

/* --- the alert and its law --- */

static const char head_sql[] =
    "SELECT a.title, a.sentence, a.path, a.cite, a.verdict, a.level, a.duties, a.edge, a.rule,"
    " a.ts_event, a.ts_logged, a.chain, p.name, lower(hex(p.digest)), r.title, r.pack, e.name,"
    " e.basis, e.off_switch, e.source, m.name, m.version, lower(hex(m.digest)), a.synthetic,"
    " coalesce(c.hops, 1), p.content FROM alert AS a LEFT JOIN alert_count AS c ON c.alert = a.id"
    " LEFT JOIN policy AS p ON p.id = a.policy_id"
    " LEFT JOIN rule AS r ON r.policy_id = a.policy_id AND r.name = a.rule"
    " LEFT JOIN hop AS h ON h.id = a.hop LEFT JOIN event AS v ON v.id = h.event"
    " LEFT JOIN run AS n ON n.id = v.run_id LEFT JOIN map AS m ON m.id = n.map_id"
    " LEFT JOIN map_edge AS e ON e.map_id = n.map_id AND e.edge = a.edge WHERE a.id = ?1";

static void write_alert(struct writer *writer, sqlite3_stmt *row)
{
    struct sw_exhibit_sheet *sheet = &writer->sheet;
    char text[TEXT_BYTES];
    char time[SW_TIME_BYTES];
    int64_t hops = sqlite3_column_int64(row, 24);
    bool small = !writer->exhibit->full && hops > 1 && hops < SMALL;
    sw_exhibit_facts(sheet, "alert", NULL);
    (void)snprintf(text, sizeof(text), "%lld", (long long)writer->exhibit->alert);
    sw_exhibit_fact(sheet, "id", "Alert", text);
    sw_exhibit_fact(sheet, "sentence", "What happened", text_of(row, 1));
    sw_exhibit_fact(sheet, "judgement", "Judgement", judgement_of(row, 4, 5, text));
    sw_exhibit_fact(sheet, "path", "Path", text_of(row, 2));
    sw_exhibit_fact(sheet, "duties", "What is owed for it", text_of(row, 6));
    sw_exhibit_fact(sheet, "happened", "Happened", time_of(writer, row, 9, time));
    sw_exhibit_fact(sheet, "logged", "Logged", time_of(writer, row, 10, time));
    (void)snprintf(text, sizeof(text), "%lld", (long long)hops);
    if (small) {
        (void)snprintf(text, sizeof(text), "fewer than %d", SMALL);
    }
    sw_exhibit_fact(sheet, "crossings", "Crossings it stands for", text);
    sw_exhibit_fact(sheet, "data", "Data",
                    sqlite3_column_int(row, 23) != 0 ? "synthetic: made by a simulator"
                                                     : "from an agency");
    if (writer->exhibit->full) {
        sw_exhibit_fact(sheet, "chain", "Key of the chain", text_of(row, 11));
    }
    sw_exhibit_facts_end(sheet);
}

static void write_law(struct writer *writer, sqlite3_stmt *row)
{
    struct sw_exhibit_sheet *sheet = &writer->sheet;
    struct sw_exhibit_rule rule;
    char text[TEXT_BYTES];
    struct sw_text content = {text_of(row, 25), (uint32_t)sqlite3_column_bytes(row, 25)};
    bool has_rule = sqlite3_column_type(row, 8) != SQLITE_NULL;
    sw_exhibit_find_rule(content, sw_text_from(text_of(row, 15)), sw_text_from(text_of(row, 8)),
                         &rule);
    sw_exhibit_facts(sheet, "law", "The law");
    sw_exhibit_fact(sheet, "cite", "Law", text_of(row, 3));
    sw_exhibit_fact(sheet, "words", "In our words", has_rule ? rule.description : "");
    sw_exhibit_fact(sheet, "in_force", "In force", has_rule ? rule.in_force : "");
    (void)snprintf(text, sizeof(text), "%.80s (%.60s%s%.60s)", text_of(row, 8), text_of(row, 15),
                   rule.pack_version[0] != '\0' ? ", version " : "", rule.pack_version);
    sw_exhibit_fact(sheet, "rule", "Rule",
                    has_rule ? text : "none: the verdict is the default of the sharing map");
    sw_exhibit_fact(sheet, "rule_title", "What the rule says", text_of(row, 14));
    sw_exhibit_fact(sheet, "rule_sha256", "SHA-256 of the rule", has_rule ? rule.digest : "");
    sw_exhibit_fact(sheet, "policy", "Policy", text_of(row, 12));
    sw_exhibit_fact(sheet, "policy_sha256", "SHA-256 of the policy", text_of(row, 13));
    sw_exhibit_facts_end(sheet);
    sw_exhibit_facts(sheet, "edge", "The way");
    sw_exhibit_fact(sheet, "id", "Edge", text_of(row, 7));
    sw_exhibit_fact(sheet, "name", "Edge of the map", text_of(row, 16));
    sw_exhibit_fact(sheet, "basis", "Legal basis", text_of(row, 17));
    sw_exhibit_fact(sheet, "off_switch", "Who could stop it", text_of(row, 18));
    sw_exhibit_fact(sheet, "known", "How well known", text_of(row, 19));
    (void)snprintf(text, sizeof(text), "%.80s, version %.40s", text_of(row, 20), text_of(row, 21));
    sw_exhibit_fact(sheet, "map", "Sharing map", text);
    sw_exhibit_fact(sheet, "map_sha256", "SHA-256 of the map", text_of(row, 22));
    sw_exhibit_facts_end(sheet);
}

/* --- hops --- */

static const char hops_sql[] =
    "SELECT h.ts_event, coalesce(f.name, h.from_node, ''), coalesce(t.name, h.to_node, ''),"
    " coalesce(e.name, v.kind || ' ' || v.action), h.verdict, h.level, v.ts_logged, v.id,"
    " h.revision, lower(hex(v.digest)), v.payload, coalesce(h.data_class, ''),"
    " coalesce(e.off_switch, ''), coalesce((SELECT group_concat(r.name || ' (' ||"
    " coalesce(g.verdict, 'recorded') || coalesce(', missing: ' || g.missing, '') || '): ' ||"
    " r.cite, char(10)) FROM finding AS g JOIN rule AS r ON r.policy_id = g.policy_id AND"
    " r.rule = g.rule WHERE g.hop = h.id), '') FROM hop AS h"
    " JOIN event AS v ON v.id = h.event JOIN run AS n ON n.id = v.run_id"
    " LEFT JOIN map_node AS f ON f.map_id = n.map_id AND f.node = h.from_node"
    " LEFT JOIN map_node AS t ON t.map_id = n.map_id AND t.node = h.to_node"
    " LEFT JOIN map_edge AS e ON e.map_id = n.map_id AND e.edge = h.edge"
    " WHERE h.chain = ?1 ORDER BY h.ts_event, h.id LIMIT ?2";

static void write_hop(struct writer *writer, sqlite3_stmt *row, bool first)
{
    struct sw_exhibit_sheet *sheet = &writer->sheet;
    char text[TEXT_BYTES];
    char time[SW_TIME_BYTES];
    sw_exhibit_row(sheet, first);
    sw_exhibit_cell(sheet, "happened", time_of(writer, row, 0, time));
    sw_exhibit_cell(sheet, "from", text_of(row, 1));
    sw_exhibit_cell(sheet, "to", text_of(row, 2));
    (void)snprintf(text, sizeof(text), "%.160s%s%.60s", text_of(row, 3),
                   text_of(row, 11)[0] != '\0' ? ": " : "", text_of(row, 11));
    sw_exhibit_cell(sheet, "what", text);
    sw_exhibit_cell(sheet, "judgement", judgement_of(row, 4, 5, text));
    sw_exhibit_cell(sheet, "rules", text_of(row, 13));
    sw_exhibit_cell(sheet, "off_switch", text_of(row, 12));
    (void)snprintf(text, sizeof(text), "entry %lld, judgement %lld, logged %s",
                   (long long)sqlite3_column_int64(row, 7), (long long)sqlite3_column_int64(row, 8),
                   time_of(writer, row, 6, time));
    sw_exhibit_cell(sheet, "entry", text);
    sw_exhibit_cell(sheet, "sha256", text_of(row, 9));
    if (writer->exhibit->full) {
        sw_exhibit_cell(sheet, "payload", text_of(row, 10));
    }
    sw_exhibit_row_end(sheet);
}

static void write_hops(struct writer *writer)
{
    static const char *const columns[] = {"Happened",
                                          "From",
                                          "To",
                                          "What",
                                          "Judgement",
                                          "Rules that spoke",
                                          "Who could stop it",
                                          "Entry",
                                          "SHA-256 of the entry",
                                          "As received"};
    uint32_t count = sizeof(columns) / sizeof(columns[0]) - (writer->exhibit->full ? 0 : 1);
    sqlite3_stmt *row = prepare(writer, hops_sql);
    if (row != NULL) {
        (void)sqlite3_bind_text(row, 1, writer->chain, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int(row, 2, HOPS_MAX);
    }
    sw_exhibit_table(&writer->sheet, "hops", "Path, hop by hop", columns, count);
    for (bool first = true; step(writer, row); first = false) {
        write_hop(writer, row, first);
    }
    sw_exhibit_table_end(&writer->sheet);
    (void)sqlite3_finalize(row);
}

/* Of imported events: where they stand in the files that agencies published. */
static void write_imported(struct writer *writer)
{
    static const char *const columns[] = {"Entry", "File", "Of",
                                          "Row",   "Line", "SHA-256 of the file"};
    static const char *const keys[] = {"entry", "file", "agency", "row", "line", "sha256"};
    sqlite3_stmt *row = prepare(
        writer, "SELECT d.event, f.name, f.agency, d.row, d.line, lower(hex(f.digest))"
                " FROM evidence AS d JOIN evidence_file AS f ON f.id = d.file WHERE d.event IN"
                " (SELECT event FROM hop WHERE chain = ?1) ORDER BY d.event, f.id, d.row LIMIT ?2");
    if (row != NULL) {
        (void)sqlite3_bind_text(row, 1, writer->chain, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int(row, 2, ROWS_MAX);
    }
    bool any = step(writer, row);
    if (any) {
        sw_exhibit_table(&writer->sheet, "imported", "Rows of published files that tell of it",
                         columns, sizeof(columns) / sizeof(columns[0]));
    }
    for (bool first = true, more = any; more; more = step(writer, row), first = false) {
        sw_exhibit_row(&writer->sheet, first);
        for (int i = 0; i < (int)(sizeof(keys) / sizeof(keys[0])); i++) {
            sw_exhibit_cell(&writer->sheet, keys[i], text_of(row, i));
        }
        sw_exhibit_row_end(&writer->sheet);
    }
    if (any) {
        sw_exhibit_table_end(&writer->sheet);
    }
    (void)sqlite3_finalize(row);
}

static void write_reviews(struct writer *writer)
{
    static const char *const columns[] = {"When", "Who", "What", "Note", "Hash"};
    char time[SW_TIME_BYTES];
    sqlite3_stmt *row =
        prepare(writer, "SELECT ts, actor, action || ' ' || subject, note, lower(hex(hash))"
                        " FROM review WHERE alert = ?1 ORDER BY seq LIMIT ?2");
    if (row != NULL) {
        (void)sqlite3_bind_int64(row, 1, writer->exhibit->alert);
        (void)sqlite3_bind_int(row, 2, ROWS_MAX);
    }
    sw_exhibit_table(&writer->sheet, "reviews", "Reviews", columns,
                     sizeof(columns) / sizeof(columns[0]));
    for (bool first = true; step(writer, row); first = false) {
        sw_exhibit_row(&writer->sheet, first);
        sw_exhibit_cell(&writer->sheet, "when", time_of(writer, row, 0, time));
        sw_exhibit_cell(&writer->sheet, "who", text_of(row, 1));
        sw_exhibit_cell(&writer->sheet, "what", text_of(row, 2));
        sw_exhibit_cell(&writer->sheet, "note", text_of(row, 3));
        sw_exhibit_cell(&writer->sheet, "hash", text_of(row, 4));
        sw_exhibit_row_end(&writer->sheet);
    }
    sw_exhibit_table_end(&writer->sheet);
    (void)sqlite3_finalize(row);
}

/* --- what is not there --- */

static int64_t count_of_chain(struct writer *writer, const char *sql)
{
    sqlite3_stmt *row = prepare(writer, sql);
    int64_t count = 0;
    if (row != NULL) {
        (void)sqlite3_bind_text(row, 1, writer->chain, -1, SQLITE_STATIC);
        count = step(writer, row) ? sqlite3_column_int64(row, 0) : 0;
    }
    (void)sqlite3_finalize(row);
    return count;
}

/* Payloads that nobody has any more. Their number is told exactly in a public file only where it is
 * no small one. */
static void tell_deleted(const struct writer *writer, int64_t gone, char text[TEXT_BYTES])
{
    bool small = !writer->exhibit->full && gone > 1 && gone < SMALL;
    char number[24];
    (void)snprintf(number, sizeof(number), "%lld", (long long)gone);
    (void)snprintf(text, TEXT_BYTES,
                   "Deleted from the log on purpose, after its period of retention or on request: "
                   "the payload and digest of %s of the entries above. What was judged of them "
                   "stands as it was logged and cannot be judged again; the proofs stand.",
                   small ? "2 to 10" : number);
}

static void write_withheld(struct writer *writer)
{
    const char *sentences[5];
    char hops[TEXT_BYTES];
    char deleted[TEXT_BYTES];
    uint32_t count = 0;
    int64_t hop_count = count_of_chain(writer, "SELECT count(*) FROM hop WHERE chain = ?1");
    int64_t gone = count_of_chain(writer, "SELECT count(DISTINCT event.id) FROM hop JOIN event ON "
                                          "event.id = hop.event WHERE hop.chain = ?1 AND "
                                          "event.payload = ''");
    if (gone > 0) {
        tell_deleted(writer, gone, deleted);
        sentences[count++] = deleted;
    }
    if (writer->exhibit->full) {
        sentences[count++] = gone > 0 ? "Else nothing of the log was left out. Names, plates and "
                                        "numbers of persons are in no log of sharewatch."
                                      : "Nothing of the log was left out. Names, plates and "
                                        "numbers of persons are in no log of sharewatch.";
    } else {
        sentences[count++] = "Left out: the key of the chain and the payloads of the entries, "
                             "because they link the records of one person or vehicle. Whoever "
                             "keeps the log can give them under a case. The digests let anybody "
                             "compare them then.";
        sentences[count++] = "Left out: the time of day, and numbers from 2 to 10.";
    }
    if (!writer->exhibit->full || writer->exhibit->proof == NULL) {
        sentences[count++] = "Left out: the proof that the alert stands in the sealed log, which "
                             "tells the exact time. `sharewatch prove LOG ALERT` writes it.";
    }
    if (hop_count > HOPS_MAX) {
        (void)snprintf(hops, sizeof(hops), "Left out: all but the first %d of %lld hops.", HOPS_MAX,
                       (long long)hop_count);
        sentences[count++] = hops;
    }
    sw_exhibit_list(&writer->sheet, "withheld", "What is not in this file", sentences, count);
}

/* Saved as a file, the proof is checked by anybody, without the log. */
static void write_proof(struct writer *writer)
{
    if (writer->exhibit->full && writer->exhibit->proof != NULL) {
        sw_exhibit_facts(&writer->sheet, "seal", "That it stood in the log");
        sw_exhibit_fact(&writer->sheet, "how", "How to check it",
                        "Save the proof as a file; `sharewatch verify --proof FILE` checks it "
                        "without the log.");
        sw_exhibit_fact(&writer->sheet, "proof", "Proof", writer->exhibit->proof);
        sw_exhibit_facts_end(&writer->sheet);
    }
}

static void write_end(struct writer *writer)
{
    char time[SW_TIME_BYTES];
    sw_time_format(writer->exhibit->now_ms, time);
    sw_exhibit_facts(&writer->sheet, "file", "This file");
    sw_exhibit_fact(&writer->sheet, "made", "Made by sharewatch", time);
    sw_exhibit_fact(&writer->sheet, "caution", "Read it as",
                    "A finding is the reading of a rule, not the judgement of a court.");
    sw_exhibit_facts_end(&writer->sheet);
    sw_exhibit_end(&writer->sheet);
}

enum sw_status sw_exhibit_write(const struct sw_exhibit *exhibit, struct sw_buffer *out)
{
    struct writer writer = {.exhibit = exhibit, .sheet = {.out = out, .form = exhibit->form}};
    sqlite3_stmt *row = prepare(&writer, head_sql);
    if (row != NULL) {
        (void)sqlite3_bind_int64(row, 1, exhibit->alert);
    }
    if (!step(&writer, row)) {
        (void)sqlite3_finalize(row);
        return writer.failed ? SW_DATABASE : SW_NOT_FOUND;
    }
    (void)snprintf(writer.chain, sizeof(writer.chain), "%s", text_of(row, 11));
    sw_exhibit_begin(&writer.sheet, text_of(row, 0));
    write_alert(&writer, row);
    write_law(&writer, row);
    (void)sqlite3_finalize(row);
    write_hops(&writer);
    write_imported(&writer);
    if (exhibit->reviews) {
        write_reviews(&writer);
    }
    write_proof(&writer);
    write_withheld(&writer);
    write_end(&writer);
    return writer.failed ? SW_DATABASE : SW_OK;
}
