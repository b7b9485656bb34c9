# The only `cdef extern` in the package: one block per header of csrc/include/pfx, in the headers' own order.
from libc.stdint cimport int64_t


cdef extern from "pfx/status.h" nogil:
    ctypedef enum pfx_status:
        PFX_OK
        PFX_NO_MEMORY
        PFX_OVER_BUDGET
        PFX_OUT_OF_RANGE
        PFX_OVERFLOW
        PFX_CORRUPT
        PFX_INVALID_UTF8
        PFX_INVALID_ARGUMENT
        PFX_WRONG_STATE

    const char *pfx_status_text(pfx_status status)


cdef extern from "pfx/memory.h" nogil:
    ctypedef struct pfx_budget:
        int64_t limit

    void pfx_budget_init(pfx_budget *budget, int64_t limit)
    pfx_status pfx_budget_charge(pfx_budget *budget, int64_t size)
    void pfx_budget_refund(pfx_budget *budget, int64_t size)
    int64_t pfx_budget_used(const pfx_budget *budget)
    int64_t pfx_budget_peak(const pfx_budget *budget)
    pfx_status pfx_alloc(pfx_budget *budget, int64_t size, void **out)
    pfx_status pfx_alloc_zero(pfx_budget *budget, int64_t size, void **out)
    pfx_status pfx_resize(pfx_budget *budget, void **memory, int64_t old_size, int64_t new_size)
    void pfx_free(pfx_budget *budget, void *memory, int64_t size)


# ---- pfx/bytes.h, pfx/utf8.h (codec) ----


# ---- pfx/arrow.h (batch) ----


# ---- pfx/xxh64.h, pfx/key.h (partition) ----


# ---- pfx/segment.h (segment) ----


# ---- pfx/timers.h (timers) ----
