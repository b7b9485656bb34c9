from libc.stdint cimport int64_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/memory.h" nogil:
    ctypedef struct pfx_budget:
        int64_t limit

    ctypedef struct pfx_kept_blocks:
        pass

    void pfx_kept_blocks_init(pfx_kept_blocks *kept)
    void pfx_budget_init(pfx_budget *budget, int64_t limit)
    void pfx_budget_keep(pfx_budget *budget, pfx_kept_blocks *kept)
    pfx_status pfx_budget_charge(pfx_budget *budget, int64_t size)
    void pfx_budget_refund(pfx_budget *budget, int64_t size)
    int64_t pfx_budget_used(const pfx_budget *budget)
    int64_t pfx_budget_peak(const pfx_budget *budget)
    pfx_status pfx_alloc(pfx_budget *budget, int64_t size, void **out)
    pfx_status pfx_alloc_zero(pfx_budget *budget, int64_t size, void **out)
    pfx_status pfx_resize(pfx_budget *budget, void **memory, int64_t old_size, int64_t new_size)
    void pfx_free(pfx_budget *budget, void *memory, int64_t size)
