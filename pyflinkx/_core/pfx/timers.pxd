from libc.stdint cimport int64_t

from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


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
