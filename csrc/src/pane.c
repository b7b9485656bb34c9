#include "pfx/pane.h"

#include <string.h>

#define MIN_SLOTS 8

void pfx_pane_init(pfx_pane *pane, int64_t index) {
    memset(pane, 0, sizeof *pane);
    pane->index = index;
}

void pfx_pane_free(pfx_pane *pane, const pfx_agg *agg) {
    pfx_agg_clear(agg, pane->states, pane->count);
    pfx_free(agg->budget, pane->keys, pane->capacity * (int64_t)sizeof *pane->keys);
    pfx_free(agg->budget, pane->states, pane->capacity * agg->stride);
    pfx_free(agg->budget, pane->table, pane->table_size * (int64_t)sizeof *pane->table);
    pfx_pane_init(pane, pane->index);
}

void pfx_pane_reset(pfx_pane *pane, const pfx_agg *agg) {
    pfx_agg_clear(agg, pane->states, pane->count);
    pane->count = 0;
    if (pane->table != NULL) {
        memset(pane->table, 0, (size_t)pane->table_size * sizeof *pane->table);
    }
}

static void enter(pfx_pane *pane, uint32_t key, int64_t slot) {
    int64_t at = pfx_pane_home(pane, key);
    while (pane->table[at] != 0) {
        at = (at + 1) & (pane->table_size - 1);
    }
    pane->table[at] = (uint64_t)key << 32 | (uint64_t)(slot + 1);
}

static pfx_status make_table(pfx_pane *pane, const pfx_agg *agg, int64_t size, int64_t keys) {
    void *memory;
    PFX_TRY(pfx_alloc_zero(agg->budget, size * (int64_t)sizeof *pane->table, &memory));
    pfx_free(agg->budget, pane->table, pane->table_size * (int64_t)sizeof *pane->table);
    pane->table = memory;
    pane->table_size = size;
    pane->shift = 64;
    for (int64_t rest = size; size < keys && rest > 1; rest /= 2) {
        pane->shift--;
    }
    for (int64_t slot = 0; slot < pane->count; slot++) {
        enter(pane, pane->keys[slot], slot);
    }
    return PFX_OK;
}

static pfx_status resize(pfx_budget *budget, void **block, int64_t old_size, int64_t new_size) {
    return *block == NULL ? pfx_alloc(budget, new_size, block) : pfx_resize(budget, block, old_size, new_size);
}

pfx_status pfx_pane_reserve(pfx_pane *pane, const pfx_agg *agg, int64_t count, int64_t keys) {
    if (count <= pane->capacity) {
        return PFX_OK;
    }
    int64_t room = MIN_SLOTS;
    while (room < count) {
        room *= 2;
    }
    if (room > UINT32_MAX || room > INT64_MAX / 4 / (agg->stride + 1)) {
        return PFX_NO_MEMORY;
    }
    /* The arrays are given away one by one, so `capacity` may only grow once both have. */
    void *keys_block = NULL, *states = pane->states;
    int64_t key_size = (int64_t)sizeof *pane->keys;
    PFX_TRY(pfx_alloc(agg->budget, room * key_size, &keys_block));
    pfx_status status = resize(agg->budget, &states, pane->capacity * agg->stride, room * agg->stride);
    if (status != PFX_OK) {
        pfx_free(agg->budget, keys_block, room * key_size);
        return status;
    }
    if (pane->count > 0) {
        memcpy(keys_block, pane->keys, (size_t)(pane->count * key_size));
    }
    pfx_free(agg->budget, pane->keys, pane->capacity * key_size);
    pane->keys = keys_block;
    pane->states = states;
    pane->capacity = room;
    return room * 2 > pane->table_size ? make_table(pane, agg, room * 2, keys) : PFX_OK;
}

pfx_status pfx_pane_add(pfx_pane *pane, const pfx_agg *agg, uint32_t key, int64_t keys, int64_t *slot) {
    if (pane->count == pane->capacity || pane->count * 2 >= pane->table_size) {
        PFX_TRY(pfx_pane_reserve(pane, agg, pane->count + 1, keys));
        if (pane->count * 2 >= pane->table_size) {
            PFX_TRY(make_table(pane, agg, pane->capacity * 2, keys));
        }
    }
    int64_t new_slot = pane->count++;
    pane->keys[new_slot] = key;
    pfx_agg_start(agg, pane->states + new_slot * agg->stride);
    enter(pane, key, new_slot);
    *slot = new_slot;
    return PFX_OK;
}

pfx_status pfx_pane_merge(pfx_pane *pane, pfx_agg *agg, const pfx_pane *from, int64_t keys, uint8_t **states,
                          uint8_t **others) {
    for (int64_t start = 0; start < from->count; start += PFX_CHUNK) {
        int64_t count = from->count - start < PFX_CHUNK ? from->count - start : PFX_CHUNK;
        int64_t most = pane->count + count < keys ? pane->count + count : keys;
        PFX_TRY(pfx_pane_reserve(pane, agg, most, keys));
        int64_t shared = 0;
        for (int64_t i = start; i < start + count; i++) {
            uint8_t *state = pfx_pane_state(from, agg, i);
            int64_t slot = pfx_pane_find(pane, from->keys[i]);
            if (slot < 0 && !agg->owning) {
                pfx_pane_copy(pane, agg, from->keys[i], state);
                continue;
            }
            if (slot < 0) {
                PFX_TRY(pfx_pane_add(pane, agg, from->keys[i], keys, &slot));
            }
            /* Nothing grows any more, so that states stay where they are. */
            states[shared] = pfx_pane_state(pane, agg, slot);
            others[shared++] = state;
        }
        PFX_TRY(pfx_agg_merge(agg, states, others, shared));
    }
    return PFX_OK;
}

pfx_status pfx_pane_assign(pfx_pane *pane, const pfx_agg *agg, const pfx_pane *from) {
    if (pane->capacity < from->capacity || pane->table_size != from->table_size) {
        pfx_pane_free(pane, agg);
        /* The same capacity makes a table of the same size, which is then filled as the other's is. */
        PFX_TRY(pfx_pane_reserve(pane, agg, from->capacity, 0));
        if (pane->table_size != from->table_size) {
            PFX_TRY(make_table(pane, agg, from->table_size, 0));
        }
    }
    memcpy(pane->keys, from->keys, (size_t)from->count * sizeof *pane->keys);
    memcpy(pane->states, from->states, (size_t)(from->count * agg->stride));
    memcpy(pane->table, from->table, (size_t)from->table_size * sizeof *pane->table);
    pane->count = from->count;
    pane->shift = from->shift;
    return PFX_OK;
}

pfx_status pfx_pane_renumber(pfx_pane *pane, const pfx_agg *agg, const uint32_t *renumbered, int64_t keys) {
    if (pane->table == NULL) {
        return PFX_OK;
    }
    void *memory;
    PFX_TRY(pfx_alloc_zero(agg->budget, pane->table_size * (int64_t)sizeof *pane->table, &memory));
    pfx_free(agg->budget, pane->table, pane->table_size * (int64_t)sizeof *pane->table);
    pane->table = memory;
    pane->shift = 64;
    for (int64_t rest = pane->table_size; pane->table_size < keys && rest > 1; rest /= 2) {
        pane->shift--;
    }
    for (int64_t slot = 0; slot < pane->count; slot++) {
        pane->keys[slot] = renumbered[pane->keys[slot]];
        enter(pane, pane->keys[slot], slot);
    }
    return PFX_OK;
}
