#include "pfx/memory.h"

#include <stdlib.h>
#include <string.h>

#if defined(__GLIBC__)
#include <limits.h>
#include <malloc.h>
#endif

#define PFX_ALIGNMENT 64

#define KEPT_UNIT (INT64_C(1) << 16)

void pfx_budget_init(pfx_budget *budget, int64_t limit) {
    atomic_init(&budget->used, 0);
    atomic_init(&budget->peak, 0);
    budget->limit = limit;
    budget->kept = (pfx_kept_blocks){.busy = ATOMIC_FLAG_INIT};
}

void pfx_budget_keep(pfx_budget *budget, int64_t most) {
#if PFX_DEBUG
    most = 0;
#endif
    budget->kept.most = most;
}

void pfx_budget_release(pfx_budget *budget) {
    for (int32_t i = 0; i < PFX_KEPT_SIZES; i++) {
        while (budget->kept.first[i] != NULL) {
            void *block = budget->kept.first[i];
            memcpy(&budget->kept.first[i], block, sizeof block);
            free(block);
        }
    }
    budget->kept.bytes = 0;
}

/* Which of the sizes that are kept a block of `size` bytes has; -1 for none. */
static int32_t kept_size(const pfx_budget *budget, int64_t size) {
    if (budget->kept.most == 0 || size < KEPT_UNIT || size > KEPT_UNIT * PFX_KEPT_SIZES) {
        return -1;
    }
    return (int32_t)((size + KEPT_UNIT - 1) / KEPT_UNIT - 1);
}

/* A block of that size or little more; NULL when none is kept. */
static void *take_kept(pfx_kept_blocks *kept, int32_t size) {
    void *block = NULL;
    if (atomic_flag_test_and_set_explicit(&kept->busy, memory_order_acquire)) {
        return NULL;
    }
    for (int32_t i = size; i < PFX_KEPT_SIZES && i <= size + size / 4 && block == NULL; i++) {
        block = kept->first[i];
        if (block != NULL) {
            memcpy(&kept->first[i], block, sizeof block);
            kept->bytes -= (i + 1) * KEPT_UNIT;
        }
    }
    atomic_flag_clear_explicit(&kept->busy, memory_order_release);
    return block;
}

static bool keep(pfx_kept_blocks *kept, int32_t size, void *block) {
    int64_t bytes = (size + 1) * KEPT_UNIT;
    if (atomic_flag_test_and_set_explicit(&kept->busy, memory_order_acquire)) {
        return false;
    }
    bool room = bytes <= kept->most - kept->bytes;
    if (room) {
        memcpy(block, &kept->first[size], sizeof block);
        kept->first[size] = block;
        kept->bytes += bytes;
    }
    atomic_flag_clear_explicit(&kept->busy, memory_order_release);
    return room;
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
    int32_t kept = kept_size(budget, size);
    void *block = kept < 0 ? NULL : take_kept(&budget->kept, kept);
    if (block == NULL) {
        block = aligned_block(kept < 0 ? size : (kept + 1) * KEPT_UNIT);
    }
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
    int32_t kept = kept_size(budget, size);
    if (kept < 0 || !keep(&budget->kept, kept, memory)) {
        free(memory);
    }
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
