/* The lock-free parts of an arena: a pool's free list, and a channel's ring of descriptors with its credit.
 *
 * Threads and processes. One thread takes from a pool and pushes to its channels (the producer, though through as many
 * pfx_senders as it likes); one thread takes from a channel (the consumer); anybody releases.
 *
 * Free list: a stack of indices whose head carries a tag that each change moves, so that a head that went and came back
 * is not taken for one that stayed (R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986).
 * While only one thread takes, that cannot happen; with the tag, several may.
 *
 * Ring: one writer and one reader, each with a counter that only it moves (L. Lamport, "Specifying concurrent program
 * modules", 1983). Entry n lies at n modulo the capacity. The producer writes segment, slot and entry, then stores
 * `tail` (release); the consumer loads `tail` (acquire), reads them, gives the segment back, then stores `taken` and
 * `head`, with which the producer may overwrite the entry.
 *
 * Sleeping. A producer that finds no room sets `wanted`, looks once more, and only then sleeps on its event; whoever
 * makes room does that first and looks at `wanted` then. Those four accesses are sequentially consistent, so one of the
 * two sees the other (Dekker). Nobody is woken who did not ask. */
#ifndef PFX_RING_H
#define PFX_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/arena.h"
#include "pfx/status.h"

#define PFX_ENTRY_MAX_CONTROL 15 /* kinds 1 to 15 are the caller's, with a value and without a segment */
#define PFX_ENTRY_DATA 16        /* value: index of a segment, of which `length` bytes count */
#define PFX_ENTRY_LAST 256       /* added to PFX_ENTRY_DATA: the frame's last segment */

typedef struct pfx_entry {
    uint32_t kind;
    uint32_t length;
    uint64_t value;
} pfx_entry;

/* Take a free segment, to be released `references` times. PFX_TIMEOUT: none is free, and the producer's event will be
 * signalled when one is; PFX_CORRUPT: the free list is damaged. */
pfx_status pfx_pool_take(pfx_pool *pool, uint32_t references, uint32_t *index);

/* Whether a segment is free; as with take, false means that the producer's event will be signalled. */
bool pfx_pool_ready(pfx_pool *pool);

/* One reference less; the last one puts the segment back. PFX_CORRUPT: it has none. The caller has checked the index.
 */
pfx_status pfx_pool_release(pfx_pool *pool, uint32_t index);

/* How many segments are out (O(segments)). */
int64_t pfx_pool_in_use(const pfx_pool *pool);

static inline uint8_t *pfx_pool_segment(const pfx_pool *pool, uint32_t index) {
    return pool->data + (uint64_t)index * pool->segment_size;
}

/* Whether the ring has room for an entry, and the credit for `length` bytes more (0: whatever the credit). With nothing
 * under way there is always credit. PFX_TIMEOUT: no, and the producer's event will be signalled when more is;
 * PFX_CORRUPT: the counters cannot be. */
pfx_status pfx_channel_room(pfx_channel *channel, uint32_t length);

/* Append an entry, for which there is room. Does not signal. */
void pfx_channel_push(pfx_channel *channel, pfx_entry entry);

/* The first entry, which stays. PFX_TIMEOUT: there is none; PFX_CORRUPT: the counters cannot be. */
pfx_status pfx_channel_peek(const pfx_channel *channel, pfx_entry *out);

/* Take the first entry, of `length` bytes (0 for one without a segment) off the ring. */
void pfx_channel_pop(pfx_channel *channel, uint32_t length);

/* Entries in the ring, and bytes under way, as far as the counters can be believed. */
uint64_t pfx_channel_queued(const pfx_channel *channel);
uint64_t pfx_channel_pending(const pfx_channel *channel);

/* Let the producer have at most so many bytes under way from now on. */
void pfx_channel_set_credit(pfx_channel *channel, uint64_t bytes);

#endif
