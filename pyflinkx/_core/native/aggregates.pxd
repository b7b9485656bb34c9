from libc.stdint cimport int32_t, int64_t, uint32_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.arrow cimport pfx_arrow_type
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.results cimport pfx_result, pfx_results
from pyflinkx._core.pfx.status cimport pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Field, Schema


cdef class NativeAggregation:
    cdef readonly Schema schema     # of the batches that come
    cdef readonly Schema results    # of the batches that go
    cdef MemoryBudget budget
    cdef tuple aggregates
    cdef tuple key_positions        # columns of the keys, of the fields that are aggregated
    cdef tuple field_positions
    cdef pfx_arrow_type *types      # of both
    cdef pfx_key_column *columns
    cdef pfx_key_column *fields     # the second part of `columns`
    cdef pfx_result *result_kinds
    cdef pfx_out_column *outs       # keys, start and end, values, timestamps
    cdef pfx_results written
    cdef pfx_agg agg
    cdef pfx_key_index index
    cdef int outs_count

    # Point `columns` and `fields` to the batch's; refuses rows that are no inserts.
    cdef int bind(self, ColumnBatch batch) except -1
    cdef void bind_column(self, int number, Column column) noexcept

    # Before there are any states: let each have its number of rows.
    cdef int count_rows(self) except -1

    # An accumulator's name, and its columns in a batch of states.
    cdef str acc_name(self, int32_t number)
    cdef list acc_fields(self, int32_t number)

    # The rows that have been written, None if there are none.
    cdef ColumnBatch take(self)

    # What to say of a key in an error.
    cdef object key_text(self, uint32_t key)

    # Raise what went wrong; `row` is the batch's row (-1 for none).
    cdef int failed(self, pfx_status status, ColumnBatch batch, int64_t row) except -1
