/* States of a fixed size under the numbers 0, 1, 2, ..., in segments that do not move, so that a snapshot can be read
 * by another thread while their owner, the task, goes on changing them.
 *
 * A snapshot is the states as they were when it began, at the price of an undo log: before the task changes a state for
 * the first time after the beginning, it logs what it was (pfx_states_save). The reader copies all states, some of them
 * changed already and some only half, and then puts the logged ones over the copy. Why that is right:
 *
 * 1. The task publishes the records of a chunk of rows (tail, release), and a release fence follows, before it stores
 * to any state of that chunk.
 * 2. The reader loads words of states one at a time (relaxed), and after the last of them an acquire fence, then tail
 *    (acquire).
 * 3. So if the reader has seen any word that was stored after the beginning, it sees that state's record, which
 * replaces the whole state; and a state without a record is entirely as it was.
 *
 * A record that comes too late does no harm: it says what the copy says. The task never waits. */
#ifndef PFX_STATES_H
#define PFX_STATES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pfx/memory.h"
#include "pfx/status.h"

/* How often a first segment can grow during one snapshot: it doubles each time. */
#define PFX_MOST_RETIRED 24

typedef enum pfx_snapshot_phase {
    PFX_SNAPSHOT_RUNS,   /* the task logs */
    PFX_SNAPSHOT_COPIED, /* the reader needs no more records */
    PFX_SNAPSHOT_FAILED  /* there was no memory for a record: the snapshot is lost, the task goes on */
} pfx_snapshot_phase;

/* Owned by the pfx_states that it is of. The reader may use it from the time when it is told of it until it says that
 * it is done; both by what its caller synchronises with (a queue, a mail). */
typedef struct pfx_snapshot {
    int64_t count;     /* states at the beginning */
    int64_t stride;    /* bytes of a state */
    uint8_t *copy;     /* what pfx_snapshot_read makes: `count` states, one after the other */
    uint8_t **from;    /* the segments as they were, which stay in place until the end */
    int64_t from_room; /* pointers in `from` */
    int shift;
    uint64_t *saved; /* the task's: a bit for each state that has a record */
    uint8_t **pieces;
    int64_t pieces_room;
    int64_t written; /* the task's: records */
    _Atomic int64_t tail;
    _Atomic int phase;
} pfx_snapshot;

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
    pfx_snapshot *snapshot;             /* NULL when none runs */
    uint8_t *retired[PFX_MOST_RETIRED]; /* first segments that a snapshot may still read */
    int64_t retired_room[PFX_MOST_RETIRED];
    int retired_count;
} pfx_states;

/* Set up no states, of `stride` bytes each (a multiple of 8); nothing is allocated. */
void pfx_states_init(pfx_states *states, pfx_budget *budget, int64_t stride);

/* Give everything back; no snapshot may be read any more. */
void pfx_states_free(pfx_states *states);

/* Make room for the numbers below `count`, and count them in; the caller writes what new states are, before it reads
 * them. States that are there stay where they are, but those of a first segment that is not full yet, which may move.
 */
pfx_status pfx_states_grow(pfx_states *states, int64_t count);

/* Forget all states. PFX_WRONG_STATE while a snapshot runs. */
pfx_status pfx_states_forget(pfx_states *states);

/* The state of a number below `count`. */
static inline uint8_t *pfx_states_at(const pfx_states *states, uint32_t number) {
    return states->segments[number >> states->shift] + (int64_t)(number & states->mask) * states->stride;
}

/* The state of `number`, and how many states from it on, at most `limit`, lie one after the other. */
uint8_t *pfx_states_run(const pfx_states *states, int64_t number, int64_t limit, int64_t *length);

/* Begin a snapshot of all states, between two chunks of rows. PFX_WRONG_STATE when one runs; on failure nothing has
 * changed. */
pfx_status pfx_states_begin(pfx_states *states, pfx_snapshot **snapshot);

/* Before the states of `numbers` are changed (at most once for all rows of a chunk): log those that have no record. */
void pfx_states_log(pfx_states *states, const uint32_t *numbers, int64_t count);

static inline void pfx_states_save(pfx_states *states, const uint32_t *numbers, int64_t count) {
    if (states->snapshot != NULL) {
        pfx_states_log(states, numbers, count);
    }
}

/* By the reader, once: make `copy` what the states were at the beginning. PFX_OVER_BUDGET when there was not the memory
 * for the records. */
pfx_status pfx_snapshot_read(pfx_snapshot *snapshot);

/* By the task, when the reader is done, or before it has begun: the snapshot is over, and its memory is given back. */
void pfx_states_end(pfx_states *states);

#endif
