/* A pane: the states of the keys that have rows in one slice of time (or in one window). It takes memory for the keys
 * that it holds, however many others there are. */
#ifndef PFX_PANE_H
#define PFX_PANE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "pfx/agg.h"
#include "pfx/memory.h"
#include "pfx/status.h"

/* Owns its arrays and what its states own, charged to the budget of its pfx_agg. Slots count from 0 in order of the
 * keys' first appearance. */
typedef struct pfx_pane {
    int64_t index;
    int64_t count;
    int64_t capacity;
    uint32_t *keys;  /* by slot */
    uint8_t *states; /* by slot */
    uint64_t *table; /* key << 32 | slot + 1, or 0 */
    int64_t table_size;
    int shift; /* 64 when a key is its own place */
} pfx_pane;

/* Set up an empty pane without memory. */
void pfx_pane_init(pfx_pane *pane, int64_t index);

/* Free all; the pane is empty and can be used again. */
void pfx_pane_free(pfx_pane *pane, const pfx_agg *agg);

/* Forget the keys, keep the memory. */
void pfx_pane_reset(pfx_pane *pane, const pfx_agg *agg);

/* Room for `count` keys in all. `keys` is how many there are anywhere: where the pane holds a good part of them, they
 * are places in its table. */
pfx_status pfx_pane_reserve(pfx_pane *pane, const pfx_agg *agg, int64_t count, int64_t keys);

/* The place where the search for a key starts. */
static inline int64_t pfx_pane_home(const pfx_pane *pane, uint32_t key) {
    if (pane->shift == 64) {
        return (int64_t)key & (pane->table_size - 1);
    }
    return (int64_t)((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15) >> pane->shift);
}

/* The slot of a key; -1 when it has none. */
static inline int64_t pfx_pane_find(const pfx_pane *pane, uint32_t key) {
    if (pane->table_size == 0) {
        return -1;
    }
    for (int64_t at = pfx_pane_home(pane, key);; at = (at + 1) & (pane->table_size - 1)) {
        uint64_t entry = pane->table[at];
        if (entry == 0 || entry >> 32 == key) {
            return (int64_t)(entry & UINT32_MAX) - 1;
        }
    }
}

/* Give a key that has none a slot, with an empty state. */
pfx_status pfx_pane_add(pfx_pane *pane, const pfx_agg *agg, uint32_t key, int64_t keys, int64_t *slot);

/* The same with a copy of a state that owns nothing, in a pane that has room for it. */
static inline void pfx_pane_copy(pfx_pane *pane, const pfx_agg *agg, uint32_t key, const uint8_t *state) {
    int64_t at = pfx_pane_home(pane, key);
    while (pane->table[at] != 0) {
        at = (at + 1) & (pane->table_size - 1);
    }
    pane->keys[pane->count] = key;
    memcpy(pane->states + pane->count * agg->stride, state, (size_t)agg->stride);
    pane->table[at] = (uint64_t)key << 32 | (uint64_t)++pane->count;
}

static inline uint8_t *pfx_pane_state(const pfx_pane *pane, const pfx_agg *agg, int64_t slot) {
    return pane->states + slot * agg->stride;
}

/* Give the keys other numbers; on failure nothing has changed. */
pfx_status pfx_pane_renumber(pfx_pane *pane, const pfx_agg *agg, const uint32_t *renumbered, int64_t keys);

#endif
