#include "pfx/pane.h"

#include <string.h>

#define MIN_SLOTS 8
/* A pane that has room for one in so many keys becomes dense. */
#define DENSE_SHARE 2
/* A dense pane that would have to grow to so many times its keys becomes sparse. */
#define SPARSE_SHARE 8

void pfx_pane_init(pfx_pane *pane, int64_t index) {
    memset(pane, 0, sizeof *pane);
    pane->index = index;
}

/* One more than there are keys, so that a key can be written before it is known whether it counts. */
static int64_t key_bytes(int64_t capacity) {
    return (capacity + 1) * (int64_t)sizeof(uint32_t);
}

/* The states are about to be cleared, or moved: those that own memory are to be copied before. */
static void copy_owned(const pfx_pane *pane) {
    int64_t left;
    if (pane->frozen != NULL) {
        pfx_snapshot_step(pane->frozen->snapshot, &pane->frozen->states, INT64_MAX, &left);
    }
}

/* The blocks, without what the states own. */
static void free_blocks(pfx_pane *pane, const pfx_agg *agg) {
    if (pane->frozen != NULL) {
        pane->frozen->pane = NULL;
    } else {
        pfx_free(agg->budget, pane->keys, key_bytes(pane->capacity));
        pfx_free(agg->budget, pane->states, pane->capacity * agg->stride);
    }
    pfx_free(agg->budget, pane->present, pane->capacity);
    pfx_free(agg->budget, pane->table, pane->table_size * (int64_t)sizeof *pane->table);
}

static int64_t slots(const pfx_pane *pane) {
    return pane->present != NULL ? pane->capacity : pane->count;
}

void pfx_pane_free(pfx_pane *pane, const pfx_agg *agg) {
    copy_owned(pane);
    pfx_agg_clear(agg, pane->states, slots(pane));
    free_blocks(pane, agg);
    pfx_pane_init(pane, pane->index);
}

void pfx_pane_reset(pfx_pane *pane, const pfx_agg *agg) {
    if (pane->frozen != NULL) {
        pfx_pane_free(pane, agg);
        return;
    }
    pfx_agg_clear(agg, pane->states, slots(pane));
    int64_t count = pane->count;
    pane->count = 0;
    if (pane->present == NULL) {
        if (pane->table != NULL) {
            memset(pane->table, 0, (size_t)pane->table_size * sizeof *pane->table);
        }
    } else if (count > pane->capacity / 4) {
        memset(pane->present, 0, (size_t)pane->capacity);
        pfx_agg_start(agg, pane->states, pane->capacity);
    } else {
        for (int64_t i = 0; i < count; i++) {
            pane->present[pane->keys[i]] = 0;
            pfx_agg_start(agg, pfx_pane_state(pane, agg, pane->keys[i]), 1);
        }
    }
}

static void enter(pfx_pane *pane, const pfx_agg *agg, uint32_t key, int64_t slot) {
    if (pane->present != NULL) {
        pane->present[key] = 1;
        return;
    }
    int64_t at = pfx_pane_home(pane, agg, key);
    while (pane->table[at] != 0) {
        at = (at + 1) & (pane->table_size - 1);
    }
    pane->table[at] = (uint64_t)key << 32 | (uint64_t)(slot + 1);
}

/* Memory for an empty pane of that capacity, a power of two when it is sparse. On failure `pane` has none. */
static pfx_status make(pfx_pane *pane, const pfx_agg *agg, int64_t index, int64_t capacity, bool dense) {
    pfx_budget *budget = agg->budget;
    pfx_pane_init(pane, index);
    if (capacity > UINT32_MAX || capacity > INT64_MAX / 4 / (agg->stride + 1)) {
        return PFX_NO_MEMORY;
    }
    void *keys = NULL, *states = NULL, *finder = NULL;
    int64_t table_size = dense ? 0 : capacity * 2;
    pfx_status status = pfx_alloc(budget, key_bytes(capacity), &keys);
    if (status == PFX_OK) {
        status = pfx_alloc(budget, capacity * agg->stride, &states);
    }
    if (status == PFX_OK) {
        status = pfx_alloc_zero(budget, dense ? capacity : table_size * (int64_t)sizeof *pane->table, &finder);
    }
    if (status != PFX_OK) {
        pfx_free(budget, keys, key_bytes(capacity));
        pfx_free(budget, states, capacity * agg->stride);
        return status;
    }
    pane->capacity = capacity;
    pane->keys = keys;
    pane->states = states;
    if (dense) {
        pane->present = finder;
        pfx_agg_start(agg, states, capacity);
        return PFX_OK;
    }
    pane->table = finder;
    pane->table_size = table_size;
    pane->shift = 64;
    for (int64_t rest = table_size; rest > 1; rest /= 2) {
        pane->shift--;
    }
    return PFX_OK;
}

