#include "pfx/panes.h"

#include <string.h>

/* Panes with larger states are not kept for the next slices. */
#define SPARE_BYTES (64 << 10)
#define MIN_TABLE 16

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
    pfx_panes_end_snapshot(panes);
    for (int64_t i = 0; i < panes->count; i++) {
        free_pane(panes, panes->list[i]);
    }
    pfx_panes_free_spares(panes);
    pfx_free(panes->agg->budget, panes->block, panes->capacity * (int64_t)sizeof *panes->block);
    pfx_free(panes->agg->budget, panes->table, panes->table_size * (int64_t)sizeof *panes->table);
    pfx_free(panes->agg->budget, panes->chunk, (int64_t)sizeof *panes->chunk);
    memset(panes, 0, sizeof *panes);
}

/* ---- order ---- */

int64_t pfx_panes_position(const pfx_panes *panes, int64_t slice) {
    int64_t low = 0, high = panes->sorted;
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

typedef struct numbered {
    int64_t index;
    pfx_pane *pane;
} numbered;

/* Runs of 1, 2, 4, ... are merged from one half of the memory into the other; where the result is. */
static numbered *sort(numbered *from, numbered *to, int64_t count) {
    for (int64_t run = 1; run < count; run *= 2) {
        for (int64_t start = 0; start < count; start += run * 2) {
            int64_t left = start, middle = start + run < count ? start + run : count;
            int64_t right = middle, end = middle + run < count ? middle + run : count;
            for (int64_t i = start; i < end; i++) {
                bool takes_left = left < middle && (right == end || from[left].index < from[right].index);
                to[i] = takes_left ? from[left++] : from[right++];
            }
        }
        numbered *other = from;
        from = to;
        to = other;
    }
    return from;
}

pfx_status pfx_panes_sort(pfx_panes *panes) {
    int64_t count = panes->count - panes->sorted, size = count * 2 * (int64_t)sizeof(numbered);
    if (count == 0) {
        return PFX_OK;
    }
    void *memory;
    PFX_TRY(pfx_alloc(panes->agg->budget, size, &memory));
    numbered *behind = memory;
    for (int64_t i = 0; i < count; i++) {
        pfx_pane *pane = panes->list[panes->sorted + i];
        behind[i] = (numbered){.index = pane->index, .pane = pane};
    }
    behind = sort(behind, behind + count, count);
    /* From the last one: what is in order and after it moves behind it, all at once. */
    int64_t end = panes->sorted;
    while (count > 0) {
        const numbered *last = &behind[count - 1];
        int64_t low = 0, high = end;
        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (panes->list[middle]->index < last->index) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        memmove(&panes->list[low + count], &panes->list[low], (size_t)(end - low) * sizeof *panes->list);
        panes->list[low + count - 1] = last->pane;
        end = low;
        count--;
    }
    pfx_free(panes->agg->budget, memory, size);
    panes->sorted = panes->count;
    return PFX_OK;
}

/* ---- slices ---- */

static pfx_pane **chain_of(const pfx_panes *panes, int64_t slice) {
    uint64_t hash = pfx_key_hash_word(panes->agg->secret, (uint64_t)slice);
    return &panes->table[hash & (uint64_t)(panes->table_size - 1)];
}

pfx_pane *pfx_panes_at(const pfx_panes *panes, int64_t slice) {
    pfx_pane *pane = panes->table_size == 0 ? NULL : *chain_of(panes, slice);
    while (pane != NULL && pane->index != slice) {
        pane = pane->next;
    }
    return pane;
}

/* Room for one pane more in the list and the table. */
static pfx_status reserve(pfx_panes *panes) {
    pfx_budget *budget = panes->agg->budget;
    int64_t size = (int64_t)sizeof *panes->block, gap = panes->list - panes->block;
    if (panes->count == panes->table_size) {
        int64_t room = panes->table_size == 0 ? MIN_TABLE : panes->table_size * 2;
        void *memory;
        PFX_TRY(pfx_alloc_zero(budget, room * size, &memory));
        pfx_free(budget, panes->table, panes->table_size * size);
        panes->table = memory;
        panes->table_size = room;
        for (int64_t i = 0; i < panes->count; i++) {
            pfx_pane **chain = chain_of(panes, panes->list[i]->index);
            panes->list[i]->next = *chain;
            *chain = panes->list[i];
        }
    }
    if (gap + panes->count == panes->capacity) {
        /* A gap that is as long as the list is closed, which costs no more than what has opened it. */
        if (gap > panes->count) {
            memcpy(panes->block, panes->list, (size_t)(panes->count * size));
        } else {
            void *memory;
            int64_t room = panes->capacity == 0 ? MIN_TABLE : panes->capacity * 2;
            PFX_TRY(pfx_alloc(budget, room * size, &memory));
            if (panes->count > 0) {
                memcpy(memory, panes->list, (size_t)(panes->count * size));
            }
            pfx_free(budget, panes->block, panes->capacity * size);
            panes->block = memory;
            panes->capacity = room;
        }
        panes->list = panes->block;
    }
    return PFX_OK;
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
    *out = pfx_panes_at(panes, slice);
    if (*out != NULL) {
        return pfx_pane_reserve(*out, panes->agg, (*out)->count, panes->index->count);
    }
    PFX_TRY(reserve(panes));
    PFX_TRY(make_pane(panes, slice, out));
    pfx_pane **chain = chain_of(panes, slice);
    (*out)->next = *chain;
    *chain = *out;
    panes->least = panes->count == 0 || slice < panes->least ? slice : panes->least;
    bool is_last = panes->sorted == panes->count && (panes->count == 0 || panes->list[panes->count - 1]->index < slice);
    panes->sorted += is_last;
    panes->list[panes->count++] = *out;
    return PFX_OK;
}

void pfx_panes_drop(pfx_panes *panes, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        pfx_pane *pane = panes->list[i];
        pfx_pane **link = chain_of(panes, pane->index);
        while (*link != pane) {
            link = &(*link)->next;
        }
        *link = pane->next;
        panes->expected = pane->count;
        if (panes->spare_count < PFX_SPARE_PANES && pane->capacity * panes->agg->stride <= SPARE_BYTES) {
            pfx_pane_reset(pane, panes->agg);
            panes->spares[panes->spare_count++] = pane;
        } else {
            free_pane(panes, pane);
        }
    }
    panes->list += count;
    panes->count -= count;
    panes->sorted -= count;
    panes->least = panes->count > 0 ? panes->list[0]->index : 0;
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

void pfx_panes_log(pfx_panes *panes, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
        const pfx_pane *pane = pfx_panes_at(panes, pfx_panes_slice(panes, i));
        int64_t slot = pane == NULL ? -1 : pfx_pane_find(pane, panes->agg, panes->chunk->ids[i]);
        if (slot >= 0) {
            uint32_t number = (uint32_t)slot;
            pfx_pane_save(pane, &number, 1);
        }
    }
}
