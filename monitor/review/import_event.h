/** Inside of the import: what is written of a row. */
#ifndef SHAREWATCH_IMPORT_EVENT_H
#define SHAREWATCH_IMPORT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/keys.h>
#include <sharewatch/map.h>
#include <sharewatch/text.h>

#include "flock.h"
#include "organisation.h"
#include "search_index.h"

#define SW_IMPORT_SOURCE  "urn:sharewatch:agency:FLOCK:import-audit"
#define SW_IMPORT_TOPIC   "sharewatch/v1/event/FLOCK/plate"
#define SW_IMPORT_STORE   "FLOCK"   // the vendor's system on the map
#define SW_IMPORT_UNKNOWN "UNKNOWN" // stands for an agency whose name is masked
#define SW_EVENT_ID_BYTES (2 * SW_SEARCH_ID_BYTES + 1)

/** What of the map these events need. */
struct sw_import_place {
    bool has_store;      // the map has the vendor's system
    struct sw_text edge; // out of it, to agencies that the data may not go to; empty: none
};

struct sw_import_search {
    const struct sw_flock_row *row;
    const struct sw_organisation *searcher; // SW_IMPORT_UNKNOWN: not known
    bool own;                               // of the agency whose log it is
    struct sw_text reason;                  // scrubbed; empty when there is none
    bool purpose_known;                     // the reason says anything
    const uint8_t *event_id;                // [SW_SEARCH_ID_BYTES]
    char vehicle_tok[SW_TOKEN_BYTES];       // empty: none
    char case_tok[SW_TOKEN_BYTES];          // likewise
};

/**
 * The token of a plate, or of a case number, as a cell has it: upper case, letters and digits only.
 * False: the cell is masked or holds something else, such as several plates; @token is empty.
 */
bool sw_import_token(const struct sw_token_key *key, enum sw_token_domain domain,
                     const struct sw_flock_cell *cell, char token[SW_TOKEN_BYTES]);

/** Writes the event of a search. */
void sw_import_write_search(const struct sw_import_place *place,
                            const struct sw_import_search *search, struct sw_buffer *buffer);

/** Writes the event that corrects the search @parent by its reason. */
void sw_import_write_correction(const struct sw_import_search *search, const uint8_t *parent,
                                struct sw_buffer *buffer);

/** A change of sharing, as far as it could be read. */
struct sw_import_change {
    int64_t time_ms;
    const struct sw_organisation *producer; // whose settings; id empty: not known
    const struct sw_organisation *partner;  // of a share with one agency; NULL: a setting
    bool national;                          // a setting: the nation, else the state
    bool enabled;
    const uint8_t *event_id;
};

void sw_import_write_change(const struct sw_import_place *place,
                            const struct sw_import_change *change, struct sw_buffer *buffer);

#endif
