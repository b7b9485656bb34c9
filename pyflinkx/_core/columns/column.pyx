"""Immutable memory in Arrow's layout: buffers, and columns that read them."""
cimport cython
from cpython.buffer cimport (
    PyBUF_FORMAT,
    PyBUF_ND,
    PyBUF_STRIDES,
    PyBUF_WRITABLE,
    PyBuffer_FillInfo,
    PyObject_CheckBuffer,
)
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uintptr_t
from libc.string cimport memcpy

from pyflinkx._core.pfx.arrow cimport (
    PFX_KIND_BOOL,
    PFX_KIND_DECIMAL128,
    PFX_KIND_FIXED_BINARY,
    PFX_KIND_FLOAT32,
    PFX_KIND_FLOAT64,
    PFX_KIND_LIST,
    PFX_KIND_NULL,
    PFX_KIND_STRUCT,
    PFX_KIND_UINT64,
    PFX_KIND_UINT8,
    pfx_offsets_check,
)
from pyflinkx._core.pfx.bitmap cimport pfx_bitmap_bytes, pfx_bits_count
from pyflinkx._core.pfx.memory cimport pfx_alloc, pfx_alloc_zero, pfx_free
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.columns.schema cimport Field
from pyflinkx._core.status cimport check

from pickle import PickleBuffer

from pyflinkx.errors import CorruptDataError

# What the missing offsets buffer of a column without rows stands for.
cdef int64_t[2] NO_OFFSETS
NO_OFFSETS[0] = 0
NO_OFFSETS[1] = 0


cdef bytes buffer_format(Column column):
    """The values as the buffer protocol names them; dates, times and timestamps are integers of their width."""
    if PFX_KIND_FLOAT32 <= column.kind <= PFX_KIND_FLOAT64:
        return b"f" if column.width == 4 else b"d"
    signed = {1: b"b", 2: b"h", 4: b"i", 8: b"q"}[column.width]
    return signed.upper() if PFX_KIND_UINT8 <= column.kind <= PFX_KIND_UINT64 else signed


@cython.final
@cython.no_gc_clear  # the budget is needed to give the memory back
cdef class Buffer:
    """A region of memory that nobody changes.

    It either owns its memory, which is charged to a budget, or borrows it from ``owner``. It exports itself read-only
    through the buffer protocol; made by the functions and classes of this package, never directly.
    """

    def __init__(self):
        raise TypeError("a Buffer is made by importing or building columns")

    def __dealloc__(self):
        if self.budget is not None:
            pfx_free(&self.budget.budget, <void *> self.data, self.nbytes)

    @property
    def address(self):
        """Where the memory starts, as a number; 0 when there is none."""
        return <uintptr_t> self.data

    @property
    def nbytes(self):
        """Its size in bytes."""
        return self.nbytes

    def __len__(self):
        return self.nbytes

    def __getbuffer__(self, Py_buffer *view, int flags):
        cdef const void *start = self.data if self.data != NULL else <const void *> NO_OFFSETS
        PyBuffer_FillInfo(view, self, <void *> start, self.nbytes, 1, flags)

    def __repr__(self):
        return f"Buffer({self.nbytes} bytes)"

    def __reduce_ex__(self, int protocol):
        # From protocol 5 on the bytes may travel beside the pickle, without a copy.
        return buffer_from_pickle, (PickleBuffer(self) if protocol >= 5 else bytes(self),)


cdef Buffer new_buffer(int64_t nbytes, MemoryBudget budget, bint zero=False):
    cdef void *memory = NULL
    cdef Buffer result = Buffer.__new__(Buffer)
    if budget is None:
        budget = default_budget
    if zero:
        check(pfx_alloc_zero(&budget.budget, nbytes, &memory))
    else:
        check(pfx_alloc(&budget.budget, nbytes, &memory))
    result.data = <const uint8_t *> memory
    result.nbytes = nbytes
    result.budget = budget
    return result


cdef Buffer borrow_buffer(const void *data, int64_t nbytes, object owner):
    cdef Buffer result = Buffer.__new__(Buffer)
    result.data = <const uint8_t *> data
    result.nbytes = nbytes
    result.owner = owner
    return result


cdef Buffer buffer_from(object exporter):
    if isinstance(exporter, Buffer):
        return exporter
    if not PyObject_CheckBuffer(exporter):
        raise TypeError(f"a column's buffer must support the buffer protocol; {type(exporter).__name__} does not")
    cdef const unsigned char[::1] view
    flat = memoryview(exporter)
    if flat.nbytes == 0:
        return borrow_buffer(NULL, 0, None)
    # The owner is the typed view, which nobody can release early.
    view = flat.cast("B")
    return borrow_buffer(&view[0], view.shape[0], view)


