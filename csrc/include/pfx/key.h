/* The canonical bytes of keys, and the arithmetic of key groups.
 *
 * Equal keys have equal bytes and different keys different ones, on every machine and in every release: key groups are
 * computed from these bytes and snapshots are divided by key group, so this is a storage format. It is described in
 * docs/formats/keys.md and pinned by golden bytes in tests/core/test_key_format.py. All integers are
 * little-endian. */
#ifndef PFX_KEY_H
#define PFX_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "pfx/memory.h"
#include "pfx/status.h"
#include "pfx/xxh64.h"

/* Raised when any byte below changes its meaning; a snapshot records it. */
#define PFX_KEY_FORMAT 1

/* Flink's bound on the number of key groups. */
#define PFX_MAX_KEY_GROUPS 32768

/* First byte of every key; what follows it is in the comments, where a name is u32 size and UTF-8. The form of a
 * number depends on its value alone: PFX_KEY_LONG if it is a whole number of int64, PFX_KEY_BIG if whole and larger,
 * PFX_KEY_DOUBLE if a binary64 holds it exactly, otherwise PFX_KEY_DECIMAL. */
typedef enum pfx_key_tag {
    PFX_KEY_NONE = 0x00,        /* nothing */
    PFX_KEY_LONG = 0x01,        /* i64 */
    PFX_KEY_BIG = 0x02,         /* u8 1 if negative, u32 size, magnitude without leading zero bytes */
    PFX_KEY_DOUBLE = 0x03,      /* binary64; never whole within int64, never NaN */
    PFX_KEY_NAN = 0x04,         /* nothing */
    PFX_KEY_DECIMAL = 0x05,     /* u8 1 if negative, i64 exponent, u32 count, ASCII digits; no 0 first or last */
    PFX_KEY_STRING = 0x10,      /* u32 size, UTF-8 (a lone surrogate as the three bytes of its code point) */
    PFX_KEY_BYTES = 0x11,       /* u32 size, bytes */
    PFX_KEY_DATE = 0x20,        /* i32 days since 1970-01-01 */
    PFX_KEY_TIME = 0x21,        /* i64 microseconds since midnight */
    PFX_KEY_TIME_OFFSET = 0x22, /* i64 microseconds since midnight less the offset from UTC */
    PFX_KEY_TIMESTAMP = 0x23,   /* i64 microseconds since 1970-01-01T00:00:00, no zone */
    PFX_KEY_INSTANT = 0x24,     /* i64 microseconds since 1970-01-01T00:00:00 UTC */
    PFX_KEY_DURATION = 0x25,    /* i32 days, i64 microseconds within the day */
    PFX_KEY_UUID = 0x30,        /* 16 bytes, big-endian as in RFC 9562 */
    PFX_KEY_ENUM = 0x31,        /* name of the class, then a key: the member's name, or a flag's value */
    PFX_KEY_TUPLE = 0x40,       /* u32 count, then as many keys */
    PFX_KEY_RECORD = 0x41,      /* name of the class, u32 count, then as many keys */
    PFX_KEY_ROW = 0x42,         /* name of the class, u8 row kind, u8 1 if named, u32 count, then for each value its
                                   name, if named (and ascending by it), and a key */
    PFX_KEY_LIST = 0x43         /* u32 count, then as many keys */
} pfx_key_tag;

/* ---- key groups ---- */

/* Key group of a hash: 0 to max_parallelism - 1. max_parallelism is 1 to PFX_MAX_KEY_GROUPS, here and below. */
static inline int32_t pfx_key_group(uint64_t hash, int32_t max_parallelism) {
    uint64_t groups = (uint64_t)max_parallelism;
    /* A division of 64 bits costs more than the hash of a short key, and most max parallelisms are powers of two. */
    return (int32_t)((groups & (groups - 1)) == 0 ? hash & (groups - 1) : hash % groups);
}

/* Subtask (0 to parallelism - 1) that owns a key group; parallelism is 1 to max_parallelism. */
static inline int32_t pfx_subtask(int32_t group, int32_t max_parallelism, int32_t parallelism) {
    return (int32_t)((int64_t)group * parallelism / max_parallelism);
}

/* The key groups *start to *stop - 1 that a subtask owns: the inverse of pfx_subtask. Never empty. */
static inline void pfx_key_group_range(int32_t subtask, int32_t max_parallelism, int32_t parallelism, int32_t *start,
                                       int32_t *stop) {
    int64_t first = (int64_t)subtask * max_parallelism;
    *start = (int32_t)((first + parallelism - 1) / parallelism);
    *stop = (int32_t)((first + max_parallelism + parallelism - 1) / parallelism);
}