/* Move everything to a pane of another capacity or kind. On failure nothing has changed. */
static pfx_status rebuild(pfx_pane *pane, const pfx_agg *agg, int64_t capacity, bool dense) {
    pfx_pane made;
    PFX_TRY(make(&made, agg, pane->index, capacity, dense));
    copy_owned(pane);
    for (int64_t i = 0; i < pane->count; i++) {
        uint32_t key = pane->keys[i];
        int64_t from = pane->present != NULL ? (int64_t)pane->keys[i] : i;
        int64_t to = dense ? (int64_t)key : i;
        made.keys[i] = key;
        memcpy(pfx_pane_state(&made, agg, to), pfx_pane_state(pane, agg, from), (size_t)agg->stride);
        enter(&made, agg, key, i);
    }
    made.count = pane->count;
    made.next = pane->next;
    free_blocks(pane, agg);
    *pane = made;
    return PFX_OK;
}

static pfx_status rebuild_for(pfx_pane *pane, const pfx_agg *agg, int64_t count, int64_t keys) {
    int64_t room = MIN_SLOTS;
    while (room < count) {
        room *= 2;
    }
    if (keys <= room * DENSE_SHARE || (pane->present != NULL && keys <= count * SPARSE_SHARE)) {
        return rebuild(pane, agg, pfx_places(keys), true);
    }
    return rebuild(pane, agg, room, false);
}

pfx_status pfx_pane_reserve(pfx_pane *pane, const pfx_agg *agg, int64_t count, int64_t keys) {
    if ((pane->present != NULL ? keys : count) <= pane->capacity && pane->capacity > 0) {
        return PFX_OK;
    }
    return rebuild_for(pane, agg, count, keys);
}

pfx_status pfx_pane_add(pfx_pane *pane, const pfx_agg *agg, uint32_t key, int64_t keys, int64_t *slot) {
    if (pane->present != NULL ? key >= pane->capacity : pane->count == pane->capacity) {
        PFX_TRY(rebuild_for(pane, agg, pane->count + 1, keys));
    }
    int64_t position = pane->count++;
    pane->keys[position] = key;
    enter(pane, agg, key, position);
    if (pane->present != NULL) {
        *slot = key;
        return PFX_OK;
    }
    pfx_agg_start(agg, pfx_pane_state(pane, agg, position), 1);
    *slot = position;
    return PFX_OK;
}

