/**
 * The log as it stood at one of its entries. Rows are added and never rewritten, so "as of entry N"
 * is a bound on row numbers, and exact: a judgement belongs to it when the entry that brought it is
 * not later than N. For a judgement made again that is the entry which taught it.
 *
 * Only the counters (roll-ups, counts of daily alerts) are kept in place by the monitor and know
 * today alone. They are counted anew here, in parts of so many judgements each: for each part the
 * sums up to its end are kept in memory, so that a moment costs one look-up and a piece of one
 * part, however large the log is. The first look at a large log counts all of it, a slice for each
 * request.
 *
 * What was sought last stands in the tables temp.flow (column n) and temp.alert_count_then, which
 * has the columns of log.alert_count.
 */
#ifndef SHAREWATCH_DASHBOARD_ASOF_H
#define SHAREWATCH_DASHBOARD_ASOF_H

#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

#include "query.h"
#include "store.h"

struct sw_asof {
    struct sw_store *store;
    int64_t part_hops; // judgements of one part, a power of two; 0: nothing is counted yet
    int64_t counted;   // judgements in whole parts that are counted
    int64_t sums;      // kept for these parts: one for each flow known by then
    int64_t sought;    // the tables stand at this judgement; -1: at none
};

/** A moment of the log. */
struct sw_moment {
    int64_t entry; // the entry itself
    int64_t hop;   // the last judgement that it or an earlier entry brought
    int64_t alert; // the last alert likewise
};

void sw_asof_init(struct sw_asof *asof, struct sw_store *store);

/**
 * Finds the moment of entry @entry, of the last one when it lies beyond, and counts what is not
 * counted yet. SW_OK: @moment can be asked for. SW_EMPTY: there is more to count than one slice;
 * @permille of it is done, ask again. SW_NOT_FOUND: the log has no entry. SW_DATABASE: see @store.
 */
enum sw_status sw_asof_seek(struct sw_asof *asof, int64_t entry, struct sw_moment *moment,
                            int *permille) SW_MUST_CHECK;

/** The moment in words and numbers, with the entries of the alerts before and after it. */
enum sw_status sw_asof_answer(struct sw_asof *asof, const struct sw_moment *moment,
                              struct sw_buffer *out) SW_MUST_CHECK;

#endif
