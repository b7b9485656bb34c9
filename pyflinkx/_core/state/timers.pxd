from pyflinkx._core.pfx.timers cimport pfx_timer, pfx_timers
from pyflinkx._core.memory.budget cimport MemoryBudget


cdef class TimerQueue:
    cdef pfx_timers timers
    cdef MemoryBudget budget
    # Timers under themselves, in order of registration; it owns them.
    cdef dict registered
    # The most entries that `registered` had since it was last made anew.
    cdef Py_ssize_t high

    cdef int forget(self, pfx_timer *timer) except -1
