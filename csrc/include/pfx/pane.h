/* A pane: the states of the keys that have rows in one slice of time (or in one window).
 *
 * A sparse pane takes memory for the keys that it holds, however many others there are: its states lie in order of the
 * keys' first rows, and a hash table finds them. A dense pane has a place for every key, so that nothing is searched,
 * and panes are merged as blocks; a pane becomes one when it holds a good part of all keys, and sparse again when the
 * others have become too many. */
#ifndef PFX_PANE_H
#define PFX_PANE_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/memory.h"
#include "pfx/snapshot.h"
#include "pfx/status.h"

/* Owns its arrays and what its states own, charged to the budget of its pfx_agg. */
typedef struct pfx_pane {
    int64_t index;
    struct pfx_pane *next; /* in a chain of pfx_panes */
    int64_t count;
    int64_t capacity; /* of keys and states */
    uint32_t *keys;   /* in order of their first rows */
    uint8_t *states;  /* by slot: the key in a dense pane, the position in `keys` in a sparse one */
    uint8_t *present; /* of a dense pane: which keys it holds; the states of the others are empty */
    uint64_t *table;  /* of a sparse pane: key << 32 | slot + 1, or 0 */
    int64_t table_size;
    int shift;
    struct pfx_frozen_pane *frozen; /* NULL when no snapshot is of it */
} pfx_pane;

/* A pane as it was at some time. It reads where keys and states were then: keys are only ever appended, and changes of
 * states are logged, until the pane moves them to other blocks, or is done with. From then on the blocks are its own.
 */
typedef struct pfx_frozen_pane {
    pfx_pane view;  /* what is to be read, by slot */
    pfx_pane *pane; /* which is still in the same blocks; NULL when these are its own */
    uint8_t *states;
    pfx_snapshot *snapshot;
} pfx_frozen_pane;

/* Places for so many keys and some more, which come one after the other. */
static inline int64_t pfx_places(int64_t keys) {
    return keys + keys / 16 + 8;
}

/* Set up an empty pane without memory. */
void pfx_pane_init(pfx_pane *pane, int64_t index);

/* Free all; the pane is empty and can be used again. */
void pfx_pane_free(pfx_pane *pane, const pfx_agg *agg);

/* Forget the keys, keep the memory. */
void pfx_pane_reset(pfx_pane *pane, const pfx_agg *agg);

/* Room for `count` keys in all, of `keys` that there are anywhere. States may move. */
pfx_status pfx_pane_reserve(pfx_pane *pane, const pfx_agg *agg, int64_t count, int64_t keys);

/* Where the search for a key begins. Numbers of keys can be chosen, too, by who chooses the order of the rows. */
static inline int64_t pfx_pane_home(const pfx_pane *pane, const pfx_agg *agg, uint32_t key) {
    return (int64_t)(pfx_key_fold(agg->secret, key) >> pane->shift);
}

/* The slot of a key; -1 when it has none. */
static inline int64_t pfx_pane_find(const pfx_pane *pane, const pfx_agg *agg, uint32_t key) {
    if (pane->present != NULL) {
        return key < pane->capacity && pane->present[key] ? (int64_t)key : -1;
    }
    if (pane->table_size == 0) {
        return -1;
    }
    int64_t at = pfx_pane_home(pane, agg, key);
    for (;; at = (at + 1) & (pane->table_size - 1)) {
        uint64_t entry = pane->table[at];
        if (entry == 0 || entry >> 32 == key) {
            return (int64_t)(entry & UINT32_MAX) - 1;
        }
    }
}

/* Before the states in these slots are changed. */
static inline void pfx_pane_save(const pfx_pane *pane, const uint32_t *slots, int64_t count) {
    if (pane->frozen != NULL) {
        pfx_snapshot_log(pane->frozen->snapshot, &pane->frozen->states, slots, count);
    }
}

/* The states of `count` keys in a dense pane that has places for them. Without a branch:
 * whether a key is new is often a matter of chance. */
static inline void pfx_pane_touch(pfx_pane *pane, const pfx_agg *agg, const uint32_t *keys, int64_t count,
                                  uint8_t **states) {
    uint32_t *held = pane->keys;
    uint8_t *present = pane->present;
    int64_t held_count = pane->count, stride = agg->stride;
    for (int64_t i = 0; i < count; i++) {
        held[held_count] = keys[i];
        held_count += !present[keys[i]];
        present[keys[i]] = 1;
        states[i] = pane->states + (int64_t)keys[i] * stride;
    }
    pane->count = held_count;
}

/* Give a key that has none a slot, with an empty state. States may move. */
pfx_status pfx_pane_add(pfx_pane *pane, const pfx_agg *agg, uint32_t key, int64_t keys, int64_t *slot);

static inline uint8_t *pfx_pane_state(const pfx_pane *pane, const pfx_agg *agg, int64_t slot) {
    return pane->states + slot * agg->stride;
}

/* The states of keys first .. first + count - 1 of `keys`. */
void pfx_pane_states(const pfx_pane *pane, const pfx_agg *agg, int64_t first, int64_t count, uint8_t **states);

/* Add the states of `from`, which stays as it is, to those of its keys in `pane`. `states` and `others` have room for
 * PFX_CHUNK pointers. */
pfx_status pfx_pane_merge(pfx_pane *pane, pfx_agg *agg, const pfx_pane *from, int64_t keys, uint8_t **states,
                          uint8_t **others);

/* Make it a dense pane of that capacity, whose states are still to be written; what it held is forgotten. */
pfx_status pfx_pane_make_dense(pfx_pane *pane, const pfx_agg *agg, int64_t capacity);

/* Say that a dense pane holds the keys that are in `some` or in `others`, in order of their numbers. */
void pfx_pane_hold(pfx_pane *pane, const uint8_t *some, const uint8_t *others);

/* Give the keys other numbers, in the same order, where they are. No snapshot may be of it. */
void pfx_pane_renumber(pfx_pane *pane, const pfx_agg *agg, const uint32_t *renumbered);

/* Take no more memory than is good for the keys that it holds, of `keys` that there are; on failure nothing has
 * changed. */
pfx_status pfx_pane_fit(pfx_pane *pane, const pfx_agg *agg, int64_t keys);

/* Begin a snapshot of it; *frozen is where it is, until it is ended. On failure nothing has changed. */
pfx_status pfx_pane_freeze(pfx_pane *pane, const pfx_agg *agg, pfx_frozen_pane *frozen);

/* By another thread: make `view` what the pane was. */
pfx_status pfx_pane_read(pfx_frozen_pane *frozen);

void pfx_pane_thaw(pfx_frozen_pane *frozen, const pfx_agg *agg);

#endif
