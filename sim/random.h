/**
 * Chance from a seed: xoshiro256** (Blackman and Vigna, 2018), its state filled by SplitMix64.
 *
 * Each draw has a key: the seed, what it is for and which occurrence. The generator is started
 * anew from that key, so that no draw depends on how many others were made before it.
 */
#ifndef SHAREWATCH_SIM_RANDOM_H
#define SHAREWATCH_SIM_RANDOM_H

#include <stdint.h>

struct sw_random {
    uint64_t state[4];
};

/** A key made of two. */
uint64_t sw_random_key(uint64_t a, uint64_t b);

/** Starts the generator from @key. */
void sw_random_init(struct sw_random *random, uint64_t key);

/** 64 random bits. */
uint64_t sw_random_next(struct sw_random *random);

/** A number in [0, 1), in steps of 2^-53. */
double sw_random_unit(struct sw_random *random);

/** A whole number in [0, bound), each equally likely; @bound is at least 1. */
uint64_t sw_random_below(struct sw_random *random, uint64_t bound);

/** A log-normal number whose middle is @median and whose logarithm has the deviation @sigma. */
double sw_random_log_normal(struct sw_random *random, double median, double sigma);

#endif
