/* Windows that slide over many slices, merged with a few steps each: the "two stacks" of Tangwongsan, Hirzel, Schneider
 * and Wu, "General incremental sliding-window aggregation" (2015), with a pane of all keys as the element.
 *
 * Slices up to a boundary are held as suffixes, each the merge of all slices from one to the boundary; those behind it
 * are merged into one pane as they come. A window is then one suffix and that pane. When the windows have left the
 * boundary behind, the suffixes are built anew. A row that comes for a slice which is covered spoils all that. */
#ifndef PFX_SUFFIXES_H
#define PFX_SUFFIXES_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/pane.h"
#include "pfx/status.h"

/* Owns its panes. */
typedef struct pfx_suffixes {
    pfx_pane *panes; /* suffixes, the longest one last; `index` is the first slice of each */
    int64_t count;
    int64_t capacity;
    pfx_pane back;    /* slices behind the boundary */
    int64_t boundary; /* the first slice that no suffix covers */
    int64_t covered;  /* the first slice that is not covered at all; INT64_MIN when nothing is */
    int64_t keys;     /* in the last window */
    bool spoilt;      /* since the last window */
} pfx_suffixes;

void pfx_suffixes_init(pfx_suffixes *suffixes);
void pfx_suffixes_free(pfx_suffixes *suffixes, const pfx_agg *agg);

/* Forget what is covered, keep the memory. */
void pfx_suffixes_spoil(pfx_suffixes *suffixes);

/* Whether it is worth while for a window of these `count` slices, in order: the states own nothing, and the suffixes
 * take no more than a few times the memory of the slices. */
bool pfx_suffixes_pay(const pfx_suffixes *suffixes, const pfx_agg *agg, pfx_pane *const *slices, int64_t count);

/* Merge a window of `count` slices, in order. The result is in `merged` or in a pane of the suffixes, and stays until
 * the next call. `keys` is how many there are anywhere; `states` and `others` have room for PFX_CHUNK pointers. */
pfx_status pfx_suffixes_merge(pfx_suffixes *suffixes, pfx_agg *agg, pfx_pane *const *slices, int64_t count,
                              int64_t keys, uint8_t **states, uint8_t **others, pfx_pane *merged,
                              const pfx_pane **result);

#endif
