/**
 * Import of plate-search audit files: rows become searches, searches become events of the log.
 *
 * Each row ends as one of these, and all are counted: a new search; a copy of a search that was
 * seen before, in this file or in another agency's; a change of sharing; a row that is no search (a
 * header, an empty line, a log entry on something else); or quarantined with a reason. Nothing
 * about a file ends the import.
 *
 * One search is one event, whoever's log it was found in; each row that tells of it is evidence for
 * it (file, row). A copy that says more about the purpose than the first did becomes a correction.
 * Free text is scrubbed here, before anything is made of it; plates, names of officers, filters and
 * case numbers are never read into an event; with a token key, plates and case numbers become
 * tokens.
 *
 * Who is the actor: the organisation that searched, through the vendor's system. If plate data of
 * California may not go to it, it is the recipient too, and the data takes the edge that leads out
 * of the vendor's store. A search by an agency of California moves nothing out; rules on its
 * purpose still speak. The reporter is the vendor, whose log these files are extracts of.
 */
#ifndef SHAREWATCH_IMPORT_H
#define SHAREWATCH_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/keys.h>
#include <sharewatch/log.h>
#include <sharewatch/map.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/taxonomy.h>

#include "audit_file.h"
#include "csv.h"
#include "flock.h"
#include "organisation.h"
#include "search_index.h"

#define SW_IMPORT_FILES_MAX   256
#define SW_IMPORT_UNKNOWN_MAX 16 // names of unknown columns that a file's report lists
#define SW_IMPORT_REFUSED_MAX 16 // different codes of refusals by the pipeline
#define SW_IMPORT_TYPES_MAX   8
#define SW_IMPORT_ROWS_COMMIT 20000 // rows of a file between two commits

struct sw_import_file {
    char name[SW_IMPORT_NAME_BYTES];       // without its folder, scrubbed
    char agency[SW_ORGANISATION_ID_BYTES]; // whose log it is; empty when not told
    uint8_t digest[32];
    uint64_t bytes;
    enum sw_import_skip skipped;
    enum sw_flock_kind kind; // of its first header
    uint64_t rows;           // below a header, also quarantined ones
    uint64_t headers;        // repeated or stacked, beyond the first
    uint64_t searches;       // new
    uint64_t duplicates;     // rows of searches that were seen before
    uint64_t changes;        // of sharing
    uint64_t quarantined;
    char unknown[SW_IMPORT_UNKNOWN_MAX][SW_IMPORT_NAME_BYTES]; // names of unknown columns
    uint32_t unknown_count;
};

struct sw_import_refusal {
    char code[24];
    uint64_t rows;
};

/** What the report says. Sums over all files. */
struct sw_import_counts {
    uint64_t rows, searches, duplicates, logged_before, unlinked;
    uint64_t headers, blank_lines, preamble; // rows that are no data
    uint64_t changes, other_entities;        // of event logs
    uint64_t quarantined;
    uint64_t faults[SW_FAULT_COUNT];
    struct sw_import_refusal refused[SW_IMPORT_REFUSED_MAX]; // by the pipeline
    uint32_t refused_count;
    uint64_t scrubbed;       // searches whose reason held what looks like personal data
    uint64_t corrections;    // copies that said more
    uint64_t reasons_differ; // copies whose reason reads otherwise, without saying more
    uint64_t reason_state[SW_CELL_STATE_COUNT];       // of searches
    uint64_t reason_class[SW_PURPOSE_CLASS_COUNT];    // of searches with a reason
    uint64_t reason_quality[SW_REASON_QUALITY_COUNT]; // likewise
    uint64_t by_class[SW_AGENCY_CLASS_COUNT];         // searches; 0: class not known
    uint64_t not_assessable, names_immigration, with_case;
    uint64_t vehicle_tokens, case_tokens; // of searches that went into a log
    int64_t first_ms, last_ms;            // of searches
};

/** What the log says of an event. */
struct sw_import_answer {
    int64_t event_row;     // its row, 0 when it was refused
    const char *code;      // why it was refused, static
    bool differs;          // an earlier import logged it with other content
    struct sw_text reason; // that content's, until the next call; empty when it has none
};

/** Where a row stands in its file. */
struct sw_import_row {
    uint64_t row;    // record, from 1
    uint64_t line;   // from 1
    uint64_t offset; // bytes before it
    uint32_t bytes;
};

/** Where searches go. */
struct sw_import_sink {
    /** Takes one event as JSON. SW_OK: new. SW_EXISTS: its id is in the log, with the same content
     * or, then answer->differs, another. SW_MALFORMED: refused. SW_DATABASE: it failed, stop. */
    enum sw_status (*take)(void *context, struct sw_text topic, struct sw_text payload,
                           struct sw_import_answer *answer);
    /** The first header of a file was read: file->kind is known. */
    void (*begin_file)(void *context, const struct sw_import_file *file);
    /** The row tells of the event in @event_row; @masks were needed to scrub its reason. */
    void (*add_evidence)(void *context, uint64_t row, uint64_t line, int64_t event_row,
                         uint32_t masks);
    /** The row was not accepted. */
    void (*quarantine)(void *context, const struct sw_import_file *file,
                       const struct sw_import_row *row, const char *code);
    /** Makes safe what was taken. SW_DATABASE: it failed, stop. */
    enum sw_status (*commit)(void *context);
    void *context;
};

struct sw_import_cached_org;
struct sw_import_cached_reason;

struct sw_import {
    const struct sw_map *map;          // may be NULL
    const struct sw_import_sink *sink; // NULL: only count
    const struct sw_token_key *tokens; // set after opening; NULL: no tokens are made
    struct sw_import_counts counts;
    uint32_t file_count;
    struct sw_search_index index;
    struct sw_csv csv;
    struct sw_flock_header header;
    char unknown[SW_IMPORT_UNKNOWN_MAX][SW_IMPORT_NAME_BYTES]; // of the header, not yet listed
    uint32_t unknown_count;
    uint64_t rows_under, rows_as_wide; // below the header; those with as many cells
    struct sw_organisation producer;   // of the current file; id empty when not told
    struct sw_text edge;               // of the map, out of the vendor's store; empty: none
    bool has_store;                    // the map has the vendor's store
    char *buffer;                      // of the reader
    struct sw_import_cached_org *orgs;
    struct sw_import_cached_reason *reasons;
    struct evp_md_ctx_st *hash;
    struct evp_md_st *hash_method;
    struct sw_import_file files[SW_IMPORT_FILES_MAX]; // [file_count]
};

/** Reserves everything; @bytes is the size of all files. SW_NO_MEMORY. */
enum sw_status sw_import_open(struct sw_import *import, const struct sw_map *map,
                              const struct sw_import_sink *sink, uint64_t bytes) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_import_close(struct sw_import *import);

/**
 * Imports the file at @path. @agency names whose log it is: an id of the map or an organisation's
 * name; empty when not told. SW_OK whatever the file holds; SW_DATABASE: the sink failed.
 */
enum sw_status sw_import_file(struct sw_import *import, const char *path,
                              struct sw_text agency) SW_MUST_CHECK;

/** Prints the report for people, or as one JSON object. */
void sw_import_print(const struct sw_import *import, FILE *stream);
void sw_import_print_json(const struct sw_import *import, FILE *stream);

#endif
