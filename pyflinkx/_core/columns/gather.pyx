"""Columns made of rows of other columns: picked by index, or one column after another."""
from libc.stdint cimport INT32_MAX, int64_t, uint8_t
from libc.string cimport memcpy

from pyflinkx._core.columns.column cimport (
    Buffer,
    Column,
    first_value,
    new_buffer,
    trusted_column,
    value_start,
    writable,
)
from pyflinkx._core.pfx.arrow cimport PFX_KIND_BOOL, PFX_KIND_LIST, PFX_KIND_NULL, PFX_KIND_STRUCT
from pyflinkx._core.pfx.bitmap cimport pfx_bitmap_bytes, pfx_bits_copy, pfx_bits_fill
from pyflinkx._core.pfx.gather cimport (
    pfx_gather_bits,
    pfx_gather_bytes,
    pfx_gather_elements,
    pfx_gather_fixed,
    pfx_gather_offsets,
    pfx_offsets_rebase,
)
from pyflinkx._core.pfx.status cimport PFX_OVERFLOW, pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget

from pyflinkx.errors import LongBatchError

# The last offset of 32 bits; less where a test wants no gigabytes.
cdef int64_t last_offset = INT32_MAX


def limit_offsets(int64_t last):
    """Have columns of 32-bit offsets end at ``last`` bytes or elements from now on; what it was."""
    global last_offset
    before, last_offset = last_offset, last
    return before


cdef Column take_rows(Column column, const int64_t *indices, int64_t count, bint missing, MemoryBudget budget):
    cdef Buffer validity = None
    cdef Buffer offsets
    cdef Buffer data
    cdef Buffer elements
    cdef const uint8_t *source
    cdef int64_t nulls = 0
    cdef int64_t total = 0
    cdef pfx_status status
    if column.kind == PFX_KIND_NULL:
        return trusted_column(column.field, count, 0, count, None, None, None, ())
    if missing or column.validity != NULL:
        validity = new_buffer(pfx_bitmap_bytes(count), budget)
        with nogil:
            nulls = pfx_gather_bits(writable(validity), column.validity, column.offset, indices, count)
    if column.kind == PFX_KIND_STRUCT:
        # The children have rows of their own numbering, from the struct's offset on.
        children = tuple([
            take_rows(child_rows(column, i), indices, count, missing, budget) for i in range(len(column.children))
        ])
        return trusted_column(column.field, count, 0, nulls, validity, None, None, children)
    if column.kind == PFX_KIND_BOOL:
        data = new_buffer(pfx_bitmap_bytes(count), budget)
        with nogil:
            if column.data != NULL:
                pfx_gather_bits(writable(data), column.data, column.offset, indices, count)
            else:
                pfx_bits_fill(writable(data), 0, count, 0)
        return trusted_column(column.field, count, 0, nulls, validity, None, data, ())
    if column.offset_width == 0:
        data = new_buffer(count * column.width, budget)
        source = first_value(column)
        with nogil:
            pfx_gather_fixed(writable(data), source, column.width, indices, count)
        return trusted_column(column.field, count, 0, nulls, validity, None, data, ())
    offsets = new_buffer((count + 1) * column.offset_width, budget)
    source = <const uint8_t *> column.offsets + column.offset * column.offset_width
    with nogil:
        status = pfx_gather_offsets(writable(offsets), source, column.offset_width, indices, count, &total)
    if status == PFX_OVERFLOW or (column.offset_width == 4 and total > last_offset):
        raise too_long(column)
    if column.kind == PFX_KIND_LIST:
        elements = new_buffer(total * sizeof(int64_t), budget)
        with nogil:
            pfx_gather_elements(<int64_t *> writable(elements), source, column.offset_width, indices, count)
        child = take_rows(<Column> column.children[0], <const int64_t *> elements.data, total, False, budget)
        return trusted_column(column.field, count, 0, nulls, validity, offsets, None, (child,))
    data = new_buffer(total, budget)
    with nogil:
        pfx_gather_bytes(writable(data), column.data, source, column.offset_width, indices, count)
    return trusted_column(column.field, count, 0, nulls, validity, offsets, data, ())


