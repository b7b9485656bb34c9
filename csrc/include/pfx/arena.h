/* An arena: one mapping, shared between the processes of a job, with all that batches need to travel between them.
 *
 * It holds events (one per task), pools (one per producing task: a fixed number of segments) and channels (one per pair
 * of producer and consumer: a ring of descriptors). Everything is there from create on; nothing grows. Only indices and
 * counts lie in it, no addresses, so each process maps it where it likes.
 *
 * Ownership. The process that creates an arena owns the file descriptor (of an anonymous file, sealed against growing
 * and shrinking, so that no access to the mapping can fail later) and the mapping; the others attach to a duplicate of
 * the descriptor and have a mapping of their own. The memory goes when the last of them does. A pfx_arena must not be
 * moved, and pointers to its pools, channels and events are valid until close.
 *
 * Trust. Other processes can write to every byte at any time, also wrong ones. Attach copies the numbers that say where
 * things lie after having checked them against the file's size, and whatever is read later (indices, lengths, counters)
 * is read once, checked, and answered with PFX_CORRUPT when it cannot be. Damaged bytes can make data wrong and waits
 * endless, never an access outside of the mapping.
 *
 * Crashes. A process may die between any two instructions: there are no locks, so nothing stays locked. Segments that
 * it held stay out, whoever waits for it waits until cancel.
 *
 * 64-bit Linux only (PFX_ARENAS); elsewhere create and attach answer PFX_SYSTEM with ENOTSUP. */
#ifndef PFX_ARENA_H
#define PFX_ARENA_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pfx/event.h"
#include "pfx/memory.h"
#include "pfx/status.h"

#define PFX_ARENAS PFX_SHARED_EVENTS
#define PFX_LINE 64

#define PFX_ARENA_MAX_OBJECTS (1 << 20)           /* events; pools; channels */
#define PFX_ARENA_MAX_SEGMENTS (INT64_C(1) << 31) /* of all pools together */
#define PFX_RING_MIN_CAPACITY 2
#define PFX_RING_MAX_CAPACITY (1 << 20)

/* ---- what lies in the mapping ---- */

/* What a segment's owner and its readers know of it. */
typedef struct pfx_slot {
    _Atomic uint32_t references; /* set by the producer when it takes the segment, lowered by each reader; 0: free */
    _Atomic uint32_t next;       /* the segment below it in the free list, while it is there */
    uint8_t unused[PFX_LINE - 8];
} pfx_slot;

typedef struct pfx_pool_words {
    /* Written by create only. */
    alignas(PFX_LINE) uint32_t segments;
    uint32_t event; /* the producer's */
    /* The free list: a tag in the upper half, which each change moves, and the first segment's index in the lower. */
    alignas(PFX_LINE) _Atomic uint64_t free;
    /* 1: the producer waits for a segment. Set by it, cleared by the reader that then signals its event. */
    alignas(PFX_LINE) _Atomic uint32_t wanted;
} pfx_pool_words;

typedef struct pfx_channel_words {
    /* Written by create only. */
    alignas(PFX_LINE) uint32_t pool;
    uint32_t producer; /* events */
    uint32_t consumer;
    /* Written by the producer: entries ever pushed, bytes ever sent. */
    alignas(PFX_LINE) _Atomic uint64_t tail;
    _Atomic uint64_t sent;
    /* Written by the consumer: entries ever taken, bytes ever taken, bytes that may be under way. */
    alignas(PFX_LINE) _Atomic uint64_t head;
    _Atomic uint64_t taken;
    _Atomic uint64_t credit;
    /* 1: the producer waits for room. Set by it, cleared by the consumer, who then signals its event. */
    alignas(PFX_LINE) _Atomic uint32_t wanted;
} pfx_channel_words;

/* A descriptor in a ring: kind and flags in the lower half of `what`, the length in the upper. Atomic only so that it
 * is read once; the ring's tail publishes it. */
