from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.columns.column cimport Buffer
from pyflinkx._core.memory.budget cimport MemoryBudget


# Memory that grows at its end and becomes a Buffer.
cdef class Growing:
    cdef uint8_t *memory
    cdef int64_t capacity
    cdef int64_t used
    cdef MemoryBudget budget

    cdef uint8_t *extend(self, int64_t nbytes) except? NULL
    cdef Buffer finish(self)


cdef Growing new_growing(MemoryBudget budget)
