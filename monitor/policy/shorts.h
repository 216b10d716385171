/**
 * The table of equalities with short texts. A value is compared as it is: an entry knows which of
 * its bits tell the case of a letter, so that nothing is folded.
 */
#ifndef SHAREWATCH_SHORTS_H
#define SHAREWATCH_SHORTS_H

#include <stdint.h>

#include "compile.h"

/** The entry of @predicate, number @number, an uncased equality with the text @packed. */
struct sw_short_entry sw_short_entry_of(const struct sw_predicate *predicate, uint32_t number,
                                        const struct sw_short *packed);

/** Makes the table of @index from @entries [count]. */
void sw_shorts_build(struct sw_index *index, const struct sw_short_entry *entries, uint32_t count);

#endif
