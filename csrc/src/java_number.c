#include "pfx/java_number.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "pfx/key_hash.h"
#include "pfx/number_text.h"
#include "powers_of_ten.h"

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

/* The shortest decimal among the numbers that are rounded to c * 2^q, where |q| < 200, as pfx_double_digits finds it;
 * `closer` says that the lower neighbour is half as far as the upper one. */
static decimal shortest(uint64_t c, int q, bool closer) {
    int k = closer ? log10_of_three_quarters(q) : log10_of_power(q);
    int h = q + log2_of_ten(-k) + 1;
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
            return (decimal){tens + above, k + 1};
        }
    }
    bool below = lower <= 4 * digits;
    bool above = 4 * digits + 4 <= upper;
    if (below == above) {
        uint64_t middle = 4 * digits + 2;
        above = value > middle || (value == middle && (digits & 1));
    }
    return (decimal){digits + above, k};
}

/* Java's layout of digits that do not end with a zero. */
static int lay_out(decimal number, bool negative, char *to) {
    char digits[PFX_INT64_TEXT];
    char *at = to;
    int count = pfx_unsigned_text(number.digits, digits);
    int point = count + number.exponent; /* digits before the point */
    *at = '-';
    at += negative;
    if (point > 0 && point <= 7) {
        int whole = point < count ? point : count;
        memcpy(at, digits, (size_t)whole);
        memset(at + whole, '0', (size_t)(point - whole));
        at += point;
        *at++ = '.';
        *at = '0';
        memcpy(at, digits + whole, (size_t)(count - whole));
        return (int)(at - to) + (count > whole ? count - whole : 1);
    }
    if (point > -3 && point <= 0) {
        memcpy(at, "0.00", 4);
        memcpy(at + 2 - point, digits, (size_t)count);
        return (int)(at - to) + 2 - point + count;
    }
    at[0] = digits[0];
    at[1] = '.';
    at[2] = '0';
    memcpy(at + 2, digits + 1, (size_t)(count - 1));
    at += count > 1 ? count + 1 : 3;
    *at++ = 'E';
    return (int)(at - to) + pfx_signed_text(point - 1, at);
}

static int put_zero(bool negative, char *to) {
    memcpy(to, negative ? "-0.0" : "0.0", negative ? 4 : 3);
    return negative ? 4 : 3;
}

int pfx_double_java(double value, char *to) {
    uint64_t bits;
    decimal number;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 63;
    int exponent = (int)(bits >> 52 & 0x7ff);
    if (value == 0) {
        return put_zero(negative, to);
    }
    if (exponent == 0x7ff || exponent == 0) {
        return 0;
    }
    number.digits = pfx_double_digits(negative ? -value : value, &number.exponent);
    return lay_out(number, negative, to);
}

int pfx_float_java(float value, char *to) {
    uint32_t bits;
    decimal number;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 31;
    uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
    int exponent = (int)(bits >> 23 & 0xff);
    if (value == 0) {
        return put_zero(negative, to);
    }
    bool power = fraction == 0 && exponent > 1; /* of two, which Java prints with more digits where these are closer */
    if (exponent == 0xff || exponent == 0 || (power && (exponent < 127 - 13 || exponent > 127 + 23))) {
        return 0;
    }
    number = shortest(fraction | UINT32_C(1) << 23, exponent - 150, power);
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        number.exponent++;
    }
    return lay_out(number, negative, to);
}