typedef struct pfx_entry_words {
    _Atomic uint64_t what;
    _Atomic uint64_t value;
} pfx_entry_words;

typedef struct pfx_arena_words {
    alignas(PFX_LINE) uint64_t magic;
    uint32_t version;
    uint32_t events;
    uint32_t pools;
    uint32_t channels;
    uint32_t ring_capacity;
    uint32_t segment_size;
    uint64_t nbytes;
    alignas(PFX_LINE) _Atomic uint32_t cancelled;
} pfx_arena_words;

/* ---- where it lies in this process ---- */

typedef struct pfx_pool {
    pfx_pool_words *words;
    pfx_slot *slots;
    uint8_t *data; /* segment i is at data + i * segment_size */
    pfx_event *event;
    uint32_t event_index;
    uint32_t segments;
    uint32_t segment_size;
} pfx_pool;

typedef struct pfx_channel {
    pfx_channel_words *words;
    pfx_entry_words *ring;
    pfx_pool *pool;
    pfx_event *producer;
    pfx_event *consumer;
    uint32_t producer_index;
    uint32_t consumer_index;
    uint32_t capacity; /* of the ring, a power of two */
} pfx_channel;

typedef struct pfx_arena {
    pfx_budget *budget;
    int fd;
    int64_t nbytes;
    pfx_arena_words *words; /* where the mapping starts */
    uint8_t *events;        /* one a cache line */
    pfx_pool *pools;
    pfx_channel *channels;
    uint32_t event_count;
    uint32_t pool_count;
    uint32_t channel_count;
    uint32_t segment_size;
    uint32_t ring_capacity;
    int64_t charged; /* bytes of the budget that stand for the mapping */
} pfx_arena;

typedef struct pfx_pool_spec {
    uint32_t segments; /* from 1 */
    uint32_t event;    /* the producer's */
} pfx_pool_spec;

typedef struct pfx_channel_spec {
    uint32_t pool;
    uint32_t producer; /* the event of its pool */
    uint32_t consumer; /* another event, or the same when one task is both */
} pfx_channel_spec;

typedef struct pfx_arena_spec {
    uint32_t events; /* from 1 */
    uint32_t pools;
    uint32_t channels;
    uint32_t ring_capacity; /* entries, a power of two from PFX_RING_MIN_CAPACITY to PFX_RING_MAX_CAPACITY */
    uint32_t segment_size;  /* bytes, as in segment.h: a power of two from 4,096 to 2^30 */
    int64_t credit;         /* bytes that each channel begins with; negative: its share of its pool */
    const pfx_pool_spec *pool;
    const pfx_channel_spec *channel;
} pfx_arena_spec;

/* Make an arena and map it. The budget is charged for the whole mapping (the system commits a page when it is first
 * touched) and for the pfx_arena's own records, and must outlive it. PFX_INVALID_ARGUMENT: the specification is not
 * possible; PFX_SYSTEM: the system refused, and errno says why. On failure the arena holds nothing. */
pfx_status pfx_arena_create(pfx_arena *arena, const pfx_arena_spec *spec, pfx_budget *budget);

/* Map the arena behind `fd`, which stays the caller's: the arena has a duplicate. The budget is charged for the
 * pfx_arena's own records only. PFX_CORRUPT: the file is not an arena, not sealed, or not of the size that it says;
 * PFX_SYSTEM as above. */
pfx_status pfx_arena_attach(pfx_arena *arena, int fd, pfx_budget *budget);

/* Unmap it and close the descriptor; nothing of it may be in use. An arena that is closed already stays so. */
void pfx_arena_close(pfx_arena *arena);

/* End every wait on channels of this arena, in every process, for good, by waking all events; may be called again. */
void pfx_arena_cancel(pfx_arena *arena);

bool pfx_arena_cancelled(const pfx_arena *arena);

/* The event; the caller has checked the index. */
pfx_event *pfx_arena_event(const pfx_arena *arena, uint32_t index);

#endif
