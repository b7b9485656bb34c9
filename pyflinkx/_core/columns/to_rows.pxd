from libc.stdint cimport int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column

# What a struct becomes, nested ones too.
cdef enum RowKindOf:
    AS_ROW
    AS_TUPLE
    AS_DICT

# The Python values of the rows from start up to stop.
cdef list values_between(Column column, int64_t start, int64_t stop, RowKindOf shape)

cdef list rows_of(ColumnBatch batch, RowKindOf shape)
