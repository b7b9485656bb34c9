/* Numbers out of decimal text.
 *
 * A double is the one nearest to the decimal number, ties to the even one, always: by 128-bit products where these
 * decide (D. Lemire, "Number Parsing at a Gigabyte per Second", Software: Practice and Experience 51 (8), 2021), else
 * by comparing the decimal number with the middle between the two doubles in question, digit for digit (W. D. Clinger,
 * "How to Read Floating Point Numbers Accurately", PLDI 1990). Neither the C library nor the locale has a part in it.
 */
#ifndef PFX_NUMBER_H
#define PFX_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/status.h"

/* A number as it stands in a text: digits * 10^exponent, where `digits` are its first 19 significant ones. */
typedef struct pfx_number {
    uint64_t digits;
    int64_t exponent;
    bool negative;
    bool plus;   /* a + before it */
    bool whole;  /* neither a point nor an exponent */
    bool cut;    /* more significant digits follow */
    bool zeroed; /* more than one digit before the point, the first of them 0 */
    bool bare;   /* no digit before the point, or none after it */
} pfx_number;

/* Read the number that begins at `at`: a sign or none, digits with a point or none, an exponent or none. Returns where
 * it ends, or NULL when there is none before `end`. An `e` without digits behind it is not of the number. */
const char *pfx_number_scan(const char *at, const char *end, pfx_number *out);

/* The whole number that was read. PFX_INVALID_ARGUMENT when it has a point or an exponent, PFX_OVERFLOW when it does
 * not fit. */
pfx_status pfx_number_int64(const pfx_number *number, int64_t *value);

/* The double nearest to what was read from `text` to `end`; an infinity beyond the largest, zeros keep their sign. */
double pfx_number_double(const pfx_number *number, const char *text, const char *end);

/* The whole number that `length` characters are: a sign or none, and digits. PFX_INVALID_ARGUMENT when they are none,
 * PFX_OVERFLOW when it does not fit. */
pfx_status pfx_int64_parse(const char *text, int64_t length, int64_t *value);

/* The double that `length` characters are. PFX_INVALID_ARGUMENT when they are no number ("nan" and "inf" are none). */
pfx_status pfx_double_parse(const char *text, int64_t length, double *value);

#endif
