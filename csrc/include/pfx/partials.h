/* The first of two phases of an aggregation: what one subtask has seen of each key, in each slice of time or at all, is
 * sent to the subtask that has the key, instead of the rows.
 *
 * A partial aggregate travels as a row: the key, the state as its bytes (states that own no memory only), the subtask
 * that it goes to and, where time is cut into slices, the last millisecond of its slice as the timestamp. Rows are
 * written in order of their subtasks, so that a batch is divided by slicing it.
 *
 * Nobody is late here: whether a slice has come too late is for the second phase to say, which knows the watermarks of
 * all subtasks (pfx_slices_merge). */
#ifndef PFX_PARTIALS_H
#define PFX_PARTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/out_column.h"
#include "pfx/panes.h"
#include "pfx/running.h"
#include "pfx/slicing.h"
#include "pfx/status.h"

/* A state that is to be sent. */
typedef struct pfx_partial {
    const uint8_t *state;
    int64_t stamp;
    uint32_t key;
    int32_t subtask;
} pfx_partial;

/* Where partial aggregates are written. Owns what comes behind `rows`, charged to the budget of its pfx_agg; borrows
 * the rest. */
typedef struct pfx_partial_rows {
    const pfx_agg *agg;
    const pfx_key_index *index;
    int32_t max_parallelism;
    int32_t subtasks;
    pfx_out_column *keys; /* as many as the index has columns */
    pfx_out_column *state;
    pfx_out_column *subtask;
    pfx_out_column *stamps;
    int64_t most_bytes; /* of a batch's texts; one key more may lie above */
    int64_t bytes;
    int64_t rows;     /* written */
    int32_t *targets; /* the subtask of each key whose number is below `known` */
    int64_t known;
    int64_t targets_capacity;
    int64_t *places; /* by subtask: how many rows, then where the next one goes */
    pfx_partial *found;
    int64_t found_capacity;
    uint32_t *sorted; /* the keys of the rows */
    int64_t sorted_capacity;
} pfx_partial_rows;

/* Key groups are divided among `subtasks` as pfx_subtask says. The columns are to be set by the caller. */
pfx_status pfx_partial_rows_init(pfx_partial_rows *rows, const pfx_agg *agg, const pfx_key_index *index,
                                 int32_t max_parallelism, int32_t subtasks);
void pfx_partial_rows_free(pfx_partial_rows *rows);

/* States by slice and key. Owns its panes; borrows index and agg, which must outlive it. */
typedef struct pfx_partials {
    pfx_panes panes;
    int64_t sequence; /* of the next row */
    int64_t sent;     /* places of the first slice that have been looked at */
} pfx_partials;

/* For windows without gaps between them, and an agg with PFX_ACC_ROWS; PFX_INVALID_ARGUMENT for others. */
pfx_status pfx_partials_init(pfx_partials *partials, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing);
void pfx_partials_free(pfx_partials *partials);

/* Add rows start .. rows - 1 of a batch, up to the first whose slice ends by `watermark`, or that finds too many
 * slices: *row is its number, or `rows`. PFX_OVERFLOW when a timestamp is out of range; then *row is the row that was
 * worked on.
 */
pfx_status pfx_partials_add(pfx_partials *partials, const pfx_key_column *keys, const pfx_key_column *fields,
                            const int64_t *timestamps, int64_t start, int64_t rows, int64_t watermark, int64_t *row);

/* Write the states of slices that end by `watermark`, at most `limit` and fewer of long keys, and forget them. *more is
 * 1 when there are others. PFX_OVERFLOW when a key has no canonical form. */
pfx_status pfx_partials_send(pfx_partials *partials, pfx_partial_rows *rows, int64_t watermark, int64_t limit,
                             int *more);

/* Forget the keys, once nothing is held. */
void pfx_partials_forget_keys(pfx_partials *partials, pfx_partial_rows *rows);

/* Write the states of at most `limit` keys from number `first` on, fewer of long ones, which stay. */
pfx_status pfx_partials_send_running(const pfx_running *running, pfx_partial_rows *rows, int64_t first, int64_t limit);

/* Forget all keys and states. */
void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows);

#endif
