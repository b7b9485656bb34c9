#include "pfx/segment.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PFX_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PFX_ADDRESS_SANITIZER 1
#endif

#if defined(PFX_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#define FORBID(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define ALLOW(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define FORBID(memory, size) ((void)(memory), (void)(size))
#define ALLOW(memory, size) ((void)(memory), (void)(size))
#endif

static void poison(pfx_segment *segment) {
#if defined(PFX_DEBUG)
    memset(segment->data, PFX_SEGMENT_POISON, (size_t)segment->size);
    segment->poisoned = true;
#endif
    FORBID(segment->data, (size_t)segment->size);
}

/* False when somebody wrote to the segment while it was in the pool. */
static bool lift_poison(pfx_segment *segment) {
    ALLOW(segment->data, (size_t)segment->size);
    if (segment->poisoned) {
        segment->poisoned = false;
        for (int64_t i = 0; i < segment->size; i++) {
            if (segment->data[i] != PFX_SEGMENT_POISON) {
                return false;
            }
        }
    }
    return true;
}

static void put_back(pfx_segment *segment) {
    pfx_segment_pool *pool = segment->pool;
    poison(segment);
    pfx_monitor_enter(&pool->monitor);
    segment->next_free = pool->free;
    pool->free = segment;
    pool->in_use--;
    if (pool->closed) {
        pfx_monitor_wake_all(&pool->monitor);
    } else {
        pfx_monitor_wake_one(&pool->monitor);
    }
    pfx_monitor_leave(&pool->monitor);
}

static void free_memory(pfx_segment_pool *pool) {
    if (pool->segments == NULL) {
        return;
    }
    ALLOW(pool->base, (size_t)(pool->total * pool->segment_size));
    if (pool->owns_base) {
        pfx_free(pool->budget, pool->base, pool->total * pool->segment_size);
    }
    pfx_free(pool->budget, pool->segments, pool->total * (int64_t)sizeof(pfx_segment));
    pool->base = NULL;
    pool->segments = NULL;
    pool->free = NULL;
}

pfx_status pfx_segment_pool_init(pfx_segment_pool *pool, pfx_budget *budget, void *base, int64_t segment_size,
                                 int64_t total) {
    if (segment_size < PFX_SEGMENT_MIN_SIZE || segment_size > PFX_SEGMENT_MAX_SIZE ||
        (segment_size & (segment_size - 1)) != 0 || (uintptr_t)base % 64 != 0) {
        return PFX_INVALID_ARGUMENT;
    }
    if (total < 1 || total > INT64_MAX / segment_size) {
        return PFX_INVALID_ARGUMENT;
    }
    void *memory = base;
    void *segments = NULL;
    if (base == NULL) {
        PFX_TRY(pfx_alloc(budget, total * segment_size, &memory));
    }
    pfx_status status = pfx_alloc_zero(budget, total * (int64_t)sizeof(pfx_segment), &segments);
    if (status == PFX_OK) {
        status = pfx_monitor_init(&pool->monitor);
    }
    if (status != PFX_OK) {
        pfx_free(budget, segments, total * (int64_t)sizeof(pfx_segment));
        if (base == NULL) {
            pfx_free(budget, memory, total * segment_size);
        }
        return status;
    }
    pool->budget = budget;
    pool->segments = segments;
    pool->free = NULL;
    pool->base = memory;
    pool->owns_base = base == NULL;
    pool->closed = false;
    pool->segment_size = segment_size;
    pool->total = total;
    pool->in_use = 0;
    pool->peak = 0;
    for (int64_t i = total - 1; i >= 0; i--) {
        pfx_segment *segment = &pool->segments[i];
        segment->data = pool->base + i * segment_size;
        segment->size = segment_size;
        segment->pool = pool;
        atomic_init(&segment->references, 0);
        segment->next_free = pool->free;
        pool->free = segment;
        FORBID(segment->data, (size_t)segment_size);
    }
    return PFX_OK;
}

void pfx_segment_pool_destroy(pfx_segment_pool *pool) {
    free_memory(pool);
    pfx_monitor_destroy(&pool->monitor);
}

pfx_status pfx_segment_pool_request(pfx_segment_pool *pool, int64_t timeout, pfx_segment **out) {
    int64_t deadline = timeout == 0 ? 0 : pfx_deadline(timeout);
    bool in_time = timeout != 0;
    pfx_monitor_enter(&pool->monitor);
    while (!pool->closed && pool->free == NULL && in_time) {
        in_time = pfx_monitor_wait(&pool->monitor, deadline);
    }
    if (pool->closed || pool->free == NULL) {
        pfx_status status = pool->closed ? PFX_WRONG_STATE : PFX_TIMEOUT;
        pfx_monitor_leave(&pool->monitor);
        return status;
    }
    pfx_segment *segment = pool->free;
    pool->free = segment->next_free;
    segment->next_free = NULL;
    pool->in_use++;
    if (pool->in_use > pool->peak) {
        pool->peak = pool->in_use;
    }
    pfx_monitor_leave(&pool->monitor);
    if (!lift_poison(segment)) {
        put_back(segment);
        return PFX_CORRUPT;
    }
    atomic_store_explicit(&segment->references, 1, memory_order_relaxed);
    *out = segment;
    return PFX_OK;
}

pfx_status pfx_segment_pool_close(pfx_segment_pool *pool, int64_t timeout) {
    int64_t deadline = timeout == 0 ? 0 : pfx_deadline(timeout);
    bool in_time = timeout != 0;
    pfx_monitor_enter(&pool->monitor);
    pool->closed = true;
    pfx_monitor_wake_all(&pool->monitor);
    while (pool->in_use > 0 && in_time) {
        in_time = pfx_monitor_wait(&pool->monitor, deadline);
    }
    pfx_status status = pool->in_use > 0 ? PFX_TIMEOUT : PFX_OK;
    if (status == PFX_OK) {
        free_memory(pool);
    }
    pfx_monitor_leave(&pool->monitor);
    return status;
}

int64_t pfx_segment_pool_in_use(pfx_segment_pool *pool) {
    pfx_monitor_enter(&pool->monitor);
    int64_t in_use = pool->in_use;
    pfx_monitor_leave(&pool->monitor);
    return in_use;
}

int64_t pfx_segment_pool_peak(pfx_segment_pool *pool) {
    pfx_monitor_enter(&pool->monitor);
    int64_t peak = pool->peak;
    pfx_monitor_leave(&pool->monitor);
    return peak;
}

bool pfx_segment_pool_closed(pfx_segment_pool *pool) {
    pfx_monitor_enter(&pool->monitor);
    bool closed = pool->closed;
    pfx_monitor_leave(&pool->monitor);
    return closed;
}

pfx_status pfx_segment_retain(pfx_segment *segment) {
    int64_t references = atomic_load_explicit(&segment->references, memory_order_relaxed);
    do {
        if (references == 0) {
            return PFX_WRONG_STATE;
        }
    } while (!atomic_compare_exchange_weak_explicit(&segment->references, &references, references + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    return PFX_OK;
}

pfx_status pfx_segment_release(pfx_segment *segment) {
    int64_t references = atomic_load_explicit(&segment->references, memory_order_relaxed);
    do {
        if (references == 0) {
            return PFX_WRONG_STATE;
        }
    } while (!atomic_compare_exchange_weak_explicit(&segment->references, &references, references - 1,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (references == 1) {
        put_back(segment);
    }
    return PFX_OK;
}

int64_t pfx_segment_references(const pfx_segment *segment) {
    return atomic_load_explicit(&segment->references, memory_order_relaxed);
}
