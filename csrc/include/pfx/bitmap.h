/* Arrow bitmaps: bit i is bit i % 8 (least significant first) of byte i / 8.
 *
 * Offsets and lengths are in bits and must be >= 0; the caller guarantees that the memory holds them. */
#ifndef PFX_BITMAP_H
#define PFX_BITMAP_H

#include <stdint.h>

/* Bytes that `bits` bits take. */
static inline int64_t pfx_bitmap_bytes(int64_t bits) {
    return bits / 8 + (bits % 8 != 0);
}

static inline int pfx_bit_get(const uint8_t *bits, int64_t i) {
    return (bits[i >> 3] >> (i & 7)) & 1;
}

static inline void pfx_bit_set(uint8_t *bits, int64_t i, int value) {
    uint8_t mask = (uint8_t)(1u << (i & 7));
    bits[i >> 3] = value ? (uint8_t)(bits[i >> 3] | mask) : (uint8_t)(bits[i >> 3] & ~mask);
}

/* How many of `length` bits from `offset` are set. */
int64_t pfx_bits_count(const uint8_t *bits, int64_t offset, int64_t length);

/* Copy `length` bits; the other bits of the first and last byte written stay as they were. The two regions must not
 * overlap. */
void pfx_bits_copy(uint8_t *to, int64_t to_offset, const uint8_t *from, int64_t from_offset, int64_t length);

/* Set `length` bits from `offset` to `value`. */
void pfx_bits_fill(uint8_t *bits, int64_t offset, int64_t length, int value);

/* Write one byte, 0 or 1, for each of `length` bits from `offset`. */
void pfx_bits_expand(const uint8_t *bits, int64_t offset, int64_t length, uint8_t *bytes);

#endif
