/**
 * The counts that laws and directives ask for, made from a log.
 *
 * Each report is a list of tables. A table says what its numbers count, which law asks for them,
 * and, beside what is known, how many cannot be assessed because a fact was not recorded: an
 * unknown is never a no. (In code a report is an account, since struct sw_report is a list of
 * diagnostics.) All is counted as it is known today: with corrections, and by the newest
 * judgement. Everything is read in one read transaction, so that the tables of a report agree.
 */
#ifndef SHAREWATCH_REPORT_H
#define SHAREWATCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/log.h>
#include <sharewatch/map.h>

#include "page.h"
#include "sheet.h"

// X(name, as given by people, title)
#define SW_ACCOUNT_LIST(X)                                                                         \
    X(SW_ACCOUNT_SB54_C1, "sb54-c1", "Joint task forces: yearly report under SB 54")               \
    X(SW_ACCOUNT_SB54_C2, "sb54-c2", "Transfers to immigration agents: yearly report under SB 54") \
    X(SW_ACCOUNT_ORDINANCE, "ordinance", "City of Los Angeles: report on Ordinance 188441")        \
    X(SW_ACCOUNT_DIRECTIVE, "directive",                                                           \
      "City of Los Angeles: monthly report on federal activity")                                   \
    X(SW_ACCOUNT_ALPR_ACCESS, "alpr-access", "Plate readers: record of access")                    \
    X(SW_ACCOUNT_TRANSPARENCY, "transparency",                                                     \
      "Transparency: searches, crossings and what is unknown")

#define SW_ACCOUNT_ENUM(name, word, title) name,
enum sw_account_kind { SW_ACCOUNT_LIST(SW_ACCOUNT_ENUM) SW_ACCOUNT_KIND_COUNT };
#undef SW_ACCOUNT_ENUM

/** One table of a report. @sql gives rows of (label, column from 0, count) and may bind ?1 and ?2,
 *  the period; a count of 0 makes the row. */
struct sw_account_table {
    const char *name;    // a short word, for CSV
    const char *heading; // for people
    const char *counts;  // what each number counts
    const char *source;  // the law that asks for it, or that it is measured by
    const char *label;   // heading of the first column
    const char *columns[SW_SHEET_COLUMNS_MAX - 1];
    bool fixed; // the rows are those of a form: a public copy keeps them apart
    const char *sql;
};

struct sw_account {
    struct sw_log_reader reader;
    struct sw_map map; // of the newest run; zeroed when it cannot be read
    bool has_map;
    int64_t from_ms, to_ms; // [from, to)
    bool public;            // small numbers are withheld, no single row is shown
    bool withheld;          // something was
    struct sw_sheet sheet;
    struct sw_page page;
};

/** The report called @word, or SW_ACCOUNT_KIND_COUNT; its word and title. */
enum sw_account_kind sw_account_find(const char *word);
const char *sw_account_word(enum sw_account_kind kind);
const char *sw_account_title(enum sw_account_kind kind);

/** Opens the log at @path. SW_NOT_FOUND, SW_DATABASE: reader.sentence says why. It is large: place
 * it statically. The period is all of the log until the caller sets it. */
enum sw_status sw_account_open(struct sw_account *account, const char *path) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_account_close(struct sw_account *account);

/** Rounds the period of a public copy to whole weeks, Monday to Monday, UTC. */
void sw_account_round(struct sw_account *account);

/** Writes the report @kind. SW_DATABASE: reader.sentence says why; what was written is no report.
 */
enum sw_status sw_account_write(struct sw_account *account, enum sw_account_kind kind, FILE *stream,
                                enum sw_page_form form) SW_MUST_CHECK;

/* --- inside --- */

/** The tables of each report, [*count]. */
const struct sw_account_table *sw_account_sb54_c1(uint32_t *count);
const struct sw_account_table *sw_account_sb54_c2(uint32_t *count);
const struct sw_account_table *sw_account_ordinance(uint32_t *count);
const struct sw_account_table *sw_account_directive(uint32_t *count);
const struct sw_account_table *sw_account_alpr_access(uint32_t *count);
const struct sw_account_table *sw_account_transparency(uint32_t *count);

/**
 * Makes the temporary table `fact`, one row for each event of the period but reads and
 * corrections, with its fields as they are known today, what was judged of it, and how its free
 * text reads.
 */
enum sw_status sw_account_facts(struct sw_account *account) SW_MUST_CHECK;

/** Writes the list of plate searches, row by row; in a public copy only that it is left out. */
enum sw_status sw_account_accesses(struct sw_account *account) SW_MUST_CHECK;

/** The number that @sql gives; ?1 and ?2 are the period. */
int64_t sw_account_number(struct sw_account *account, const char *sql);

#endif
