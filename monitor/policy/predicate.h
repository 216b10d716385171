/**
 * Values of an event as rules see them, and the test of one value by one predicate.
 *
 * This is the only place that knows what a test means: the compiled matcher takes shortcuts to the
 * same answers, `explain` and the taxonomy check call it directly.
 */
#ifndef SHAREWATCH_PREDICATE_H
#define SHAREWATCH_PREDICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "hash.h"

enum sw_datum_type {
    SW_DATUM_NULL,
    SW_DATUM_TEXT,
    SW_DATUM_NUMBER,
    SW_DATUM_BOOL,
    SW_DATUM_OTHER, // an object, or an array without items: it is there and has no value
};

/** Whether a text is packed for the table of short equalities. */
enum sw_pack { SW_PACK_OPEN, SW_PACK_SHORT, SW_PACK_LONG };

/** One value of one field. */
struct sw_datum {
    struct sw_text text;      // as text; of a number as written, of a bool `true` or `false`
    struct sw_short packed;   // when `pack` is SW_PACK_SHORT
    uint32_t next;            // index of the next value of this slot, or SW_UNKNOWN
    uint8_t type;             // enum sw_datum_type
    uint8_t pack;             // enum sw_pack; open: not worked out yet
    bool flat;                // came under the whole dotted name as one key
    bool dead;                // its key came again in the same object
    bool is_folded;           // `folded` is set
    bool has_number;          // `number` is set: a number, or text that looks like one
    bool number_known;        // whether `has_number` was worked out
    bool has_canonical;       // `canonical` is set
    struct sw_text canonical; // of a number: its shortest form, when it differs from `text`
    struct sw_text folded;    // when `is_folded`
    struct sw_number number;  // when `has_number`
};

/** Starts @datum as a value of @type and leaves alone what its flags say is not set: clearing that
 *  for every value of every event would cost more than the rest. */
static inline void sw_datum_start(struct sw_datum *datum, enum sw_datum_type type,
                                  struct sw_text text)
{
    datum->text = text;
    datum->next = SW_UNKNOWN;
    datum->type = (uint8_t)type;
    datum->pack = SW_PACK_OPEN;
    datum->flat = false;
    datum->dead = false;
    datum->is_folded = false;
    datum->has_number = false;
    datum->number_known = type != SW_DATUM_TEXT;
    datum->has_canonical = false;
}

/** Memory for regular expressions and folding; one a thread. */
struct sw_tools {
    pcre2_match_data *match_data;
    pcre2_match_context *match_context;
    pcre2_jit_stack *jit_stack;
    char *fold; // [fold_capacity], for folded texts; filled from the start
    uint32_t fold_capacity;
    uint32_t fold_used;
    uint64_t regex_exceeded_total; // matches given up at a limit; they count as no match
};

/** Reserves the tools; ends the program when memory is short. */
void sw_tools_open(struct sw_tools *tools, uint32_t fold_capacity);
void sw_tools_close(struct sw_tools *tools);

/** Fills @datum; of a text, @text must outlive it. */
void sw_datum_text(struct sw_datum *datum, struct sw_text text);

static inline void sw_datum_bool(struct sw_datum *datum, bool boolean)
{
    static const char words[2][sizeof(struct sw_short)] = {"false", "true"};
    struct sw_text text = {words[boolean], boolean ? 4 : 5};
    sw_datum_start(datum, SW_DATUM_BOOL, text);
    datum->folded = text;
    datum->is_folded = true;
    datum->packed = sw_short_load(text.bytes, sizeof(struct sw_short));
    datum->pack = SW_PACK_SHORT;
}

/** Works out `pack` of @datum, and `packed`. */
void sw_datum_pack(struct sw_datum *datum);

/** A number that was written as @text. @canonical is memory for its shortest form. */
void sw_datum_number(struct sw_datum *datum, struct sw_text text, const struct sw_number *number,
                     char canonical[SW_NUMBER_TEXT_BYTES]);

/** Folds the text of @datum if that was not done. False: no room, and the value fits no test. */
bool sw_datum_fold(struct sw_tools *tools, struct sw_datum *datum);

/** Works out whether @datum is, or looks like, a number. */
bool sw_datum_is_number(struct sw_datum *datum);

/** True when @datum passes @predicate; not for SW_OP_EXISTS, SW_OP_NULL and SW_OP_FIELD. */
bool sw_predicate_test(const struct sw_predicate *predicate, struct sw_tools *tools,
                       struct sw_datum *datum);

/** True when @left compares with @right as the SW_OP_FIELD @predicate asks. */
bool sw_predicate_test_pair(const struct sw_predicate *predicate, struct sw_tools *tools,
                            struct sw_datum *left, struct sw_datum *right);

/** Reads `a.b.c.d/n` or the like of IPv6; without `/n` a single address. False: it is none. @tail
 *  tells that bits after the prefix were set, which were cleared. */
bool sw_network_parse(struct sw_text text, struct sw_network *network, bool *tail);

#endif
