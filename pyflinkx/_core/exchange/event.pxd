from libc.stdint cimport int64_t

from pyflinkx._core.pfx.event cimport pfx_event

# How long a sleep may go without looking for a signal (Ctrl-C), in nanoseconds. On Linux a signal ends the sleep,
# unless it came between the last look and the sleep; elsewhere sleeps do not notice signals at all.
cdef int64_t WAIT_SLICE


cdef class Event:
    cdef pfx_event own
    cdef pfx_event *event    # `own`, or one of an arena's
    cdef object mapping      # what keeps the arena's; None for a private one


# An event of an arena, which `mapping` keeps.
cdef Event shared_event(pfx_event *event, object mapping)
