# The only `cdef extern` in the package: one block per header of csrc/include/pfx, in the headers' own order.
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t


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
        PFX_TIMEOUT

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


# ---- pfx/monitor.h, pfx/segment.h (segment) ----
cdef extern from "pfx/monitor.h" nogil:
    int64_t pfx_monotonic_ns()
    int64_t pfx_deadline(int64_t timeout)


cdef extern from "pfx/segment.h" nogil:
    const int64_t PFX_SEGMENT_MIN_SIZE
    const int64_t PFX_SEGMENT_MAX_SIZE

    ctypedef struct pfx_segment:
        uint8_t *data
        int64_t size

    ctypedef struct pfx_segment_pool:
        int64_t segment_size
        int64_t total

    pfx_status pfx_segment_pool_init(
        pfx_segment_pool *pool, pfx_budget *budget, void *base, int64_t segment_size, int64_t total
    )
    void pfx_segment_pool_destroy(pfx_segment_pool *pool)
    pfx_status pfx_segment_pool_request(pfx_segment_pool *pool, int64_t timeout, pfx_segment **out)
    pfx_status pfx_segment_pool_close(pfx_segment_pool *pool, int64_t timeout)
    int64_t pfx_segment_pool_in_use(pfx_segment_pool *pool)
    int64_t pfx_segment_pool_peak(pfx_segment_pool *pool)
    bint pfx_segment_pool_closed(pfx_segment_pool *pool)
    pfx_status pfx_segment_retain(pfx_segment *segment)
    pfx_status pfx_segment_release(pfx_segment *segment)
    int64_t pfx_segment_references(const pfx_segment *segment)


cdef extern from "pfx/segment_access.h" nogil:
    pfx_status pfx_segment_check(const pfx_segment *segment, int64_t offset, int64_t length)
    pfx_status pfx_segment_put_i8(pfx_segment *segment, int64_t offset, int8_t value)
    pfx_status pfx_segment_put_i16(pfx_segment *segment, int64_t offset, int16_t value)
    pfx_status pfx_segment_put_i32(pfx_segment *segment, int64_t offset, int32_t value)
    pfx_status pfx_segment_put_i64(pfx_segment *segment, int64_t offset, int64_t value)
    pfx_status pfx_segment_put_f32(pfx_segment *segment, int64_t offset, float value)
    pfx_status pfx_segment_put_f64(pfx_segment *segment, int64_t offset, double value)
    pfx_status pfx_segment_get_i8(const pfx_segment *segment, int64_t offset, int8_t *out)
    pfx_status pfx_segment_get_i16(const pfx_segment *segment, int64_t offset, int16_t *out)
    pfx_status pfx_segment_get_i32(const pfx_segment *segment, int64_t offset, int32_t *out)
    pfx_status pfx_segment_get_i64(const pfx_segment *segment, int64_t offset, int64_t *out)
    pfx_status pfx_segment_get_f32(const pfx_segment *segment, int64_t offset, float *out)
    pfx_status pfx_segment_get_f64(const pfx_segment *segment, int64_t offset, double *out)
    pfx_status pfx_segment_put_bytes(pfx_segment *segment, int64_t offset, const void *bytes, int64_t length)
    pfx_status pfx_segment_get_bytes(const pfx_segment *segment, int64_t offset, void *out, int64_t length)
    pfx_status pfx_segment_copy(
        const pfx_segment *source, int64_t offset, pfx_segment *target, int64_t target_offset, int64_t length
    )
    pfx_status pfx_segment_compare(
        const pfx_segment *left,
        int64_t left_offset,
        const pfx_segment *right,
        int64_t right_offset,
        int64_t length,
        int *out,
    )


# ---- pfx/timers.h (timers) ----
cdef extern from "pfx/timers.h" nogil:
    ctypedef struct pfx_timer:
        void *owner

    ctypedef struct pfx_timers:
        int64_t count

    void pfx_timers_init(pfx_timers *timers, pfx_budget *budget)
    void pfx_timers_reset(pfx_timers *timers)
    void pfx_timer_init(pfx_timer *timer, void *owner)
    pfx_status pfx_timers_add(pfx_timers *timers, int64_t timestamp, pfx_timer *timer)
    pfx_status pfx_timers_remove(pfx_timers *timers, pfx_timer *timer)
    pfx_timer *pfx_timers_first(const pfx_timers *timers, int64_t *timestamp)
