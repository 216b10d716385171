#define OPENSSL_SUPPRESS_DEPRECATED // see hash.h
#include "hash.h"

#include <string.h>

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

/* In one piece where it fits, which costs less than three. */
void sw_hash_leaf(struct sw_hasher *hasher, const void *bytes, size_t count,
                  uint8_t hash[SW_HASH_BYTES])
{
    uint8_t leaf[256];
    size_t whole = count < sizeof(leaf) ? count : sizeof(leaf) - 1;
    leaf[0] = 0;
    memcpy(leaf + 1, bytes, whole);
    sw_hasher_begin(hasher);
    sw_hasher_add(hasher, leaf, whole + 1);
    if (count > whole) {
        sw_hasher_add(hasher, (const uint8_t *)bytes + whole, count - whole);
    }
    sw_hasher_end(hasher, hash);
}

void sw_hash_node(struct sw_hasher *hasher, const uint8_t left[SW_HASH_BYTES],
                  const uint8_t right[SW_HASH_BYTES], uint8_t hash[SW_HASH_BYTES])
{
    uint8_t node[1 + 2 * SW_HASH_BYTES];
    node[0] = 1;
    memcpy(node + 1, left, SW_HASH_BYTES);
    memcpy(node + 1 + SW_HASH_BYTES, right, SW_HASH_BYTES);
    sw_hasher_begin(hasher);
    sw_hasher_add(hasher, node, sizeof(node));
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
