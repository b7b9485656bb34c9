from pyflinkx._core.cpfx cimport pfx_timer, pfx_timers
from pyflinkx._core.memory cimport MemoryBudget


cdef class TimerQueue:
    cdef pfx_timers timers
    cdef MemoryBudget budget
    # (timestamp, key, namespace) -> Timer, in order of registration; it owns both.
    cdef dict registered
    # The most entries that `registered` had since it was last made anew.
    cdef Py_ssize_t high

    cdef int forget(self, pfx_timer *timer) except -1
