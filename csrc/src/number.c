#include "pfx/number.h"

#include <string.h>

#include "powers_of_ten.h"

__extension__ typedef unsigned __int128 uint128;

#define MOST_DIGITS 19 /* that surely fit 64 bits */
#define FRACTION_BITS 52
#define GREATEST_FINITE 308 /* power of ten below the largest double */
#define INFINITE_EXPONENT 2047
#define HIDDEN_BIT (UINT64_C(1) << FRACTION_BITS)

static inline bool is_digit(char character) {
    return (unsigned char)(character - '0') < 10;
}

static const char *scan_exponent(const char *at, const char *end, pfx_number *out) {
    const char *from = at++;
    bool negative = false;
    int64_t value = 0;
    if (at < end && (*at == '+' || *at == '-')) {
        negative = *at++ == '-';
    }
    if (at == end || !is_digit(*at)) {
        return from;
    }
    for (; at < end && is_digit(*at); at++) {
        if (value < INT64_C(1) << 40) { /* far beyond what any text's digits could make up for */
            value = value * 10 + (*at - '0');
        }
    }
    out->exponent += negative ? -value : value;
    out->whole = false;
    return at;
}

const char *pfx_number_scan(const char *at, const char *end, pfx_number *out) {
    uint64_t digits = 0;
    int64_t exponent = 0;
    int64_t places;
    int taken = 0; /* digits from the first that is not 0, until they are too many */
    const char *before, *point;
    memset(out, 0, sizeof *out);
    out->whole = true;
    if (at < end && (*at == '-' || *at == '+')) {
        out->negative = *at == '-';
        out->plus = *at == '+';
        at++;
    }
    before = at;
    for (; at < end && is_digit(*at); at++) {
        if (taken == MOST_DIGITS) {
            out->cut |= *at != '0';
            exponent++;
        } else {
            digits = digits * 10 + (uint64_t)(*at - '0');
            taken += digits != 0;
        }
    }
    places = at - before;
    out->zeroed = places > 1 && *before == '0';
    out->bare = places == 0;
    if (at < end && *at == '.') {
        point = ++at;
        for (; at < end && is_digit(*at); at++) {
            if (taken == MOST_DIGITS) {
                out->cut |= *at != '0';
            } else {
                digits = digits * 10 + (uint64_t)(*at - '0');
                taken += digits != 0;
                exponent--;
            }
        }
        places += at - point;
        out->bare |= at == point;
        out->whole = false;
    }
    if (places == 0) {
        return NULL;
    }
    out->digits = digits;
    out->exponent = exponent;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = scan_exponent(at, end, out);
    }
    return at;
}

pfx_status pfx_number_int64(const pfx_number *number, int64_t *value) {
    uint64_t limit = (uint64_t)INT64_MAX + number->negative;
    if (!number->whole) {
        return PFX_INVALID_ARGUMENT;
    }
    if (number->exponent != 0 || number->digits > limit) { /* digits that were not taken: 10^19 at least */
        return PFX_OVERFLOW;
    }
    *value = (int64_t)(number->negative ? 0 - number->digits : number->digits);
    return PFX_OK;
}

pfx_status pfx_int64_parse(const char *text, int64_t length, int64_t *value) {
    const char *at = text;
    const char *end = text + length;
    bool negative = false;
    uint64_t digits = 0;
    if (at < end && (*at == '-' || *at == '+')) {
        negative = *at++ == '-';
    }
    if (at == end) {
        return PFX_INVALID_ARGUMENT;
    }
    if (end - at > MOST_DIGITS) {
        pfx_number number;
        const char *stop = pfx_number_scan(text, end, &number);
        return stop != end ? PFX_INVALID_ARGUMENT : pfx_number_int64(&number, value);
    }
    for (; at < end; at++) {
        if (!is_digit(*at)) {
            return PFX_INVALID_ARGUMENT;
        }
        digits = digits * 10 + (uint64_t)(*at - '0');
    }
    if (digits > (uint64_t)INT64_MAX + negative) {
        return PFX_OVERFLOW;
    }
    *value = (int64_t)(negative ? 0 - digits : digits);
    return PFX_OK;
}

