from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.column cimport Buffer, Column
from pyflinkx._core.cpfx cimport pfx_kind
from pyflinkx._core.memory cimport MemoryBudget
from pyflinkx._core.schema cimport Field


# Memory that grows at its end and becomes a Buffer.
cdef class Growing:
    cdef uint8_t *memory
    cdef int64_t capacity
    cdef int64_t used
    cdef MemoryBudget budget

    cdef uint8_t *extend(self, int64_t nbytes) except? NULL
    cdef Buffer finish(self)


cdef class ColumnBuilder:
    cdef readonly Field field
    cdef readonly int64_t length
    cdef int64_t nulls
    cdef pfx_kind kind
    cdef str path
    cdef MemoryBudget budget
    cdef Growing validity
    cdef Growing offsets
    cdef Growing data
    cdef tuple children
    cdef list names
    cdef bint broken

    cdef int add(self, object value) except -1
    cdef int add_all(self, list values) except -1
    cdef Column build(self)


# A row's values in the order of the names, as a list or tuple (whose length may be wrong); None for what is no row.
cdef object items_of(object row, list names)

# What an error shows of a value: its repr, cut at 200 characters.
cdef str shown(object value)
