#include "pfx/xxh64.h"

#include "pfx/endian.h"

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

#define STRIPE 32

static inline uint64_t rotate(uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
}

static inline uint64_t mix_lane(uint64_t accumulator, uint64_t lane) {
    return rotate(accumulator + lane * PRIME_2, 31) * PRIME_1;
}

static inline uint64_t merge(uint64_t hash, uint64_t accumulator) {
    return (hash ^ mix_lane(0, accumulator)) * PRIME_1 + PRIME_4;
}

static inline uint64_t take_8(uint64_t hash, uint64_t lane) {
    return rotate(hash ^ mix_lane(0, lane), 27) * PRIME_1 + PRIME_4;
}

static inline uint64_t take_1(uint64_t hash, uint8_t byte) {
    return rotate(hash ^ byte * PRIME_5, 11) * PRIME_1;
}

static inline uint64_t avalanche(uint64_t hash) {
    hash = (hash ^ hash >> 33) * PRIME_2;
    hash = (hash ^ hash >> 29) * PRIME_3;
    return hash ^ hash >> 32;
}

uint64_t pfx_xxh64_9(uint64_t head, uint8_t tail) {
    return avalanche(take_1(take_8(PRIME_5 + 9, head), tail));
}

uint64_t pfx_xxh64(const void *data, size_t size, uint64_t seed) {
    const uint8_t *p = data;
    size_t left = size;
    uint64_t hash;

    if (left >= STRIPE) {
        uint64_t a = seed + PRIME_1 + PRIME_2;
        uint64_t b = seed + PRIME_2;
        uint64_t c = seed;
        uint64_t d = seed - PRIME_1;
        do {
            a = mix_lane(a, pfx_load_u64(p));
            b = mix_lane(b, pfx_load_u64(p + 8));
            c = mix_lane(c, pfx_load_u64(p + 16));
            d = mix_lane(d, pfx_load_u64(p + 24));
            p += STRIPE;
            left -= STRIPE;
        } while (left >= STRIPE);
        hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
        hash = merge(merge(merge(merge(hash, a), b), c), d);
    } else {
        hash = seed + PRIME_5;
    }
    hash += (uint64_t)size;

    for (; left >= 8; p += 8, left -= 8) {
        hash = take_8(hash, pfx_load_u64(p));
    }
    if (left >= 4) {
        hash = rotate(hash ^ pfx_load_u32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
        p += 4;
        left -= 4;
    }
    for (; left > 0; p++, left--) {
        hash = take_1(hash, *p);
    }
    return avalanche(hash);
}
