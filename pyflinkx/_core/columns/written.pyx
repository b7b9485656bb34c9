"""Columns out of what C code has written."""
from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.columns.column cimport Buffer, Column, trusted_column
from pyflinkx._core.columns.schema cimport Field
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.pfx.arrow cimport PFX_KIND_LIST
from pyflinkx._core.pfx.out_column cimport pfx_out_column, pfx_out_column_take


cdef Buffer owned_buffer(uint8_t *data, int64_t nbytes, MemoryBudget budget):
    if data == NULL:
        return None
    cdef Buffer result = Buffer.__new__(Buffer)
    result.data = data
    result.nbytes = nbytes
    result.budget = budget
    return result


cdef Column take_column(pfx_out_column *column, Field field, MemoryBudget budget, tuple children=()):
    cdef pfx_out_column taken = pfx_out_column_take(column)
    data = owned_buffer(taken.data, taken.data_capacity, budget)
    offsets = owned_buffer(taken.offsets, taken.offsets_capacity, budget)
    validity = owned_buffer(taken.validity, taken.validity_capacity, budget)
    return trusted_column(
        field, taken.rows, 0, taken.nulls, validity if taken.nulls > 0 else None, offsets,
        None if field.type.kind == PFX_KIND_LIST else data, children)
