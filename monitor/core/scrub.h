/**
 * Keeps personal data out of what is stored, logged and shown (DOMAIN notes, part 9).
 *
 * Free text is scrubbed: what has the shape of a person's data becomes a mask such as [plate].
 * Short fields that must be opaque are refused when they have such a shape. Shapes are chosen to
 * rather miss a match than to damage text; scrubbed text scrubbed again stays as it is.
 */
#ifndef SHAREWATCH_SCRUB_H
#define SHAREWATCH_SCRUB_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/text.h>

/**
 * Writes @text with its personal data masked into @buffer and returns how many masks that took.
 *
 *   [email]    local@host.tld                    [ssn]      000-00-0000, or after "SSN" 9 digits
 *   [phone]    (213) 555-0100, 213-555-0100      [date]     2026-01-31, 01/31/2026, 31 Jan 2026
 *   [plate]    7ABC123, 8D12345, or after "plate"/"LP" 5 to 8 capitals and digits
 *   [licence]  A1234567, or after "CDL", "DL", "OLN"      [number]  A 123 456 789 and 7 digits or
 * more [name]     LAST, FIRST in capitals            [address]  123 Main St
 */
uint32_t sw_scrub_text(struct sw_text text, struct sw_buffer *buffer);

/** True when the whole of the token @text has the shape of a person's number, plate, phone, date
 *  or name. */
bool sw_scrub_token_is_personal(struct sw_text text);

/** The same for tokens of vehicles, where any short run of capitals and digits may be a plate. */
bool sw_scrub_token_is_plate(struct sw_text text);

/** True when the word @text looks like a house number with its street. */
bool sw_scrub_word_is_address(struct sw_text text);

#endif