/* ---- doubles: by products of 128 bits ---- */

static inline double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The bits of the double nearest to digits * 10^power, with digits > 0; *sure says whether it is: else it may be a
 * neighbour. It is algorithm 1 of the paper that the header names. */
static uint64_t nearest(uint64_t digits, int64_t power, bool *sure) {
    *sure = true;
    if (power < PFX_LEAST_POWER) {
        return 0;
    }
    if (power > GREATEST_FINITE) {
        return (uint64_t)INFINITE_EXPONENT << FRACTION_BITS;
    }
    int zeros = __builtin_clzll(digits);
    uint64_t wide = digits << zeros;
    const uint64_t *factor = pfx_powers_of_ten + 2 * (power - PFX_LEAST_POWER);
    uint128 product = (uint128)wide * factor[0];
    uint64_t high = (uint64_t)(product >> 64);
    uint64_t low = (uint64_t)product;
    if ((high & 0x1ff) == 0x1ff) { /* the bits that will be rounded away do not decide */
        /* Reciprocals that are known to their last bit are taken one too large. */
        uint64_t rest = factor[1] + (power < 0 && power >= -27);
        uint64_t more = (uint64_t)((uint128)wide * rest >> 64);
        low += more;
        high += low < more;
        *sure = low != UINT64_MAX || (power >= -27 && power <= 55);
    }
    int upper = (int)(high >> 63);
    uint64_t fraction = high >> (upper + 9);
    int64_t exponent = ((217706 * power) >> 16) + 63 + 1023 + upper - zeros;
    if (exponent <= 0) { /* too small for a hidden bit */
        if (exponent < -62) {
            return 0;
        }
        fraction >>= 1 - exponent;
        return (fraction + (fraction & 1)) >> 1;
    }
    /* Just in the middle between two doubles, which only a product without a rest can be: to the even one. */
    if (low <= 1 && power >= -4 && power <= 23 && (fraction & 3) == 1 && fraction << (upper + 9) == high) {
        fraction--;
    }
    fraction = (fraction + (fraction & 1)) >> 1;
    if (fraction >> (FRACTION_BITS + 1)) {
        fraction >>= 1;
        exponent++;
    }
    if (exponent >= INFINITE_EXPONENT) {
        return (uint64_t)INFINITE_EXPONENT << FRACTION_BITS;
    }
    return (uint64_t)exponent << FRACTION_BITS | (fraction & (HIDDEN_BIT - 1));
}

/* ---- doubles: by comparing all digits ---- */

/* Doubles and the middles between them have up to 767 significant digits: more of them only matter for not being 0. */
#define COMPARED_DIGITS 800
/* Of 800 digits times 2^1075, and of a double times 10^1150. */
#define LIMBS 136

typedef struct large {
    int32_t limbs; /* in use; the highest is not 0 */
    uint32_t limb[LIMBS];
} large;

static void multiply_add(large *number, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (int32_t i = 0; i < number->limbs; i++) {
        carry += (uint64_t)number->limb[i] * factor;
        number->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0 && number->limbs < LIMBS) {
        number->limb[number->limbs++] = (uint32_t)carry;
    }
}

static void multiply_power(large *number, uint32_t base, int64_t power) {
    const int step = base == 10 ? 9 : 31;
    uint32_t full = 1;
    for (int i = 0; i < step; i++) {
        full *= base;
    }
    for (; power >= step; power -= step) {
        multiply_add(number, full, 0);
    }
    for (; power > 0; power--) {
        multiply_add(number, base, 0);
    }
}

