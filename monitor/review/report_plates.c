/*
 * Plate readers. Civ. Code 1798.90.52(b) asks for a record of each access with four elements: date
 * and time; the plate or what else was asked; the user's name and organisation; the purpose. The
 * log holds no plate and no name, so it can say that they were recorded, or that it does not know.
 */
#include "report.h"

#include <sqlite3.h>

#include "database.h"
#include "report_tables.h"

#define COUNT(tables) ((uint32_t)(sizeof(tables) / sizeof((tables)[0])))

#define ACCESS "kind = 'plate' AND action = 'search'"

/* Audit files are imported without plates and names, and one may lack a column. */
#define PURPOSE_COLUMN                                                                             \
    "CASE WHEN coalesce(purpose, 'unknown') <> 'unknown' OR case_tok IS NOT NULL OR"               \
    " (reason IS NOT NULL AND quality <> 'blank') THEN 0 WHEN imported OR purpose = 'unknown'"     \
    " OR gone THEN 2 ELSE 1 END"

#define ELEMENT(label, column)                                                                     \
    "SELECT '" label "', 0, 0 UNION ALL SELECT '" label "', " column                               \
    ", count(*) FROM fact WHERE " ACCESS " GROUP BY 2"

#define DATE ELEMENT("1 date and time", "0")
#define QUERY                                                                                      \
    ELEMENT("2 plate or other terms of the query",                                                 \
            "iif(vehicle IS NOT NULL, 0, iif(imported OR gone, 2, 1))")
#define USER ELEMENT("3 user", "iif(role_tok IS NOT NULL, 0, iif(imported OR gone, 2, 1))")
#define ORGANISATION                                                                               \
    ELEMENT("3 organisation of the user",                                                          \
            "iif(coalesce(actor, 'UNKNOWN') <> 'UNKNOWN', 0, iif(imported OR gone, 2, 1))")
#define PURPOSE ELEMENT("4 purpose", PURPOSE_COLUMN)

static const struct sw_account_table access_tables[] = {
    {
        .name = "elements",
        .heading = "The four elements of the record",
        .counts = "Each number counts searches. Cannot be assessed: the search came from an audit "
                  "file, of which plates and names are never read, or which may lack the column.",
        .source = "Civ. Code 1798.90.52(b)",
        .label = "element",
        .columns = {"recorded", "not recorded", "cannot be assessed"},
        .sql = DATE " UNION ALL " QUERY " UNION ALL " USER " UNION ALL " ORGANISATION
                    " UNION ALL " PURPOSE,
        .fixed = true,
    },
    {
        .name = "organisations",
        .heading = "Who searched, and whether a purpose is on record",
        .counts = "Each number counts searches.",
        .source = "Civ. Code 1798.90.52(b)",
        .label = "organisation",
        .columns = {"purpose recorded", "not recorded", "cannot be assessed"},
        .sql = "SELECT actor, col, sum(n) FROM (SELECT coalesce(actor, 'not recorded') AS "
               "actor, " PURPOSE_COLUMN " AS col, count(*) AS n FROM fact WHERE " ACCESS
               " GROUP BY 1, 2)"
               " GROUP BY 1, 2 ORDER BY sum(sum(n)) OVER (PARTITION BY actor) DESC, actor",
    },
};

const struct sw_account_table *sw_account_alpr_access(uint32_t *count)
{
    *count = COUNT(access_tables);
    return access_tables;
}

/* --- access by access --- */

#define LIST_ROWS_MAX 1000 // on a page for people; CSV has all

static const char list_sql[] =
    "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ts / 1000, 'unixepoch'), coalesce(actor, 'not"
    " recorded'), CASE WHEN role_tok IS NOT NULL THEN coalesce(replace(role, '_', ' ') || ', ',"
    " '') || 'recorded' WHEN imported OR gone THEN 'cannot be assessed' ELSE 'not recorded' END,"
    " CASE WHEN vehicle IS NOT NULL THEN 'plate, kept as a token' WHEN imported OR gone THEN"
    " 'cannot be assessed' ELSE 'not recorded' END, CASE " PURPOSE_COLUMN " WHEN 0 THEN"
    " trim(coalesce(nullif(purpose, 'unknown') || '; ', '') || coalesce(reason, '') ||"
    " iif(case_tok IS NOT NULL, '; case number', ''), '; ') WHEN 1 THEN 'not recorded' ELSE"
    " 'cannot be assessed' END FROM fact WHERE " ACCESS " ORDER BY ts, id";

