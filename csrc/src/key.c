#include "pfx/key.h"

#include <math.h>
#include <string.h>

#include "pfx/endian.h"

/* ---- memory ---- */

void pfx_key_init(pfx_key *key, pfx_budget *budget) {
    key->bytes = key->small;
    key->size = 0;
    key->capacity = PFX_KEY_SMALL;
    key->budget = budget;
}

void pfx_key_free(pfx_key *key) {
    if (key->bytes != key->small) {
        pfx_free(key->budget, key->bytes, key->capacity);
    }
    pfx_key_init(key, key->budget);
}

uint64_t pfx_key_hash(const pfx_key *key) {
    return pfx_xxh64(key->bytes, (size_t)key->size, 0);
}

static pfx_status grow(pfx_key *key, int64_t extra) {
    if (extra > INT64_MAX / 2 - key->size) {
        return PFX_NO_MEMORY;
    }
    int64_t wanted = key->size + extra;
    int64_t capacity = wanted > 2 * key->capacity ? wanted : 2 * key->capacity;
    void *bytes = NULL;
    PFX_TRY(pfx_alloc(key->budget, capacity, &bytes));
    memcpy(bytes, key->bytes, (size_t)key->size);
    int64_t size = key->size;
    pfx_key_free(key);
    key->bytes = bytes;
    key->size = size;
    key->capacity = capacity;
    return PFX_OK;
}

static inline pfx_status reserve(pfx_key *key, int64_t extra) {
    return extra <= key->capacity - key->size ? PFX_OK : grow(key, extra);
}

/* The put_ functions below append to reserved memory. */

static inline void put_8(pfx_key *key, uint8_t value) {
    key->bytes[key->size++] = value;
}

static inline void put_32(pfx_key *key, uint32_t value) {
    pfx_store_u32(key->bytes + key->size, value);
    key->size += 4;
}

static inline void put_64(pfx_key *key, uint64_t value) {
    pfx_store_u64(key->bytes + key->size, value);
    key->size += 8;
}

static inline void put_raw(pfx_key *key, const void *data, int64_t size) {
    if (size > 0) {
        memcpy(key->bytes + key->size, data, (size_t)size);
        key->size += size;
    }
}

