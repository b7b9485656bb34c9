#include "pfx/panes.h"

#include <string.h>

/* Panes with larger states are not kept for the next slices. */
#define SPARE_BYTES (64 << 10)

pfx_status pfx_panes_init(pfx_panes *panes, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing) {
    void *memory;
    memset(panes, 0, sizeof *panes);
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *panes->chunk, &memory));
    panes->agg = agg;
    panes->index = index;
    panes->slicing = *slicing;
    panes->chunk = memory;
    return PFX_OK;
}

static void free_pane(pfx_panes *panes, pfx_pane *pane) {
    pfx_pane_free(pane, panes->agg);
    pfx_free(panes->agg->budget, pane, (int64_t)sizeof *pane);
}

void pfx_panes_free_spares(pfx_panes *panes) {
    while (panes->spare_count > 0) {
        free_pane(panes, panes->spares[--panes->spare_count]);
    }
}

void pfx_panes_free(pfx_panes *panes) {
    if (panes->agg == NULL) {
        return;
    }
    for (int64_t i = 0; i < panes->count; i++) {
        free_pane(panes, panes->list[i]);
    }
    pfx_panes_free_spares(panes);
    pfx_free(panes->agg->budget, panes->list, panes->capacity * (int64_t)sizeof *panes->list);
    pfx_free(panes->agg->budget, panes->chunk, (int64_t)sizeof *panes->chunk);
    memset(panes, 0, sizeof *panes);
}

int64_t pfx_panes_position(const pfx_panes *panes, int64_t slice) {
    int64_t low = 0, high = panes->count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (panes->list[middle]->index < slice) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static pfx_status make_pane(pfx_panes *panes, int64_t slice, pfx_pane **out) {
    if (panes->spare_count > 0) {
        *out = panes->spares[--panes->spare_count];
        (*out)->index = slice;
    } else {
        void *memory;
        PFX_TRY(pfx_alloc(panes->agg->budget, (int64_t)sizeof(pfx_pane), &memory));
        *out = memory;
        pfx_pane_init(*out, slice);
    }
    pfx_status status = pfx_pane_reserve(*out, panes->agg, panes->expected / 2 + 1, panes->index->count);
    if (status != PFX_OK) {
        free_pane(panes, *out);
    }
    return status;
}

pfx_status pfx_panes_open(pfx_panes *panes, int64_t slice, pfx_pane **out) {
    int64_t position = pfx_panes_position(panes, slice);
    if (position < panes->count && panes->list[position]->index == slice) {
        *out = panes->list[position];
        return pfx_pane_reserve(*out, panes->agg, (*out)->count, panes->index->count);
    }
    if (panes->count == panes->capacity) {
        pfx_budget *budget = panes->agg->budget;
        int64_t room = panes->capacity == 0 ? 16 : panes->capacity * 2, size = (int64_t)sizeof *panes->list;
        void *memory = panes->list;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(budget, room * size, &memory));
        } else {
            PFX_TRY(pfx_resize(budget, &memory, panes->capacity * size, room * size));
        }
        panes->list = memory;
        panes->capacity = room;
    }
    PFX_TRY(make_pane(panes, slice, out));
    memmove(&panes->list[position + 1], &panes->list[position],
            (size_t)(panes->count - position) * sizeof *panes->list);
    panes->list[position] = *out;
    panes->count++;
    return PFX_OK;
}

void pfx_panes_drop(pfx_panes *panes, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        pfx_pane *pane = panes->list[i];
        panes->expected = pane->count;
        if (panes->spare_count < PFX_SPARE_PANES && pane->capacity * panes->agg->stride <= SPARE_BYTES) {
            pfx_pane_reset(pane, panes->agg);
            panes->spares[panes->spare_count++] = pane;
        } else {
            free_pane(panes, pane);
        }
    }
    if (count > 0) {
        panes->count -= count;
        memmove(panes->list, panes->list + count, (size_t)panes->count * sizeof *panes->list);
    }
}

int64_t pfx_panes_held(const pfx_panes *panes) {
    int64_t held = 0;
    for (int64_t i = 0; i < panes->count; i++) {
        held += panes->list[i]->count;
    }
    return held;
}

void pfx_panes_begin(pfx_panes *panes) {
    panes->known = 0;
    for (int64_t i = 0; i < PFX_RECENT; i++) {
        panes->chunk->recent[i].number = INT64_MIN;
    }
}

/* Dense panes that are remembered get places for all keys before the rows of a chunk are looked at. */
static pfx_status reserve_recent(pfx_panes *panes) {
    for (int64_t i = 0; i < PFX_RECENT; i++) {
        const pfx_recent *recent = &panes->chunk->recent[i];
        if (recent->number != INT64_MIN && recent->pane != NULL) {
            PFX_TRY(pfx_pane_reserve(recent->pane, panes->agg, recent->pane->count, panes->known));
        }
    }
    return PFX_OK;
}

pfx_status pfx_panes_begin_chunk(pfx_panes *panes, const pfx_key_column *keys, const int64_t *timestamps, int64_t start,
                                 int64_t count, int64_t *row) {
    pfx_chunk *chunk = panes->chunk;
    *row = start;
    chunk->waiting = 0;
    PFX_TRY(pfx_slices_of(&panes->slicing, timestamps + start, count, chunk->numbers, &chunk->one, row));
    PFX_TRY(pfx_key_index_map(panes->index, keys, start, count, chunk->ids));
    if (panes->index->count > panes->known) {
        panes->known = panes->index->count;
        PFX_TRY(reserve_recent(panes));
    }
    return PFX_OK;
}

pfx_status pfx_panes_find_slot(pfx_panes *panes, pfx_pane *pane, int64_t i) {
    pfx_chunk *chunk = panes->chunk;
    int64_t slot = pfx_pane_find(pane, panes->agg, chunk->ids[i]);
    if (slot < 0) {
        PFX_TRY(pfx_pane_add(pane, panes->agg, chunk->ids[i], panes->known, &slot));
    }
    chunk->rows[chunk->waiting] = (int32_t)i;
    chunk->panes[chunk->waiting] = pane;
    chunk->slots[chunk->waiting++] = (uint32_t)slot;
    return PFX_OK;
}

void pfx_panes_resolve(pfx_panes *panes) {
    pfx_chunk *chunk = panes->chunk;
    for (int64_t i = 0; i < chunk->waiting; i++) {
        int32_t row = chunk->rows[i];
        const pfx_pane *pane = chunk->panes[i];
        /* It may have become dense since. */
        int64_t slot = pane->present != NULL ? chunk->ids[row] : chunk->slots[i];
        chunk->states[row] = pfx_pane_state(pane, panes->agg, slot);
    }
    chunk->waiting = 0;
}
