/* The panes of slices, and how the rows of a batch find their states in them.
 *
 * A pane is found by its slice in a hash table. New ones go to the end of the list, whatever their slices; their order
 * is seen to when somebody asks for it, which watermarks do and rows do not. So rows may come in any order of time, and
 * a slice costs O(log n) of those that are open. */
#ifndef PFX_PANES_H
#define PFX_PANES_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/pane.h"
#include "pfx/slicing.h"
#include "pfx/status.h"

/* Slices that are remembered within a batch; a power of two. */
#define PFX_RECENT 64
#define PFX_SPARE_PANES 32

typedef struct pfx_recent {
    int64_t number; /* INT64_MIN for none */
    pfx_pane *pane; /* NULL when rows of the slice have none */
    bool again;     /* for pfx_slices: rows fire windows again */
} pfx_recent;

/* The rows that are worked on. */
typedef struct pfx_chunk {
    bool one;                   /* whether all are of one slice */
    int64_t numbers[PFX_CHUNK]; /* of their slices; only the first when all are of one */
    uint32_t ids[PFX_CHUNK];    /* of their keys */
    uint8_t *states[PFX_CHUNK];
    uint8_t *others[PFX_CHUNK];
    int64_t waiting; /* rows whose states may still move: which, in which pane, in which slot */
    int32_t rows[PFX_CHUNK];
    pfx_pane *panes[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    pfx_recent recent[PFX_RECENT]; /* by the last bits of their numbers */
} pfx_chunk;

/* Owns its panes and the chunk, charged to the budget of its pfx_agg; borrows index and agg, which must outlive it. */
typedef struct pfx_panes {
    pfx_agg *agg;
    pfx_key_index *index;
    pfx_slicing slicing;
    pfx_pane **list; /* in order of their slices, but for those from `sorted` on */
    int64_t count;
    int64_t sorted;
    int64_t capacity; /* of the block that the list lies in, perhaps with a gap before it */
    pfx_pane **block;
    int64_t least;    /* a slice before all of them, or the first one */
    pfx_pane **table; /* by the hash of the slice: chains of panes */
    int64_t table_size;
    int64_t expected;                  /* keys in a new pane, by what the last ones had */
    pfx_pane *spares[PFX_SPARE_PANES]; /* small and empty ones, for the next slices */
    int64_t spare_count;
    int64_t known;                       /* keys, when the last chunk was prepared */
    struct pfx_panes_snapshot *snapshot; /* NULL when none runs */
    pfx_chunk *chunk;
} pfx_panes;

/* All panes as they were at some time. `view` is only to be read: `count` panes in its list, in order of their slices,
 * which may be asked for their keys, and for states by slot. */
typedef struct pfx_panes_snapshot {
    pfx_panes view;
    pfx_key_index keys; /* of `view`: for pfx_key_index_write */
    pfx_frozen_pane *panes;
    int64_t room; /* for panes */
    int64_t next; /* the first pane that pfx_panes_step_snapshot is not done with */
} pfx_panes_snapshot;

pfx_status pfx_panes_init(pfx_panes *panes, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing);
void pfx_panes_free(pfx_panes *panes);

/* See to the order of the list: before it is read, unless the order does not matter. */
pfx_status pfx_panes_sort(pfx_panes *panes);

/* In the sorted list: the position of the first pane whose slice is `slice` or a later one. */
int64_t pfx_panes_position(const pfx_panes *panes, int64_t slice);

/* The pane of a slice; NULL when there is none. */
pfx_pane *pfx_panes_at(const pfx_panes *panes, int64_t slice);

/* The pane of a slice, made if there is none; one that is dense has places for all keys. */
pfx_status pfx_panes_open(pfx_panes *panes, int64_t slice, pfx_pane **out);

/* Forget the first panes of the sorted list. */
void pfx_panes_drop(pfx_panes *panes, int64_t count);

/* Give back what is kept for reuse. */
void pfx_panes_free_spares(pfx_panes *panes);

/* How many states there are. */
int64_t pfx_panes_held(const pfx_panes *panes);

/* Before the first chunk of a batch. */
void pfx_panes_begin(pfx_panes *panes);

/* Prepare rows start .. start + count - 1 (at most PFX_CHUNK): the numbers of their slices (*one: they are all the
 * same) and of their keys. States of dense panes do not move until the next call. PFX_OVERFLOW when a time is out of
 * range; *row is the row that was worked on. */
pfx_status pfx_panes_begin_chunk(pfx_panes *panes, const pfx_key_column *keys, const int64_t *timestamps, int64_t start,
                                 int64_t count, int64_t *row);

/* The slice of row `i` of the chunk. */
static inline int64_t pfx_panes_slice(const pfx_panes *panes, int64_t i) {
    return panes->chunk->numbers[panes->chunk->one ? 0 : i];
}

/* What is remembered of a slice, to be filled in when its number is another. */
static inline pfx_recent *pfx_panes_recent(const pfx_panes *panes, int64_t number) {
    return &panes->chunk->recent[number & (PFX_RECENT - 1)];
}

/* Find the slot of row `i` of the chunk in a sparse pane. */
pfx_status pfx_panes_find_slot(pfx_panes *panes, pfx_pane *pane, int64_t i);

/* Find the state of row `i` of the chunk: now, or once pfx_panes_resolve is called. */
static inline pfx_status pfx_panes_find(pfx_panes *panes, pfx_pane *pane, int64_t i) {
    if (pane->present == NULL) {
        return pfx_panes_find_slot(panes, pane, i);
    }
    pfx_pane_touch(pane, panes->agg, &panes->chunk->ids[i], 1, &panes->chunk->states[i]);
    return PFX_OK;
}

/* Nothing moves any more: find the states of the rows that wait. */
void pfx_panes_resolve(pfx_panes *panes);

/* For the snapshot that runs: log the states of rows from .. to - 1 of the chunk. */
void pfx_panes_log(pfx_panes *panes, int64_t from, int64_t to);

/* Before the states of these rows are changed. */
static inline void pfx_panes_save(pfx_panes *panes, int64_t from, int64_t to) {
    if (panes->snapshot != NULL) {
        pfx_panes_log(panes, from, to);
    }
}

/* As those of pfx/running.h. Keys keep their numbers while one runs. */
pfx_status pfx_panes_begin_snapshot(pfx_panes *panes, pfx_panes_snapshot **snapshot);
void pfx_panes_step_snapshot(pfx_panes *panes, int64_t most, int64_t *left);
pfx_status pfx_panes_read_snapshot(pfx_panes_snapshot *snapshot);
void pfx_panes_end_snapshot(pfx_panes *panes);

#endif
