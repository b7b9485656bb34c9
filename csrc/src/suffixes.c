#include "pfx/suffixes.h"

#include <string.h>

/* Fewer slices are merged one by one. */
#define FEWEST 4
/* Places for all keys may be so many times the states of a slice. */
#define MOST_PLACES 4

void pfx_suffixes_init(pfx_suffixes *suffixes) {
    memset(suffixes, 0, sizeof *suffixes);
    suffixes->covered = INT64_MIN;
}

static void free_block(const pfx_suffixes *suffixes, const pfx_agg *agg, pfx_block *block) {
    pfx_free(agg->budget, block->states, suffixes->places * agg->stride);
    pfx_free(agg->budget, block->present, suffixes->places);
    *block = (pfx_block){0};
}

void pfx_suffixes_free(pfx_suffixes *suffixes, const pfx_agg *agg) {
    for (int64_t i = 0; i < suffixes->capacity; i++) {
        free_block(suffixes, agg, &suffixes->blocks[i]);
    }
    free_block(suffixes, agg, &suffixes->back);
    pfx_free(agg->budget, suffixes->blocks, suffixes->capacity * (int64_t)sizeof *suffixes->blocks);
    pfx_suffixes_init(suffixes);
}

void pfx_suffixes_spoil(pfx_suffixes *suffixes) {
    suffixes->covered = INT64_MIN;
    suffixes->count = suffixes->built = 0;
    suffixes->spoilt = true;
}

bool pfx_suffixes_pay(const pfx_agg *agg, pfx_pane *const *slices, int64_t count, int64_t keys) {
    if (agg->owning || count < FEWEST) {
        return false;
    }
    int64_t states = 0;
    for (int64_t i = 0; i < count; i++) {
        states += slices[i]->count;
    }
    return keys <= MOST_PLACES * states / count;
}

static pfx_status make_block(const pfx_suffixes *suffixes, const pfx_agg *agg, pfx_block *block) {
    void *states, *present;
    if (block->states != NULL) {
        return PFX_OK;
    }
    PFX_TRY(pfx_alloc(agg->budget, suffixes->places * agg->stride, &states));
    pfx_status status = pfx_alloc(agg->budget, suffixes->places, &present);
    if (status != PFX_OK) {
        pfx_free(agg->budget, states, suffixes->places * agg->stride);
        return status;
    }
    block->states = states;
    block->present = present;
    return PFX_OK;
}

static pfx_status reserve(pfx_suffixes *suffixes, const pfx_agg *agg, int64_t count) {
    if (count <= suffixes->capacity) {
        return PFX_OK;
    }
    int64_t size = (int64_t)sizeof *suffixes->blocks;
    void *memory = suffixes->blocks;
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(agg->budget, count * size, &memory));
    } else {
        PFX_TRY(pfx_resize(agg->budget, &memory, suffixes->capacity * size, count * size));
    }
    suffixes->blocks = memory;
    for (; suffixes->capacity < count; suffixes->capacity++) {
        suffixes->blocks[suffixes->capacity] = (pfx_block){0};
    }
    return PFX_OK;
}

static void or_bytes(uint8_t *into, const uint8_t *first, const uint8_t *second, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        into[i] = first[i] | second[i];
    }
}

