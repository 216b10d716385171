#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <sharewatch/assert.h>
#include <sharewatch/time.h>

#include "database.h"

#define LINE_BYTES 1024

#define REPORT_WORD(name, word, title)  word,
#define REPORT_TITLE(name, word, title) title,
static const char *const words[] = {SW_ACCOUNT_LIST(REPORT_WORD)};
static const char *const titles[] = {SW_ACCOUNT_LIST(REPORT_TITLE)};

enum sw_account_kind sw_account_find(const char *word)
{
    int kind = 0;
    while (kind < SW_ACCOUNT_KIND_COUNT && strcmp(words[kind], word) != 0) {
        kind++;
    }
    return (enum sw_account_kind)kind;
}

const char *sw_account_word(enum sw_account_kind kind)
{
    SW_ASSERT(kind < SW_ACCOUNT_KIND_COUNT);
    return words[kind];
}

const char *sw_account_title(enum sw_account_kind kind)
{
    SW_ASSERT(kind < SW_ACCOUNT_KIND_COUNT);
    return titles[kind];
}

static const struct sw_account_table *tables_of(enum sw_account_kind kind, uint32_t *count)
{
    switch (kind) {
    case SW_ACCOUNT_SB54_C1:
        return sw_account_sb54_c1(count);
    case SW_ACCOUNT_SB54_C2:
        return sw_account_sb54_c2(count);
    case SW_ACCOUNT_ORDINANCE:
        return sw_account_ordinance(count);
    case SW_ACCOUNT_DIRECTIVE:
        return sw_account_directive(count);
    case SW_ACCOUNT_ALPR_ACCESS:
        return sw_account_alpr_access(count);
    case SW_ACCOUNT_TRANSPARENCY:
        return sw_account_transparency(count);
    case SW_ACCOUNT_KIND_COUNT:
        break;
    }
    SW_NEVER("a report without tables");
}

/* --- opening --- */

static enum sw_status failed(struct sw_account *account)
{
    sqlite3 *database = account->reader.database;
    sw_database_explain(database, sqlite3_db_filename(database, "main"), "reading",
                        account->reader.sentence);
    return SW_DATABASE;
}

