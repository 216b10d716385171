/**
 * The workers of a verification: threads that check pieces of the log side by side, while the
 * caller takes the pieces in their order, so that the answer does not depend on how many there are.
 *
 * With one worker there is no thread: the caller's call does its work.
 */
#ifndef SHAREWATCH_CREW_H
#define SHAREWATCH_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/verify.h>

#include "part.h"

#define SW_CREW_PIECES_EACH 3 // in work or waiting to be taken, for each worker

struct sw_crew_slot {
    struct sw_piece piece;
    bool done;
};

struct sw_crew {
    /* The first is the caller's own connection and takes the sums of the others in the end; with
     * one worker it is that worker's as well. */
    struct sw_part parts[1 + SW_VERIFY_THREADS_MAX];
    uint32_t part_count;
    pthread_t threads[SW_VERIFY_THREADS_MAX];
    uint32_t thread_count;      // that run
    struct sw_crew_slot *slots; // [slot_count], piece N in N % slot_count
    uint64_t slot_count;
    uint64_t first, end; // entries
    uint64_t claimed;    // pieces that workers have begun
    uint64_t taken;      // that the caller got
    uint64_t given_back; // of them, that it needs no more
    bool stop;
    pthread_mutex_t mutex; // of these four and of whether slots are done
    pthread_cond_t changed;
};

/** Opens the log at @path, first for the caller, whose snapshot is the oldest, then for @threads
 *  workers. SW_DATABASE, SW_NO_MEMORY: @sentence says why. */
enum sw_status sw_crew_open(struct sw_crew *crew, const char *path, uint32_t threads,
                            char sentence[SW_VERIFY_SENTENCE_BYTES]) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_crew_close(struct sw_crew *crew);

/** Sets the workers to entries @first to before @end. */
void sw_crew_start(struct sw_crew *crew, uint64_t first, uint64_t end);

/** The next piece, checked; it is valid until the next call. NULL: there are no more. */
struct sw_piece *sw_crew_take(struct sw_crew *crew);

/** Ends the workers, also before they are done, and adds to the caller's part what they counted.
 *  False: no memory. */
bool sw_crew_end(struct sw_crew *crew) SW_MUST_CHECK;

#endif
