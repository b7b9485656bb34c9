#include "pfx/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

size_t pfx_utf8_ascii_prefix(const uint8_t *bytes, size_t count) {
    size_t i = 0;
    for (; count - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        if (word & HIGH_BITS) {
            break;
        }
    }
    while (i < count && bytes[i] < 0x80) {
        i++;
    }
    return i;
}

static int continues(uint8_t byte) {
    return (byte & 0xc0) == 0x80;
}

/* Length of the multi-byte sequence at `bytes`, of which `count` > 0 are left; 0 when it is not valid. */
static size_t sequence_length(const uint8_t *bytes, size_t count) {
    uint8_t first = bytes[0];
    if (first < 0xc2) { /* a continuation byte, or two bytes for what fits in one */
        return 0;
    }
    if (first < 0xe0) {
        return count >= 2 && continues(bytes[1]) ? 2 : 0;
    }
    if (first < 0xf0) {
        if (count < 3 || !continues(bytes[1]) || !continues(bytes[2])) {
            return 0;
        }
        int overlong = first == 0xe0 && bytes[1] < 0xa0;
        int surrogate = first == 0xed && bytes[1] >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first > 0xf4 || count < 4 || !continues(bytes[1]) || !continues(bytes[2]) || !continues(bytes[3])) {
        return 0;
    }
    int overlong = first == 0xf0 && bytes[1] < 0x90;
    int too_high = first == 0xf4 && bytes[1] >= 0x90;
    return overlong || too_high ? 0 : 4;
}

pfx_status pfx_utf8_scan(const uint8_t *bytes, size_t count, pfx_utf8_shape *out) {
    size_t i = pfx_utf8_ascii_prefix(bytes, count);
    size_t characters = i;
    uint8_t highest = 0; /* the highest first byte of a sequence orders the code points well enough */
    while (i < count) {
        if (bytes[i] < 0x80) {
            size_t plain = pfx_utf8_ascii_prefix(bytes + i, count - i);
            characters += plain;
            i += plain;
            continue;
        }
        size_t length = sequence_length(bytes + i, count - i);
        if (length == 0) {
            return PFX_INVALID_UTF8;
        }
        if (bytes[i] > highest) {
            highest = bytes[i];
        }
        characters++;
        i += length;
    }
    out->characters = characters;
    out->widest = highest == 0 ? 0x7f : highest < 0xc4 ? 0xff : highest < 0xf0 ? 0xffff : 0x10ffff;
    return PFX_OK;
}

#define PFX_DEFINE_DECODE(bits)                                                                                     \
    void pfx_utf8_decode_##bits(const uint8_t *bytes, size_t count, uint##bits##_t *out) {                          \
        const uint8_t *end = bytes + count;                                                                         \
        while (bytes != end) {                                                                                      \
            uint32_t first = bytes[0];                                                                              \
            uint32_t point;                                                                                         \
            if (first < 0x80) {                                                                                     \
                point = first;                                                                                      \
                bytes += 1;                                                                                         \
            } else if (first < 0xe0) {                                                                              \
                point = (first & 0x1f) << 6 | (bytes[1] & 0x3fu);                                                   \
                bytes += 2;                                                                                         \
            } else if (first < 0xf0) {                                                                              \
                point = (first & 0x0f) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);                        \
                bytes += 3;                                                                                         \
            } else {                                                                                                \
                point =                                                                                             \
                    (first & 0x07) << 18 | (bytes[1] & 0x3fu) << 12 | (bytes[2] & 0x3fu) << 6 | (bytes[3] & 0x3fu); \
                bytes += 4;                                                                                         \
            }                                                                                                       \
            *out++ = (uint##bits##_t)point;                                                                         \
        }                                                                                                           \
    }

PFX_DEFINE_DECODE(8)
PFX_DEFINE_DECODE(16)
PFX_DEFINE_DECODE(32)