enum sw_status sw_account_accesses(struct sw_account *account)
{
    static const char *const columns[] = {"date and time (UTC)", "organisation", "user",
                                          "plate or other terms of the query", "purpose"};
    struct sw_page *page = &account->page;
    sqlite3 *database = account->reader.database;
    sqlite3_stmt *row = NULL;
    uint64_t shown = 0;
    sw_page_heading(page, "Access by access");
    sw_page_paragraph(page, account->public
                                ? "Left out of this public copy: one row tells of one search."
                                : "One row a search. The log holds neither plates nor names of "
                                  "users: it can say that they were recorded. Reasons were "
                                  "scrubbed of what looks like personal data.");
    if (account->public) {
        return SW_OK;
    }
    int code = sqlite3_prepare_v2(database, list_sql, -1, &row, NULL);
    sw_page_table(page, "accesses", columns, sizeof(columns) / sizeof(columns[0]));
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(row);
        if (code == SQLITE_ROW && (page->form == SW_PAGE_CSV || shown < LIST_ROWS_MAX)) {
            for (int i = 0; i < sqlite3_column_count(row); i++) {
                sw_page_cell(page, sw_text_from((const char *)sqlite3_column_text(row, i)));
            }
            sw_page_row_end(page);
        }
        shown += code == SQLITE_ROW ? 1 : 0;
    }
    sw_page_table_end(page);
    (void)sqlite3_finalize(row);
    if (page->form != SW_PAGE_CSV && shown > LIST_ROWS_MAX) {
        char text[160];
        (void)snprintf(text, sizeof(text),
                       "These are the first %d of %llu searches; `--format csv` has them all.",
                       LIST_ROWS_MAX, (unsigned long long)shown);
        sw_page_paragraph(page, text);
    }
    if (code != SQLITE_DONE) {
        sw_database_explain(database, sqlite3_db_filename(database, "main"), "reading",
                            account->reader.sentence);
    }
    return code == SQLITE_DONE ? SW_OK : SW_DATABASE;
}

#define CLASS_WORD(column)                                                                         \
    "CASE " column " WHEN 'local' THEN 'local, of California' WHEN 'county' THEN 'county, of"      \
    " California' WHEN 'state' THEN 'state of California' WHEN 'oos' THEN 'another state' WHEN"    \
    " 'fed_imm' THEN 'federal immigration agency' WHEN 'fed_nonimm' THEN 'other federal agency'"   \
    " WHEN '' THEN 'not recorded' ELSE " column " END"

/* Blank and vague reasons say nothing of the purpose; the absence of a word proves nothing. */
#define NAMES_COLUMN                                                                               \
    "CASE WHEN coalesce(purpose, '') = 'immigration' OR names <> 'none' THEN 0 WHEN purpose IN"    \
    " ('criminal', 'admin') OR case_tok IS NOT NULL OR quality IN ('code', 'case_number',"         \
    " 'descriptive') THEN 1 ELSE 2 END"

