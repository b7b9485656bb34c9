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

#define PFX_KEPT_BLOCKS 256

/* Blocks that were freed, the oldest first: of 64 KiB to 16 MiB, and 64 MiB in all, for the next ones of their size.
 * They are charged to nobody. */
typedef struct pfx_kept_blocks {
    atomic_flag lock;
    int32_t count;
    int64_t bytes;
    void *blocks[PFX_KEPT_BLOCKS];
    int64_t sizes[PFX_KEPT_BLOCKS];
} pfx_kept_blocks;

typedef struct pfx_budget {
    _Atomic int64_t used;  /* bytes charged now */
    _Atomic int64_t peak;  /* the largest `used` seen */
    int64_t limit;         /* bytes; a negative limit means none */
    pfx_kept_blocks *kept; /* where blocks come from and go to first; NULL for none */
} pfx_budget;

void pfx_kept_blocks_init(pfx_kept_blocks *kept);

/* Set up a budget of `limit` bytes (negative: unlimited), which keeps no blocks. */
void pfx_budget_init(pfx_budget *budget, int64_t limit);

/* Before anything is allocated: let it share `kept`, which must outlive all. Debug builds keep nothing. */
void pfx_budget_keep(pfx_budget *budget, pfx_kept_blocks *kept);

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

#endif
