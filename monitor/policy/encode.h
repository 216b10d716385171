/**
 * Modifiers that encode text: base64, base64offset, UTF-16, and windash.
 */
#ifndef SHAREWATCH_ENCODE_H
#define SHAREWATCH_ENCODE_H

#include <stdint.h>

#include "pattern.h"

#define SW_DASH_FORMS_MAX 625 // forms of one value whose dashes are written out: four dashes

/** The plain @pattern as base64. */
struct sw_pattern sw_encode_base64(struct sw_arena *arena, const struct sw_pattern *pattern);

/** The part of the base64 of @pattern that is the same whatever stands around it, when it starts at
 *  byte @offset (0 to 2) of a group of three. Empty when nothing is. */
struct sw_pattern sw_encode_base64_offset(struct sw_arena *arena, const struct sw_pattern *pattern,
                                          uint32_t offset);

/** Literals of @pattern as UTF-16, little endian unless @big; @mark: little endian with a byte
 * order mark before the first. Wildcards stay. */
struct sw_pattern sw_encode_utf16(struct sw_arena *arena, const struct sw_pattern *pattern,
                                  bool big, bool mark);

/** Each `-` and `/` that stands before a word and not after one becomes any of - / – — ―. */
struct sw_pattern sw_pattern_windash(struct sw_arena *arena, const struct sw_pattern *pattern);

/** Writes out the dashes of @pattern into @forms; returns how many forms there are, 0: too many. */
uint32_t sw_expand_dashes(struct sw_arena *arena, const struct sw_pattern *pattern,
                          struct sw_pattern forms[SW_DASH_FORMS_MAX]);

#endif
