/* The algorithms are in the public domain; written here from their published description. */
#include "random.h"

#include <math.h>

#include <sharewatch/assert.h>

static uint64_t rotate(uint64_t x, unsigned int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* The finaliser of SplitMix64: every bit of the input moves about half of the output's. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

uint64_t sw_random_key(uint64_t a, uint64_t b)
{
    return mix(mix(a + GOLDEN) ^ (b + 2 * GOLDEN));
}

void sw_random_init(struct sw_random *random, uint64_t key)
{
    for (int i = 0; i < 4; i++) {
        key += GOLDEN;
        random->state[i] = mix(key);
    }
}

uint64_t sw_random_next(struct sw_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

double sw_random_unit(struct sw_random *random)
{
    return (double)(sw_random_next(random) >> 11) * 0x1.0p-53;
}

uint64_t sw_random_below(struct sw_random *random, uint64_t bound)
{
    SW_ASSERT(bound >= 1);
    /* Numbers below `uneven` would make some results likelier than others; they are few. */
    uint64_t uneven = (0 - bound) % bound;
    uint64_t bits = sw_random_next(random);
    while (bits < uneven) {
        bits = sw_random_next(random);
    }
    return bits % bound;
}

double sw_random_log_normal(struct sw_random *random, double median, double sigma)
{
    /* Box and Muller; 1 - u keeps the logarithm finite. */
    double radius = sqrt(-2.0 * log(1.0 - sw_random_unit(random)));
    double normal = radius * cos(6.283185307179586 * sw_random_unit(random));
    return median * exp(sigma * normal);
}
