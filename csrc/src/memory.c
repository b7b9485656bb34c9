#include "pfx/memory.h"

#include <stdlib.h>
#include <string.h>

#if defined(__GLIBC__)
#include <limits.h>
#include <malloc.h>
#endif

#define PFX_ALIGNMENT 64

void pfx_budget_init(pfx_budget *budget, int64_t limit) {
    atomic_init(&budget->used, 0);
    atomic_init(&budget->peak, 0);
    budget->limit = limit;
}

pfx_status pfx_budget_charge(pfx_budget *budget, int64_t size) {
    if (size < 0) {
        return PFX_INVALID_ARGUMENT;
    }
    int64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    do {
        if (size > INT64_MAX - used) {
            return PFX_OVER_BUDGET;
        }
        if (budget->limit >= 0 && (used > budget->limit || size > budget->limit - used)) {
            return PFX_OVER_BUDGET;
        }
    } while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + size, memory_order_relaxed,
                                                    memory_order_relaxed));
    int64_t now = used + size;
    int64_t peak = atomic_load_explicit(&budget->peak, memory_order_relaxed);
    while (now > peak && !atomic_compare_exchange_weak_explicit(&budget->peak, &peak, now, memory_order_relaxed,
                                                                memory_order_relaxed)) {
    }
    return PFX_OK;
}

void pfx_budget_refund(pfx_budget *budget, int64_t size) {
    atomic_fetch_sub_explicit(&budget->used, size, memory_order_relaxed);
}

int64_t pfx_budget_used(const pfx_budget *budget) {
    return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

int64_t pfx_budget_peak(const pfx_budget *budget) {
    return atomic_load_explicit(&budget->peak, memory_order_relaxed);
}

static void *aligned_block(int64_t size) {
    size_t wanted = size > 0 ? (size_t)size : 1;
    if (wanted > SIZE_MAX - (PFX_ALIGNMENT - 1)) {
        return NULL;
    }
    size_t rounded = (wanted + PFX_ALIGNMENT - 1) / PFX_ALIGNMENT * PFX_ALIGNMENT;
    void *block = NULL;
    return posix_memalign(&block, PFX_ALIGNMENT, rounded) == 0 ? block : NULL;
}

pfx_status pfx_alloc(pfx_budget *budget, int64_t size, void **out) {
    PFX_TRY(pfx_budget_charge(budget, size));
    void *block = aligned_block(size);
    if (block == NULL) {
        pfx_budget_refund(budget, size);
        return PFX_NO_MEMORY;
    }
    *out = block;
    return PFX_OK;
}

pfx_status pfx_alloc_zero(pfx_budget *budget, int64_t size, void **out) {
    void *block = NULL;
    PFX_TRY(pfx_alloc(budget, size, &block));
    memset(block, 0, (size_t)size);
    *out = block;
    return PFX_OK;
}

pfx_status pfx_resize(pfx_budget *budget, void **memory, int64_t old_size, int64_t new_size) {
    void *block = NULL;
    PFX_TRY(pfx_alloc(budget, new_size, &block));
    int64_t keep = old_size < new_size ? old_size : new_size;
    if (keep > 0) {
        memcpy(block, *memory, (size_t)keep);
    }
    pfx_free(budget, *memory, old_size);
    *memory = block;
    return PFX_OK;
}

void pfx_free(pfx_budget *budget, void *memory, int64_t size) {
    if (memory == NULL) {
        return;
    }
    free(memory);
    pfx_budget_refund(budget, size);
}

bool pfx_keep_freed(int64_t size) {
#if defined(__GLIBC__)
    /* What has a mapping of its own goes back when it is freed, so larger blocks must come from the heap as well; this
     * is the largest threshold that is accepted. */
    const int threshold = 32 << 20;
    int most = size > INT_MAX ? INT_MAX : (int)size;
    return mallopt(M_MMAP_THRESHOLD, threshold) != 0 && mallopt(M_TRIM_THRESHOLD, most) != 0;
#else
    (void)size;
    return false;
#endif
}
