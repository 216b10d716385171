#include "token.h"

#include <string.h>

#include <sharewatch/assert.h>

struct sw_text sw_sim_token(char token[SW_SIM_TOKEN_BYTES], struct sw_text prefix, uint64_t key)
{
    static const char digits[] = "0123456789abcdef";
    SW_ASSERT(prefix.length <= 40);
    uint32_t length = prefix.length;
    memcpy(token, prefix.bytes, length);
    token[length++] = '-';
    for (int shift = 60; shift >= 0; shift -= 4) {
        token[length++] = digits[(key >> shift) & 15];
    }
    token[length] = '\0';
    return (struct sw_text){token, length};
}
