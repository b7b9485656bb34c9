/* Event-time session windows with a fixed gap: a session is the rows of a key between pauses of `gap`.
 *
 * A session takes one slot: its bounds, its place in the queue, and its state beside it. A key's sessions hang
 * together in a search tree, but for the last one, which is at hand: so a row finds its session in O(log n) of the
 * key's open ones in whatever order rows come, and in O(1) where it belongs to the last or behind it. The queue is a
 * ring of buckets, each for a share of the gap, and a heap for what is due outside of the ring (rows far ahead of the
 * watermark). A session that grows stays where it is queued, and is moved on when its bucket comes up: at most once per
 * bucket ring and gap, so a row costs O(1) amortised.
 *
 * Flink's rules: sessions that overlap or touch are one; a session fires when the watermark reaches its last
 * millisecond, and is gone `lateness` later; a row is late when its session, after merging, would be gone already; one
 * that comes between makes it fire again. */
#ifndef PFX_SESSIONS_H
#define PFX_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/results.h"
#include "pfx/status.h"

#define PFX_SESSION_BUCKETS 2048

typedef struct pfx_session {
    int64_t start;
    int64_t end;
    int64_t fired; /* the end with which it has fired last; INT64_MIN for never */
    int64_t at;    /* the time that counts of those it is queued for; INT64_MAX when there is none */
    uint32_t key;  /* PFX_NO_KEY when it has been merged into another or is over */
    uint32_t left; /* slots in the tree of the key's sessions; of a free slot, the next free one */
    uint32_t right;
    uint32_t parent;
    uint32_t queue_next;  /* slot of the next one in its bucket */
    uint32_t queued : 31; /* how often it is in the queue; the slot is free again at 0 */
    uint32_t due : 1;     /* it is in the list of those that are due */
} pfx_session;

typedef struct pfx_session_entry {
    int64_t time;
    uint32_t key;
    uint32_t slot;
} pfx_session_entry;

typedef struct pfx_session_list {
    pfx_session_entry *entries;
    int64_t count;
    int64_t capacity;
} pfx_session_list;

/* Owns its memory, charged to the budget of its pfx_agg; borrows index and agg, which must outlive it. */
typedef struct pfx_sessions {
    pfx_agg *agg;
    pfx_key_index *index;
    int64_t gap;
    int64_t lateness;
    int64_t watermark;
    int64_t sequence;
    pfx_session *slots;
    uint8_t *states; /* by slot */
    int64_t used;    /* slots that have been in use */
    int64_t capacity;
    int64_t live;
    int64_t peak;    /* the most that were live since the last firing */
    uint32_t free;   /* the first free slot below `used` */
    uint32_t *heads; /* by key: the slot of its last session in time; see session_tree.h */
    int64_t heads_capacity;
    int64_t width; /* of a bucket, in ms */
    int64_t base;  /* number of the first bucket */
    int64_t in_ring;
    uint32_t ring[PFX_SESSION_BUCKETS];
    pfx_session_list heap;
    pfx_session_list due; /* sessions to fire, in order; the first `sent` are done */
    int64_t sent;
    struct pfx_sessions_scratch *scratch;
} pfx_sessions;

/* PFX_INVALID_ARGUMENT when gap or lateness is out of range. */
pfx_status pfx_sessions_init(pfx_sessions *sessions, pfx_agg *agg, pfx_key_index *index, int64_t gap, int64_t lateness);

void pfx_sessions_free(pfx_sessions *sessions);

/* As pfx_slices_add. */
pfx_status pfx_sessions_add(pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *fields,
                            const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late,
                            int64_t *late_count, pfx_results *results, int64_t *row, int *more);

/* As pfx_slices_fire; sessions in order of their ends, and keys in that of their first appearance in the stream. */
pfx_status pfx_sessions_fire(pfx_sessions *sessions, int64_t watermark, int64_t limit, pfx_results *results, int *more);

#endif
