from libc.stdint cimport int64_t, uint32_t, uint64_t

from pyflinkx._core.pfx.arena cimport pfx_channel, pfx_pool


cdef extern from "pfx/ring.h" nogil:
    const uint32_t PFX_ENTRY_MAX_CONTROL
    const uint32_t PFX_ENTRY_DATA

    int64_t pfx_pool_in_use(const pfx_pool *pool)
    uint64_t pfx_channel_queued(const pfx_channel *channel)
    uint64_t pfx_channel_pending(const pfx_channel *channel)
    void pfx_channel_set_credit(pfx_channel *channel, uint64_t bytes)
