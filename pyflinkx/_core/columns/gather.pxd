from libc.stdint cimport int64_t

from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.memory.budget cimport MemoryBudget

# The rows at `count` indices, which the caller has checked to lie in 0 .. length - 1; with `missing`, -1 is a null row.
cdef Column take_rows(Column column, const int64_t *indices, int64_t count, bint missing, MemoryBudget budget)

# The rows of several columns of one type, one after the other, in new buffers.
cdef Column concat_rows(list columns, MemoryBudget budget)
