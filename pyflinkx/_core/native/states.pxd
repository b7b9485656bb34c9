from libc.stdint cimport int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.pfx.agg_columns cimport pfx_agg_import
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.state_export cimport pfx_export_place
from pyflinkx._core.pfx.state_rows cimport pfx_state_rows
from pyflinkx._core.pfx.status cimport pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.native.aggregates cimport NativeAggregation
from pyflinkx._core.columns.schema cimport Field, Schema


# The columns of a batch of states while they are written; a list takes two.
cdef class StateColumns:
    cdef readonly Schema schema
    cdef pfx_out_column *outs
    cdef int count
    cdef MemoryBudget budget

    # The `rows` rows that have been written, None if there are none.
    cdef ColumnBatch take(self, int64_t rows)
    cdef Column take_one(self, int number, Field field)


# A batch of states that is read.
cdef class StateReader:
    cdef Schema expected
    cdef object version         # what the batch's metadata must say, if they say anything; None for nothing
    cdef Schema last            # the schema that `positions` were found for
    cdef list positions
    cdef ColumnBatch batch
    cdef pfx_key_column *columns
    cdef pfx_key_column *keys
    cdef pfx_key_column *spaces
    cdef pfx_agg_import states
    cdef int spaces_count

    # Point the columns to a batch's, which must have those that are expected, in any order. The owner is not kept, so
    # that it goes when nobody else has it.
    cdef int bind(self, NativeAggregation owner, ColumnBatch batch) except -1

    # The column of that name, one of int64; NULL for none.
    cdef const int64_t *int64s(self, str name) except? NULL

    # After the batch has been read: raise what went wrong.
    cdef int done(self, NativeAggregation owner, pfx_status status) except -1


# The rows of an export while they are written.
cdef class StateRows:
    cdef StateColumns columns
    cdef pfx_state_rows rows

    # What has been written since the last time; None for nothing.
    cdef ColumnBatch take(self)


# What has states by key, and perhaps by a namespace, that can be exported and imported.
cdef class NativeStates(NativeAggregation):
    cdef str kind
    cdef tuple space_fields
    cdef StateReader reader

    cdef int describe(self, str kind, tuple space_fields) except -1
    cdef pfx_status export_rows(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil
    cdef pfx_status import_rows(
        self, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states, int64_t rows
    ) noexcept nogil

    # A snapshot, of which there is one at a time: begin and end are the task's, what is between them the reader's.
    cdef pfx_status begin_snapshot(self) noexcept nogil
    cdef pfx_status read_snapshot(self) noexcept nogil
    cdef pfx_status export_snapshot(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil
    cdef const pfx_key_index *snapshot_keys(self) noexcept nogil
    cdef void end_snapshot(self) noexcept nogil

    # What an export has written; None when there was no more.
    cdef ColumnBatch exported(self, StateRows rows, pfx_status status)