void pfx_pane_states(const pfx_pane *pane, const pfx_agg *agg, int64_t first, int64_t count, uint8_t **states) {
    if (pane->present == NULL) {
        for (int64_t i = 0; i < count; i++) {
            states[i] = pfx_pane_state(pane, agg, first + i);
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        states[i] = pfx_pane_state(pane, agg, pane->keys[first + i]);
    }
}

/* Two dense panes: all states one after the other, since those of keys that are not there are empty. */
static pfx_status merge_dense(pfx_pane *pane, pfx_agg *agg, const pfx_pane *from) {
    for (int64_t i = 0; i < from->count; i++) {
        uint32_t key = from->keys[i];
        if (!pane->present[key]) {
            pane->present[key] = 1;
            pane->keys[pane->count++] = key;
        }
    }
    int64_t both = pane->capacity < from->capacity ? pane->capacity : from->capacity;
    return pfx_agg_combine(agg, pane->states, pane->states, from->states, both);
}

pfx_status pfx_pane_merge(pfx_pane *pane, pfx_agg *agg, const pfx_pane *from, int64_t keys, uint8_t **states,
                          uint8_t **others) {
    for (int64_t start = 0; start < from->count; start += PFX_CHUNK) {
        int64_t count = from->count - start < PFX_CHUNK ? from->count - start : PFX_CHUNK;
        int64_t most = pane->count + count < keys ? pane->count + count : keys;
        PFX_TRY(pfx_pane_reserve(pane, agg, most, keys));
        if (start == 0 && pane->present != NULL && from->present != NULL) {
            return merge_dense(pane, agg, from);
        }
        for (int64_t i = 0; i < count; i++) {
            uint32_t key = from->keys[start + i];
            int64_t slot = pfx_pane_find(pane, agg, key);
            if (slot < 0) {
                PFX_TRY(pfx_pane_add(pane, agg, key, keys, &slot));
            }
            /* There is room for all, so that states stay where they are. */
            states[i] = pfx_pane_state(pane, agg, slot);
        }
        pfx_pane_states(from, agg, start, count, others);
        PFX_TRY(pfx_agg_merge(agg, states, others, count));
    }
    return PFX_OK;
}

pfx_status pfx_pane_make_dense(pfx_pane *pane, const pfx_agg *agg, int64_t capacity) {
    if (pane->present != NULL && pane->capacity == capacity) {
        return PFX_OK;
    }
    pfx_pane_free(pane, agg);
    return make(pane, agg, pane->index, capacity, true);
}

void pfx_pane_hold(pfx_pane *pane, const uint8_t *some, const uint8_t *others) {
    const uint8_t *restrict first = some, *restrict second = others;
    uint8_t *restrict present = pane->present;
    uint32_t *restrict keys = pane->keys;
    int64_t count = 0;
    for (int64_t key = 0; key < pane->capacity; key++) {
        present[key] = first[key] | second[key];
    }
    for (int64_t key = 0; key < pane->capacity; key++) {
        keys[count] = (uint32_t)key;
        count += present[key];
    }
    pane->count = count;
}

void pfx_pane_renumber(pfx_pane *pane, const pfx_agg *agg, const uint32_t *renumbered) {
    if (pane->present != NULL) {
        /* No key has a greater number than before, so one after the other finds its place free. */
        for (int64_t key = 0; key < pane->capacity; key++) {
            if (pane->present[key] && renumbered[key] != key) {
                memcpy(pfx_pane_state(pane, agg, renumbered[key]), pfx_pane_state(pane, agg, key), (size_t)agg->stride);
                pfx_agg_start(agg, pfx_pane_state(pane, agg, key), 1);
                pane->present[key] = 0;
                pane->present[renumbered[key]] = 1;
            }
        }
    } else if (pane->table != NULL) {
        memset(pane->table, 0, (size_t)pane->table_size * sizeof *pane->table);
    }
    for (int64_t i = 0; i < pane->count; i++) {
        pane->keys[i] = renumbered[pane->keys[i]];
        enter(pane, agg, pane->keys[i], i);
    }
}

pfx_status pfx_pane_fit(pfx_pane *pane, const pfx_agg *agg, int64_t keys) {
    return pane->capacity == 0 ? PFX_OK : rebuild_for(pane, agg, pane->count, keys);
}

/* ---- snapshots ---- */

pfx_status pfx_pane_freeze(pfx_pane *pane, const pfx_agg *agg, pfx_frozen_pane *frozen) {
    pfx_owned owned = pfx_agg_owned(agg);
    frozen->view = *pane;
    frozen->view.next = NULL;
    frozen->view.table = NULL;
    frozen->view.table_size = 0;
    frozen->view.present = NULL;
    frozen->states = pane->states;
    if (pane->present != NULL) {
        void *memory;
        PFX_TRY(pfx_alloc(agg->budget, pane->capacity, &memory));
        frozen->view.present = memory;
    }
    pfx_status status = pfx_snapshot_make(agg->budget, &owned, agg->stride, slots(pane), &frozen->states,
                                          pane->capacity > 0, 31, &frozen->snapshot);
    if (status != PFX_OK) {
        pfx_free(agg->budget, frozen->view.present, pane->capacity);
        return status;
    }
    frozen->pane = pane;
    pane->frozen = frozen;
    return PFX_OK;
}

pfx_status pfx_pane_read(pfx_frozen_pane *frozen) {
    pfx_pane *view = &frozen->view;
    PFX_TRY(pfx_snapshot_read(frozen->snapshot));
    view->states = frozen->snapshot->copy;
    if (view->present != NULL) {
        memset(view->present, 0, (size_t)view->capacity);
        for (int64_t i = 0; i < view->count; i++) {
            view->present[view->keys[i]] = 1;
        }
    }
    return PFX_OK;
}

void pfx_pane_thaw(pfx_frozen_pane *frozen, const pfx_agg *agg) {
    if (frozen->pane != NULL) {
        frozen->pane->frozen = NULL;
    } else {
        pfx_free(agg->budget, frozen->view.keys, key_bytes(frozen->view.capacity));
        pfx_free(agg->budget, frozen->states, frozen->view.capacity * agg->stride);
    }
    pfx_free(agg->budget, frozen->view.present, frozen->view.capacity);
    pfx_snapshot_free(frozen->snapshot);
}
