from libc.stdint cimport int64_t

from pyflinkx._core.columns.arrow_import cimport ImportedBatch
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Schema


cdef class ColumnBatch:
    cdef readonly Schema schema
    cdef readonly tuple columns
    cdef readonly int64_t length
    # int64 Column of milliseconds without nulls (NO_TIMESTAMP where a row has none), or None.
    cdef readonly Column timestamps
    # int8 Column of RowKind values without nulls, or None when all are inserts.
    cdef readonly Column kinds

    cdef ColumnBatch slice_rows(self, int64_t start, int64_t stop)

    # The rows at those indices, which the caller has checked (0 .. length - 1); timestamps and kinds go with them.
    cdef ColumnBatch take_checked(self, const int64_t *indices, int64_t count, MemoryBudget budget)

    # `length` milliseconds, or NULL when no row has a timestamp.
    cdef const int64_t *timestamp_values(self) noexcept


cdef ColumnBatch make_batch(Schema schema, tuple columns, int64_t length, Column timestamps, Column kinds)

# Those rows of a batch that has arrived.
cdef ColumnBatch imported_rows(ImportedBatch batch, int64_t start, int64_t stop)