def buffer_from_pickle(content not None):
    """A Buffer over bytes that a pickle carries, or that travelled beside it (what unpickling calls)."""
    return buffer_from(content)


cdef Buffer aligned(Buffer buffer, int32_t width):
    """The buffer, or a copy of it when its values of that width do not start where the processor wants them."""
    cdef Buffer copy
    if buffer is None or width <= 1 or (<uintptr_t> buffer.data) % <uintptr_t> min(width, 8) == 0:
        return buffer
    copy = new_buffer(buffer.nbytes, None)
    if buffer.nbytes > 0:
        memcpy(writable(copy), buffer.data, buffer.nbytes)
    return copy


@cython.final
cdef class Column:
    """n values of one type in Arrow's layout; immutable.

    Args:
        field: name and type.
        length: rows.
        buffers: what the type's Arrow layout asks for, in its order (validity, then offsets or values, then bytes),
            each an object with the buffer protocol, or None where there is none to have: validity without nulls, or a
            buffer of 0 bytes. Nothing is copied.
        offset: position of the first row in the buffers, in rows.
        null_count: rows without a value; -1 when it is not known.
        children: the element column of a list, the columns of a struct.

    Raises:
        CorruptDataError: the buffers are too small for the rows, or offsets fall or point outside.

    Example:
        >>> from array import array
        >>> len(Column(Field("a", "l"), 2, [None, array("q", [1, 2])]))
        2
    """

    def __init__(self, Field field not None, int64_t length, buffers, int64_t offset=0, int64_t null_count=-1,
                 children=()):
        if len(buffers) != field.type.buffers:
            raise CorruptDataError(
                f"column {field.name!r}: {field.type_name} has {field.type.buffers} buffers, not {len(buffers)}"
            )
        if null_count > 0 and field.type.buffers > 0 and buffers[0] is None:
            raise CorruptDataError(f"column {field.name!r}: {null_count} nulls, but no validity buffer")
        own = [None if exporter is None else buffer_from(exporter) for exporter in buffers]
        own += [None] * (3 - len(own))
        if field.type.offset_width > 0:
            fill(self, field, length, offset, null_count, own[0], own[1], own[2], tuple(children))
        else:
            fill(self, field, length, offset, null_count, own[0], None, own[1], tuple(children))
        self.check_layout()

    @property
    def name(self):
        """The field's name."""
        return self.field.name

    @property
    def format(self):
        """The field's Arrow format string."""
        return self.field.format

    @property
    def null_count(self):
        """How many rows have no value."""
        return self.count_nulls()

    @property
    def buffers(self):
        """The buffers in Arrow's order; None where there is none."""
        if self.kind == PFX_KIND_NULL:
            return []
        if self.kind == PFX_KIND_STRUCT:
            return [self.validity_buffer]
        if self.kind == PFX_KIND_LIST:
            return [self.validity_buffer, self.offsets_buffer]
        if self.offset_width > 0:
            return [self.validity_buffer, self.offsets_buffer, self.data_buffer]
        return [self.validity_buffer, self.data_buffer]

    @property
    def nbytes(self):
        """Bytes that these rows take in the buffers (a slice counts only its own rows)."""
        cdef int64_t total = 0
        cdef int64_t first
        cdef int64_t last
        if self.validity != NULL:
            total += pfx_bitmap_bytes(self.length)
        if self.kind == PFX_KIND_BOOL:
            total += pfx_bitmap_bytes(self.length)
        elif self.offset_width > 0:
            first = value_start(self, 0)
            last = value_start(self, self.length)
            total += (self.length + 1) * self.offset_width
            if self.kind == PFX_KIND_LIST:
                total += (<Column> self.children[0]).slice_rows(first, last).nbytes
            else:
                total += last - first
        elif self.kind == PFX_KIND_STRUCT:
            for child in self.children:
                total += (<Column> child).slice_rows(self.offset, self.offset + self.length).nbytes
        else:
            total += self.length * self.width
        return total

    def slice(self, start, stop):
        """The rows from start up to stop, sharing the buffers.

        Raises:
            IndexError: the rows do not exist.
        """
        return self.slice_rows(start, stop)

    def with_field(self, Field field not None):
        """The same values under a field of the same type (another name, other metadata)."""
        if not self.field.same_type(field):
            raise ValueError(f"column {self.name!r} holds {self.field.type_name}, not {field.type_name}")
        return trusted_column(
            field, self.length, self.offset, self.nulls, self.validity_buffer, self.offsets_buffer, self.data_buffer,
            self.children)

    def is_null(self, int64_t row):
        """Whether that row has no value."""
        if not 0 <= row < self.length:
            raise IndexError(f"row {row} of {self.length}")
        return is_null(self, row)

    def validate(self, bint full=False):
        """Check that every row can be read.

        Args:
            full: also count the nulls again, and look whether text is UTF-8, which the import does not. What lies
                under a null may be anything.

        Raises:
            CorruptDataError: it cannot; the message names the column.
        """
        check_numbers(self, full)
        if full:
            from pyflinkx._core.columns.visible import check_values

            check_values(self)

    def __arrow_c_schema__(self):
        """The field as an ``arrow_schema`` capsule."""
        return self.field.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema=None):
        """The values as a pair of capsules, ``arrow_schema`` and ``arrow_array``; nothing is copied, and the requested
        schema is not looked at."""
        from pyflinkx._core.columns.arrow_export import column_capsules

        return column_capsules(self)

    def __len__(self):
        return self.length

    def __repr__(self):
        return f"Column({self.name!r}, {self.field.type_name}, {self.length} rows)"

    def __getbuffer__(self, Py_buffer *view, int flags):
        if self.width not in (1, 2, 4, 8) or self.kind == PFX_KIND_FIXED_BINARY:
            raise BufferError(f"column {self.name!r}: {self.field.type_name} values cannot be viewed as an array")
        if self.count_nulls() != 0:
            raise BufferError(f"column {self.name!r}: it has nulls, which an array cannot show")
        if flags & PyBUF_WRITABLE:
            raise BufferError(f"column {self.name!r}: its values cannot be changed")
        format = buffer_format(self)
        view.obj = self
        view.buf = <void *> first_value(self) if self.data != NULL else <void *> NO_OFFSETS
        view.len = self.length * self.width
        view.itemsize = self.width
        view.readonly = 1
        view.ndim = 1
        view.format = <char *> (<bytes> format) if flags & PyBUF_FORMAT else NULL
        view.shape = <Py_ssize_t *> &self.length if flags & PyBUF_ND else NULL
        view.strides = &view.itemsize if (flags & PyBUF_STRIDES) == PyBUF_STRIDES else NULL
        view.suboffsets = NULL
        view.internal = NULL

    def __reduce__(self):
        from pyflinkx._core.columns.gather import concat_columns

        # A copy of just these rows, so that a slice does not carry the whole column.
        cdef Column own = concat_columns([self])
        return Column, (own.field, own.length, own.buffers, own.offset, own.nulls, own.children)

    cdef Column slice_rows(self, int64_t start, int64_t stop):
        if not 0 <= start <= stop <= self.length:
            raise IndexError(f"column {self.name!r}: rows {start} to {stop} of {self.length}")
        return trusted_column(
            self.field, stop - start, self.offset + start, self.nulls if stop - start == self.length else -1,
            self.validity_buffer, self.offsets_buffer, self.data_buffer, self.children)

    cdef int64_t count_nulls(self) noexcept:
        if self.nulls < 0:
            self.nulls = self.length - pfx_bits_count(self.validity, self.offset, self.length)
        return self.nulls

    cdef int check_layout(self) except -1:
        cdef int64_t end
        cdef int64_t limit
        cdef Column child
        if self.length < 0 or self.offset < 0 or self.offset > INT64_MAX - 1 - self.length:
            raise CorruptDataError(f"column {self.name!r}: impossible length {self.length} or offset {self.offset}")
        end = self.offset + self.length
        if self.nulls > self.length or self.nulls < -1:
            raise CorruptDataError(f"column {self.name!r}: {self.nulls} nulls in {self.length} rows")
        if len(self.children) != self.field.type.children and len(self.children) != len(self.field.children):
            raise CorruptDataError(
                f"column {self.name!r}: {len(self.children)} children do not make a {self.field.type_name}"
            )
        if self.validity_buffer is not None and pfx_bitmap_bytes(end) > self.validity_buffer.nbytes:
            return too_small(self, "validity", self.validity_buffer, end)
        if self.kind == PFX_KIND_NULL:
            return 0
        if self.kind == PFX_KIND_STRUCT:
            for i in range(len(self.children)):
                child = self.children[i]
                if not child.field.same_type(self.field.children[i]):
                    raise CorruptDataError(f"column {self.name!r}: child {i} is a {child.field.type_name}")
                if child.length < end:
                    raise CorruptDataError(
                        f"column {self.name!r}: child {child.name!r} has {child.length} rows of {end}"
                    )
            return 0
        if self.offset_width > 0:
            if self.kind == PFX_KIND_LIST:
                child = self.children[0]
                if not child.field.same_type(self.field.children[0]):
                    raise CorruptDataError(f"column {self.name!r}: its elements are {child.field.type_name}")
                limit = child.length
            else:
                limit = self.data_buffer.nbytes if self.data_buffer is not None else 0
            if self.offsets_buffer is None:
                if self.length > 0:
                    return too_small(self, "offsets", self.offsets_buffer, end)
                return 0
            if end >= self.offsets_buffer.nbytes // self.offset_width:
                # Old writers leave the offsets of no rows out.
                if self.length == 0 and self.offsets_buffer.nbytes == 0:
                    self.offset = 0
                    self.offsets = NO_OFFSETS
                    return 0
                return too_small(self, "offsets", self.offsets_buffer, end)
            if check_offsets(self, limit) != 0:
                raise CorruptDataError(
                    f"column {self.name!r}: its offsets fall, or point outside of {limit} "
                    f"{'elements' if self.kind == PFX_KIND_LIST else 'bytes'}"
                )
            return 0
        limit = self.data_buffer.nbytes if self.data_buffer is not None else 0
        if self.kind == PFX_KIND_BOOL:
            if pfx_bitmap_bytes(end) > limit:
                return too_small(self, "values", self.data_buffer, end)
        elif self.width > 0 and end > limit // self.width:
            return too_small(self, "values", self.data_buffer, end)
        return 0


