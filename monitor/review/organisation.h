/**
 * Names of organisations as audit files have them ("Oakland CA PD") as agencies of an event: a
 * short id, and what the agency is in law as far as its name tells.
 *
 * An agency of the sharing map is found by its id or by its name, so that "Los Angeles CA PD" is
 * LAPD. Everything else gets an id made from its name. A class is only given where the name leaves
 * little doubt: a state's abbreviation, the words of a federal agency. Without one the rules see a
 * recipient they know nothing of, and a person must decide.
 */
#ifndef SHAREWATCH_ORGANISATION_H
#define SHAREWATCH_ORGANISATION_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/map.h>
#include <sharewatch/text.h>

#define SW_ORGANISATION_ID_BYTES 33 // an agency's id and its NUL

struct sw_organisation {
    char id[SW_ORGANISATION_ID_BYTES]; // as in actor.agency; empty when the name has no letter
    uint16_t class_code;               // SW_AGENCY_CLASS_…, 0: not known
    bool on_map;
};

/** Reads @name. @map may be NULL. */
void sw_organisation_read(const struct sw_map *map, struct sw_text name,
                          struct sw_organisation *organisation);

/** True for a class whose agencies plate data of California may go to. */
bool sw_organisation_is_californian(uint16_t class_code);

#endif