/* `block` becomes `base` (NULL for nothing, or `block` itself) with the states of a slice. */
static pfx_status add_slice(const pfx_suffixes *suffixes, pfx_agg *agg, pfx_block *block, const pfx_block *base,
                            const pfx_pane *slice, uint8_t **states, uint8_t **others) {
    int64_t places = suffixes->places;
    if (slice->present != NULL && base != NULL) {
        int64_t both = slice->capacity < places ? slice->capacity : places;
        or_bytes(block->present, base->present, slice->present, both);
        if (block != base && both < places) {
            memcpy(block->present + both, base->present + both, (size_t)(places - both));
            memcpy(block->states + both * agg->stride, base->states + both * agg->stride,
                   (size_t)((places - both) * agg->stride));
        }
        return pfx_agg_combine(agg, block->states, base->states, slice->states, both);
    }
    if (base == NULL) {
        memset(block->present, 0, (size_t)places);
        pfx_agg_start(agg, block->states, places);
    } else if (block != base) {
        memcpy(block->present, base->present, (size_t)places);
        memcpy(block->states, base->states, (size_t)(places * agg->stride));
    }
    for (int64_t start = 0; start < slice->count; start += PFX_CHUNK) {
        int64_t count = slice->count - start < PFX_CHUNK ? slice->count - start : PFX_CHUNK;
        for (int64_t i = 0; i < count; i++) {
            uint32_t key = slice->keys[start + i];
            block->present[key] = 1;
            states[i] = block->states + (int64_t)key * agg->stride;
        }
        pfx_pane_states(slice, agg, start, count, others);
        PFX_TRY(pfx_agg_merge(agg, states, others, count));
    }
    return PFX_OK;
}

/* Build the suffixes of these slices, from the last one on; some more of them at each call, until `count` is set. */
static pfx_status turn(pfx_suffixes *suffixes, pfx_agg *agg, pfx_pane *const *slices, int64_t count, uint8_t **states,
                       uint8_t **others, int64_t *work, int64_t most) {
    suffixes->covered = INT64_MIN;
    PFX_TRY(reserve(suffixes, agg, count));
    for (; suffixes->built < count; suffixes->built++) {
        int64_t i = suffixes->built;
        if (*work >= most) {
            return PFX_OK;
        }
        const pfx_pane *slice = slices[count - 1 - i];
        pfx_block *block = &suffixes->blocks[i];
        PFX_TRY(make_block(suffixes, agg, block));
        PFX_TRY(add_slice(suffixes, agg, block, i == 0 ? NULL : block - 1, slice, states, others));
        block->index = slice->index;
        *work += suffixes->places;
    }
    suffixes->built = 0;
    suffixes->count = count;
    suffixes->covered = slices[count - 1]->index + 1;
    suffixes->back_filled = false;
    return PFX_OK;
}

pfx_status pfx_suffixes_merge(pfx_suffixes *suffixes, pfx_agg *agg, pfx_pane *const *slices, int64_t count,
                              int64_t keys, uint8_t **states, uint8_t **others, pfx_pane *merged, int64_t *work,
                              int64_t most, int *more) {
    *more = 0;
    if (keys > suffixes->places) {
        pfx_suffixes_free(suffixes, agg);
        suffixes->places = pfx_places(keys);
    }
    while (suffixes->count > 0 && suffixes->blocks[suffixes->count - 1].index < slices[0]->index) {
        suffixes->count--;
    }
    /* Only the longest suffix left can be what this window begins with. */
    if (suffixes->count == 0) {
        PFX_TRY(turn(suffixes, agg, slices, count, states, others, work, most));
        if (suffixes->built > 0) {
            *more = 1;
            return PFX_OK;
        }
    }
    *work += suffixes->places;
    pfx_block *back = &suffixes->back;
    for (int64_t i = 0; i < count; i++) {
        if (slices[i]->index >= suffixes->covered) {
            PFX_TRY(make_block(suffixes, agg, back));
            PFX_TRY(add_slice(suffixes, agg, back, suffixes->back_filled ? back : NULL, slices[i], states, others));
            suffixes->back_filled = true;
        }
    }
    suffixes->covered = slices[count - 1]->index + 1;
    const pfx_block *suffix = &suffixes->blocks[suffixes->count - 1];
    PFX_TRY(pfx_pane_make_dense(merged, agg, suffixes->places));
    if (!suffixes->back_filled) {
        memcpy(merged->states, suffix->states, (size_t)(suffixes->places * agg->stride));
        pfx_pane_hold(merged, suffix->present, suffix->present);
        return PFX_OK;
    }
    pfx_pane_hold(merged, suffix->present, back->present);
    return pfx_agg_combine(agg, merged->states, suffix->states, back->states, suffixes->places);
}
