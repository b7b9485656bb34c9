from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.columns.schema cimport Field
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.pfx.out_column cimport pfx_out_column


# What has been written, as a Column, which takes over the memory; `children` are the columns of a list's items or of a
# struct's fields. The budget is the one that the column was set up with.
cdef Column take_column(pfx_out_column *column, Field field, MemoryBudget budget, tuple children=*)
