/**
 * What an answer rests on: numbers of a scenario that nobody has counted. Their lines say so in a
 * comment with the word `uncertain`. Each is halved and doubled by itself, with the same seeds.
 */
#ifndef SHAREWATCH_DOUBT_H
#define SHAREWATCH_DOUBT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sweep.h"

#define SW_DOUBTS_MAX      64
#define SW_DOUBT_MOVES_MAX 3
#define SW_DOUBT_BYTES     256

/** A metric that a doubt moves by more than chance: its means. */
struct sw_doubt_move {
    const char *heading;
    char label[SW_SWEEP_LABEL_BYTES];
    double as_written, halved, doubled;
};

struct sw_doubt {
    const char *file;
    bool automatic; // the file of what moves by itself
    uint32_t line;
    char text[SW_DOUBT_BYTES];                      // of the line
    struct sw_doubt_move moves[SW_DOUBT_MOVES_MAX]; // [move_count], the largest first
    uint32_t move_count;
};

struct sw_doubts {
    struct sw_doubt items[SW_DOUBTS_MAX]; // [count]
    uint32_t count;
    uint32_t over; // lines beyond the table
    uint32_t runs; // of each half and double; 0: none was made
};

/** Collects the uncertain lines of the scenario and of what moves by itself in it. */
void sw_doubts_find(struct sw_doubts *doubts, const struct sw_sweep *sweep);

/**
 * Halves and doubles each of them over the first @runs seeds and keeps the metrics that differ from
 * @written, the runs as the file has them, by more than three standard errors of the paired
 * difference. A value that the scenario does not allow is left out. SW_IO, SW_NO_MEMORY as
 * sw_sweep_run().
 */
enum sw_status sw_doubts_try(struct sw_doubts *doubts, const struct sw_sweep *sweep, uint32_t runs,
                             const struct sw_metrics *written) SW_MUST_CHECK;

/** For people; nothing when there are none. */
void sw_doubts_print(const struct sw_doubts *doubts, FILE *stream);

/** A JSON array. */
void sw_doubts_print_json(const struct sw_doubts *doubts, FILE *stream);

#endif
