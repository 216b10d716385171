/** Inside of exhibit.c: what the policy in a log says of a rule, found without the rule engine. */
#ifndef SHAREWATCH_EXHIBIT_RULE_H
#define SHAREWATCH_EXHIBIT_RULE_H

#include <sharewatch/text.h>

struct sw_exhibit_rule {
    char description[1024]; // the law in words; empty when there is none
    char pack_version[64];  // of the pack that it stands in
    char in_force[96];      // "from 2018-01-01"
    char digest[65];        // SHA-256 of the rule's file, in hexadecimal
};

/** Finds the rule called @name of @pack in @content, the files of a policy as the log keeps them
 *  (policy.h); what is not found stays empty. */
void sw_exhibit_find_rule(struct sw_text content, struct sw_text pack, struct sw_text name,
                          struct sw_exhibit_rule *rule);

#endif