static const struct sw_account_table transparency_tables[] = {
    {
        .name = "searches",
        .heading = "Plate searches, and whether they name immigration",
        .counts = "Each number counts searches, of which each counts once, in however many logs it "
                  "stands. A word in a reason is an indication, not a purpose proven. Cannot be "
                  "assessed: the reason is missing, masked, blank or vague.",
        .source = "Civ. Code 1798.90.52; LA Ordinance 188441",
        .label = "who searched",
        .columns = {"names immigration", "names something else", "cannot be assessed"},
        .sql = "SELECT " CLASS_WORD(
            "actor_class") ", " NAMES_COLUMN ", count(*) FROM fact WHERE " ACCESS " GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "reasons",
        .heading = "How much the reasons say",
        .counts = "Each number counts searches by the quality of their free text.",
        .source = "Civ. Code 1798.90.52(b)(4): the purpose of each access",
        .label = "reason",
        .columns = {"searches"},
        .sql = "SELECT iif(reason IS NULL, 'none recorded', replace(quality, '_', ' ')), 0,"
               " count(*) FROM fact WHERE " ACCESS " GROUP BY 1",
        .fixed = true,
    },
    {
        .name = "outside",
        .heading = "Plate data that left the public agencies of California",
        .counts = "Each number counts searches and shares whose results go to such an agency, as "
                  "the rules judged them.",
        .source = "Civ. Code 1798.90.55(b), as AG bulletin 2023-DLE-06 reads it",
        .label = "recipient",
        .columns = SW_VERDICT_COLUMNS,
        .sql =
            "SELECT " CLASS_WORD("recipient_class") ", " SW_VERDICT_COLUMN ", count(*) FROM fact"
                                                    " WHERE kind = 'plate' AND action IN "
                                                    "('search', 'share') AND recipient IS NOT NULL"
                                                    " AND recipient_class NOT IN ('local', "
                                                    "'county', 'state') GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "settings",
        .heading = "Changes of how wide plate data is shared",
        .counts = "Each number counts changes of a setting.",
        .source = "Civ. Code 1798.90.55(b)",
        .label = "reach",
        .columns = {"switched on", "switched off", "cannot be assessed"},
        .sql = "SELECT coalesce(replace(scope, '_', ' '), 'not recorded'), CASE enabled WHEN 1 THEN"
               " 0 WHEN 0 THEN 1 ELSE 2 END, count(*) FROM fact WHERE kind = 'plate' AND action ="
               " 'settings' GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "reads",
        .heading = "Plate reads, and how many matched a list",
        .counts = "Each number counts reads; an event that stands for many counts as many.",
        .source = "Civ. Code 1798.90.51: the public is told how the system is used",
        .label = "agency",
        .columns = {"matched a hot list", "did not", "cannot be assessed"},
        .sql =
            "SELECT coalesce(p ->> '$.data.actor.agency', 'not recorded'), CASE p ->> '$.data.hit'"
            " WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE 2 END, sum(coalesce(p ->> '$.data.records', 1))"
            " FROM (SELECT iif(json_valid(payload), payload, NULL) AS p FROM main.event WHERE"
            " kind = 'plate' AND action = 'read' AND ts_event >= ?1 AND ts_event < ?2)"
            " GROUP BY 1, 2",
        .fixed = true,
    },
    {
        .name = "crossings",
        .heading = "How far records got, and what the rules say",
        .counts = "Each number counts hops: events by which data or a person moved, or of which a "
                  "rule spoke, by the newest judgement. Far and forbidden are two questions.",
        .source = "all rules of the policy in force",
        .label = "level",
        .columns = SW_VERDICT_COLUMNS,
        .sql = "SELECT '0 none', 0, 0 UNION ALL SELECT '1 searched', 0, 0 UNION ALL SELECT"
               " '2 matched', 0, 0 UNION ALL SELECT '3 informed', 0, 0 UNION ALL SELECT"
               " '4 custody', 0, 0 UNION ALL SELECT CASE level WHEN 0 THEN '0 none' WHEN 1 THEN"
               " '1 searched' WHEN 2 THEN '2 matched' WHEN 3 THEN '3 informed' ELSE '4 custody'"
               " END, " SW_VERDICT_COLUMN ", count(*) FROM main.hop AS hop WHERE ts_event >= ?1 AND"
               " ts_event < ?2 AND revision = (SELECT max(revision) FROM main.hop AS newer"
               " WHERE newer.event = hop.event) GROUP BY 1, 2",
        .fixed = true,
    },
};

const struct sw_account_table *sw_account_transparency(uint32_t *count)
{
    *count = COUNT(transparency_tables);
    return transparency_tables;
}
