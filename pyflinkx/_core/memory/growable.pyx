"""Memory that grows while a column is built."""
cimport cython
from libc.stdint cimport INT64_MAX, int64_t, uint8_t

from pyflinkx._core.columns.column cimport Buffer
from pyflinkx._core.pfx.memory cimport pfx_alloc, pfx_free, pfx_resize
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.status cimport check


@cython.final
@cython.no_gc
cdef class Growing:
    """Memory that grows at its end, charged to a budget, and becomes a Buffer of just the bytes used."""

    def __init__(self):
        raise TypeError("a ColumnBuilder makes its own memory")

    def __dealloc__(self):
        if self.memory != NULL:
            pfx_free(&self.budget.budget, self.memory, self.capacity)

    cdef uint8_t *extend(self, int64_t nbytes) except? NULL:
        """Room for so many bytes more, to be filled by the caller."""
        cdef int64_t wanted = self.capacity
        cdef void *memory = self.memory
        cdef uint8_t *result
        if nbytes > self.capacity - self.used:
            if nbytes > INT64_MAX // 2 - self.used or self.capacity > INT64_MAX // 4:
                raise MemoryError(f"{self.used} bytes and {nbytes} more")
            wanted = max(self.used + nbytes, 2 * self.capacity, 64)
            if memory == NULL:
                check(pfx_alloc(&self.budget.budget, wanted, &memory))
            else:
                check(pfx_resize(&self.budget.budget, &memory, self.capacity, wanted))
            self.memory = <uint8_t *> memory
            self.capacity = wanted
        result = self.memory + self.used
        self.used += nbytes
        return result

    cdef Buffer finish(self):
        """The bytes used, as a Buffer; this object is empty afterwards."""
        cdef void *memory = self.memory
        cdef Buffer result = Buffer.__new__(Buffer)
        if memory == NULL:
            check(pfx_alloc(&self.budget.budget, self.used, &memory))
        elif self.capacity != self.used:
            check(pfx_resize(&self.budget.budget, &memory, self.capacity, self.used))
        result.data = <const uint8_t *> memory
        result.nbytes = self.used
        result.budget = self.budget
        self.memory = NULL
        self.capacity = 0
        self.used = 0
        return result


cdef Growing new_growing(MemoryBudget budget):
    cdef Growing result = Growing.__new__(Growing)
    result.budget = budget
    return result
