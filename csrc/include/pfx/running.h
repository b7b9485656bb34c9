/* One state per key, for the whole of a stream: running aggregates, and those of all rows. */
#ifndef PFX_RUNNING_H
#define PFX_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/agg_columns.h"
#include "pfx/key_index.h"
#include "pfx/results.h"
#include "pfx/states.h"
#include "pfx/status.h"

/* Owns its memory, charged to the budget of its pfx_agg; borrows index and agg, which must outlive it. */
typedef struct pfx_running {
    pfx_agg *agg;
    pfx_key_index *index;
    int64_t sequence;
    bool added;        /* whether the next row has been added, and only its results are still to be sent */
    pfx_states states; /* by key */
    int64_t count;
    struct pfx_running_snapshot *snapshot; /* NULL when none runs */
    struct pfx_running_scratch *scratch;
} pfx_running;

/* The whole of it as it was at some time; `view` is only to be read, by the number of a key. */
typedef struct pfx_running_snapshot {
    pfx_running view;
    pfx_key_index keys; /* of `view`: for pfx_key_index_write */
    pfx_snapshot *states;
} pfx_running_snapshot;

pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index);

void pfx_running_free(pfx_running *running);

/* Add the rows of a batch of `rows` from *done on; with `each`, append for every row what its key's results are after
 * it. Stops when the results are full (see pfx_results_full), and is to be called again as long as *done < rows. */
pfx_status pfx_running_add(pfx_running *running, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows,
                           int each, int64_t limit, int64_t *done, pfx_results *results);

/* Add `rows` states that were exported, or partial aggregates: their keys, and what is read of each. On PFX_CORRUPT
 * `states` says what is wrong. PFX_WRONG_STATE while pfx_running_add is to be called again. */
pfx_status pfx_running_merge(pfx_running *running, const pfx_key_column *keys, pfx_agg_import *states, int64_t rows);

/* Append the results of at most `limit` keys from number `first` on, fewer where their texts are long. */
pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results);

/* The state of a key's number below `count`. */
static inline uint8_t *pfx_running_state(const pfx_running *running, int64_t key) {
    return pfx_states_at(&running->states, (uint32_t)key);
}

/* Begin a snapshot (see pfx/snapshot.h) between two batches, owned by `running`. PFX_WRONG_STATE when one runs; on
 * failure nothing has changed. */
pfx_status pfx_running_begin_snapshot(pfx_running *running, pfx_running_snapshot **snapshot);

/* Between two batches: where states own memory, copy the next ones, at most `most`. *left is how many there are after
 * that; the snapshot can be read once there are none. */
void pfx_running_step_snapshot(pfx_running *running, int64_t most, int64_t *left);

/* By another thread, once: make `view` what it was. PFX_OVER_BUDGET when the snapshot is lost. */
pfx_status pfx_running_read_snapshot(pfx_running_snapshot *snapshot);

/* When nobody reads it any more, or not at all. */
void pfx_running_end_snapshot(pfx_running *running);

#endif
