#include "pfx/ring.h"

/* Room was made: wake the producer if it asked. */
static void grant(_Atomic uint32_t *wanted, pfx_event *producer) {
    if (atomic_load(wanted) != 0 && atomic_exchange(wanted, 0) != 0) {
        pfx_event_signal(producer);
    }
}

/* ---- pools ---- */

static uint64_t with_next_tag(uint64_t head, uint32_t index) {
    return ((head >> 32) + 1) << 32 | index;
}

static bool empty(const pfx_pool *pool, uint64_t head) {
    return (uint32_t)head == pool->segments; /* the index below the last segment of the list */
}

pfx_status pfx_pool_take(pfx_pool *pool, uint32_t references, uint32_t *index) {
    bool asked = false;
    uint64_t head = atomic_load_explicit(&pool->words->free, memory_order_acquire);
    for (;;) {
        if (empty(pool, head)) {
            if (asked) {
                return PFX_TIMEOUT;
            }
            asked = true;
            atomic_store(&pool->words->wanted, 1);
            head = atomic_load(&pool->words->free);
            continue;
        }
        uint32_t first = (uint32_t)head;
        if (first > pool->segments) {
            return PFX_CORRUPT;
        }
        /* Of a head that is gone by now this may be anything; the tag lets the exchange fail then. */
        uint32_t next = atomic_load_explicit(&pool->slots[first].next, memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&pool->words->free, &head, with_next_tag(head, next),
                                                  memory_order_acquire, memory_order_acquire)) {
            atomic_store_explicit(&pool->slots[first].references, references, memory_order_relaxed);
            *index = first;
            return PFX_OK;
        }
    }
}

bool pfx_pool_ready(pfx_pool *pool) {
    if (!empty(pool, atomic_load_explicit(&pool->words->free, memory_order_relaxed))) {
        return true;
    }
    atomic_store(&pool->words->wanted, 1);
    return !empty(pool, atomic_load(&pool->words->free));
}

static void put_back(pfx_pool *pool, uint32_t index) {
    uint64_t head = atomic_load_explicit(&pool->words->free, memory_order_relaxed);
    do {
        atomic_store_explicit(&pool->slots[index].next, (uint32_t)head, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(&pool->words->free, &head, with_next_tag(head, index),
                                                    memory_order_seq_cst, memory_order_relaxed));
    grant(&pool->words->wanted, pool->event);
}

pfx_status pfx_pool_release(pfx_pool *pool, uint32_t index) {
    _Atomic uint32_t *references = &pool->slots[index].references;
    uint32_t held = atomic_load_explicit(references, memory_order_relaxed);
    do {
        if (held == 0) {
            return PFX_CORRUPT;
        }
        /* Acquire and release: whoever takes the segment next writes to it after all who read it. */
    } while (!atomic_compare_exchange_weak_explicit(references, &held, held - 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
    if (held == 1) {
        put_back(pool, index);
    }
    return PFX_OK;
}

int64_t pfx_pool_in_use(const pfx_pool *pool) {
    int64_t count = 0;
    for (uint32_t i = 0; i < pool->segments; i++) {
        count += atomic_load_explicit(&pool->slots[i].references, memory_order_relaxed) != 0;
    }
    return count;
}

/* ---- channels ---- */

/* What the producer sees; PFX_TIMEOUT when it must wait. */
static pfx_status look(const pfx_channel *channel, uint32_t length, memory_order order) {
    const pfx_channel_words *words = channel->words;
    uint64_t head = atomic_load_explicit(&words->head, order);
    uint64_t queued = atomic_load_explicit(&words->tail, memory_order_relaxed) - head;
    uint64_t under_way = atomic_load_explicit(&words->sent, memory_order_relaxed) -
                         atomic_load_explicit(&words->taken, memory_order_relaxed);
    uint64_t credit = atomic_load_explicit(&words->credit, order);
    if (queued > channel->capacity || under_way > (uint64_t)channel->capacity * channel->pool->segment_size) {
        return PFX_CORRUPT;
    }
    bool enough = length == 0 || under_way == 0 || (under_way <= credit && length <= credit - under_way);
    return queued < channel->capacity && enough ? PFX_OK : PFX_TIMEOUT;
}

pfx_status pfx_channel_room(pfx_channel *channel, uint32_t length) {
    pfx_status status = look(channel, length, memory_order_acquire);
    if (status == PFX_TIMEOUT) {
        atomic_store(&channel->words->wanted, 1);
        status = look(channel, length, memory_order_seq_cst);
    }
    return status;
}

void pfx_channel_push(pfx_channel *channel, pfx_entry entry) {
    pfx_channel_words *words = channel->words;
    uint64_t tail = atomic_load_explicit(&words->tail, memory_order_relaxed);
    uint64_t sent = atomic_load_explicit(&words->sent, memory_order_relaxed);
    pfx_entry_words *at = &channel->ring[tail & (channel->capacity - 1)];
    atomic_store_explicit(&at->what, (uint64_t)entry.length << 32 | entry.kind, memory_order_relaxed);
    atomic_store_explicit(&at->value, entry.value, memory_order_relaxed);
    atomic_store_explicit(&words->sent, sent + entry.length, memory_order_relaxed);
    atomic_store_explicit(&words->tail, tail + 1, memory_order_release);
}

pfx_status pfx_channel_peek(const pfx_channel *channel, pfx_entry *out) {
    const pfx_channel_words *words = channel->words;
    uint64_t head = atomic_load_explicit(&words->head, memory_order_relaxed);
    uint64_t queued = atomic_load_explicit(&words->tail, memory_order_acquire) - head;
    if (queued == 0) {
        return PFX_TIMEOUT;
    }
    if (queued > channel->capacity) {
        return PFX_CORRUPT;
    }
    const pfx_entry_words *at = &channel->ring[head & (channel->capacity - 1)];
    uint64_t what = atomic_load_explicit(&at->what, memory_order_relaxed);
    out->kind = (uint32_t)what;
    out->length = (uint32_t)(what >> 32);
    out->value = atomic_load_explicit(&at->value, memory_order_relaxed);
    return PFX_OK;
}

void pfx_channel_pop(pfx_channel *channel, uint32_t length) {
    pfx_channel_words *words = channel->words;
    uint64_t taken = atomic_load_explicit(&words->taken, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&words->head, memory_order_relaxed);
    atomic_store_explicit(&words->taken, taken + length, memory_order_relaxed);
    atomic_store(&words->head, head + 1);
    grant(&words->wanted, channel->producer);
}

uint64_t pfx_channel_queued(const pfx_channel *channel) {
    /* The head first: the tail is never behind a head that was seen. */
    uint64_t head = atomic_load_explicit(&channel->words->head, memory_order_acquire);
    return atomic_load_explicit(&channel->words->tail, memory_order_acquire) - head;
}

uint64_t pfx_channel_pending(const pfx_channel *channel) {
    uint64_t taken = atomic_load_explicit(&channel->words->taken, memory_order_acquire);
    return atomic_load_explicit(&channel->words->sent, memory_order_acquire) - taken;
}

void pfx_channel_set_credit(pfx_channel *channel, uint64_t bytes) {
    atomic_store(&channel->words->credit, bytes);
    grant(&channel->words->wanted, channel->producer);
}
