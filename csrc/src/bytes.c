#include "pfx/bytes.h"

#define FIRST_CAPACITY 256

void pfx_writer_init(pfx_writer *writer, pfx_budget *budget) {
    writer->data = NULL;
    writer->size = 0;
    writer->capacity = 0;
    writer->budget = budget;
}

void pfx_writer_free(pfx_writer *writer) {
    pfx_free(writer->budget, writer->data, (int64_t)writer->capacity);
    pfx_writer_init(writer, writer->budget);
}

pfx_status pfx_writer_grow(pfx_writer *writer, size_t more) {
    if (more > (size_t)INT64_MAX - writer->size) {
        return PFX_OVERFLOW;
    }
    size_t needed = writer->size + more;
    size_t capacity = writer->capacity > (size_t)INT64_MAX / 2 ? (size_t)INT64_MAX : writer->capacity * 2;
    if (capacity < FIRST_CAPACITY) {
        capacity = FIRST_CAPACITY;
    }
    if (capacity < needed) {
        capacity = needed;
    }
    void *data = writer->data;
    if (data == NULL) {
        PFX_TRY(pfx_alloc(writer->budget, (int64_t)capacity, &data));
    } else {
        PFX_TRY(pfx_resize(writer->budget, &data, (int64_t)writer->capacity, (int64_t)capacity));
    }
    writer->data = data;
    writer->capacity = capacity;
    return PFX_OK;
}

/* Eight groups of seven bits, one in each byte, and the same bits close together. */
static uint64_t spread(uint64_t value) {
    value = (value & UINT64_C(0x0000000fffffff)) | (value & UINT64_C(0xfffffff0000000)) << 4;
    value = (value & UINT64_C(0x00003fff00003fff)) | (value & UINT64_C(0x0fffc0000fffc000)) << 2;
    return (value & UINT64_C(0x007f007f007f007f)) | (value & UINT64_C(0x3f803f803f803f80)) << 1;
}

static uint64_t gather(uint64_t value) {
    value = (value & UINT64_C(0x007f007f007f007f)) | (value & UINT64_C(0x7f007f007f007f00)) >> 1;
    value = (value & UINT64_C(0x00003fff00003fff)) | (value & UINT64_C(0x3fff00003fff0000)) >> 2;
    return (value & UINT64_C(0x000000000fffffff)) | (value & UINT64_C(0x0fffffff00000000)) >> 4;
}

#define TOP_BITS UINT64_C(0x8080808080808080)

void pfx_put_long_varint(pfx_writer *writer, uint64_t value) {
    uint8_t *at = writer->data + writer->size;
    if (value < UINT64_C(1) << 56) {
        unsigned last = (unsigned)(63 - __builtin_clzll(value)) / 7; /* index of the last byte, 1 to 7 */
        uint64_t before_last = (UINT64_C(1) << (8 * last)) - 1;
        pfx_store_i64(at, (int64_t)(spread(value) | (TOP_BITS & before_last)));
        writer->size += last + 1;
        return;
    }
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    writer->size = (size_t)(at - writer->data);
}

/* As pfx_read_long_varint, byte by byte. */
static pfx_status read_any_varint(pfx_reader *reader, uint64_t *out) {
    const uint8_t *at = reader->at;
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (at == reader->end) {
            return PFX_TRUNCATED;
        }
        uint8_t byte = *at++;
        if (shift == 63 && byte > 1) {
            return PFX_CORRUPT;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0) {
                return PFX_CORRUPT;
            }
            reader->at = at;
            *out = value;
            return PFX_OK;
        }
    }
    return PFX_CORRUPT;
}

pfx_status pfx_read_long_varint(pfx_reader *reader, uint64_t *out) {
    if (pfx_reader_left(reader) < 8) {
        return read_any_varint(reader, out);
    }
    uint64_t word = (uint64_t)pfx_load_i64(reader->at);
    uint64_t ends = ~word & TOP_BITS;
    if (ends == 0) {
        return read_any_varint(reader, out);
    }
    unsigned last =
        (unsigned)__builtin_ctzll(ends) / 8; /* index of the last byte, 1 to 7: one-byte varints never get here */
    if (last > 0 && reader->at[last] == 0) {
        return PFX_CORRUPT;
    }
    uint64_t upto_last = UINT64_MAX >> (8 * (7 - last));
    *out = gather(word & upto_last & ~TOP_BITS);
    reader->at += last + 1;
    return PFX_OK;
}
