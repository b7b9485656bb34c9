/* Event-time windows that are the same for all keys: tumbling, sliding and cumulative.
 *
 * Time is cut into slices so that every window is a run of them, and a row is added to its one slice only, whatever the
 * size and the slide; a window's result is merged from its slices when it fires. Where the slide does not divide the
 * size, there are two slices a slide (the "paired windows" of Krishnamurthy, Wu and Franklin, "On-the-fly sharing for
 * streamed aggregation", 2006), so a window never has more than twice size / slide of them. Only slices with rows
 * exist.
 *
 * Windows are numbered by their ends. Flink's rules: a window fires when the watermark reaches its last millisecond and
 * is gone `lateness` later; a row whose windows are all gone is late, by the watermark before its batch; one for a
 * window that has fired but is not gone fires it again, for its key. */
#ifndef PFX_SLICES_H
#define PFX_SLICES_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/pane.h"
#include "pfx/panes.h"
#include "pfx/results.h"
#include "pfx/slicing.h"
#include "pfx/status.h"
#include "pfx/suffixes.h"

/* The windows that a late row makes fire again for its key, as far as they have been sent. Owns its block. */
typedef struct pfx_again {
    bool pending;
    uint32_t key;
    int64_t window; /* the next one; they go down to `first` */
    int64_t first;
    int64_t position; /* where states own memory: of the window's next slice in the list; -1 before the first one */
    int64_t middle;   /* else see fire_from: of the row's slice in the list */
    int64_t count;
    int64_t built;
    int64_t left;
    int64_t right;
    uint8_t *block;
} pfx_again;

/* Owns its panes; borrows index and agg, which must outlive it. */
typedef struct pfx_slices {
    pfx_panes panes;
    int64_t lateness;
    int64_t watermark;
    int64_t sequence;
    pfx_pane trash; /* one state that takes the late rows */
    pfx_pane one;   /* one state: of a window that fires again for a key */
    pfx_again again;
    pfx_pane merged;
    pfx_suffixes suffixes;
    /* While a watermark is worked off: the window that fires, where its states are, and how many have been sent. */
    const pfx_pane *firing;
    bool merging;   /* whether the window is half merged */
    int64_t joined; /* how many of its slices have been */
    int64_t window;
    int64_t sent;
} pfx_slices;

/* Windows of `size` ms every `slide` ms from `offset` on; with `cumulative`, windows of slide, 2 slide, ... size ms
 * that start every `size` ms. PFX_INVALID_ARGUMENT when they make no sense. */
pfx_status pfx_slices_init(pfx_slices *slices, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide,
                           int64_t offset, bool cumulative, int64_t lateness);

void pfx_slices_free(pfx_slices *slices);

/* Add the rows of a batch of `rows` from *done on. The numbers of late rows are written to `late` (room for `rows`);
 * results of windows that fire again are appended. When the results are full (see pfx_results_full), *more is 1, and
 * the call is to be repeated before any other. PFX_OVERFLOW when a timestamp is out of range; *row is the row that was
 * worked on. */
pfx_status pfx_slices_add(pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *fields,
                          const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late,
                          int64_t *late_count, pfx_results *results, int64_t *row, int *more);

/* Add `rows` partial aggregates (pfx/partials.h), whose timestamps lie in their slices; there is no lateness. `states`
 * has the state of each, aligned to 8 bytes, of an agg with PFX_ACC_ROWS. The rows in those that came too late are
 * added up in *late_rows. PFX_OVERFLOW as above. */
pfx_status pfx_slices_merge(pfx_slices *slices, const pfx_key_column *keys, const uint8_t *states,
                            const int64_t *timestamps, int64_t rows, int64_t *late_rows, int64_t *row);

/* Append the results of windows that end by `watermark`, in order of their ends, until
 * the results are full (then *more is 1, and the call is to be repeated before any other) or all is done. Frees the
 * slices that no window needs any more. */
pfx_status pfx_slices_fire(pfx_slices *slices, int64_t watermark, int64_t limit, pfx_results *results, int *more);

/* Whether any window is to fire yet, and the end of the first. */
pfx_status pfx_slices_next_end(pfx_slices *slices, int64_t *end, int *found);

#endif
