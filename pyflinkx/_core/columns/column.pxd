from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.arrow cimport PFX_KIND_NULL, pfx_kind
from pyflinkx._core.pfx.bitmap cimport pfx_bit_get
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Field


cdef class Buffer:
    cdef const uint8_t *data
    cdef int64_t nbytes
    # What keeps `data` alive; None when this object owns the memory itself.
    cdef readonly object owner
    # Of memory that this object owns, else None.
    cdef MemoryBudget budget


cdef class Column:
    cdef readonly Field field
    cdef readonly int64_t length
    # The first row's position in the buffers: row i is bit or value offset + i. A struct's applies to its children.
    cdef readonly int64_t offset
    cdef readonly tuple children
    cdef int64_t nulls            # -1: not counted yet
    cdef pfx_kind kind
    cdef int32_t width            # bytes of a value in `data`; 0 for bool (bits) and variable-length types
    cdef int32_t offset_width     # 4 or 8 for utf8, binary and list; else 0
    cdef const uint8_t *validity  # NULL when no row is null (and for the null type, where every row is)
    cdef const void *offsets      # int32_t or int64_t by offset_width; length + 1 of them from `offset` on
    cdef const uint8_t *data      # not moved by `offset`
    cdef Buffer validity_buffer
    cdef Buffer offsets_buffer
    cdef Buffer data_buffer

    cdef Column slice_rows(self, int64_t start, int64_t stop)
    cdef int64_t count_nulls(self) noexcept
    cdef int check_layout(self) except -1


# New memory of `nbytes` bytes, charged to the budget (None: the process's), for the caller to fill before anyone else
# sees it; `zero` clears it.
cdef Buffer new_buffer(int64_t nbytes, MemoryBudget budget, bint zero=*)

# A buffer over somebody else's memory, which `owner` keeps alive.
cdef Buffer borrow_buffer(const void *data, int64_t nbytes, object owner)

# The memory of any object with the buffer protocol, kept by it.
cdef Buffer buffer_from(object exporter)

# A column over those buffers, checked so that every row can be read without leaving them (O(rows) for offsets).
cdef Column make_column(
    Field field, int64_t length, int64_t offset, int64_t nulls, Buffer validity, Buffer offsets, Buffer data,
    tuple children)

# As make_column, for buffers whose content is right by construction.
cdef Column trusted_column(
    Field field, int64_t length, int64_t offset, int64_t nulls, Buffer validity, Buffer offsets, Buffer data,
    tuple children)


cdef inline uint8_t *writable(Buffer buffer) noexcept nogil:
    """The memory of a buffer that new_buffer made and nobody else has seen yet."""
    return <uint8_t *> buffer.data


cdef inline bint is_null(Column column, int64_t row) noexcept nogil:
    """Whether that row (0 is the column's first) has no value."""
    if column.validity == NULL:
        return column.kind == PFX_KIND_NULL
    return not pfx_bit_get(column.validity, column.offset + row)


cdef inline int64_t value_start(Column column, int64_t row) noexcept nogil:
    """Where in `data` (or in the list's child) the value of that row starts; row `length` gives the end of the last."""
    if column.offset_width == 8:
        return (<const int64_t *> column.offsets)[column.offset + row]
    return (<const int32_t *> column.offsets)[column.offset + row]


cdef inline const uint8_t *first_value(Column column) noexcept nogil:
    """The value of row 0 of a fixed-width column."""
    return column.data + column.offset * column.width
