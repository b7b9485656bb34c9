from libc.stdint cimport int64_t

from pyflinkx._core.pfx.arrow cimport ArrowArray, ArrowArrayStream, pfx_arrow_type
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Field, Schema


# How one column arrives and what it becomes.
cdef class ImportPlan:
    cdef Field field
    cdef pfx_arrow_type arrives   # the values', or the codes' of a dictionary-encoded column
    cdef bytes format             # holds what arrives.timezone points to
    cdef ImportPlan dictionary
    cdef tuple children
    cdef bint decoded             # it, or a column inside of it, is decoded and not read in place
    cdef str path


# Owns one ArrowArray: its release callback is called when the last column that reads it is gone.
cdef class ImportedArray:
    cdef ArrowArray array


cdef class ImportedBatch:
    cdef Schema schema
    cdef int64_t length
    cdef tuple plans
    cdef ImportedArray owner
    cdef MemoryBudget budget
    # Per column: the whole column where rows can be sliced out of it, and the dictionary of an encoded one.
    cdef list whole
    cdef list dictionaries

    cdef list columns(self, int64_t start, int64_t stop)


# Owns one ArrowArrayStream.
cdef class ImportedStream:
    cdef Schema schema
    cdef tuple plans
    cdef ArrowArrayStream stream
    cdef MemoryBudget budget
    cdef str producer

    cdef ImportedBatch next_batch(self)
    cdef int close(self) except -1


cdef ImportedBatch import_batch(object producer, MemoryBudget budget)
cdef Column import_column(object producer, MemoryBudget budget)
cdef ImportedStream import_stream(object producer, MemoryBudget budget)
