#include "pfx/shortest.h"

#include <string.h>

#include "pfx/key_hash.h"
#include "powers_of_ten.h"

static const char PAIRS[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

static int count_digits(uint64_t number) {
    int count = 1;
    for (;;) {
        if (number < 10) {
            return count;
        }
        if (number < 100) {
            return count + 1;
        }
        if (number < 1000) {
            return count + 2;
        }
        if (number < 10000) {
            return count + 3;
        }
        number /= 10000;
        count += 4;
    }
}

/* Write just so many digits. */
static void put_digits(uint64_t number, int count, uint8_t *text) {
    while (count >= 2) {
        count -= 2;
        memcpy(text + count, PAIRS + number % 100 * 2, 2);
        number /= 100;
    }
    if (count > 0) {
        text[0] = (uint8_t)('0' + number % 10);
    }
}

int pfx_int64_text(int64_t value, uint8_t *text) {
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int sign = value < 0;
    int count = count_digits(magnitude);
    text[0] = '-';
    put_digits(magnitude, count, text + sign);
    return sign + count;
}

/* floor(log10(2^e)), floor(log10(3/4 * 2^e)) and floor(log2(10^e)), for |e| < 1500. */
static int log10_of_power(int e) {
    return (e * 1262611) >> 22;
}

static int log10_of_three_quarters(int e) {
    return (e * 1262611 - 524031) >> 22;
}

static int log2_of_ten(int e) {
    return (e * 1741647) >> 19;
}

/* The product's upper part, its last bit set where the rest is not 0: a power's own error is less than the 1 here. */
static uint64_t round_to_odd(uint64_t high, uint64_t low, uint64_t factor) {
    pfx_uint128 upper = (pfx_uint128)factor * high;
    pfx_uint128 sum = upper + (uint64_t)(((pfx_uint128)factor * low) >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* The shortest decimal within the numbers that are rounded to c * 2^q; `closer` says that the lower neighbour is half
 * as far as the upper one. False when the power of ten is not in the table. */
static bool shortest(uint64_t c, int q, bool closer, decimal *out) {
    int k = closer ? log10_of_three_quarters(q) : log10_of_power(q);
    int h = q + log2_of_ten(-k) + 1;
    if (-k > PFX_GREATEST_POWER || -k < PFX_LEAST_POWER) {
        return false;
    }
    const uint64_t *power = pfx_powers_of_ten + 2 * (-k - PFX_LEAST_POWER);
    uint64_t low = power[1] + 1; /* from below to above */
    uint64_t high = power[0] + (low == 0);
    uint64_t odd = c & 1; /* an odd number's bounds belong to its neighbours */
    uint64_t lower = round_to_odd(high, low, (4 * c - 2 + closer) << h) + odd;
    uint64_t value = round_to_odd(high, low, (4 * c) << h);
    uint64_t upper = round_to_odd(high, low, (4 * c + 2) << h) - odd;
    uint64_t digits = value / 4;
    if (digits >= 10) {
        uint64_t tens = digits / 10;
        bool below = lower <= 40 * tens;
        bool above = 40 * tens + 40 <= upper;
        if (below != above) {
            *out = (decimal){tens + above, k + 1};
            return true;
        }
    }
    bool below = lower <= 4 * digits;
    bool above = 4 * digits + 4 <= upper;
    if (below == above) {
        uint64_t middle = 4 * digits + 2;
        above = value > middle || (value == middle && (digits & 1));
    }
    *out = (decimal){digits + above, k};
    return true;
}

/* Take so many zeros off the end, where they are there. */
static inline void strip(decimal *number, uint64_t power, int zeros) {
    if (number->digits % power == 0) {
        number->digits /= power;
        number->exponent += zeros;
    }
}

/* Java's layout. */
static int lay_out(decimal number, bool negative, uint8_t *text) {
    uint8_t digits[20];
    uint8_t *at = text;
    strip(&number, 100000000, 8);
    strip(&number, 100000000, 8);
    strip(&number, 10000, 4);
    strip(&number, 100, 2);
    strip(&number, 10, 1);
    int count = count_digits(number.digits);
    int point = count + number.exponent; /* digits before the point */
    *at = '-';
    at += negative;
    if (point > 0 && point <= 7) {
        put_digits(number.digits, count, digits);
        int whole = point < count ? point : count;
        memcpy(at, digits, (size_t)whole);
        memset(at + whole, '0', (size_t)(point - whole));
        at += point;
        *at++ = '.';
        if (count > point) {
            memcpy(at, digits + point, (size_t)(count - point));
            return (int)(at - text) + count - point;
        }
        *at++ = '0';
        return (int)(at - text);
    }
    if (point > -3 && point <= 0) {
        memcpy(at, "0.00", 4);
        at += 2 - point;
        put_digits(number.digits, count, at);
        return (int)(at - text) + count;
    }
    put_digits(number.digits, count, digits);
    *at++ = digits[0];
    *at++ = '.';
    if (count > 1) {
        memcpy(at, digits + 1, (size_t)(count - 1));
        at += count - 1;
    } else {
        *at++ = '0';
    }
    *at++ = 'E';
    return (int)(at - text) + pfx_int64_text(point - 1, at);
}

static int put_zero(bool negative, uint8_t *text) {
    memcpy(text, "-0.0", 4);
    if (!negative) {
        memcpy(text, "0.0", 3);
    }
    return negative ? 4 : 3;
}

/* Whether six digits after the point and fifteen in all give the number: then these are the shortest ones, as no other
 * decimal of fifteen digits gives it. */
static inline bool is_short(double value, decimal *out) {
    double scaled = (value < 0 ? -value : value) * 1e6;
    if (!(scaled < 1e15)) {
        return false;
    }
    uint64_t digits = (uint64_t)(scaled + 0.5);
    if (digits == 0 || (double)digits / 1e6 != (value < 0 ? -value : value)) {
        return false;
    }
    *out = (decimal){digits, -6};
    return true;
}

int pfx_double_text(double value, uint8_t *text) {
    uint64_t bits;
    decimal number;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 63;
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7ff);
    if (value == 0) {
        return put_zero(negative, text);
    }
    if (exponent == 0x7ff || exponent == 0) {
        return 0;
    }
    if (is_short(value, &number)) {
        return lay_out(number, negative, text);
    }
    if (!shortest(fraction | UINT64_C(1) << 52, exponent - 1075, fraction == 0 && exponent > 1, &number)) {
        return 0;
    }
    return lay_out(number, negative, text);
}

int pfx_float_text(float value, uint8_t *text) {
    uint32_t bits;
    decimal number;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 31;
    uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
    int exponent = (int)(bits >> 23 & 0xff);
    if (value == 0) {
        return put_zero(negative, text);
    }
    bool power = fraction == 0 && exponent > 1; /* of two, which Java prints with more digits where these are closer */
    if (exponent == 0xff || exponent == 0 || (power && (exponent < 127 - 13 || exponent > 127 + 23))) {
        return 0;
    }
    if (!shortest(fraction | UINT32_C(1) << 23, exponent - 150, power, &number)) {
        return 0;
    }
    return lay_out(number, negative, text);
}
