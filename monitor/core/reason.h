/**
 * How a free-text reason reads: what it names, and how much it says.
 *
 * The order of tests is that of DOMAIN notes, part 5.6, after the practice of those who read audit
 * logs. Words are compared whole: "ice" is also a drug and in "police", "DHS" also a county
 * department of health. The result is an indication and never a proof of anything.
 */
#ifndef SHAREWATCH_REASON_H
#define SHAREWATCH_REASON_H

#include <stdint.h>

#include <sharewatch/text.h>

/** What @reason names: SW_PURPOSE_CLASS_…, _NONE when nothing of immigration. */
uint16_t sw_reason_class(struct sw_text reason);

/** How much @reason says: SW_REASON_QUALITY_…. */
uint16_t sw_reason_quality(struct sw_text reason);

#endif
