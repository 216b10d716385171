#define OPENSSL_SUPPRESS_DEPRECATED // see hash.h
#include "hash.h"

#include <sharewatch/assert.h>

void sw_hasher_begin(struct sw_hasher *hasher)
{
    int done = SHA256_Init(&hasher->state);
    SW_ASSERT(done == 1);
}

void sw_hasher_add(struct sw_hasher *hasher, const void *bytes, size_t count)
{
    int done = SHA256_Update(&hasher->state, bytes, count);
    SW_ASSERT(done == 1);
}

void sw_hasher_end(struct sw_hasher *hasher, uint8_t hash[SW_HASH_BYTES])
{
    int done = SHA256_Final(hash, &hasher->state);
    SW_ASSERT(done == 1);
}

void sw_hash_leaf(struct sw_hasher *hasher, const void *bytes, size_t count,
                  uint8_t hash[SW_HASH_BYTES])
{
    static const uint8_t prefix[1] = {0};
    sw_hasher_begin(hasher);
    sw_hasher_add(hasher, prefix, sizeof(prefix));
    sw_hasher_add(hasher, bytes, count);
    sw_hasher_end(hasher, hash);
}

void sw_hash_node(struct sw_hasher *hasher, const uint8_t left[SW_HASH_BYTES],
                  const uint8_t right[SW_HASH_BYTES], uint8_t hash[SW_HASH_BYTES])
{
    static const uint8_t prefix[1] = {1};
    sw_hasher_begin(hasher);
    sw_hasher_add(hasher, prefix, sizeof(prefix));
    sw_hasher_add(hasher, left, SW_HASH_BYTES);
    sw_hasher_add(hasher, right, SW_HASH_BYTES);
    sw_hasher_end(hasher, hash);
}

void sw_put_number(uint8_t bytes[8], uint64_t number)
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

uint64_t sw_get_number(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}
