"""What the rows of a column show: the elements of a null list and the fields of a null struct are not part of it."""
from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.columns.column cimport Buffer, Column, is_null, new_buffer, trusted_column, value_start, writable
from pyflinkx._core.pfx.arrow cimport PFX_KIND_LIST, PFX_KIND_NULL, PFX_KIND_STRUCT, PFX_KIND_UTF8
from pyflinkx._core.pfx.bitmap cimport pfx_bitmap_bytes, pfx_bits_copy, pfx_bits_fill
from pyflinkx._core.pfx.status cimport PFX_OK
from pyflinkx._core.pfx.utf8 cimport pfx_utf8_ascii_prefix, pfx_utf8_scan, pfx_utf8_shape

from pyflinkx.errors import CorruptDataError


cdef Column shown(Column column):
    cdef list children
    cdef bint hides = hides_something(column)
    cdef bint changed = False
    if column.kind != PFX_KIND_LIST and column.kind != PFX_KIND_STRUCT:
        return column
    children = []
    for child in column.children:
        below = shown(shown_rows(column, <Column> child) if hides else <Column> child)
        changed = changed or below is not child
        children.append(below)
    if not changed:
        return column
    return trusted_column(
        column.field, column.length, column.offset, column.nulls, column.validity_buffer, column.offsets_buffer, None,
        tuple(children))


cdef bint hides_something(Column column) noexcept:
    cdef int64_t row
    if column.validity == NULL or column.count_nulls() == 0:
        return False
    if column.kind == PFX_KIND_STRUCT:
        return True
    if column.kind == PFX_KIND_LIST:
        for row in range(column.length):
            if is_null(column, row) and value_start(column, row) < value_start(column, row + 1):
                return True
    return False


cdef Column shown_rows(Column column, Column child):
    """The child, null where no row of the column shows it."""
    cdef int64_t first = column.offset
    cdef int64_t last = column.offset + column.length
    cdef Buffer validity
    cdef uint8_t *bits
    cdef int64_t row
    cdef int64_t i
    if child.kind == PFX_KIND_NULL:
        return child
    validity = new_buffer(pfx_bitmap_bytes(child.offset + child.length), None, zero=True)
    bits = writable(validity)
    if column.kind == PFX_KIND_STRUCT:
        pfx_bits_copy(bits, child.offset + first, column.validity, column.offset, column.length)
    else:
        first = value_start(column, 0)
        last = value_start(column, column.length)
        for row in range(column.length):
            if not is_null(column, row):
                pfx_bits_fill(
                    bits, child.offset + value_start(column, row),
                    value_start(column, row + 1) - value_start(column, row), 1)
    if child.validity != NULL:
        for i in range((child.offset + first) // 8, pfx_bitmap_bytes(child.offset + last)):
            bits[i] &= child.validity[i]
    return trusted_column(
        child.field, child.length, child.offset, -1, validity, child.offsets_buffer, child.data_buffer, child.children)


def check_values(Column column not None):
    """Check that all text that the rows show is UTF-8, and that no key of a map is null.

    Raises:
        CorruptDataError: it is not so; the message names column and row (of a list's elements, the element).
    """
    if has_values_to_check(column):
        check_shown_values(shown(column), 0, column.length)


cdef bint has_values_to_check(Column column) noexcept:
    cdef Py_ssize_t i
    for i in range(len(column.children)):
        if has_values_to_check(<Column> column.children[i]):
            return True
    return column.kind == PFX_KIND_UTF8 or column.field.is_map


cdef int check_keys(Column column, int64_t start, int64_t stop) except -1:
    cdef Column entries = column.children[0]
    cdef Column keys = entries.children[0]
    cdef int64_t row
    cdef int64_t at
    for row in range(start, stop):
        if not is_null(column, row):
            for at in range(value_start(column, row), value_start(column, row + 1)):
                if keys.kind == PFX_KIND_NULL or is_null(entries, at) or is_null(keys, entries.offset + at):
                    raise CorruptDataError(f"column {column.name!r}, row {row}: a key of a map is null")
    return 0


cdef int check_shown_values(Column column, int64_t start, int64_t stop) except -1:
    cdef int64_t row
    if column.kind == PFX_KIND_UTF8:
        row = first_misspelt(column, start, stop)
        if row >= 0:
            raise CorruptDataError(f"column {column.name!r}, row {row}: not UTF-8")
        return 0
    if column.field.is_map:
        check_keys(column, start, stop)
    for child in column.children:
        if column.kind == PFX_KIND_STRUCT:
            check_shown_values(<Column> child, column.offset + start, column.offset + stop)
        else:
            check_shown_values(<Column> child, value_start(column, start), value_start(column, stop))
    return 0


cdef int64_t first_misspelt(Column column, int64_t first, int64_t last) noexcept:
    """The first of those rows whose text is not UTF-8; -1 when there is none."""
    cdef pfx_utf8_shape shape
    cdef int64_t row
    cdef int64_t start = value_start(column, first)
    cdef int64_t stop = value_start(column, last)
    with nogil:
        # Most text is ASCII, however it is cut.
        if start == stop or pfx_utf8_ascii_prefix(column.data + start, stop - start) == <size_t> (stop - start):
            return -1
        for row in range(first, last):
            if not is_null(column, row):
                start = value_start(column, row)
                stop = value_start(column, row + 1)
                if pfx_utf8_scan(column.data + start, stop - start, &shape) != PFX_OK:
                    return row
    return -1
