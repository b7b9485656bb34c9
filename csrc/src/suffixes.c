#include "pfx/suffixes.h"

#include <string.h>

/* Fewer slices are merged one by one. */
#define FEWEST 4
/* The suffixes may have so many times the states of the slices. */
#define MOST_STATES 4

void pfx_suffixes_init(pfx_suffixes *suffixes) {
    memset(suffixes, 0, sizeof *suffixes);
    suffixes->covered = INT64_MIN;
}

void pfx_suffixes_free(pfx_suffixes *suffixes, const pfx_agg *agg) {
    for (int64_t i = 0; i < suffixes->capacity; i++) {
        pfx_pane_free(&suffixes->panes[i], agg);
    }
    pfx_pane_free(&suffixes->back, agg);
    pfx_free(agg->budget, suffixes->panes, suffixes->capacity * (int64_t)sizeof *suffixes->panes);
    pfx_suffixes_init(suffixes);
}

void pfx_suffixes_spoil(pfx_suffixes *suffixes) {
    suffixes->covered = INT64_MIN;
    suffixes->count = 0;
    suffixes->spoilt = true;
}

bool pfx_suffixes_pay(const pfx_suffixes *suffixes, const pfx_agg *agg, pfx_pane *const *slices, int64_t count) {
    if (agg->owning || count < FEWEST) {
        return false;
    }
    int64_t states = 0;
    for (int64_t i = 0; i < count; i++) {
        states += slices[i]->count;
    }
    return suffixes->keys > 0 && suffixes->keys <= MOST_STATES * states / count;
}

static pfx_status reserve(pfx_suffixes *suffixes, const pfx_agg *agg, int64_t count) {
    if (count <= suffixes->capacity) {
        return PFX_OK;
    }
    int64_t size = (int64_t)sizeof *suffixes->panes;
    void *memory = suffixes->panes;
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(agg->budget, count * size, &memory));
    } else {
        PFX_TRY(pfx_resize(agg->budget, &memory, suffixes->capacity * size, count * size));
    }
    suffixes->panes = memory;
    for (; suffixes->capacity < count; suffixes->capacity++) {
        pfx_pane_init(&suffixes->panes[suffixes->capacity], 0);
    }
    return PFX_OK;
}

/* Build the suffixes of these slices, from the last one on. */
static pfx_status turn(pfx_suffixes *suffixes, pfx_agg *agg, pfx_pane *const *slices, int64_t count, int64_t keys,
                       uint8_t **states, uint8_t **others) {
    suffixes->count = 0;
    suffixes->covered = INT64_MIN;
    PFX_TRY(reserve(suffixes, agg, count));
    for (int64_t i = 0; i < count; i++) {
        const pfx_pane *slice = slices[count - 1 - i];
        pfx_pane *suffix = &suffixes->panes[i];
        PFX_TRY(pfx_pane_assign(suffix, agg, i == 0 ? slice : &suffixes->panes[i - 1]));
        suffix->index = slice->index;
        if (i > 0) {
            PFX_TRY(pfx_pane_merge(suffix, agg, slice, keys, states, others));
        }
    }
    suffixes->count = count;
    suffixes->boundary = suffixes->covered = slices[count - 1]->index + 1;
    pfx_pane_reset(&suffixes->back, agg);
    return PFX_OK;
}

pfx_status pfx_suffixes_merge(pfx_suffixes *suffixes, pfx_agg *agg, pfx_pane *const *slices, int64_t count,
                              int64_t keys, uint8_t **states, uint8_t **others, pfx_pane *merged,
                              const pfx_pane **result) {
    while (suffixes->count > 0 && suffixes->panes[suffixes->count - 1].index < slices[0]->index) {
        suffixes->count--;
    }
    /* Only the longest suffix left can be what this window begins with. */
    if (suffixes->count == 0) {
        PFX_TRY(turn(suffixes, agg, slices, count, keys, states, others));
    }
    const pfx_pane *suffix = &suffixes->panes[suffixes->count - 1];
    for (int64_t i = 0; i < count; i++) {
        if (slices[i]->index >= suffixes->covered) {
            PFX_TRY(pfx_pane_merge(&suffixes->back, agg, slices[i], keys, states, others));
        }
    }
    suffixes->covered = slices[count - 1]->index + 1;
    if (suffixes->back.count == 0) {
        *result = suffix;
        return PFX_OK;
    }
    PFX_TRY(pfx_pane_assign(merged, agg, suffix));
    *result = merged;
    return pfx_pane_merge(merged, agg, &suffixes->back, keys, states, others);
}
