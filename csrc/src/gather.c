#include "pfx/gather.h"

#include <string.h>

#include "pfx/bitmap.h"

pfx_status pfx_indices_check(const int64_t *indices, int64_t count, int64_t length, int64_t lowest) {
    int outside = 0;
    for (int64_t i = 0; i < count; i++) {
        outside |= indices[i] < lowest || indices[i] >= length;
    }
    return outside ? PFX_OUT_OF_RANGE : PFX_OK;
}

#define CODES(type)                                                       \
    for (int64_t i = 0; i < length; i++) {                                \
        if (validity != NULL && !pfx_bit_get(validity, bit_offset + i)) { \
            indices[i] = -1;                                              \
            continue;                                                     \
        }                                                                 \
        type code = ((const type *)codes)[i];                             \
        if (!((uint64_t)code < (uint64_t)dictionary_length)) {            \
            return PFX_CORRUPT;                                           \
        }                                                                 \
        indices[i] = (int64_t)code;                                       \
    }                                                                     \
    return PFX_OK

pfx_status pfx_codes_to_indices(const void *codes, int32_t width, int is_signed, const uint8_t *validity,
                                int64_t bit_offset, int64_t length, int64_t dictionary_length, int64_t *indices) {
    switch (width) {
    case 1:
        if (is_signed) {
            CODES(int8_t);
        }
        CODES(uint8_t);
    case 2:
        if (is_signed) {
            CODES(int16_t);
        }
        CODES(uint16_t);
    case 4:
        if (is_signed) {
            CODES(int32_t);
        }
        CODES(uint32_t);
    case 8:
        /* A negative code becomes a number that no dictionary reaches. */
        CODES(uint64_t);
    default:
        return PFX_INVALID_ARGUMENT;
    }
}

int64_t pfx_mask_count(const uint8_t *mask, int64_t length) {
    int64_t count = 0;
    for (int64_t i = 0; i < length; i++) {
        count += mask[i] != 0;
    }
    return count;
}

void pfx_mask_to_indices(const uint8_t *mask, int64_t length, int64_t *indices) {
    int64_t count = 0;
    int64_t i = 0;
    /* Without a branch per row, which no processor could predict; eight rows that are dropped cost one. */
    for (; i + 8 <= length; i += 8) {
        uint64_t eight;
        memcpy(&eight, mask + i, sizeof(eight));
        if (eight == 0) {
            continue;
        }
        for (int64_t row = i; row < i + 8; row++) {
            indices[count] = row;
            count += mask[row] != 0;
        }
    }
    for (; i < length; i++) {
        indices[count] = i;
        count += mask[i] != 0;
    }
}

#define GATHER(type)                                                             \
    for (int64_t i = 0; i < count; i++) {                                        \
        ((type *)to)[i] = indices[i] < 0 ? 0 : ((const type *)from)[indices[i]]; \
    }                                                                            \
    break

void pfx_gather_fixed(uint8_t *to, const uint8_t *from, int32_t width, const int64_t *indices, int64_t count) {
    switch (width) {
    case 0:
        break;
    case 1:
        GATHER(uint8_t);
    case 2:
        GATHER(uint16_t);
    case 4:
        GATHER(uint32_t);
    case 8:
        GATHER(uint64_t);
    default:
        for (int64_t i = 0; i < count; i++) {
            if (indices[i] < 0) {
                memset(to + i * width, 0, (size_t)width);
            } else {
                memcpy(to + i * width, from + indices[i] * width, (size_t)width);
            }
        }
    }
}

int64_t pfx_gather_bits(uint8_t *to, const uint8_t *from, int64_t bit_offset, const int64_t *indices, int64_t count) {
    int64_t set = 0;
    for (int64_t start = 0; start < count; start += 8) {
        int64_t stop = count - start < 8 ? count : start + 8;
        unsigned byte = 0;
        for (int64_t i = start; i < stop; i++) {
            unsigned bit = indices[i] >= 0 && (from == NULL || pfx_bit_get(from, bit_offset + indices[i])) ? 1u : 0u;
            byte |= bit << (i - start);
            set += bit;
        }
        to[start / 8] = (uint8_t)byte;
    }
    return count - set;
}

#define GATHER_OFFSETS(type, most)                                          \
    do {                                                                    \
        const type *source = (const type *)from;                            \
        type *target = (type *)to;                                          \
        target[0] = 0;                                                      \
        for (int64_t i = 0; i < count; i++) {                               \
            if (indices[i] >= 0) {                                          \
                int64_t size = source[indices[i] + 1] - source[indices[i]]; \
                if (size > (most) - end) {                                  \
                    return PFX_OVERFLOW;                                    \
                }                                                           \
                end += size;                                                \
            }                                                               \
            target[i + 1] = (type)end;                                      \
        }                                                                   \
    } while (0)

pfx_status pfx_gather_offsets(void *to, const void *from, int32_t offset_width, const int64_t *indices, int64_t count,
                              int64_t *total) {
    int64_t end = 0;
    if (offset_width == 8) {
        GATHER_OFFSETS(int64_t, INT64_MAX);
    } else {
        GATHER_OFFSETS(int32_t, INT32_MAX);
    }
    *total = end;
    return PFX_OK;
}

static inline int64_t offset_at(const void *offsets, int32_t offset_width, int64_t i) {
    return offset_width == 8 ? ((const int64_t *)offsets)[i] : ((const int32_t *)offsets)[i];
}

void pfx_gather_bytes(uint8_t *to, const uint8_t *from, const void *offsets, int32_t offset_width,
                      const int64_t *indices, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (indices[i] < 0) {
            continue;
        }
        int64_t start = offset_at(offsets, offset_width, indices[i]);
        int64_t size = offset_at(offsets, offset_width, indices[i] + 1) - start;
        if (size > 0) {
            memcpy(to, from + start, (size_t)size);
            to += size;
        }
    }
}

void pfx_gather_elements(int64_t *to, const void *offsets, int32_t offset_width, const int64_t *indices,
                         int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (indices[i] < 0) {
            continue;
        }
        int64_t stop = offset_at(offsets, offset_width, indices[i] + 1);
        for (int64_t element = offset_at(offsets, offset_width, indices[i]); element < stop; element++) {
            *to++ = element;
        }
    }
}

pfx_status pfx_offsets_rebase(void *to, const void *from, int32_t offset_width, int64_t length, int64_t base) {
    if (length == 0) {
        return PFX_OK;
    }
    int64_t first = offset_at(from, offset_width, 0);
    int64_t size = offset_at(from, offset_width, length - 1) - first;
    if (size > (offset_width == 8 ? INT64_MAX : INT32_MAX) - base) {
        return PFX_OVERFLOW;
    }
    if (offset_width == 8) {
        for (int64_t i = 0; i < length; i++) {
            ((int64_t *)to)[i] = ((const int64_t *)from)[i] - first + base;
        }
    } else {
        for (int64_t i = 0; i < length; i++) {
            ((int32_t *)to)[i] = (int32_t)(((const int32_t *)from)[i] - first + base);
        }
    }
    return PFX_OK;
}
