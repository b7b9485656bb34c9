#include "pfx/number_text.h"

#include <string.h>

#include "powers_of_ten.h"

__extension__ typedef unsigned __int128 uint128;

#define FRACTION_BITS 52
#define HIDDEN_BIT (UINT64_C(1) << FRACTION_BITS)

static const char PAIRS[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
    "9899";

static int digits_of(uint64_t value) {
    int count = 1;
    for (; value >= 10000; value /= 10000) {
        count += 4;
    }
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Write just `count` digits. */
static void put_digits(uint64_t value, int count, char *to) {
    while (count >= 2) {
        count -= 2;
        memcpy(to + count, PAIRS + 2 * (value % 100), 2);
        value /= 100;
    }
    if (count == 1) {
        *to = (char)('0' + value % 10);
    }
}

int pfx_unsigned_text(uint64_t value, char *to) {
    int count = digits_of(value);
    put_digits(value, count, to);
    return count;
}

int pfx_signed_text(int64_t value, char *to) {
    if (value >= 0) {
        return pfx_unsigned_text((uint64_t)value, to);
    }
    *to = '-';
    return 1 + pfx_unsigned_text(0 - (uint64_t)value, to + 1);
}

/* The high 64 bits of factor * 2^-64 * value, its last bit set when what is cut off is not 0 (section 9.6). */
static uint64_t round_to_odd(uint64_t high, uint64_t low, uint64_t value) {
    uint64_t rest = (uint64_t)((uint128)low * value >> 64);
    uint128 product = (uint128)high * value + rest;
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

static uint64_t without_zeros(uint64_t digits, int *exponent) {
    while (digits % 100 == 0) {
        digits /= 100;
        *exponent += 2;
    }
    if (digits % 10 == 0) {
        digits /= 10;
        ++*exponent;
    }
    return digits;
}

/* Whether six digits behind the point, and fifteen in all, are the number: no other decimal of so few digits is. */
static int is_short(double value, uint64_t *digits) {
    double scaled = value * 1e6;
    if (!(scaled < 1e15)) {
        return 0;
    }
    *digits = (uint64_t)(scaled + 0.5);
    return *digits != 0 && (double)*digits / 1e6 == value;
}

uint64_t pfx_double_digits(double value, int *exponent) {
    uint64_t bits;
    uint64_t few;
    if (is_short(value, &few)) {
        *exponent = -6;
        return without_zeros(few, exponent);
    }
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & (HIDDEN_BIT - 1);
    int power = (int)(bits >> FRACTION_BITS) & 0x7ff;
    uint64_t c = power > 0 ? fraction | HIDDEN_BIT : fraction;
    int q = (power > 0 ? power : 1) - 1075;
    if (q <= 0 && q > -FRACTION_BITS - 1 && (c & ((UINT64_C(1) << -q) - 1)) == 0) { /* a whole number */
        *exponent = 0;
        return without_zeros(c >> -q, exponent);
    }
    int odd = (int)(c & 1);
    /* The smaller neighbour of a power of two is nearer than the larger one. */
    int uneven = fraction == 0 && power > 1;
    int k = (q * 1262611 - (uneven ? 524031 : 0)) >> 22;
    int h = q + ((-k * 1741647) >> 19) + 1;
    const uint64_t *factor = pfx_powers_of_ten + 2 * (-k - PFX_LEAST_POWER);
    uint64_t high = factor[0];
    uint64_t low = factor[1];
    if (k > 0 || k < -55) { /* rounded up, where it is not exact */
        low++;
        high += low == 0;
    }
    uint64_t below = round_to_odd(high, low, (4 * c - 2 + (uint64_t)uneven) << h) + (uint64_t)odd;
    uint64_t here = round_to_odd(high, low, 4 * c << h);
    uint64_t above = round_to_odd(high, low, (4 * c + 2) << h) - (uint64_t)odd;
    uint64_t s = here / 4;
    *exponent = k;
    if (s >= 10) {
        uint64_t tens = s / 10;
        int under = below <= 40 * tens;
        int over = 40 * tens + 40 <= above;
        if (under != over) {
            ++*exponent;
            return without_zeros(tens + (uint64_t)over, exponent);
        }
    }
    int under = below <= 4 * s;
    int over = 4 * s + 4 <= above;
    if (under != over) {
        return without_zeros(s + (uint64_t)over, exponent);
    }
    uint64_t middle = 4 * s + 2;
    return without_zeros(s + (here > middle || (here == middle && (s & 1))), exponent);
}

int pfx_double_repr(double value, char *to) {
    char *from = to;
    uint64_t bits;
    int exponent;
    memcpy(&bits, &value, sizeof bits);
    if (value != value) {
        memcpy(to, "nan", 3);
        return 3;
    }
    if (bits >> 63) {
        *to++ = '-';
        value = -value;
    }
    if (value == 0 || value > 1.7976931348623157e308) {
        memcpy(to, value == 0 ? "0.0" : "inf", 3);
        return (int)(to + 3 - from);
    }
    uint64_t digits = pfx_double_digits(value, &exponent);
    int count = digits_of(digits);
    int point = count + exponent; /* digits before it */
    if (point > 16 || point <= -4) {
        put_digits(digits, count, to + 1);
        to[0] = to[1];
        to[1] = '.';
        to += count > 1 ? count + 1 : 1;
        int power = point - 1;
        *to++ = 'e';
        *to++ = power < 0 ? '-' : '+';
        power = power < 0 ? -power : power;
        int places = power >= 100 ? 3 : 2;
        put_digits((uint64_t)power, places, to);
        to += places;
    } else if (point <= 0) {
        memcpy(to, "0.000", 5);
        put_digits(digits, count, to + 2 - point);
        to += 2 - point + count;
    } else if (point >= count) {
        put_digits(digits, count, to);
        memset(to + count, '0', (size_t)(point - count));
        memcpy(to + point, ".0", 2);
        to += point + 2;
    } else {
        put_digits(digits, count, to + 1);
        memmove(to, to + 1, (size_t)point);
        to[point] = '.';
        to += count + 1;
    }
    return (int)(to - from);
}