static int compare(const large *one, const large *other) {
    if (one->limbs != other->limbs) {
        return one->limbs < other->limbs ? -1 : 1;
    }
    for (int32_t i = one->limbs; i-- > 0;) {
        if (one->limb[i] != other->limb[i]) {
            return one->limb[i] < other->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The significant digits of a text, and the power of ten that they are to be multiplied by. */
static int64_t all_digits(const char *text, const char *end, large *out) {
    pfx_number tail = {.exponent = 0};
    int64_t exponent = 0;
    int64_t taken = 0;
    bool point = false, more = false;
    out->limbs = 0;
    for (; text < end && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            point = true;
        } else if (is_digit(*text)) {
            if (taken < COMPARED_DIGITS) {
                multiply_add(out, 10, (uint32_t)(*text - '0'));
                taken += out->limbs > 0;
                exponent -= point;
            } else {
                more |= *text != '0';
                exponent += !point;
            }
        }
    }
    if (more) {
        multiply_add(out, 10, 1);
        exponent--;
    }
    if (text < end) {
        scan_exponent(text, end, &tail);
    }
    return exponent + tail.exponent;
}

/* How digits * 10^exponent compares with the middle between the double of those bits and the next larger one. */
static int compare_middle(const large *digits, int64_t exponent, uint64_t bits) {
    large left = *digits;
    large right = {.limbs = 0};
    uint64_t fraction = bits & (HIDDEN_BIT - 1);
    int64_t power = (int64_t)(bits >> FRACTION_BITS);
    fraction = 2 * (power > 0 ? fraction | HIDDEN_BIT : fraction) + 1;
    power = (power > 0 ? power : 1) - 1023 - FRACTION_BITS - 1;
    right.limb[0] = (uint32_t)fraction;
    right.limb[1] = (uint32_t)(fraction >> 32);
    right.limbs = right.limb[1] != 0 ? 2 : 1;
    multiply_power(&left, 10, exponent);
    multiply_power(&right, 10, -exponent);
    multiply_power(&left, 2, -power);
    multiply_power(&right, 2, power);
    return compare(&left, &right);
}

/* The bits of the double nearest to the number of a text, which is at `bits` or at a neighbour. */
static uint64_t corrected(const char *text, const char *end, uint64_t bits) {
    const uint64_t infinite = (uint64_t)INFINITE_EXPONENT << FRACTION_BITS;
    large digits;
    int64_t exponent = all_digits(text, end, &digits);
    bits = bits > 0 ? bits - 1 : 0;
    while (bits < infinite) {
        int side = compare_middle(&digits, exponent, bits);
        if (side < 0 || (side == 0 && (bits & 1) == 0)) {
            break;
        }
        bits++;
    }
    return bits;
}

double pfx_number_double(const pfx_number *number, const char *text, const char *end) {
    static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const uint64_t sign = (uint64_t)number->negative << 63;
    uint64_t bits = 0;
    bool sure = true;
    /* Both are exact, so the quotient or product is the nearest double. */
    if (number->digits <= HIDDEN_BIT * 2 && number->exponent >= -22 && number->exponent <= 22 && !number->cut) {
        double value = (double)number->digits;
        value = number->exponent < 0 ? value / POWERS[-number->exponent] : value * POWERS[number->exponent];
        return number->negative ? -value : value;
    }
    if (number->digits != 0) {
        bits = nearest(number->digits, number->exponent, &sure);
        if (sure && number->cut) {
            sure = nearest(number->digits + 1, number->exponent, &sure) == bits && sure;
        }
        if (!sure) {
            bits = corrected(text, end, bits);
        }
    }
    return double_of(sign | bits);
}

pfx_status pfx_double_parse(const char *text, int64_t length, double *value) {
    pfx_number number;
    if (pfx_number_scan(text, text + length, &number) != text + length || length == 0) {
        return PFX_INVALID_ARGUMENT;
    }
    *value = pfx_number_double(&number, text, text + length);
    return PFX_OK;
}
