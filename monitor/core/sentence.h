/**
 * What people are told of a hop: a title of one line, and a finished sentence.
 *
 * The sentence says what happened, how far the data got, under which rule that is forbidden,
 * allowed or in doubt (or that no rule in force forbids it), what is owed, and who could stop it.
 * It never says what anybody's status is: a match in a federal store proves nothing of that.
 */
#ifndef SHAREWATCH_SENTENCE_H
#define SHAREWATCH_SENTENCE_H

#include <sharewatch/pipeline.h>

#include "enrich.h"

/** What the sentence is about. */
struct sw_telling {
    const struct sw_map *map;
    const struct sw_rule *rule; // that made the headline, NULL when it is the map's default
    const struct sw_event *event;
    const struct sw_route *route;
    const struct sw_hop *hop;
};

/** Writes title and sentence into @alert; what does not fit is left out from the end. */
void sw_sentence_write(const struct sw_telling *telling, struct sw_alert *alert);

#endif