/* The classes of agencies that own no system stand in the map's file only. */
static void read_map(struct sw_account *account)
{
    sqlite3_stmt *row = NULL;
    struct sw_report report = {0};
    if (sqlite3_prepare_v2(account->reader.database,
                           "SELECT content FROM map WHERE id = (SELECT map_id FROM run"
                           " ORDER BY id DESC LIMIT 1)",
                           -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        struct sw_text content = sw_text_from((const char *)sqlite3_column_text(row, 0));
        account->has_map =
            sw_map_parse(&account->map, "the map in the log", content, &report) == SW_OK;
    }
    (void)sqlite3_finalize(row);
    sw_report_free(&report);
}

enum sw_status sw_account_open(struct sw_account *account, const char *path)
{
    memset(account, 0, sizeof(*account));
    enum sw_status status = sw_log_reader_open(&account->reader, path);
    if (status != SW_OK) {
        return status;
    }
    sqlite3 *database = account->reader.database;
    if (sqlite3_exec(database, "PRAGMA temp_store = FILE; BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        status = failed(account);
        sw_log_reader_close(&account->reader);
        return status;
    }
    read_map(account);
    account->from_ms = sw_database_number(database, "SELECT min(ts_event) FROM event", 0);
    account->to_ms = sw_database_number(database, "SELECT max(ts_event) + 1 FROM event", 0);
    return SW_OK;
}

void sw_account_close(struct sw_account *account)
{
    sw_log_reader_close(&account->reader);
    sw_map_free(&account->map);
}

/* The epoch began on a Thursday. */
static int64_t monday(int64_t time_ms)
{
    int64_t day = (time_ms >= 0 ? time_ms : time_ms - SW_DAY_MS + 1) / SW_DAY_MS;
    int64_t since = ((day + 3) % 7 + 7) % 7;
    return (day - since) * SW_DAY_MS;
}

void sw_account_round(struct sw_account *account)
{
    account->from_ms = monday(account->from_ms);
    account->to_ms = monday(account->to_ms + 7 * SW_DAY_MS - 1);
}

/* --- what stands above the tables --- */

int64_t sw_account_number(struct sw_account *account, const char *sql)
{
    int64_t number = 0;
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(account->reader.database, sql, -1, &row, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_int64(row, 1, account->from_ms);
        (void)sqlite3_bind_int64(row, 2, account->to_ms);
        number = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    }
    (void)sqlite3_finalize(row);
    return number;
}

static void count_text(const struct sw_account *account, char text[64], int64_t number)
{
    bool small = account->public && number > 0 && number < SW_SHEET_SMALL;
    (void)snprintf(text, 64, "%" PRId64, number);
    if (small) {
        (void)snprintf(text, 64, "fewer than %d", SW_SHEET_SMALL);
    }
}

static void write_known(struct sw_account *account)
{
    const struct {
        const char *name;
        const char *sql;
        const char *if_any;
    } facts[] = {
        {"Events in the period",
         "SELECT count(*) FROM main.event WHERE ts_event >= ?1 AND ts_event < ?2", ""},
        {"Of them simulated",
         "SELECT count(*) FROM main.event WHERE synthetic AND ts_event >= ?1 AND ts_event < ?2",
         ": they tell of no real person, and this is no record of an agency"},
        {"Events that agencies numbered and the log never received",
         "SELECT coalesce(sum((last - first + 1) * iif(filled, -1, 1)), 0) FROM gap",
         ": what they tell cannot be assessed"},
        {"Messages refused, which stand in quarantine", "SELECT count(*) FROM quarantine",
         ": what they tell cannot be assessed"},
        {"Events whose content was deleted after its period of retention",
         "SELECT count(*) FROM fact WHERE gone", ": what they told cannot be assessed"},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        char number[64];
        char text[LINE_BYTES];
        int64_t count = sw_account_number(account, facts[i].sql);
        count_text(account, number, count);
        (void)snprintf(text, sizeof(text), "%s%s", number, count > 0 ? facts[i].if_any : "");
        sw_page_fact(&account->page, facts[i].name, text);
    }
}

static void write_policy(struct sw_account *account)
{
    sqlite3_stmt *row = NULL;
    char text[LINE_BYTES];
    if (sqlite3_prepare_v2(account->reader.database,
                           "SELECT DISTINCT policy.name, lower(hex(substr(policy.digest, 1, 8))),"
                           " map.name, map.version FROM run JOIN policy ON policy.id = policy_id"
                           " JOIN map ON map.id = map_id LIMIT 8",
                           -1, &row, NULL) != SQLITE_OK) {
        return;
    }
    while (sqlite3_step(row) == SQLITE_ROW) {
        (void)snprintf(
            text, sizeof(text), "%s (sha256 %s…), map %s of %s",
            (const char *)sqlite3_column_text(row, 0), (const char *)sqlite3_column_text(row, 1),
            (const char *)sqlite3_column_text(row, 2), (const char *)sqlite3_column_text(row, 3));
        sw_page_fact(&account->page, "Judged by", text);
    }
    (void)sqlite3_finalize(row);
}

static void write_head(struct sw_account *account)
{
    char from[SW_TIME_BYTES];
    char to[SW_TIME_BYTES];
    char text[LINE_BYTES];
    const char *path = sqlite3_db_filename(account->reader.database, "main");
    const char *slash = strrchr(path, '/');
    sw_time_format(account->from_ms, from);
    sw_time_format(account->to_ms, to);
    (void)snprintf(text, sizeof(text), "from %s to before %s", from, to);
    sw_page_fact(&account->page, "Period (time of the events, UTC)", text);
    sw_page_fact(&account->page, "Log", slash != NULL ? slash + 1 : path);
    write_policy(account);
    write_known(account);
    sw_page_paragraph(&account->page,
                      "A number is a count of what the log holds. A zero says that nothing of the "
                      "kind is in the log, not that nothing happened: read it together with what "
                      "cannot be assessed.");
    if (account->public) {
        (void)snprintf(
            text, sizeof(text),
            "This is a public copy. Numbers from 1 to %d are withheld, and so are others "
            "that would give them away; small rows are taken together; the period is "
            "whole weeks. Publish one copy for a period: copies for periods that overlap "
            "can be subtracted from each other.",
            SW_SHEET_SMALL - 1);
        sw_page_paragraph(&account->page, text);
    }
}

/* --- tables --- */

static enum sw_status fill(struct sw_account *account, const struct sw_account_table *table)
{
    uint32_t columns = 0;
    while (columns < SW_SHEET_COLUMNS_MAX - 1 && table->columns[columns] != NULL) {
        columns++;
    }
    sw_sheet_init(&account->sheet, table->columns, columns);
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(account->reader.database, table->sql, -1, &row, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_bind_int64(row, 1, account->from_ms);
        (void)sqlite3_bind_int64(row, 2, account->to_ms);
    }
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(row);
        if (code == SQLITE_ROW) {
            int column = sqlite3_column_int(row, 1);
            int64_t count = sqlite3_column_int64(row, 2);
            SW_ASSERT(column >= 0 && (uint32_t)column < columns && count >= 0);
            struct sw_sheet_row *to = sw_sheet_row(
                &account->sheet, sw_text_from((const char *)sqlite3_column_text(row, 0)));
            to->cells[column].value += (uint64_t)count;
            to->fixed = table->fixed;
        }
    }
    (void)sqlite3_finalize(row);
    sw_sheet_total(&account->sheet);
    return code == SQLITE_DONE ? SW_OK : failed(account);
}

static void write_sheet(struct sw_account *account, const struct sw_account_table *table)
{
    const struct sw_sheet *sheet = &account->sheet;
    const char *columns[SW_SHEET_COLUMNS_MAX + 1] = {table->label};
    memcpy(columns + 1, sheet->columns, sizeof(sheet->columns));
    sw_page_table(&account->page, table->name, columns, sheet->column_count + 1);
    for (uint32_t i = 0; i < sheet->row_count; i++) {
        sw_page_cell(&account->page, sw_text_from(sheet->rows[i].label));
        for (uint32_t j = 0; j < sheet->column_count; j++) {
            if (sheet->rows[i].cells[j].hidden) {
                sw_page_cell(&account->page, SW_TEXT("withheld"));
                account->withheld = true;
            } else {
                sw_page_number(&account->page, sheet->rows[i].cells[j].value);
            }
        }
        sw_page_row_end(&account->page);
    }
    sw_page_table_end(&account->page);
}

static enum sw_status write_table(struct sw_account *account, const struct sw_account_table *table)
{
    sw_page_heading(&account->page, table->heading);
    sw_page_paragraph(&account->page, table->counts);
    sw_page_fact(&account->page, "Source", table->source);
    enum sw_status status = fill(account, table);
    if (status != SW_OK) {
        return status;
    }
    if (account->public) {
        sw_sheet_publish(&account->sheet, SW_SHEET_SMALL);
    }
    write_sheet(account, table);
    return SW_OK;
}

/* --- the rest --- */

static void write_notes(struct sw_account *account, enum sw_account_kind kind)
{
    if (kind == SW_ACCOUNT_ORDINANCE &&
        sw_account_number(account, "SELECT count(*) FROM rule WHERE cite LIKE"
                                   " '%Ordinance 188441%'") == 0) {
        sw_page_paragraph(&account->page,
                          "No rule of the ordinance was among those that judged this log, so what "
                          "the ordinance forbids cannot be assessed from it. `sharewatch diff LOG "
                          "--policy ca-state,la-city-2024` shows what it would have said.");
    } else if (kind == SW_ACCOUNT_DIRECTIVE) {
        sw_page_paragraph(&account->page,
                          "Not in this report, because the log has no field for them: badge "
                          "numbers of federal agents, and whether city property was used for "
                          "staging. Both cannot be assessed from it.");
    } else if (kind == SW_ACCOUNT_TRANSPARENCY) {
        sw_page_paragraph(&account->page,
                          "Flows that no event tells of are not in this report: federal searches "
                          "of shared databases, and what data brokers sell.");
    }
}

enum sw_status sw_account_write(struct sw_account *account, enum sw_account_kind kind, FILE *stream,
                                enum sw_page_form form)
{
    uint32_t count = 0;
    const struct sw_account_table *tables = tables_of(kind, &count);
    enum sw_status status = sw_account_facts(account);
    if (status != SW_OK) {
        return status;
    }
    sw_page_begin(&account->page, stream, form, sw_account_title(kind));
    write_head(account);
    for (uint32_t i = 0; status == SW_OK && i < count; i++) {
        status = write_table(account, &tables[i]);
    }
    write_notes(account, kind);
    if (status == SW_OK && kind == SW_ACCOUNT_ALPR_ACCESS) {
        status = sw_account_accesses(account);
    }
    sw_page_end(&account->page);
    return status;
}
