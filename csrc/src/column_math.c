#include "pfx/column_math.h"

#include <stddef.h>

int64_t pfx_int64_largest(const int64_t *values, int64_t length) {
    int64_t largest = INT64_MIN;
    for (int64_t i = 0; i < length; i++) {
        largest = values[i] > largest ? values[i] : largest;
    }
    return largest;
}

static inline int is_valid(const uint8_t *valid, int64_t row) {
    return valid == NULL || valid[row] != 0;
}

/* Whether one row's result does not fit; *to gets the result, wrapped around if it does not. */
static inline int calculate(pfx_math operation, int64_t left, int64_t right, int64_t *to) {
    switch (operation) {
    case PFX_MATH_ADD:
        return __builtin_add_overflow(left, right, to);
    case PFX_MATH_SUBTRACT:
        return __builtin_sub_overflow(left, right, to);
    case PFX_MATH_MULTIPLY:
        return __builtin_mul_overflow(left, right, to);
    case PFX_MATH_FLOOR_DIVIDE:
    case PFX_MATH_MODULO:
        *to = 0;
        if (right == 0) {
            return 1;
        }
        if (right == -1) {
            return operation == PFX_MATH_FLOOR_DIVIDE && __builtin_sub_overflow((int64_t)0, left, to);
        }
        if (operation == PFX_MATH_FLOOR_DIVIDE) {
            *to = left / right - (left % right != 0 && (left < 0) != (right < 0));
        } else {
            int64_t rest = left % right;
            *to = rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest;
        }
        return 0;
    }
    return 1;
}

/* A pass of its own finds the row, so that the common one has no branch. */
static pfx_status find_row(pfx_math operation, const int64_t *left, int64_t left_step, const int64_t *right,
                           int64_t right_step, const uint8_t *valid, int64_t length, int64_t *row) {
    for (int64_t i = 0; i < length; i++) {
        int64_t ignored;
        if (is_valid(valid, i) && calculate(operation, left[i * left_step], right[i * right_step], &ignored)) {
            *row = i;
            return PFX_OVERFLOW;
        }
    }
    return PFX_OK;
}

#define EACH(operation)                                                                    \
    for (int64_t i = 0; i < length; i++) {                                                 \
        wrong |= calculate(operation, left[i * left_step], right[i * right_step], &to[i]); \
    }                                                                                      \
    break

pfx_status pfx_int64_math(pfx_math operation, const int64_t *left, int64_t left_step, const int64_t *right,
                          int64_t right_step, const uint8_t *valid, int64_t length, int64_t *to, int64_t *row) {
    int wrong = 0;
    switch (operation) {
    case PFX_MATH_ADD:
        EACH(PFX_MATH_ADD);
    case PFX_MATH_SUBTRACT:
        EACH(PFX_MATH_SUBTRACT);
    case PFX_MATH_MULTIPLY:
        EACH(PFX_MATH_MULTIPLY);
    case PFX_MATH_FLOOR_DIVIDE:
        EACH(PFX_MATH_FLOOR_DIVIDE);
    case PFX_MATH_MODULO:
        EACH(PFX_MATH_MODULO);
    default:
        return PFX_INVALID_ARGUMENT;
    }
    /* What went wrong may lie under nulls only. */
    return wrong ? find_row(operation, left, left_step, right, right_step, valid, length, row) : PFX_OK;
}
