/**
 * Tokens of simulated persons, vehicles and cases.
 *
 * They stand where a deployment has keyed hashes. Nobody is behind them, so they need no secret:
 * they are worked out from the seed, the instance and a name or number, and look the same each run.
 */
#ifndef SHAREWATCH_SIM_TOKEN_H
#define SHAREWATCH_SIM_TOKEN_H

#include <stdint.h>

#include <sharewatch/text.h>

#define SW_SIM_TOKEN_BYTES 64 // with its NUL

/** Writes PREFIX-HEX, 16 digits of @key, into @token; @prefix is at most 40 bytes. */
struct sw_text sw_sim_token(char token[SW_SIM_TOKEN_BYTES], struct sw_text prefix, uint64_t key);

#endif
