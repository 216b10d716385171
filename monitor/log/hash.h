/**
 * SHA-256, and the hashes of a Merkle tree as RFC 6962, section 2.1, defines them.
 *
 * By the functions of OpenSSL that take a state of ours: since OpenSSL 3 the EVP interface
 * allocates for each hash, and some ten hashes are made for an event.
 */
#ifndef SHAREWATCH_HASH_H
#define SHAREWATCH_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/sha.h>

#include <sharewatch/status.h>

#define SW_HASH_BYTES 32

/** For one thread at a time. */
struct sw_hasher {
    SHA256_CTX state;
};

/** A hash in pieces. */
void sw_hasher_begin(struct sw_hasher *hasher);
void sw_hasher_add(struct sw_hasher *hasher, const void *bytes, size_t count);
void sw_hasher_end(struct sw_hasher *hasher, uint8_t hash[SW_HASH_BYTES]);

/** SHA-256(0x00 ‖ @bytes). */
void sw_hash_leaf(struct sw_hasher *hasher, const void *bytes, size_t count,
                  uint8_t hash[SW_HASH_BYTES]);

/** SHA-256(0x01 ‖ @left ‖ @right); @hash may be one of them. */
void sw_hash_node(struct sw_hasher *hasher, const uint8_t left[SW_HASH_BYTES],
                  const uint8_t right[SW_HASH_BYTES], uint8_t hash[SW_HASH_BYTES]);

/** Writes @number as 8 bytes, the highest first; and reads it. */
void sw_put_number(uint8_t bytes[8], uint64_t number);
uint64_t sw_get_number(const uint8_t bytes[8]);

#endif
