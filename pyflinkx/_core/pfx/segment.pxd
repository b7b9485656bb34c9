from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


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
