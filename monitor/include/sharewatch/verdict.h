/**
 * The two axes that are never merged: how far data got, and whether a rule in force forbade it.
 *
 * Source of the model: Gov. Code 7284.6 and 7282.5 know flows that are barred, allowed and beyond
 * local choice; the crossing levels say what an immigration agency learned.
 */
#ifndef SHAREWATCH_VERDICT_H
#define SHAREWATCH_VERDICT_H

#include <stdint.h>

#include <sharewatch/text.h>

/** How far a record got towards a federal immigration system. */
enum sw_level {
    SW_LEVEL_NONE,     // stays with local or state agencies, or is public
    SW_LEVEL_SEARCHED, // compared with a DHS system; no match reported
    SW_LEVEL_MATCHED,  // a DHS or ICE unit is told that this person or vehicle was met
    SW_LEVEL_INFORMED, // an immigration officer gets what can be acted on
    SW_LEVEL_CUSTODY,  // handed over, or arrested through the flow
    SW_LEVEL_COUNT
};

/** What the rules in force say, from mildest to strictest: the strictest is the headline. */
enum sw_verdict {
    SW_VERDICT_NONE,   // no crossing, nothing to judge
    SW_VERDICT_FED,    // wholly inside federal or private hands
    SW_VERDICT_AUTO,   // standing automation or legal mandate; no local choice at event time
    SW_VERDICT_DISC,   // a local choice that the rules allow
    SW_VERDICT_REVIEW, // facts missing, or the law is contested: a person must decide
    SW_VERDICT_PROH,   // a rule in force forbids it
    SW_VERDICT_COUNT
};

/** What somebody has to do about it; a set of bits. */
enum sw_duty {
    SW_DUTY_LOG_PURPOSE = 1 << 0,
    SW_DUTY_SERVE_COPY = 1 << 1,
    SW_DUTY_CONSENT_FORM = 1 << 2,
    SW_DUTY_REPORT_DOJ = 1 << 3,
    SW_DUTY_PUBLIC_RECORD = 1 << 4,
    SW_DUTY_REVOKE_SHARE = 1 << 5,
    SW_DUTY_FORUM = 1 << 6,
};
#define SW_DUTY_COUNT        7
#define SW_DUTIES_TEXT_BYTES 128

/** Codes as in log, topics and files: `PROH`; NULL-free for every member. */
const char *sw_verdict_code(enum sw_verdict verdict);

/** Words for people: "prohibited", "needs review", "discretionary", "automatic", "federal", "none".
 */
const char *sw_verdict_word(enum sw_verdict verdict);

/** "none", "searched", "matched", "informed", "custody". */
const char *sw_level_word(enum sw_level level);

/** The verdict with @code, or SW_VERDICT_COUNT. */
enum sw_verdict sw_verdict_find(struct sw_text code);

/** The duty called @name, or 0. The name of duty bit @bit (0 … SW_DUTY_COUNT - 1). */
uint32_t sw_duty_find(struct sw_text name);
const char *sw_duty_name(uint32_t bit);

/** Writes the names in @duties, joined by commas, into @text and returns it. */
const char *sw_duties_text(uint32_t duties, char text[SW_DUTIES_TEXT_BYTES]);

/** The stricter of two. */
enum sw_verdict sw_verdict_strictest(enum sw_verdict a, enum sw_verdict b);

#endif
