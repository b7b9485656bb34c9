/* The hash of what is looked up in tables: of words and of bytes, under a secret, so that nobody who does not know it
 * can choose values that meet in a table. (The hash that says which subtask a key belongs to is another one, the same
 * everywhere: pfx/key.h.)
 *
 * Words w1 .. wn are hashed as the upper half of b + a1 w1 + ... + an wn modulo 2^128, with secret 128-bit numbers b,
 * ai: two different sequences of n words have the same hash with a chance of 2^-64 (Dietzfelbinger 1996, "Universal
 * hashing and k-wise independent random variables via integer arithmetic without primes"). What has a structure, such
 * as multiples of a number, still has one afterwards, and would fill a table unevenly: pfx_key_fold takes it away.
 *
 * Hashes under different secrets have nothing to do with each other, and nothing that leaves the process may depend on
 * them: neither values nor their order. */
#ifndef PFX_KEY_HASH_H
#define PFX_KEY_HASH_H

#include <stdint.h>
#include <string.h>

/* The words of a row that have a multiplier of their own in the secret, and those of a block of bytes. */
#define PFX_ROW_TERMS 16
#define PFX_BYTES_TERMS 16

/* Any bytes make one; who makes it draws them at random. */
typedef struct pfx_key_secret {
    uint64_t low[PFX_ROW_TERMS + PFX_BYTES_TERMS]; /* halves of the multipliers */
    uint64_t high[PFX_ROW_TERMS + PFX_BYTES_TERMS];
    uint64_t base_low;
    uint64_t base_high;
    uint64_t fold[2];
} pfx_key_secret;

/* A sum modulo 2^128. */
typedef struct pfx_key_sum {
    uint64_t low;
    uint64_t high;
} pfx_key_sum;

__extension__ typedef unsigned __int128 pfx_uint128;

static inline pfx_key_sum pfx_key_sum_start(const pfx_key_secret *secret) {
    return (pfx_key_sum){.low = secret->base_low, .high = secret->base_high};
}

/* Add `word` times the multiplier (low, high). */
static inline pfx_key_sum pfx_key_sum_add(pfx_key_sum sum, uint64_t low, uint64_t high, uint64_t word) {
    pfx_uint128 total = ((pfx_uint128)sum.high << 64 | sum.low) + (pfx_uint128)low * word;
    return (pfx_key_sum){.low = (uint64_t)total, .high = (uint64_t)(total >> 64) + high * word};
}

/* The hash of what was added up. */
static inline uint64_t pfx_key_fold(const pfx_key_secret *secret, uint64_t high) {
    pfx_uint128 product = (pfx_uint128)(high ^ secret->fold[0]) * (secret->fold[1] | 1);
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* The hash of one word. */
static inline uint64_t pfx_key_hash_word(const pfx_key_secret *secret, uint64_t word) {
    pfx_key_sum sum = pfx_key_sum_add(pfx_key_sum_start(secret), secret->low[0], secret->high[0], word);
    return pfx_key_fold(secret, sum.high);
}

/* The hash of two words. */
static inline uint64_t pfx_key_hash_pair(const pfx_key_secret *secret, uint64_t first, uint64_t second) {
    pfx_key_sum sum = pfx_key_sum_add(pfx_key_sum_start(secret), secret->low[0], secret->high[0], first);
    return pfx_key_fold(secret, pfx_key_sum_add(sum, secret->low[1], secret->high[1], second).high);
}

/* The multiplier of the row's word number `term` (from 0), which may lie beyond those of the secret. */
void pfx_key_term(const pfx_key_secret *secret, int64_t term, uint64_t *low, uint64_t *high);

/* The hash of `size` bytes; `bytes` may be NULL when there are none. */
uint64_t pfx_key_hash_bytes(const pfx_key_secret *secret, const uint8_t *bytes, int64_t size);

/* Another secret, the `number`th (from 1) that is made of this one. */
void pfx_key_secret_derive(const pfx_key_secret *secret, uint64_t number, pfx_key_secret *derived);

#endif
