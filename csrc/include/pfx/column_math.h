/* Arithmetic on whole columns of int64. The caller owns all memory. */
#ifndef PFX_COLUMN_MATH_H
#define PFX_COLUMN_MATH_H

#include <stdint.h>

#include "pfx/status.h"

typedef enum pfx_math {
    PFX_MATH_ADD = 0,
    PFX_MATH_SUBTRACT = 1,
    PFX_MATH_MULTIPLY = 2,
    PFX_MATH_FLOOR_DIVIDE = 3,
    PFX_MATH_MODULO = 4
} pfx_math;

/* The largest of `length` values; INT64_MIN for none. */
int64_t pfx_int64_largest(const int64_t *values, int64_t length);

/* Write `length` results. A step of 0 takes the operand's first value for every row, 1 each row's own. Division and
 * remainder round down, so a remainder has the divisor's sign. Rows whose `valid` byte is 0 (`valid` may be NULL) get
 * whatever. PFX_OVERFLOW for a result that does not fit, and for a division by zero, with its row in *row. */
pfx_status pfx_int64_math(pfx_math operation, const int64_t *left, int64_t left_step, const int64_t *right,
                          int64_t right_step, const uint8_t *valid, int64_t length, int64_t *to, int64_t *row);

#endif
