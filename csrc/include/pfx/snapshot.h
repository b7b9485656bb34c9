/* A copy of states as they were when it began, which another thread makes while their owner, the task, goes on changing
 * them, at the price of an undo log: before the task changes a state for the first time after the beginning, it logs
 * what it was (pfx_snapshot_log). The reader copies all states, some of them changed already and some only half, and
 * then puts the logged ones over the copy. Why that is right:
 *
 * 1. The task publishes the records of a chunk of rows (tail, release), and a release fence follows, before it stores
 * to any state of that chunk.
 * 2. The reader loads words of states one at a time (relaxed), and after the last of them an acquire fence, then tail
 *    (acquire).
 * 3. So if the reader has seen any word that was stored after the beginning, it sees that state's record, which
 * replaces the whole state; and a state without a record is entirely as it was.
 *
 * A record that comes too late does no harm: it says what the copy says. The task never waits.
 *
 * The task's stores are ordinary ones. The fence keeps a compiler from moving them before it and processors keep their
 * order; that one of them may be seen in part does not matter, as the record replaces all of it.
 *
 * States that own memory cannot be read so: what they point to may be gone when the reader comes to it. The task copies
 * them itself, with what they own: a few with each pfx_snapshot_step, and before them those that it is about to change.
 * The reader has nothing to do then but to wait until all are copied. */
#ifndef PFX_SNAPSHOT_H
#define PFX_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pfx/memory.h"
#include "pfx/status.h"

typedef enum pfx_snapshot_phase {
    PFX_SNAPSHOT_RUNS,   /* the task logs */
    PFX_SNAPSHOT_COPIED, /* nothing more is to be logged */
    PFX_SNAPSHOT_FAILED  /* there was no memory for a record: the snapshot is lost, the task goes on */
} pfx_snapshot_phase;

/* How states that own memory are copied. */
typedef struct pfx_owned {
    const void *context;
    /* Give a state that is a copy of another's bytes memory of its own; on failure it owns nothing. */
    pfx_status (*copy)(const void *context, uint8_t *state);
    void (*clear)(const void *context, uint8_t *states, int64_t count);
} pfx_owned;

/* Made and freed by the task. The reader may use it from the time when it is told of it until it says that it is done;
 * both by what its caller synchronises with (a queue, a mail). */
typedef struct pfx_snapshot {
    pfx_budget *budget;
    pfx_owned owned;   /* copy is NULL where states own nothing */
    int64_t count;     /* states at the beginning */
    int64_t stride;    /* bytes of a state */
    uint8_t *copy;     /* what it is about: `count` states, one after the other */
    uint8_t **from;    /* the segments as they were, which stay in place until the end; then those of the copy */
    int64_t from_room; /* pointers in `from` */
    int shift;
    int64_t next;    /* the task's: states before it have been copied by pfx_snapshot_step */
    uint64_t *saved; /* the task's: a bit for each state that has a record, or is copied by the task */
    uint8_t **pieces;
    int64_t pieces_room;
    int64_t written; /* the task's: records */
    _Atomic int64_t tail;
    _Atomic int phase;
} pfx_snapshot;

/* Begin one of the first `count` states of `stride` bytes in segments of 1 << shift; on failure there is none. */
pfx_status pfx_snapshot_make(pfx_budget *budget, const pfx_owned *owned, int64_t stride, int64_t count,
                             uint8_t *const *segments, int64_t segments_count, int shift, pfx_snapshot **snapshot);

/* When the reader is done, or before it has begun. */
void pfx_snapshot_free(pfx_snapshot *snapshot);

/* Log states that have no record. `segments` are where the states are by now. */
void pfx_snapshot_log(pfx_snapshot *snapshot, uint8_t *const *segments, const uint32_t *numbers, int64_t count);

/* States that own memory: copy the next ones, at most `most`. *left is how many there are after that. */
void pfx_snapshot_step(pfx_snapshot *snapshot, uint8_t *const *segments, int64_t most, int64_t *left);

/* By the reader, once: make `copy` and the segments in `from` what the states were at the beginning. PFX_OVER_BUDGET
 * when there was not the memory for the records, PFX_WRONG_STATE when the task has not copied all yet. */
pfx_status pfx_snapshot_read(pfx_snapshot *snapshot);

#endif
