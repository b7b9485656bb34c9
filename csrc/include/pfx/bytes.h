/* Reading and writing encoded values: a borrowed reader, a growing writer, and the integers and floats between them.
 *
 * Fixed-width numbers are little-endian. A varint is unsigned LEB128 in its shortest form: seven bits a byte, lowest
 * first, the top bit set on every byte but the last; ten bytes at most. A zigzag is the varint of a signed number n
 * as 2n for n >= 0 and -2n - 1 below. Every number has exactly one encoding, and the readers refuse all others.
 *
 * A reader borrows its bytes: whoever made it keeps them alive and unchanged. After a failed read it stands where it
 * stood before. Readers and writers are not shared between threads. */
#ifndef PFX_BYTES_H
#define PFX_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pfx/endian.h"
#include "pfx/memory.h"
#include "pfx/status.h"

#define PFX_VARINT_MAX 10 /* bytes of the longest varint */

typedef struct pfx_reader {
    const uint8_t *at;  /* the next byte to read */
    const uint8_t *end; /* one past the last */
} pfx_reader;

typedef struct pfx_writer {
    uint8_t *data; /* owned; NULL before the first byte */
    size_t size;   /* bytes written */
    size_t capacity;
    pfx_budget *budget; /* what data is charged to; must outlive the writer */
} pfx_writer;

/* ---- writing ---- */

/* An empty writer; allocates nothing. pfx_writer_free gives back whatever it comes to own. */
void pfx_writer_init(pfx_writer *writer, pfx_budget *budget);

/* Free the bytes and leave the writer empty and usable. */
void pfx_writer_free(pfx_writer *writer);

/* Make room for `more` bytes beyond size; at least doubles the capacity. On failure nothing changes. */
pfx_status pfx_writer_grow(pfx_writer *writer, size_t more);

static inline pfx_status pfx_writer_reserve(pfx_writer *writer, size_t more) {
    return more <= writer->capacity - writer->size ? PFX_OK : pfx_writer_grow(writer, more);
}

