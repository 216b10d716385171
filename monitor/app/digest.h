/**
 * SHA-256 of packets, without an allocation once it is open.
 */
#ifndef SHAREWATCH_DIGEST_H
#define SHAREWATCH_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

struct evp_md_st;
struct evp_md_ctx_st;

/** For one thread at a time. */
struct sw_digest {
    struct evp_md_st *method;
    struct evp_md_ctx_st *context;
};

/** SW_NO_MEMORY: the library refused. */
enum sw_status sw_digest_open(struct sw_digest *digest) SW_MUST_CHECK;

/** Accepts a zeroed one. */
void sw_digest_close(struct sw_digest *digest);

/** The digest of @text into @bytes. */
void sw_digest_of(struct sw_digest *digest, struct sw_text text, uint8_t bytes[32]);

/** The same for a single time; it allocates. False: the library refused. */
bool sw_digest_once(struct sw_text text, uint8_t bytes[32]);

#endif
