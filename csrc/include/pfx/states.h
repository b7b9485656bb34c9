/* States of a fixed size under the numbers 0, 1, 2, ..., in segments that do not move, so that a snapshot (see
 * pfx/snapshot.h) can be read by another thread while their owner, the task, goes on changing them. */
#ifndef PFX_STATES_H
#define PFX_STATES_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/memory.h"
#include "pfx/snapshot.h"
#include "pfx/status.h"

/* Owns all its memory, charged to `budget`, but not what states themselves may own. */
typedef struct pfx_states {
    pfx_budget *budget;
    int64_t stride;
    int64_t count;
    uint8_t **segments; /* of 1 << shift states; of fewer while there is only one */
    int64_t segments_count;
    int64_t segments_room;
    int64_t first_room; /* states that fit into the first segment */
    int shift;
    uint32_t mask;
    pfx_snapshot *snapshot; /* NULL when none runs */
    uint8_t *retired;       /* the first segment as the snapshot reads it, when it has moved since */
    int64_t retired_room;
} pfx_states;

/* Set up no states, of `stride` bytes each (a multiple of 8); nothing is allocated. */
void pfx_states_init(pfx_states *states, pfx_budget *budget, int64_t stride);

/* The same, in one block however many there are (2^31 at most): all may move when it grows. */
void pfx_states_init_flat(pfx_states *states, pfx_budget *budget, int64_t stride);

/* Give everything back; no snapshot may be read any more. */
void pfx_states_free(pfx_states *states);

/* Make room for the numbers below `count`, and count them in; the caller writes what new states are, before it reads
 * them. States that are there stay where they are, but those of a first segment that is not full yet, which may move.
 */
pfx_status pfx_states_grow(pfx_states *states, int64_t count);

/* Keep room for the first `room` numbers of a flat block only. PFX_WRONG_STATE while a snapshot runs. */
pfx_status pfx_states_shrink(pfx_states *states, int64_t room);

/* Numbers that there is room for. */
static inline int64_t pfx_states_room(const pfx_states *states) {
    return states->segments_count <= 1 ? states->first_room : states->segments_count << states->shift;
}

/* Forget all states. PFX_WRONG_STATE while a snapshot runs. */
pfx_status pfx_states_forget(pfx_states *states);

/* The state of a number below `count`. */
static inline uint8_t *pfx_states_at(const pfx_states *states, uint32_t number) {
    return states->segments[number >> states->shift] + (int64_t)(number & states->mask) * states->stride;
}

/* The states of `count` numbers. */
static inline void pfx_states_find(const pfx_states *states, const uint32_t *numbers, int64_t count, uint8_t **found) {
    uint8_t *const *segments = states->segments;
    int64_t stride = states->stride;
    int shift = states->shift;
    uint32_t mask = states->mask;
    if (states->segments_count == 1) {
        uint8_t *base = segments[0];
        for (int64_t i = 0; i < count; i++) {
            found[i] = base + (int64_t)numbers[i] * stride;
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        found[i] = segments[numbers[i] >> shift] + (int64_t)(numbers[i] & mask) * stride;
    }
}

/* The state of `number`, and how many states from it on, at most `limit`, lie one after the other. */
uint8_t *pfx_states_run(const pfx_states *states, int64_t number, int64_t limit, int64_t *length);

/* Begin a snapshot of the first `count` states, between two chunks of rows; `owned` says how they are copied when they
 * own memory (else NULL). PFX_WRONG_STATE when one runs; on failure nothing has changed. */
pfx_status pfx_states_begin(pfx_states *states, int64_t count, const pfx_owned *owned, pfx_snapshot **snapshot);

/* Before the states of `numbers` are changed (at most once for all rows of a chunk): log those that have no record.
 * Numbers that were not there at the beginning, PFX_NO_STATE among them, are none of its business. */
static inline void pfx_states_save(pfx_states *states, const uint32_t *numbers, int64_t count) {
    if (states->snapshot != NULL) {
        pfx_snapshot_log(states->snapshot, states->segments, numbers, count);
    }
}

/* By the task, when the reader is done, or before it has begun: the snapshot is over, and its memory is given back. */
void pfx_states_end(pfx_states *states);

/* Make `view`, which owns nothing, the states that a snapshot has been read to: of what `states` are set up for. Once
 * the reader is done with the snapshot the view is, too. */
void pfx_states_view(const pfx_states *states, const pfx_snapshot *snapshot, pfx_states *view);

#endif
