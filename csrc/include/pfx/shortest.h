/* Floats as Java prints them: the shortest digits that give the same number, as 0.1, 1.0, 1.0E10.
 *
 * The digits are those of R. Giulietti, "The Schubfach way to render doubles" (2021), which of several shortest ones
 * are the closest. */
#ifndef PFX_SHORTEST_H
#define PFX_SHORTEST_H

#include <stdbool.h>
#include <stdint.h>

/* Characters that a number has at most. */
#define PFX_SHORTEST_TEXT 32

/* Write a number to `text` and return how many characters it has; 0 for what is left to the caller: infinities, NaN,
 * numbers so close to 0 (below 1e-291 and 1.2e-38) that they have too few digits or none of the powers needed, and
 * floats that are very large or small powers of two. */
int pfx_double_text(double value, uint8_t *text);
int pfx_float_text(float value, uint8_t *text);

/* Write a whole number and return how many characters it has, at most 20. */
int pfx_int64_text(int64_t value, uint8_t *text);

#endif