/* ---- canonical bytes ---- */

#define PFX_KEY_SMALL 240

/* The bytes of a key that is being written. Most keys fit into `small`; longer ones are allocated against the budget.
 * The struct owns that memory until pfx_key_free and must not be moved, since `bytes` may point into it. */
typedef struct pfx_key {
    uint8_t *bytes;
    int64_t size;
    int64_t capacity;
    pfx_budget *budget;
    uint8_t small[PFX_KEY_SMALL];
} pfx_key;

/* Set up an empty key; the budget must outlive it. */
void pfx_key_init(pfx_key *key, pfx_budget *budget);

/* Free what was allocated; the key is empty and usable again. */
void pfx_key_free(pfx_key *key);

/* Forget the bytes, keep the memory. */
static inline void pfx_key_clear(pfx_key *key) {
    key->size = 0;
}

/* Hash of the bytes written so far: XXH64, seed 0. */
uint64_t pfx_key_hash(const pfx_key *key);

/* Hash of the key that pfx_key_put_long writes. */
static inline uint64_t pfx_key_hash_long(int64_t value) {
    uint64_t bits = (uint64_t)value;
    return pfx_xxh64_9(bits << 8 | PFX_KEY_LONG, (uint8_t)(bits >> 56));
}

/* Each of these appends one canonical key (or, for the last group, a part of one). They fail with PFX_NO_MEMORY or
 * PFX_OVER_BUDGET, and with PFX_OVERFLOW where a size or count exceeds a u32; a key that failed holds a broken prefix
 * and is to be cleared or freed. */
pfx_status pfx_key_put_none(pfx_key *key);
pfx_status pfx_key_put_long(pfx_key *key, int64_t value);
pfx_status pfx_key_put_ulong(pfx_key *key, uint64_t value);

/* A whole number of either sign; `magnitude` is `size` bytes, little-endian, with any leading zeros. */
pfx_status pfx_key_put_integer(pfx_key *key, int negative, const uint8_t *magnitude, int64_t size);

pfx_status pfx_key_put_double(pfx_key *key, double value);

/* A number that is neither whole nor exact in binary64: +/- digits * 10^exponent, `digits` in ASCII with no zero at
 * either end. The caller has established this; use pfx_key_put_digits or pfx_key_put_decimal128 otherwise. */
pfx_status pfx_key_put_decimal(pfx_key *key, int negative, int64_t exponent, const char *digits, int64_t count);

/* The number +/- digits * 10^exponent; each digit is 0 to 9. PFX_INVALID_ARGUMENT for more than 38 digits, an exponent
 * above 38 or of INT32_MIN. */
pfx_status pfx_key_put_digits(pfx_key *key, int negative, const uint8_t *digits, int count, int32_t exponent);

/* The number high:low (two's complement) * 10^-scale. PFX_INVALID_ARGUMENT if scale is below -38. */
pfx_status pfx_key_put_decimal128(pfx_key *key, uint64_t low, uint64_t high, int32_t scale);

/* Text of `length` code points that take `width` (1, 2 or 4) bytes each, in the machine's byte order; surrogates are
 * written like any other code point. PFX_INVALID_ARGUMENT for another width. */
pfx_status pfx_key_put_text(pfx_key *key, int width, const void *points, int64_t length);

/* Text that is UTF-8 already. */
pfx_status pfx_key_put_utf8(pfx_key *key, const void *text, int64_t size);

pfx_status pfx_key_put_bytes(pfx_key *key, const void *data, int64_t size);
pfx_status pfx_key_put_date(pfx_key *key, int32_t days);

/* `tag` is PFX_KEY_TIME, PFX_KEY_TIME_OFFSET, PFX_KEY_TIMESTAMP or PFX_KEY_INSTANT. */
pfx_status pfx_key_put_micros(pfx_key *key, pfx_key_tag tag, int64_t micros);

pfx_status pfx_key_put_duration(pfx_key *key, int32_t days, int64_t micros);
pfx_status pfx_key_put_uuid(pfx_key *key, const uint8_t bytes[16]);

/* Parts of composite keys: a tag alone, a byte, a u32 (a count), and sized UTF-8 (a class or field name). */
pfx_status pfx_key_begin(pfx_key *key, pfx_key_tag tag);
pfx_status pfx_key_put_byte(pfx_key *key, uint8_t value);
pfx_status pfx_key_put_count(pfx_key *key, int64_t count);
pfx_status pfx_key_put_name(pfx_key *key, int width, const void *points, int64_t length);

#endif
