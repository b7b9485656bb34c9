/* Arrow's 128-bit decimals (two's complement, least significant byte first) to and from text. */
#ifndef PFX_DECIMAL_H
#define PFX_DECIMAL_H

#include <stdint.h>

#include "pfx/status.h"

/* Characters that pfx_decimal_format writes at most: a sign, 39 digits, "E", a sign and 10 digits. */
#define PFX_DECIMAL_TEXT 52

/* Write value * 10^-scale as `digits`E`-scale` into text (PFX_DECIMAL_TEXT characters, no terminator) and return the
 * number of characters. */
int pfx_decimal_format(const uint8_t value[16], int32_t scale, char *text);

/* Parse `length` characters (an optional sign, digits with an optional point, an optional exponent) as a decimal of at
 * most `precision` (1 to 38) digits, `scale` of them after the point. PFX_INVALID_ARGUMENT for anything else (such as
 * NaN); PFX_OUT_OF_RANGE when digits after the point would be lost; PFX_OVERFLOW when there are too many before it. */
pfx_status pfx_decimal_parse(const char *text, int64_t length, int32_t precision, int32_t scale, uint8_t value[16]);

#endif
