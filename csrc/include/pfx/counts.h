/* Windows of a number of rows of a key: `size` rows, a new window every `slide` rows. Rows are added to slices (see
 * pfx/slicing.h) of the key's rows, which its windows share; a window's results are merged from them once it is full,
 * and slices that no later window needs are freed. */
#ifndef PFX_COUNTS_H
#define PFX_COUNTS_H

#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/pane.h"
#include "pfx/results.h"
#include "pfx/slicing.h"
#include "pfx/status.h"

/* What a key has. */
typedef struct pfx_count_key {
    int64_t rows;
    uint32_t first; /* slot of its first slice; UINT32_MAX for none */
    uint32_t last;
    uint32_t from; /* slot of the first slice of its next window, or before it */
} pfx_count_key;

typedef struct pfx_count_slice {
    int64_t number;
    uint32_t next; /* slot of the key's next slice, or of the next free slot */
} pfx_count_slice;

/* Owns its memory, charged to the budget of its pfx_agg; borrows index and agg, which must outlive it. */
typedef struct pfx_counts {
    pfx_agg *agg;
    pfx_key_index *index;
    pfx_slicing slicing;
    int64_t sequence;
    pfx_count_key *keys; /* by number */
    int64_t keys_count;
    int64_t keys_capacity;
    pfx_count_slice *slices; /* by slot */
    uint8_t *states;
    int64_t used;
    int64_t capacity;
    int64_t live;
    int64_t peak; /* the most that were live since the last batch */
    uint32_t free;
    /* The windows that the last rows have filled: how many, how many of them have been merged and sent, and the slice
     * to go on with where one is half merged (UINT32_MAX for none). */
    int64_t full;
    int64_t ready;
    int64_t sent;
    uint32_t next;
    pfx_pane merged;
    struct pfx_counts_scratch *scratch;
} pfx_counts;

/* PFX_INVALID_ARGUMENT when size or slide is not positive or too large. */
pfx_status pfx_counts_init(pfx_counts *counts, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide);

void pfx_counts_free(pfx_counts *counts);

/* Add the rows of a batch of `rows` from *done on, and append the results of the windows that are full, in order of the
 * rows that fill them; their timestamp is `timestamp`. Stops when the results are full (see pfx_results_full): then
 * *more is 1, and the call is to be repeated before any other. */
pfx_status pfx_counts_add(pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows,
                          int64_t timestamp, int64_t limit, int64_t *done, pfx_results *results, int *more);

#endif
