/* Windows that slide over many slices, merged with a few steps each: the "two stacks" of Tangwongsan, Hirzel, Schneider
 * and Wu, "General incremental sliding-window aggregation" (2015), with the states of all keys as the element.
 *
 * Slices up to a boundary are held as suffixes, each the merge of all slices from one to the boundary; those behind it
 * are merged into one block as they come. A window is then one suffix and that block. When the windows have left the
 * boundary behind, the suffixes are built anew. A row that comes for a slice which is covered spoils all that. */
#ifndef PFX_SUFFIXES_H
#define PFX_SUFFIXES_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/pane.h"
#include "pfx/status.h"

/* A place for every key: states in one block, empty where `present` is 0. */
typedef struct pfx_block {
    int64_t index; /* the first slice of a suffix */
    uint8_t *states;
    uint8_t *present;
} pfx_block;

/* Owns its blocks. */
typedef struct pfx_suffixes {
    pfx_block *blocks; /* suffixes, the longest one last */
    int64_t count;
    int64_t capacity;
    int64_t places;   /* for keys, in each block */
    pfx_block back;   /* slices behind the boundary */
    bool back_filled; /* whether there are any */
    int64_t covered;  /* the first slice that is not covered; INT64_MIN when nothing is */
    int64_t built;    /* suffixes, while they are built anew */
    bool spoilt;      /* since the last window */
} pfx_suffixes;

void pfx_suffixes_init(pfx_suffixes *suffixes);
void pfx_suffixes_free(pfx_suffixes *suffixes, const pfx_agg *agg);

/* Forget what is covered, keep the memory. */
void pfx_suffixes_spoil(pfx_suffixes *suffixes);

/* Whether it is worth while for a window of these `count` slices, in order, of `keys` keys that there are: the states
 * own nothing, and places for all keys take no more than a few times the memory of the slices. */
bool pfx_suffixes_pay(const pfx_agg *agg, pfx_pane *const *slices, int64_t count, int64_t keys);

/* Merge a window of `count` slices, in order, into `merged`. `states` and `others` have room for PFX_CHUNK pointers.
 * When *work, to which the number of states is added that are merged, comes to `most`, it may stop: then *more is 1,
 * and the call is to be repeated before any other. */
pfx_status pfx_suffixes_merge(pfx_suffixes *suffixes, pfx_agg *agg, pfx_pane *const *slices, int64_t count,
                              int64_t keys, uint8_t **states, uint8_t **others, pfx_pane *merged, int64_t *work,
                              int64_t most, int *more);

#endif
