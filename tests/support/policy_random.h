/**
 * Random rules and events in the words of the domain, for the bench and for comparing the engine
 * with the reference: the same seed gives the same text.
 */
#ifndef SHAREWATCH_POLICY_RANDOM_H
#define SHAREWATCH_POLICY_RANDOM_H

#include <stdint.h>

#include <sharewatch/text.h>

/** A small generator of random numbers (xorshift64*). The seed must not be 0. */
struct random {
    uint64_t state;
};

uint32_t random_below(struct random *random, uint32_t limit);

/** How wild the rules are. */
enum rule_mix {
    RULE_MIX_DOMAIN, // as a policy pack: lists of codes, filters, now and then text
    RULE_MIX_WILD,   // every modifier and form, odd values; for finding mistakes
};

/** Appends one rule with id @number as a YAML document, ended by `---`. */
void random_rule(struct random *random, enum rule_mix mix, uint32_t number,
                 struct sw_buffer *buffer);

/** Appends one event as a JSON object without a line end: about 30 fields and 650 bytes with the
 *  domain's mix; odd ones with the wild mix. */
void random_event(struct random *random, enum rule_mix mix, struct sw_buffer *buffer);

#endif
