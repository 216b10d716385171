/**
 * A Sigma string: literal text with wildcards, and how it is compared with a value.
 *
 * `*` stands for any run of characters, also over line ends, `?` for exactly one. `\*` and `\?` are
 * literal; `\\` is one backslash; a backslash before anything else is itself. A pattern is matched
 * against the whole value; contains, startswith and endswith add wildcards at its ends.
 */
#ifndef SHAREWATCH_PATTERN_H
#define SHAREWATCH_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/arena.h>
#include <sharewatch/text.h>

/** One piece of a pattern. */
enum sw_piece_type {
    SW_PIECE_LITERAL,
    SW_PIECE_ANY_RUN,
    SW_PIECE_ANY_ONE,
    SW_PIECE_DASH, // one of sw_dashes
};

/** What the modifier `windash` takes for a dash: - / – — ― */
extern const char *const sw_dashes[5];

struct sw_piece {
    enum sw_piece_type type;
    struct sw_text text; // of a literal
};

struct sw_pattern {
    struct sw_piece *pieces; // [count]; no two literals nor two runs are neighbours
    uint32_t count;
};

/** Reads @source, escapes and wildcards included. */
struct sw_pattern sw_pattern_parse(struct sw_arena *arena, struct sw_text source);

/** A pattern that is the literal @text. */
struct sw_pattern sw_pattern_literal(struct sw_arena *arena, struct sw_text text);

/** @pattern with a run of anything added before and after it. */
struct sw_pattern sw_pattern_open(struct sw_arena *arena, const struct sw_pattern *pattern,
                                  bool before, bool after);

/** @pattern with its literals folded. */
struct sw_pattern sw_pattern_fold(struct sw_arena *arena, const struct sw_pattern *pattern);

bool sw_pattern_has_wildcard(const struct sw_pattern *pattern);

/** The text of a pattern without wildcards. */
struct sw_text sw_pattern_plain(const struct sw_pattern *pattern);

/** @pattern as source again, escaped where needed: equal patterns give equal text. */
struct sw_text sw_pattern_source(struct sw_arena *arena, const struct sw_pattern *pattern);

/** True when all of @value fits @pattern. Time: product of the two lengths at worst. */
bool sw_pattern_match(const struct sw_pattern *pattern, struct sw_text value);

#endif
