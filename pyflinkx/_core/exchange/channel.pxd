from libc.stdint cimport int64_t, uint32_t

from pyflinkx._core.pfx.arena cimport pfx_arena, pfx_channel
from pyflinkx._core.pfx.exchange cimport pfx_receiver, pfx_sender
from pyflinkx._core.pfx.status cimport pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget


cdef class Mapping:
    cdef pfx_arena arena
    cdef MemoryBudget budget  # None until the arena is mapped


cdef class Writer:
    cdef pfx_sender sender
    cdef pfx_channel **channels
    cdef Mapping mapping
    cdef bint busy
    cdef readonly int64_t bytes_sent
    cdef readonly int64_t frames_sent

    cdef int enter(self) except -1
    cdef pfx_status attempt(self, uint32_t kind, int64_t value) noexcept nogil
    cdef int64_t finish(self, uint32_t kind, int64_t value, bint small) except -1


cdef class Reader:
    cdef pfx_receiver receiver
    cdef Mapping mapping
    cdef MemoryBudget budget
    cdef bint busy
    cdef readonly int64_t bytes_received


# An integer in that range; ValueError that says what it is when it is not.
cdef int64_t number(what, value, int64_t lowest, int64_t highest) except -1

# IndexError and ValueError as documented at Arena.writer and Arena.reader.
cdef Writer new_writer(Mapping mapping, uint32_t pool, list channels)
cdef Reader new_reader(Mapping mapping, channel, max_frame, MemoryBudget budget)
