/* One state per key, for the whole of a stream: running aggregates, and those of all rows. */
#ifndef PFX_RUNNING_H
#define PFX_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/results.h"
#include "pfx/status.h"

/* Owns its memory, charged to the budget of its pfx_agg; borrows index and agg, which must outlive it. */
typedef struct pfx_running {
    pfx_agg *agg;
    pfx_key_index *index;
    int64_t sequence;
    bool added;      /* whether the next row has been added, and only its results are still to be sent */
    uint8_t *states; /* by key */
    int64_t count;
    int64_t capacity;
    struct pfx_running_scratch *scratch;
} pfx_running;

pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index);

void pfx_running_free(pfx_running *running);

/* Add the rows of a batch of `rows` from *done on; with `each`, append for every row what its key's results are after
 * it. Stops when the results are full (see pfx_results_full), and is to be called again as long as *done < rows. */
pfx_status pfx_running_add(pfx_running *running, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows,
                           int each, int64_t limit, int64_t *done, pfx_results *results);

/* Add `rows` partial aggregates (pfx/partials.h); `states` has the state of each, aligned to 8 bytes. */
pfx_status pfx_running_merge(pfx_running *running, const pfx_key_column *keys, const uint8_t *states, int64_t rows);

/* Append the results of at most `limit` keys from number `first` on, fewer where their texts are long. */
pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results);

#endif
