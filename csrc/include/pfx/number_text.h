/* Numbers as decimal text.
 *
 * Of a double, the shortest digits that give it back, and of these the closest: R. Giulietti, "The Schubfach way to
 * render doubles" (2020). */
#ifndef PFX_NUMBER_TEXT_H
#define PFX_NUMBER_TEXT_H

#include <stdint.h>

/* Characters that are written at most. */
#define PFX_INT64_TEXT 20
#define PFX_DOUBLE_TEXT 24

/* The number of characters of a whole number written to `to`. */
int pfx_unsigned_text(uint64_t value, char *to);
int pfx_signed_text(int64_t value, char *to);

/* The digits of a finite double that is greater than 0: value = digits * 10^exponent, digits without zeros at the end.
 */
uint64_t pfx_double_digits(double value, int *exponent);

/* The number of characters of a double as Python's repr() shows it, written to `to`. */
int pfx_double_repr(double value, char *to);

#endif
