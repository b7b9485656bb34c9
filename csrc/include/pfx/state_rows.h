/* Rows that states are written as (docs/formats/states.md): the key group and the key, perhaps a namespace (the slice
 * of time, the session, ...), then the accumulators. What is exported and what two-phase aggregates send are such rows.
 */
#ifndef PFX_STATE_ROWS_H
#define PFX_STATE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/out_column.h"
#include "pfx/status.h"

/* Where they are written. Owns the list of key groups, charged to the budget of its pfx_agg; borrows the rest. */
typedef struct pfx_state_rows {
    const pfx_agg *agg;
    const pfx_key_index *index;
    int32_t max_parallelism;
    pfx_out_column *groups;
    pfx_out_column *keys;   /* as many as the index has columns */
    pfx_out_column *spaces; /* the columns of the namespace */
    pfx_out_column *values; /* the columns of all accumulators */
    int32_t columns;        /* in all; they lie one after the other */
    int64_t rows;           /* written */
    int32_t *known_groups;  /* of each key whose number is below `known` */
    int64_t known;
    int64_t known_room;
} pfx_state_rows;

/* `columns` are the key group, the key's, `spaces` of the namespace, then those of the accumulators.
 * PFX_INVALID_ARGUMENT when max_parallelism is out of range. */
pfx_status pfx_state_rows_init(pfx_state_rows *rows, const pfx_agg *agg, const pfx_key_index *index,
                               int32_t max_parallelism, pfx_out_column *columns, int32_t spaces);
void pfx_state_rows_free(pfx_state_rows *rows);

/* Before rows are written: know the key groups of all keys. PFX_OVERFLOW when a key has no canonical form. */
pfx_status pfx_state_rows_begin(pfx_state_rows *rows);

/* The keys have other numbers from now on. */
void pfx_state_rows_forget(pfx_state_rows *rows);

/* Append the key groups, keys and accumulators of `count` states; the namespace is for the caller to write. */
pfx_status pfx_state_rows_append(pfx_state_rows *rows, const uint32_t *keys, uint8_t *const *states, int64_t count);

/* Whether so many bytes have been written that a batch of them should end. */
bool pfx_state_rows_are_large(const pfx_state_rows *rows);

#endif
