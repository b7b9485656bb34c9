from libc.stdint cimport int64_t

from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.pfx.arrow cimport pfx_kind
from pyflinkx._core.memory.growable cimport Growing
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Field


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


# What an error shows of a value: its repr, cut at 200 characters.
cdef str shown(object value)
