#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* madvise, mremap */
#endif
#include "pfx/memory.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define PFX_ALIGNMENT 64

void pfx_budget_init(pfx_budget *budget, int64_t limit) {
    atomic_init(&budget->used, 0);
    atomic_init(&budget->peak, 0);
    budget->limit = limit;
    budget->kept = NULL;
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

/* ---- blocks that were freed ---- */

/* The system clears each page of what it gives out, which costs more than most work on it; a stream takes and frees
 * blocks of the same few sizes all the time. */
#define KEPT_LEAST (INT64_C(64) << 10)
#define KEPT_MOST (INT64_C(16) << 20)
#define KEPT_BYTES (INT64_C(64) << 20)

void pfx_kept_blocks_init(pfx_kept_blocks *kept) {
    memset(kept, 0, sizeof *kept);
    atomic_flag_clear(&kept->lock);
}

void pfx_budget_keep(pfx_budget *budget, pfx_kept_blocks *kept) {
#ifdef PFX_DEBUG
    (void)budget, (void)kept; /* or a sanitizer would not see what uses a freed block */
#else
    budget->kept = kept;
#endif
}

static bool is_kept(const pfx_budget *budget, int64_t size) {
    return budget->kept != NULL && size >= KEPT_LEAST && size <= KEPT_MOST;
}

/* Whoever finds the lock taken does without, so that a fork while another thread has it does no harm. */
static bool lock(pfx_kept_blocks *kept) {
    return !atomic_flag_test_and_set_explicit(&kept->lock, memory_order_acquire);
}

static void unlock(pfx_kept_blocks *kept) {
    atomic_flag_clear_explicit(&kept->lock, memory_order_release);
}

static void forget(pfx_kept_blocks *kept, int32_t position) {
    kept->bytes -= kept->sizes[position];
    kept->count--;
    size_t behind = (size_t)(kept->count - position);
    memmove(&kept->blocks[position], &kept->blocks[position + 1], behind * sizeof kept->blocks[0]);
    memmove(&kept->sizes[position], &kept->sizes[position + 1], behind * sizeof kept->sizes[0]);
}

/* A block of exactly that size; NULL when there is none. The one that was freed last may still be in a cache. */
static void *take_kept(pfx_kept_blocks *kept, int64_t size) {
    void *block = NULL;
    if (!lock(kept)) {
        return NULL;
    }
    for (int32_t i = kept->count - 1; i >= 0 && block == NULL; i--) {
        if (kept->sizes[i] == size) {
            block = kept->blocks[i];
            forget(kept, i);
        }
    }
    unlock(kept);
    return block;
}

static void keep(pfx_kept_blocks *kept, void *block, int64_t size) {
    while (lock(kept)) {
        if (kept->count < PFX_KEPT_BLOCKS && kept->bytes <= KEPT_BYTES - size) {
            kept->blocks[kept->count] = block;
            kept->sizes[kept->count++] = size;
            kept->bytes += size;
            unlock(kept);
            return;
        }
        void *oldest = kept->blocks[0];
        forget(kept, 0);
        unlock(kept);
        free(oldest);
    }
    free(block);
}

/* ---- allocation ---- */

/* What is allocated for `size` bytes. Sizes that differ by less than an eighth share what is kept. */
static int64_t rounded(const pfx_budget *budget, int64_t size) {
    int64_t unit = PFX_ALIGNMENT;
    if (is_kept(budget, size)) {
        for (unit = KEPT_LEAST / 8; unit < size / 16; unit *= 2) {
        }
    }
    return size > 0 ? (size + unit - 1) / unit * unit : unit;
}

/* Tables and states of many keys are read here and there, and with pages of 4 KiB the processor spends as much time on
 * finding out where each lies as on reading it. */
#define HUGE_LEAST (INT64_C(4) << 20)
#define HUGE_PAGE (INT64_C(2) << 20)

/* Blocks too big to be kept are mappings of their own: they grow without a copy, as the system moves their pages. Not
 * in debug builds, where a sanitizer watches what the C library gives out. */
#if defined(MADV_HUGEPAGE) && defined(MREMAP_FIXED) && !defined(PFX_DEBUG)
#define PFX_MAPPED_BLOCKS 1
#else
#define PFX_MAPPED_BLOCKS 0
#endif

#if PFX_MAPPED_BLOCKS
static bool is_mapped(int64_t size) {
    return size > KEPT_MOST;
}

static size_t mapped_size(int64_t size) {
    return ((size_t)size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

/* Addresses for a block, aligned to huge pages. */
static void *map_block(int64_t size, int protection) {
    size_t wanted = mapped_size(size);
    uint8_t *base = mmap(NULL, wanted + HUGE_PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return NULL;
    }
    size_t before = (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0) {
        munmap(base, before);
    }
    munmap(base + before + wanted, HUGE_PAGE - before);
    return base + before;
}

/* Whether the block has been moved to a larger place. */
static bool grow_mapped(void **memory, int64_t old_size, int64_t new_size) {
    void *place = map_block(new_size, PROT_NONE);
    if (place == NULL) {
        return false;
    }
    if (mremap(*memory, mapped_size(old_size), mapped_size(new_size), MREMAP_MAYMOVE | MREMAP_FIXED, place) != place) {
        /* The place is mostly unmapped by then, and may be another thread's; at worst some addresses are lost. */
        return false;
    }
    *memory = place;
    return true;
}
#endif

static void *new_block(int64_t size) {
    void *block = NULL;
#if PFX_MAPPED_BLOCKS
    if (is_mapped(size)) {
        block = size <= INT64_MAX / 2 ? map_block(size, PROT_READ | PROT_WRITE) : NULL;
        if (block != NULL) {
            /* A wish: where it is not granted, the pages are small ones. */
            (void)madvise(block, mapped_size(size), MADV_HUGEPAGE);
        }
        return block;
    }
#endif
#ifdef MADV_HUGEPAGE
    if (size >= HUGE_LEAST) {
        if (posix_memalign(&block, (size_t)HUGE_PAGE, (size_t)size) != 0) {
            return NULL;
        }
        (void)madvise(block, (size_t)(size / HUGE_PAGE * HUGE_PAGE), MADV_HUGEPAGE);
        return block;
    }
#endif
    return posix_memalign(&block, PFX_ALIGNMENT, (size_t)size) == 0 ? block : NULL;
}

pfx_status pfx_alloc(pfx_budget *budget, int64_t size, void **out) {
    PFX_TRY(pfx_budget_charge(budget, size));
    void *block = NULL;
    if (size <= INT64_MAX - PFX_ALIGNMENT) {
        int64_t wanted = rounded(budget, size);
        block = is_kept(budget, size) ? take_kept(budget->kept, wanted) : NULL;
        block = block == NULL ? new_block(wanted) : block;
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
#if PFX_MAPPED_BLOCKS
    if (is_mapped(old_size) && new_size > old_size && new_size <= INT64_MAX / 2) {
        PFX_TRY(pfx_budget_charge(budget, new_size - old_size));
        if (grow_mapped(memory, old_size, new_size)) {
            return PFX_OK;
        }
        pfx_budget_refund(budget, new_size - old_size);
    }
#endif
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
    if (is_kept(budget, size)) {
        keep(budget->kept, memory, rounded(budget, size));
#if PFX_MAPPED_BLOCKS
    } else if (is_mapped(size)) {
        munmap(memory, mapped_size(size));
#endif
    } else {
        free(memory);
    }
    pfx_budget_refund(budget, size);
}
