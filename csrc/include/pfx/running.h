/* One state per key, for the whole of a stream: running aggregates, and those of all rows. */
#ifndef PFX_RUNNING_H
#define PFX_RUNNING_H

#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/agg_columns.h"
#include "pfx/key_index.h"
#include "pfx/results.h"
#include "pfx/status.h"

/* Owns its memory, charged to the budget of its pfx_agg; borrows index and agg, which must outlive it. */
typedef struct pfx_running {
    pfx_agg *agg;
    pfx_key_index *index;
    int64_t sequence;
    uint8_t *states; /* by key */
    int64_t count;
    int64_t capacity;
    struct pfx_running_scratch *scratch;
} pfx_running;

/* The state of a key below `count`. */
static inline uint8_t *pfx_running_state(const pfx_running *running, uint32_t key) {
    return running->states + (int64_t)key * running->agg->stride;
}

pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index);

void pfx_running_free(pfx_running *running);

/* Add a batch of `rows` rows; with `each`, append for every row what its key's results are after it. */
pfx_status pfx_running_add(pfx_running *running, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows,
                           int each, pfx_results *results);

/* Add `rows` states that were exported, or partial aggregates: their keys, and what is read of each. On PFX_CORRUPT
 * `states` says what is wrong. */
pfx_status pfx_running_merge(pfx_running *running, const pfx_key_column *keys, pfx_agg_import *states, int64_t rows);

/* Append the results of at most `limit` keys from number `first` on. */
pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results);

#endif