cdef int too_small(Column column, str what, Buffer buffer, int64_t end) except -1:
    size = 0 if buffer is None else buffer.nbytes
    raise CorruptDataError(
        f"column {column.name!r}: the {what} buffer has {size} bytes, too few for {end} rows of "
        f"{column.field.type_name}"
    )


cdef int check_offsets(Column column, int64_t limit) noexcept:
    cdef const uint8_t *first = <const uint8_t *> column.offsets + column.offset * column.offset_width
    cdef int status
    with nogil:
        status = pfx_offsets_check(first, column.offset_width, column.length, limit)
    return status


cdef int check_numbers(Column column, bint full) except -1:
    cdef int64_t counted
    column.check_layout()
    for child in column.children:
        check_numbers(<Column> child, full)
    if full and column.validity != NULL and column.nulls >= 0:
        counted = column.nulls
        column.nulls = -1
        if column.count_nulls() != counted:
            raise CorruptDataError(
                f"column {column.name!r}: null_count is {counted}, but {column.nulls} rows are null"
            )
    return 0


cdef int fill(
    Column column, Field field, int64_t length, int64_t offset, int64_t nulls, Buffer validity, Buffer offsets,
    Buffer data, tuple children,
) except -1:
    cdef int32_t alignment = field.type.width
    if field.type.kind == PFX_KIND_DECIMAL128:
        alignment = 8
    elif field.type.kind == PFX_KIND_FIXED_BINARY:
        alignment = 1
    column.field = field
    column.length = length
    column.offset = offset
    column.children = children
    column.kind = field.type.kind
    column.width = field.type.width
    column.offset_width = field.type.offset_width
    column.offsets_buffer = aligned(offsets, field.type.offset_width)
    column.data_buffer = aligned(data, alignment)
    if field.type.kind == PFX_KIND_NULL:
        column.nulls = length
        return 0
    # An absent bitmap and a bitmap without a null say the same; readers need to know only one of them.
    column.validity_buffer = None if nulls == 0 else validity
    column.nulls = 0 if column.validity_buffer is None else nulls
    if column.validity_buffer is not None:
        column.validity = column.validity_buffer.data
    if column.data_buffer is not None:
        column.data = column.data_buffer.data
    if column.offset_width > 0:
        if column.offsets_buffer is None:
            column.offset = 0
            column.offsets = NO_OFFSETS
        else:
            column.offsets = column.offsets_buffer.data
    return 0


cdef Column make_column(
    Field field, int64_t length, int64_t offset, int64_t nulls, Buffer validity, Buffer offsets, Buffer data,
    tuple children,
):
    cdef Column column = trusted_column(field, length, offset, nulls, validity, offsets, data, children)
    column.check_layout()
    return column


cdef Column trusted_column(
    Field field, int64_t length, int64_t offset, int64_t nulls, Buffer validity, Buffer offsets, Buffer data,
    tuple children,
):
    cdef Column column = Column.__new__(Column)
    fill(column, field, length, offset, nulls, validity, offsets, data, children)
    return column
