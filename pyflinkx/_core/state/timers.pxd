from pyflinkx._core.pfx.timers cimport pfx_timer, pfx_timers
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.keys.snapshots cimport Snapshots
from pyflinkx._core.memory.budget cimport MemoryBudget


cdef class TimerQueue:
    cdef pfx_timers timers
    cdef MemoryBudget budget
    # Timers under themselves, in order of registration; it owns them.
    cdef KeyMap registered
    # Of the queue that are under way.
    cdef readonly Snapshots snapshots
