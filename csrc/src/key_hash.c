#include "pfx/key_hash.h"

/* Words of a block of bytes; the first multiplier is for the size, or for the hash of the blocks before. */
#define BLOCK_WORDS (PFX_BYTES_TERMS - 1)

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"). */
static uint64_t mixed(uint64_t word) {
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

/* A number that says nothing about the secret's own ones. */
static uint64_t drawn(const pfx_key_secret *secret, uint64_t number) {
    uint64_t word = mixed(secret->fold[0] ^ (number + 1) * UINT64_C(0x9E3779B97F4A7C15));
    word = mixed(word ^ secret->base_low);
    word = mixed(word + secret->base_high);
    return mixed(word ^ secret->fold[1]);
}

void pfx_key_term(const pfx_key_secret *secret, int64_t term, uint64_t *low, uint64_t *high) {
    if (term < PFX_ROW_TERMS) {
        *low = secret->low[term];
        *high = secret->high[term];
    } else {
        *low = drawn(secret, (uint64_t)term * 2);
        *high = drawn(secret, (uint64_t)term * 2 + 1);
    }
}

static inline uint64_t load_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The last 1 to 7 bytes, with zeros behind. */
static uint64_t load_rest(const uint8_t *bytes, int64_t size) {
    uint64_t word = 0;
    for (int64_t i = 0; i < size; i++) {
        word |= (uint64_t)bytes[i] << 8 * i;
    }
    return word;
}

uint64_t pfx_key_hash_bytes(const pfx_key_secret *secret, const uint8_t *bytes, int64_t size) {
    const uint64_t *low = secret->low + PFX_ROW_TERMS, *high = secret->high + PFX_ROW_TERMS;
    pfx_key_sum sum = pfx_key_sum_add(pfx_key_sum_start(secret), low[0], high[0], (uint64_t)size);
    while (size > BLOCK_WORDS * 8) {
        for (int64_t i = 0; i < BLOCK_WORDS; i++) {
            sum = pfx_key_sum_add(sum, low[i + 1], high[i + 1], load_word(bytes + i * 8));
        }
        sum = pfx_key_sum_add(pfx_key_sum_start(secret), low[0], high[0], sum.high);
        bytes += BLOCK_WORDS * 8;
        size -= BLOCK_WORDS * 8;
    }
    int64_t i = 0;
    for (; size >= 8; size -= 8, i++) {
        sum = pfx_key_sum_add(sum, low[i + 1], high[i + 1], load_word(bytes + i * 8));
    }
    if (size > 0) {
        sum = pfx_key_sum_add(sum, low[i + 1], high[i + 1], load_rest(bytes + i * 8, size));
    }
    return pfx_key_fold(secret, sum.high);
}

void pfx_key_secret_derive(const pfx_key_secret *secret, uint64_t number, pfx_key_secret *derived) {
    uint64_t words[sizeof *derived / sizeof(uint64_t)];
    for (uint64_t i = 0; i < sizeof words / sizeof *words; i++) {
        words[i] = drawn(secret, number << 32 | i << 16 | UINT64_C(0x5A5A));
    }
    memcpy(derived, words, sizeof *derived);
}