static pfx_status put_sized(pfx_key *key, pfx_key_tag tag, const void *data, int64_t size) {
    if (size > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    PFX_TRY(reserve(key, size + 5));
    put_8(key, (uint8_t)tag);
    put_32(key, (uint32_t)size);
    put_raw(key, data, size);
    return PFX_OK;
}

/* ---- numbers ---- */

pfx_status pfx_key_put_none(pfx_key *key) {
    return pfx_key_begin(key, PFX_KEY_NONE);
}

pfx_status pfx_key_put_long(pfx_key *key, int64_t value) {
    PFX_TRY(reserve(key, 9));
    put_8(key, PFX_KEY_LONG);
    put_64(key, (uint64_t)value);
    return PFX_OK;
}

pfx_status pfx_key_put_ulong(pfx_key *key, uint64_t value) {
    uint8_t magnitude[8];
    for (int i = 0; i < 8; i++) {
        magnitude[i] = (uint8_t)(value >> 8 * i);
    }
    return pfx_key_put_integer(key, 0, magnitude, 8);
}

pfx_status pfx_key_put_integer(pfx_key *key, int negative, const uint8_t *magnitude, int64_t size) {
    while (size > 0 && magnitude[size - 1] == 0) {
        size--;
    }
    if (size <= 8) {
        uint64_t value = 0;
        for (int64_t i = size - 1; i >= 0; i--) {
            value = value << 8 | magnitude[i];
        }
        if (value <= INT64_MAX) {
            return pfx_key_put_long(key, negative ? -(int64_t)value : (int64_t)value);
        }
        if (negative && value == (uint64_t)INT64_MAX + 1) {
            return pfx_key_put_long(key, INT64_MIN);
        }
    }
    if (size > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    PFX_TRY(reserve(key, size + 6));
    put_8(key, PFX_KEY_BIG);
    put_8(key, negative ? 1 : 0);
    put_32(key, (uint32_t)size);
    put_raw(key, magnitude, size);
    return PFX_OK;
}

/* A whole number beyond int64, so at least 64 bits long: its 53 leading bits, shifted left by 11 or more. */
static pfx_status put_large_double(pfx_key *key, double value) {
    uint8_t magnitude[128] = {0}; /* 1,024 bits: the largest finite binary64 */
    int exponent = 0;
    uint64_t leading = (uint64_t)ldexp(frexp(fabs(value), &exponent), 53);
    int shift = exponent - 53;
    int last = (exponent - 1) / 8;
    leading <<= shift % 8;
    for (int at = shift / 8; at <= last; at++, leading >>= 8) {
        magnitude[at] = (uint8_t)leading;
    }
    return pfx_key_put_integer(key, value < 0, magnitude, last + 1);
}

pfx_status pfx_key_put_double(pfx_key *key, double value) {
    if (isnan(value)) {
        return pfx_key_begin(key, PFX_KEY_NAN);
    }
    if (isfinite(value) && value == floor(value)) {
        if (value >= -0x1p63 && value < 0x1p63) {
            return pfx_key_put_long(key, (int64_t)value);
        }
        return put_large_double(key, value);
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    PFX_TRY(reserve(key, 9));
    put_8(key, PFX_KEY_DOUBLE);
    put_64(key, bits);
    return PFX_OK;
}

pfx_status pfx_key_put_decimal(pfx_key *key, int negative, int64_t exponent, const char *digits, int64_t count) {
    if (count > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    PFX_TRY(reserve(key, count + 14));
    put_8(key, PFX_KEY_DECIMAL);
    put_8(key, negative ? 1 : 0);
    put_64(key, (uint64_t)exponent);
    put_32(key, (uint32_t)count);
    put_raw(key, digits, count);
    return PFX_OK;
}

/* An unsigned number of up to 256 bits, least significant limb first: 2^127 * 10^38 fits. */
#define LIMBS 8
#define MAX_DIGITS 39 /* of 2^127 */

typedef struct wide {
    int size; /* limbs up to the last one that is not 0 */
    uint32_t limb[LIMBS];
} wide;

static void wide_trim(wide *number) {
    while (number->size > 0 && number->limb[number->size - 1] == 0) {
        number->size--;
    }
}

static wide wide_divide(wide number, uint32_t divisor, uint32_t *remainder) {
    uint64_t rest = 0;
    for (int i = number.size - 1; i >= 0; i--) {
        rest = rest << 32 | number.limb[i];
        number.limb[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    wide_trim(&number);
    *remainder = (uint32_t)rest;
    return number;
}

static wide wide_multiply(wide number, uint32_t factor, uint32_t summand) {
    uint64_t carry = summand;
    for (int i = 0; i < number.size; i++) {
        carry += (uint64_t)number.limb[i] * factor;
        number.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        number.limb[number.size++] = (uint32_t)carry;
    }
    return number;
}

static pfx_status put_wide(pfx_key *key, int negative, const wide *number) {
    uint8_t magnitude[LIMBS * 4];
    for (int i = 0; i < number->size * 4; i++) {
        magnitude[i] = (uint8_t)(number->limb[i / 4] >> 8 * (i % 4));
    }
    return pfx_key_put_integer(key, negative, magnitude, number->size * 4);
}

/* Whether number * 10^-scale, with no zero as its last digit, is a binary64: when 5^scale divides the number and the
 * quotient, which is odd then, has at most 53 bits. */
static int exact_double(wide number, int32_t scale, double *value) {
    for (int32_t i = 0; i < scale; i++) {
        uint32_t remainder = 0;
        number = wide_divide(number, 5, &remainder);
        if (remainder != 0) {
            return 0;
        }
    }
    if (number.size > 2) {
        return 0;
    }
    uint64_t quotient = (uint64_t)number.limb[1] << 32 | number.limb[0];
    *value = ldexp((double)quotient, -scale);
    return quotient <= UINT64_C(1) << 53;
}

/* number * 10^-scale, for a number other than 0 and a scale of at least -38. */
static pfx_status put_scaled(pfx_key *key, int negative, wide number, int32_t scale) {
    for (; scale < 0; scale++) {
        number = wide_multiply(number, 10, 0);
    }
    while (scale > 0) {
        uint32_t remainder = 0;
        wide shorter = wide_divide(number, 10, &remainder);
        if (remainder != 0) {
            break;
        }
        number = shorter;
        scale--;
    }
    if (scale == 0) {
        return put_wide(key, negative, &number);
    }
    double value = 0;
    if (exact_double(number, scale, &value)) {
        return pfx_key_put_double(key, negative ? -value : value);
    }
    char digits[MAX_DIGITS];
    int first = MAX_DIGITS;
    while (number.size > 0) {
        uint32_t digit = 0;
        number = wide_divide(number, 10, &digit);
        digits[--first] = (char)('0' + digit);
    }
    return pfx_key_put_decimal(key, negative, -(int64_t)scale, digits + first, MAX_DIGITS - first);
}

pfx_status pfx_key_put_decimal128(pfx_key *key, uint64_t low, uint64_t high, int32_t scale) {
    if (scale < -38) {
        return PFX_INVALID_ARGUMENT;
    }
    int negative = high >> 63 != 0;
    if (negative) {
        low = ~low + 1;
        high = ~high + (low == 0);
    }
    wide number = {4, {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)}};
    wide_trim(&number);
    if (number.size == 0) {
        return pfx_key_put_long(key, 0);
    }
    return put_scaled(key, negative, number, scale);
}

pfx_status pfx_key_put_digits(pfx_key *key, int negative, const uint8_t *digits, int count, int32_t exponent) {
    if (count > 38 || exponent > 38 || exponent == INT32_MIN) {
        return PFX_INVALID_ARGUMENT;
    }
    wide number = {0, {0}};
    for (int i = 0; i < count; i++) {
        number = wide_multiply(number, 10, digits[i]);
    }
    if (number.size == 0) {
        return pfx_key_put_long(key, 0);
    }
    return put_scaled(key, negative, number, -exponent);
}

/* ---- text and bytes ---- */

/* Append code points as UTF-8 to reserved memory. */
static inline void put_point(pfx_key *key, uint32_t point) {
    if (point < 0x80) {
        put_8(key, (uint8_t)point);
        return;
    }
    if (point < 0x800) {
        put_8(key, (uint8_t)(0xC0 | point >> 6));
    } else {
        if (point < 0x10000) {
            put_8(key, (uint8_t)(0xE0 | point >> 12));
        } else {
            put_8(key, (uint8_t)(0xF0 | point >> 18));
            put_8(key, (uint8_t)(0x80 | (point >> 12 & 0x3F)));
        }
        put_8(key, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
    }
    put_8(key, (uint8_t)(0x80 | (point & 0x3F)));
}

static int is_ascii(const uint8_t *points, int64_t length) {
    uint8_t any = 0;
    for (int64_t i = 0; i < length; i++) {
        any |= points[i];
    }
    return any < 0x80;
}

pfx_status pfx_key_put_name(pfx_key *key, int width, const void *points, int64_t length) {
    if (width != 1 && width != 2 && width != 4) {
        return PFX_INVALID_ARGUMENT;
    }
    if (length > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    /* One byte a point that fits one, else at most two, three and four bytes a point of width 1, 2 and 4. */
    int ascii = width == 1 && is_ascii(points, length);
    PFX_TRY(reserve(key, 4 + length * (ascii ? 1 : width == 4 ? 4 : width + 1)));
    int64_t start = key->size;
    put_32(key, (uint32_t)length);
    if (ascii) {
        put_raw(key, points, length);
        return PFX_OK;
    }
    for (int64_t i = 0; i < length; i++) {
        if (width == 1) {
            put_point(key, ((const uint8_t *)points)[i]);
        } else if (width == 2) {
            put_point(key, ((const uint16_t *)points)[i]);
        } else {
            put_point(key, ((const uint32_t *)points)[i]);
        }
    }
    int64_t end = key->size;
    if (end - start - 4 > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    key->size = start;
    put_32(key, (uint32_t)(end - start - 4));
    key->size = end;
    return PFX_OK;
}

pfx_status pfx_key_put_text(pfx_key *key, int width, const void *points, int64_t length) {
    PFX_TRY(pfx_key_begin(key, PFX_KEY_STRING));
    return pfx_key_put_name(key, width, points, length);
}

pfx_status pfx_key_put_utf8(pfx_key *key, const void *text, int64_t size) {
    return put_sized(key, PFX_KEY_STRING, text, size);
}

pfx_status pfx_key_put_bytes(pfx_key *key, const void *data, int64_t size) {
    return put_sized(key, PFX_KEY_BYTES, data, size);
}

/* ---- dates and times ---- */

pfx_status pfx_key_put_date(pfx_key *key, int32_t days) {
    PFX_TRY(reserve(key, 5));
    put_8(key, PFX_KEY_DATE);
    put_32(key, (uint32_t)days);
    return PFX_OK;
}

pfx_status pfx_key_put_micros(pfx_key *key, pfx_key_tag tag, int64_t micros) {
    PFX_TRY(reserve(key, 9));
    put_8(key, (uint8_t)tag);
    put_64(key, (uint64_t)micros);
    return PFX_OK;
}

pfx_status pfx_key_put_duration(pfx_key *key, int32_t days, int64_t micros) {
    PFX_TRY(reserve(key, 13));
    put_8(key, PFX_KEY_DURATION);
    put_32(key, (uint32_t)days);
    put_64(key, (uint64_t)micros);
    return PFX_OK;
}

/* ---- composites ---- */

pfx_status pfx_key_put_uuid(pfx_key *key, const uint8_t bytes[16]) {
    PFX_TRY(reserve(key, 17));
    put_8(key, PFX_KEY_UUID);
    put_raw(key, bytes, 16);
    return PFX_OK;
}

pfx_status pfx_key_begin(pfx_key *key, pfx_key_tag tag) {
    return pfx_key_put_byte(key, (uint8_t)tag);
}

pfx_status pfx_key_put_byte(pfx_key *key, uint8_t value) {
    PFX_TRY(reserve(key, 1));
    put_8(key, value);
    return PFX_OK;
}

pfx_status pfx_key_put_count(pfx_key *key, int64_t count) {
    if (count > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    PFX_TRY(reserve(key, 4));
    put_32(key, (uint32_t)count);
    return PFX_OK;
}
