from libc.stdint cimport int64_t, uint8_t, uint32_t

from pyflinkx._core.pfx.arena cimport pfx_arena, pfx_channel, pfx_pool
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/exchange.h" nogil:
    ctypedef struct pfx_part:
        const uint8_t *data
        int64_t size

    ctypedef struct pfx_sender:
        pfx_pool *pool
        int64_t size

    ctypedef struct pfx_receiver:
        pfx_channel *channel
        int64_t max_frame

    ctypedef struct pfx_received:
        uint32_t kind
        int64_t value

    void pfx_sender_init(pfx_sender *sender, pfx_arena *arena, pfx_channel **channels, uint32_t count)
    pfx_status pfx_sender_begin(pfx_sender *sender, const pfx_part *parts, int64_t count)
    pfx_status pfx_sender_send(pfx_sender *sender)
    pfx_status pfx_sender_control(pfx_sender *sender, uint32_t kind, int64_t value)
    pfx_status pfx_sender_ready(pfx_sender *sender)
    void pfx_receiver_init(
        pfx_receiver *receiver, pfx_arena *arena, pfx_channel *channel, int64_t max_frame, pfx_budget *budget
    )
    void pfx_receiver_reset(pfx_receiver *receiver)
    pfx_status pfx_receiver_next(pfx_receiver *receiver, pfx_received *out)
    uint8_t *pfx_receiver_take(pfx_receiver *receiver, int64_t *size)
