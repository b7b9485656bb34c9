#include "pfx/decimal.h"

#include <string.h>

#include "pfx/endian.h"

#define BILLION 1000000000u

/* Four 32-bit limbs, least significant first. */
typedef struct wide {
    uint32_t limb[4];
} wide;

static void wide_negate(wide *number) {
    uint64_t carry = 1;
    for (int i = 0; i < 4; i++) {
        carry += (uint32_t)~number->limb[i];
        number->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void wide_multiply_add(wide *number, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (int i = 0; i < 4; i++) {
        carry += (uint64_t)number->limb[i] * factor;
        number->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* Divide by 10^9 and return the remainder. */
static uint32_t wide_shift_digits(wide *number) {
    uint64_t rest = 0;
    for (int i = 3; i >= 0; i--) {
        uint64_t part = rest << 32 | number->limb[i];
        number->limb[i] = (uint32_t)(part / BILLION);
        rest = part % BILLION;
    }
    return (uint32_t)rest;
}

static int wide_is_zero(const wide *number) {
    return (number->limb[0] | number->limb[1] | number->limb[2] | number->limb[3]) == 0;
}

static int write_number(char *text, int64_t number) {
    char digits[20];
    int count = 0;
    int written = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (number < 0) {
        text[written++] = '-';
    }
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    while (count > 0) {
        text[written++] = digits[--count];
    }
    return written;
}

int pfx_decimal_format(const uint8_t value[16], int32_t scale, char *text) {
    wide number;
    char digits[45];
    int count = 0;
    int written = 0;
    for (int i = 0; i < 4; i++) {
        number.limb[i] = (uint32_t)pfx_load_i32(value + 4 * i);
    }
    if (number.limb[3] >> 31) {
        wide_negate(&number);
        text[written++] = '-';
    }
    do {
        uint32_t group = wide_shift_digits(&number);
        for (int i = 0; i < 9; i++) {
            digits[count++] = (char)('0' + group % 10);
            group /= 10;
        }
    } while (!wide_is_zero(&number));
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    while (count > 0) {
        text[written++] = digits[--count];
    }
    text[written++] = 'E';
    return written + write_number(text + written, -(int64_t)scale);
}

/* Read an exponent's digits, stopping at numbers far beyond any that fits. */
static pfx_status parse_exponent(const char *at, const char *end, int64_t *out) {
    int negative = 0;
    int64_t value = 0;
    if (at < end && (*at == '+' || *at == '-')) {
        negative = *at++ == '-';
    }
    if (at == end) {
        return PFX_INVALID_ARGUMENT;
    }
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return PFX_INVALID_ARGUMENT;
        }
        if (value < 1000000000000) {
            value = value * 10 + (*at - '0');
        }
    }
    *out = negative ? -value : value;
    return PFX_OK;
}

pfx_status pfx_decimal_parse(const char *text, int64_t length, int32_t precision, int32_t scale, uint8_t value[16]) {
    const char *at = text;
    const char *end = text + length;
    wide number = {{0, 0, 0, 0}};
    int negative = 0;
    int point = 0;
    int64_t seen = 0;        /* digits of any kind */
    int64_t significant = 0; /* digits taken into number, from the first one that is not 0 */
    int64_t zeros = 0;       /* zeros read since, not yet taken */
    int64_t exponent = 0;    /* of the last digit read */
    if (at < end && (*at == '+' || *at == '-')) {
        negative = *at++ == '-';
    }
    for (; at < end && (*at == '.' || (*at >= '0' && *at <= '9')); at++) {
        if (*at == '.') {
            if (point) {
                return PFX_INVALID_ARGUMENT;
            }
            point = 1;
            continue;
        }
        seen++;
        exponent -= point;
        if (*at == '0') {
            zeros += significant > 0;
            continue;
        }
        if (significant + zeros + 1 > 38) {
            /* Too many digits, whatever the exponent: some stand before the last place or after it. */
            significant = 39;
            zeros = 0;
            continue;
        }
        for (; zeros > 0; zeros--, significant++) {
            wide_multiply_add(&number, 10, 0);
        }
        wide_multiply_add(&number, 10, (uint32_t)(*at - '0'));
        significant++;
    }
    if (seen == 0) {
        return PFX_INVALID_ARGUMENT;
    }
    if (at < end) {
        int64_t written = 0;
        if (*at != 'e' && *at != 'E') {
            return PFX_INVALID_ARGUMENT;
        }
        PFX_TRY(parse_exponent(at + 1, end, &written));
        exponent += written;
    }
    if (significant > 0) {
        /* number * 10^shift is the value in units of 10^-scale. */
        int64_t shift = exponent + zeros + scale;
        if (shift < 0) {
            return PFX_OUT_OF_RANGE;
        }
        if (significant > precision || shift > precision - significant) {
            return PFX_OVERFLOW;
        }
        for (; shift > 0; shift--) {
            wide_multiply_add(&number, 10, 0);
        }
    }
    if (negative) {
        wide_negate(&number);
    }
    for (int i = 0; i < 4; i++) {
        pfx_store_i32(value + 4 * i, (int32_t)number.limb[i]);
    }
    return PFX_OK;
}
