/* Canonical key bytes of columns in Arrow's layout: the same bytes as for the Python values that the columns stand for.
 */
#ifndef PFX_KEY_COLUMNS_H
#define PFX_KEY_COLUMNS_H

#include <stdint.h>

#include "pfx/arrow.h"
#include "pfx/key.h"

/* A column of a key; borrows all memory. Row i is bit or value offset + i. */
typedef struct pfx_key_column {
    const pfx_arrow_type *type;
    const uint8_t *validity; /* NULL when no row is null */
    const void *offsets;     /* of utf8 and binary, else NULL */
    const uint8_t *data;
    int64_t offset;
} pfx_key_column;

/* Whether values of this kind can be keys: all but lists, structs and the views (which are decoded on import). */
int pfx_key_column_allowed(pfx_kind kind);

/* Append the key of a row: the value of the only column, or the tuple of the values of several. PFX_OVERFLOW when a
 * time does not fit 64-bit microseconds (or a date 32-bit days); otherwise as pfx_key_put_long and its like. */
pfx_status pfx_key_put_row(pfx_key *key, const pfx_key_column *columns, int32_t count, int64_t row);

/* Write the key group of each of `rows` rows. On failure *row is the row that could not be written. */
pfx_status pfx_column_key_groups(const pfx_key_column *columns, int32_t count, int64_t rows, int32_t max_parallelism,
                                 pfx_budget *budget, int32_t *groups, int64_t *row);

#endif
