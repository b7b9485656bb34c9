/* Values of narrow columns (numbers of up to 64 bits, bools, dates, times) as 64-bit words, so that what works on them
 * needs no code per type; and back. */
#ifndef PFX_WORDS_H
#define PFX_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "pfx/arrow.h"
#include "pfx/key_columns.h"

#define PFX_CANONICAL_NAN INT64_C(0x7ff8000000000000)

/* What the words are for. */
typedef enum pfx_word_view {
    PFX_WORD_RAW,   /* the value's own bits; integers extended by their sign */
    PFX_WORD_ORDER, /* int64 in the order of the values; NaN is the greatest, and -0.0 equals 0.0 */
    PFX_WORD_REAL,  /* the bits of the value as a double; integers of more than 53 bits are rounded */
    PFX_WORD_KEY    /* equal where the keys of Python are: one NaN, one zero; days of date64, microseconds of a time in
                       nanoseconds, rounded down */
} pfx_word_view;

/* Whether values of this kind are narrow. */
bool pfx_kind_is_narrow(pfx_kind kind);

/* Rows start to start + rows - 1 as words: in place where the column holds them so, else written to `scratch` (room for
 * `rows`). What stands for a null is undefined, but reading it is not. */
const int64_t *pfx_words_load(const pfx_key_column *column, pfx_word_view view, int64_t start, int64_t rows,
                              int64_t *scratch);

/* The order word of a float. Negative doubles order backwards by their bits: all but the sign is turned over. */
static inline int64_t pfx_word_ordered(double value) {
    int64_t bits;
    value = value == 0 ? 0.0 : value;
    memcpy(&bits, &value, sizeof bits);
    bits = value != value ? PFX_CANONICAL_NAN : bits;
    return bits ^ (bits < 0 ? INT64_MAX : 0);
}

/* The raw word of an order or key word. */
int64_t pfx_word_raw(const pfx_arrow_type *type, pfx_word_view view, int64_t word);

/* Where row `row` of a wide column (decimals, text, binary) has its bytes, and how many. */
void pfx_wide_value(const pfx_key_column *column, int64_t row, const uint8_t **bytes, int64_t *size);

/* Whether that row has a value. */
static inline bool pfx_has_value(const pfx_key_column *column, int64_t row) {
    return column->type->kind != PFX_KIND_NULL &&
           (column->validity == NULL ||
            ((column->validity[(column->offset + row) >> 3] >> ((column->offset + row) & 7)) & 1));
}

#endif
