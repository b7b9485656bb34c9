from libc.stdint cimport int64_t, uint32_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/event.h" nogil:
    ctypedef struct pfx_event:
        pass

    pfx_status pfx_event_init(pfx_event *event)
    void pfx_event_destroy(pfx_event *event)
    uint32_t pfx_event_prepare(const pfx_event *event)
    bint pfx_event_wait(pfx_event *event, uint32_t sequence, int64_t deadline)
    void pfx_event_signal(pfx_event *event)
