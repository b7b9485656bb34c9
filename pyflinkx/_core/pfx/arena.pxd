from libc.stdint cimport int64_t, uint32_t

from pyflinkx._core.pfx.event cimport pfx_event
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/arena.h" nogil:
    const int PFX_ARENAS
    const int64_t PFX_ARENA_MAX_OBJECTS
    const int64_t PFX_ARENA_MAX_SEGMENTS
    const int64_t PFX_RING_MIN_CAPACITY
    const int64_t PFX_RING_MAX_CAPACITY

    ctypedef struct pfx_pool:
        pfx_event *event
        uint32_t segments

    ctypedef struct pfx_channel:
        pfx_pool *pool

    ctypedef struct pfx_arena:
        int fd
        int64_t nbytes
        pfx_pool *pools
        pfx_channel *channels
        uint32_t event_count
        uint32_t pool_count
        uint32_t channel_count
        uint32_t segment_size

    ctypedef struct pfx_pool_spec:
        uint32_t segments
        uint32_t event

    ctypedef struct pfx_channel_spec:
        uint32_t pool
        uint32_t producer
        uint32_t consumer

    ctypedef struct pfx_arena_spec:
        uint32_t events
        uint32_t pools
        uint32_t channels
        uint32_t ring_capacity
        uint32_t segment_size
        int64_t credit
        const pfx_pool_spec *pool
        const pfx_channel_spec *channel

    pfx_status pfx_arena_create(pfx_arena *arena, const pfx_arena_spec *spec, pfx_budget *budget)
    pfx_status pfx_arena_attach(pfx_arena *arena, int fd, pfx_budget *budget)
    void pfx_arena_close(pfx_arena *arena)
    void pfx_arena_cancel(pfx_arena *arena)
    bint pfx_arena_cancelled(const pfx_arena *arena)
    pfx_event *pfx_arena_event(const pfx_arena *arena, uint32_t index)