cdef object too_long(Column column):
    return LongBatchError(
        f"column {column.name!r}: the result does not fit {column.field.type_name}, which ends at 2 GiB of text or 2^31"
        " elements a batch; use smaller batches or a large type"
    )


cdef Column concat_rows(list columns, MemoryBudget budget):
    cdef Column first = columns[0]
    cdef Column column
    cdef Buffer validity = None
    cdef Buffer offsets
    cdef Buffer data
    cdef int64_t length = 0
    cdef int64_t nulls = 0
    cdef int64_t at = 0
    cdef int64_t total = 0
    cdef int64_t size
    for part in columns:
        column = part
        length += column.length
        nulls += column.count_nulls()
    if first.kind == PFX_KIND_NULL:
        return trusted_column(first.field, length, 0, length, None, None, None, ())
    if nulls > 0:
        validity = new_buffer(pfx_bitmap_bytes(length), budget, zero=True)
        at = 0
        for part in columns:
            column = part
            if column.validity == NULL:
                pfx_bits_fill(writable(validity), at, column.length, 1)
            else:
                pfx_bits_copy(writable(validity), at, column.validity, column.offset, column.length)
            at += column.length
    if first.kind == PFX_KIND_STRUCT:
        children = tuple([
            concat_rows([child_rows(part, i) for part in columns], budget) for i in range(len(first.children))
        ])
        return trusted_column(first.field, length, 0, nulls, validity, None, None, children)
    at = 0
    if first.kind == PFX_KIND_BOOL:
        data = new_buffer(pfx_bitmap_bytes(length), budget, zero=True)
        for part in columns:
            column = part
            pfx_bits_copy(writable(data), at, column.data, column.offset, column.length)
            at += column.length
        return trusted_column(first.field, length, 0, nulls, validity, None, data, ())
    if first.offset_width == 0:
        data = new_buffer(length * first.width, budget)
        for part in columns:
            column = part
            size = column.length * column.width
            if size > 0:
                memcpy(writable(data) + at, first_value(column), size)
            at += size
        return trusted_column(first.field, length, 0, nulls, validity, None, data, ())
    for part in columns:
        column = part
        total += value_start(column, column.length) - value_start(column, 0)
    if first.offset_width == 4 and total > last_offset:
        raise too_long(first)
    total = 0
    offsets = new_buffer((length + 1) * first.offset_width, budget)
    for part in columns:
        column = part
        # Each part writes one offset more than it has rows; the next part's first one says the same.
        if pfx_offsets_rebase(
            writable(offsets) + at * first.offset_width,
            <const uint8_t *> column.offsets + column.offset * column.offset_width,
            column.offset_width, column.length + 1, total,
        ) != 0:
            raise too_long(column)
        at += column.length
        total += value_start(column, column.length) - value_start(column, 0)
    if first.kind == PFX_KIND_LIST:
        child = concat_rows([list_elements(part) for part in columns], budget)
        return trusted_column(first.field, length, 0, nulls, validity, offsets, None, (child,))
    data = new_buffer(total, budget)
    at = 0
    for part in columns:
        column = part
        size = value_start(column, column.length) - value_start(column, 0)
        if size > 0:
            memcpy(writable(data) + at, column.data + value_start(column, 0), size)
        at += size
    return trusted_column(first.field, length, 0, nulls, validity, offsets, data, ())


cdef Column child_rows(Column column, Py_ssize_t i):
    return (<Column> column.children[i]).slice_rows(column.offset, column.offset + column.length)


cdef Column list_elements(Column column):
    return (<Column> column.children[0]).slice_rows(value_start(column, 0), value_start(column, column.length))


def concat_columns(columns, MemoryBudget budget=None):
    """One column with the rows of all of them, which must have the same type.

    Raises:
        ValueError: there is none, or the types differ.
        OverflowError: together they hold more than a type with 32-bit offsets can.
    """
    parts = list(columns)
    if not parts:
        raise ValueError("no columns to put together")
    cdef Column first = parts[0]
    for part in parts:
        if not first.field.same_type((<Column?> part).field):
            raise ValueError(
                f"columns of {first.field.type_name} and {part.field.type_name} cannot be put together"
            )
    return concat_rows(parts, budget)
