/* The first of two phases of an aggregation: what one subtask has seen of each key, in each slice of time or at all, is
 * sent to the subtask that has the key, instead of the rows.
 *
 * A partial aggregate travels as a row of pfx/state_rows.h: the key group and the key, where time is cut into slices
 * the last millisecond of the slice, and the accumulators. Rows are written in order of the subtasks that have their
 * key groups, so that a batch is divided by slicing it.
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
#include "pfx/state_rows.h"
#include "pfx/status.h"

/* A state that is to be sent. */
typedef struct pfx_partial {
    uint8_t *state;
    int64_t last; /* millisecond of its slice */
    uint32_t key;
    int32_t subtask;
} pfx_partial;

/* Where partial aggregates are written: rows of states, put in order. Owns what comes behind `rows`, charged to the
 * budget of its pfx_agg. */
typedef struct pfx_partial_rows {
    pfx_state_rows rows;
    int32_t subtasks;
    int64_t most_bytes; /* of a batch's texts; one key more may lie above */
    int64_t bytes;
    int64_t count;   /* found */
    int32_t *owners; /* the subtask of each key group */
    int64_t *places; /* by subtask: how many rows, then where the next one goes */
    pfx_partial *found;
    int64_t found_capacity;
    uint32_t *keys; /* those of the rows, in order */
    uint8_t **states;
    int64_t sorted_capacity;
} pfx_partial_rows;

/* As pfx_state_rows_init; key groups are divided among `subtasks` as pfx_subtask says. */
pfx_status pfx_partial_rows_init(pfx_partial_rows *partials, const pfx_agg *agg, const pfx_key_index *index,
                                 int32_t max_parallelism, int32_t subtasks, pfx_out_column *columns, int32_t spaces);
void pfx_partial_rows_free(pfx_partial_rows *partials);

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
