from libc.stdint cimport int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Buffer
from pyflinkx._core.memory.budget cimport MemoryBudget


# Pairs of numbers of rows that are looked up, those of one block one behind the other.
cdef class Located:
    cdef list blocks
    cdef Buffer mine
    cdef Buffer theirs
    cdef Buffer times
    cdef list ends  # of the pairs of each block
    cdef int64_t count


cdef class HeldColumns:
    cdef MemoryBudget budget
    cdef list blocks
    cdef int64_t credit     # rows that may be looked at for what is forgotten among them
    cdef Py_ssize_t looked  # the block that is next for that
    cdef readonly int64_t following

    # Hold the rows of a batch with timestamps, numbered from `following` on.
    cdef int add(self, ColumnBatch batch) except -1

    # Let go rows with the time `until` or an earlier one: all at once where they are whole blocks, else some of them,
    # the more the more has been added.
    cdef int expire(self, int64_t until) except -1

    # Rows by their numbers, each of which is held, with what else there is at the same index.
    cdef Located locate(self, Buffer numbers, Buffer mine, Buffer times, int64_t count)
