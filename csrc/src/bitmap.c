#include "pfx/bitmap.h"

#include <string.h>

static int64_t popcount64(uint64_t word) {
    word = word - ((word >> 1) & 0x5555555555555555u);
    word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (int64_t)((word * 0x0101010101010101u) >> 56);
}

int64_t pfx_bits_count(const uint8_t *bits, int64_t offset, int64_t length) {
    int64_t count = 0;
    int64_t i = offset;
    int64_t end = offset + length;
    for (; i < end && (i & 7) != 0; i++) {
        count += pfx_bit_get(bits, i);
    }
    for (; end - i >= 64; i += 64) {
        uint64_t word;
        memcpy(&word, bits + (i >> 3), sizeof word);
        count += popcount64(word);
    }
    for (; i < end; i++) {
        count += pfx_bit_get(bits, i);
    }
    return count;
}

void pfx_bits_copy(uint8_t *to, int64_t to_offset, const uint8_t *from, int64_t from_offset, int64_t length) {
    int64_t done = 0;
    for (; done < length && ((to_offset + done) & 7) != 0; done++) {
        pfx_bit_set(to, to_offset + done, pfx_bit_get(from, from_offset + done));
    }
    int64_t whole = (length - done) / 8;
    if (whole > 0) {
        uint8_t *target = to + ((to_offset + done) >> 3);
        const uint8_t *source = from + ((from_offset + done) >> 3);
        int shift = (int)((from_offset + done) & 7);
        if (shift == 0) {
            memcpy(target, source, (size_t)whole);
        } else {
            for (int64_t i = 0; i < whole; i++) {
                target[i] = (uint8_t)((source[i] >> shift) | (source[i + 1] << (8 - shift)));
            }
        }
        done += whole * 8;
    }
    for (; done < length; done++) {
        pfx_bit_set(to, to_offset + done, pfx_bit_get(from, from_offset + done));
    }
}

void pfx_bits_fill(uint8_t *bits, int64_t offset, int64_t length, int value) {
    int64_t i = offset;
    int64_t end = offset + length;
    for (; i < end && (i & 7) != 0; i++) {
        pfx_bit_set(bits, i, value);
    }
    int64_t whole = (end - i) / 8;
    if (whole > 0) {
        memset(bits + (i >> 3), value ? 0xff : 0, (size_t)whole);
        i += whole * 8;
    }
    for (; i < end; i++) {
        pfx_bit_set(bits, i, value);
    }
}

void pfx_bits_expand(const uint8_t *bits, int64_t offset, int64_t length, uint8_t *bytes) {
    for (int64_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)pfx_bit_get(bits, offset + i);
    }
}
