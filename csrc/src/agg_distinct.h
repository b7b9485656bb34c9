/* The accumulator that keeps the different values of a field: see agg_distinct.c. Private to agg*.c. */
#ifndef PFX_AGG_DISTINCT_H
#define PFX_AGG_DISTINCT_H

#include "pfx/agg.h"

/* Bytes of a state; an empty one is all zeros. */
int64_t pfx_distinct_size(const pfx_agg *agg, const pfx_acc *acc);
void pfx_distinct_clear(const pfx_agg *agg, const pfx_acc *acc, uint8_t *state);
/* As pfx_agg_own. */
pfx_status pfx_distinct_own(const pfx_agg *agg, const pfx_acc *acc, uint8_t *state);
pfx_status pfx_distinct_update(pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *column, int64_t start,
                               int64_t rows, uint8_t *const *states);
pfx_status pfx_distinct_merge(const pfx_agg *agg, const pfx_acc *acc, uint8_t *into, const uint8_t *from);

/* Let `into` have the larger one of two sets, and `from` the other. */
void pfx_distinct_swap(const pfx_agg *agg, const pfx_acc *acc, uint8_t *into, uint8_t *from);

/* Append the values, in no particular order. */
pfx_status pfx_distinct_write(const pfx_agg *agg, const pfx_acc *acc, const uint8_t *state, pfx_out_column *items);

/* Add the values of row `row` of two columns, a list and its items. PFX_CORRUPT when it is null or has one. */
pfx_status pfx_distinct_read(const pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *columns, int64_t row,
                             uint8_t *state);

int64_t pfx_distinct_count(const uint8_t *state);

#endif