static inline uint64_t pfx_zigzag(int64_t value) {
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t pfx_unzigzag(uint64_t value) {
    uint64_t bits = (value >> 1) ^ ((value & 1) ? UINT64_MAX : 0);
    int64_t result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

static inline pfx_status pfx_write_u8(pfx_writer *writer, uint8_t value) {
    PFX_TRY(pfx_writer_reserve(writer, 1));
    writer->data[writer->size++] = value;
    return PFX_OK;
}

/* Varints of two bytes and more; the writer has room for PFX_VARINT_MAX. */
void pfx_put_long_varint(pfx_writer *writer, uint64_t value);

static inline pfx_status pfx_write_varint(pfx_writer *writer, uint64_t value) {
    PFX_TRY(pfx_writer_reserve(writer, PFX_VARINT_MAX));
    if (value < 0x80) {
        writer->data[writer->size++] = (uint8_t)value;
    } else {
        pfx_put_long_varint(writer, value);
    }
    return PFX_OK;
}

static inline pfx_status pfx_write_zigzag(pfx_writer *writer, int64_t value) {
    return pfx_write_varint(writer, pfx_zigzag(value));
}

static inline pfx_status pfx_write_i16(pfx_writer *writer, int16_t value) {
    PFX_TRY(pfx_writer_reserve(writer, sizeof value));
    pfx_store_i16(writer->data + writer->size, value);
    writer->size += sizeof value;
    return PFX_OK;
}

static inline pfx_status pfx_write_i32(pfx_writer *writer, int32_t value) {
    PFX_TRY(pfx_writer_reserve(writer, sizeof value));
    pfx_store_i32(writer->data + writer->size, value);
    writer->size += sizeof value;
    return PFX_OK;
}

static inline pfx_status pfx_write_i64(pfx_writer *writer, int64_t value) {
    PFX_TRY(pfx_writer_reserve(writer, sizeof value));
    pfx_store_i64(writer->data + writer->size, value);
    writer->size += sizeof value;
    return PFX_OK;
}

/* Every NaN is written as the one quiet NaN (0x7fc00000, 0x7ff8000000000000), as Java's DataOutput does. */
static inline pfx_status pfx_write_f32(pfx_writer *writer, float value) {
    if (value != value) {
        return pfx_write_i32(writer, INT32_C(0x7fc00000));
    }
    PFX_TRY(pfx_writer_reserve(writer, sizeof value));
    pfx_store_f32(writer->data + writer->size, value);
    writer->size += sizeof value;
    return PFX_OK;
}

static inline pfx_status pfx_write_f64(pfx_writer *writer, double value) {
    if (value != value) {
        return pfx_write_i64(writer, INT64_C(0x7ff8000000000000));
    }
    PFX_TRY(pfx_writer_reserve(writer, sizeof value));
    pfx_store_f64(writer->data + writer->size, value);
    writer->size += sizeof value;
    return PFX_OK;
}

static inline pfx_status pfx_write_bytes(pfx_writer *writer, const void *bytes, size_t count) {
    PFX_TRY(pfx_writer_reserve(writer, count));
    if (count > 0) {
        memcpy(writer->data + writer->size, bytes, count);
        writer->size += count;
    }
    return PFX_OK;
}

/* `count` zero bytes, to be filled in later at the offset that size had before. */
static inline pfx_status pfx_write_zeros(pfx_writer *writer, size_t count) {
    PFX_TRY(pfx_writer_reserve(writer, count));
    if (count > 0) {
        memset(writer->data + writer->size, 0, count);
        writer->size += count;
    }
    return PFX_OK;
}

/* ---- reading: PFX_TRUNCATED when the bytes end too early, PFX_CORRUPT when they are no encoding ---- */

static inline size_t pfx_reader_left(const pfx_reader *reader) {
    return (size_t)(reader->end - reader->at);
}

/* Borrow the next `count` bytes: *out points into the reader's own. */
static inline pfx_status pfx_read_bytes(pfx_reader *reader, uint64_t count, const uint8_t **out) {
    if (count > pfx_reader_left(reader)) {
        return PFX_TRUNCATED;
    }
    *out = reader->at;
    reader->at += count;
    return PFX_OK;
}

static inline pfx_status pfx_read_u8(pfx_reader *reader, uint8_t *out) {
    if (reader->at == reader->end) {
        return PFX_TRUNCATED;
    }
    *out = *reader->at++;
    return PFX_OK;
}

/* Varints of two bytes and more. */
pfx_status pfx_read_long_varint(pfx_reader *reader, uint64_t *out);

static inline pfx_status pfx_read_varint(pfx_reader *reader, uint64_t *out) {
    if (reader->at != reader->end && *reader->at < 0x80) {
        *out = *reader->at++;
        return PFX_OK;
    }
    return pfx_read_long_varint(reader, out);
}

static inline pfx_status pfx_read_zigzag(pfx_reader *reader, int64_t *out) {
    uint64_t value;
    PFX_TRY(pfx_read_varint(reader, &value));
    *out = pfx_unzigzag(value);
    return PFX_OK;
}

static inline pfx_status pfx_read_i16(pfx_reader *reader, int16_t *out) {
    const uint8_t *at;
    PFX_TRY(pfx_read_bytes(reader, sizeof *out, &at));
    *out = pfx_load_i16(at);
    return PFX_OK;
}

static inline pfx_status pfx_read_i32(pfx_reader *reader, int32_t *out) {
    const uint8_t *at;
    PFX_TRY(pfx_read_bytes(reader, sizeof *out, &at));
    *out = pfx_load_i32(at);
    return PFX_OK;
}

static inline pfx_status pfx_read_i64(pfx_reader *reader, int64_t *out) {
    const uint8_t *at;
    PFX_TRY(pfx_read_bytes(reader, sizeof *out, &at));
    *out = pfx_load_i64(at);
    return PFX_OK;
}

static inline pfx_status pfx_read_f32(pfx_reader *reader, float *out) {
    if (pfx_reader_left(reader) < sizeof *out) {
        return PFX_TRUNCATED;
    }
    float value = pfx_load_f32(reader->at);
    if (value != value && pfx_load_i32(reader->at) != INT32_C(0x7fc00000)) {
        return PFX_CORRUPT;
    }
    reader->at += sizeof value;
    *out = value;
    return PFX_OK;
}

static inline pfx_status pfx_read_f64(pfx_reader *reader, double *out) {
    if (pfx_reader_left(reader) < sizeof *out) {
        return PFX_TRUNCATED;
    }
    double value = pfx_load_f64(reader->at);
    if (value != value && pfx_load_i64(reader->at) != INT64_C(0x7ff8000000000000)) {
        return PFX_CORRUPT;
    }
    reader->at += sizeof value;
    *out = value;
    return PFX_OK;
}

/* Check a bitmap of `bits` bits in `count` bytes that was read; at most 8 bits mean nothing, and they must be 0. */
static inline pfx_status pfx_check_bitmap(const uint8_t *bytes, size_t count, int64_t bits) {
    return (size_t)bits / 8 == count || bytes[bits / 8] >> bits % 8 == 0 ? PFX_OK : PFX_CORRUPT;
}

#endif
