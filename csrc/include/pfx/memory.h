/* Counted allocation: every native allocation is charged to a budget and given back to it.
 *
 * A pfx_budget is owned by whoever initialised it and must outlive all memory charged to it. Its counters are
 * atomic, so several threads may allocate against one budget. */
#ifndef PFX_MEMORY_H
#define PFX_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pfx/status.h"

#define PFX_KEPT_SIZES 32

/* Freed blocks of 64 KiB to 2 MiB, kept for whoever asks for as much: batches come and go, and pages that went back to
 * the system must be cleared before they can be used again, which takes several times as long as filling them. */
typedef struct pfx_kept_blocks {
    atomic_flag busy; /* whoever finds it set does without */
    int64_t bytes;
    int64_t most;
    void *first[PFX_KEPT_SIZES]; /* of i + 1 times 64 KiB each, linked by their first words */
} pfx_kept_blocks;

typedef struct pfx_budget {
    _Atomic int64_t used; /* bytes charged now */
    _Atomic int64_t peak; /* the largest `used` seen */
    int64_t limit;        /* bytes; a negative limit means none */
    pfx_kept_blocks kept; /* they are not charged */
} pfx_budget;

/* Set up a budget of `limit` bytes (negative: unlimited). */
void pfx_budget_init(pfx_budget *budget, int64_t limit);

/* Before anything is allocated: keep up to `most` bytes of freed blocks. Debug builds keep none, so that a checker sees
 * every use of freed memory. */
void pfx_budget_keep(pfx_budget *budget, int64_t most);

/* Free the blocks that are kept; nobody else may use the budget meanwhile. */
void pfx_budget_release(pfx_budget *budget);

/* Charge `size` bytes without allocating (for memory that someone else provides, such as a mapping).
 * PFX_OVER_BUDGET leaves the budget as it was. */
pfx_status pfx_budget_charge(pfx_budget *budget, int64_t size);

/* Give back `size` bytes charged before. */
void pfx_budget_refund(pfx_budget *budget, int64_t size);

int64_t pfx_budget_used(const pfx_budget *budget);
int64_t pfx_budget_peak(const pfx_budget *budget);

/* Allocate `size` bytes aligned to 64 into *out (the caller owns them and returns them through pfx_free with the
 * same budget and size). A size of 0 yields a valid pointer that must be freed too. */
pfx_status pfx_alloc(pfx_budget *budget, int64_t size, void **out);

/* As pfx_alloc, with every byte 0. */
pfx_status pfx_alloc_zero(pfx_budget *budget, int64_t size, void **out);

/* Resize *memory from old_size to new_size bytes, keeping the smaller prefix. On failure *memory stays valid and
 * the caller's. */
pfx_status pfx_resize(pfx_budget *budget, void **memory, int64_t old_size, int64_t new_size);

/* Free memory of pfx_alloc; `memory` may be NULL (then size is ignored). */
void pfx_free(pfx_budget *budget, void *memory, int64_t size);

/* Let the C library of this process keep up to `size` freed bytes instead of giving them back to the system, which
 * would clear their pages when they are wanted again. It concerns all that the process allocates, so only a process of
 * our own may ask for it. False where the C library cannot be told. */
bool pfx_keep_freed(int64_t size);

#endif
