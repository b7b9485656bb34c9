"""A batch of columns as a table of numbers and its buffers, and back: the body of a columnar frame.

The table, 64-bit integers in this machine's byte order: the number of rows; then for each column, a parent before its
children, its length, offset and number of nulls (-1: not counted) and the bytes of each of its buffers in Arrow's order
(-1: there is none); at the end the bytes of the timestamps and of the row kinds (-1: there are none). The buffers
follow in the same order, each at a multiple of 64 from the start of the frame.
"""
cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Buffer, Column, borrow_buffer, buffer_from, make_column, value_start
from pyflinkx._core.pfx.arrow cimport PFX_KIND_BOOL, PFX_KIND_LIST, PFX_KIND_NULL, PFX_KIND_STRUCT
from pyflinkx._core.pfx.bitmap cimport pfx_bitmap_bytes
from pyflinkx._core.columns.schema cimport Field, Schema

from pyflinkx._core.columns.gather import concat_columns
from pyflinkx.errors import CorruptDataError

cdef enum:
    ALIGNMENT = 64

cdef list PADDINGS = [bytes(n) for n in range(ALIGNMENT)]
cdef Field TIMESTAMP_FIELD = Field("timestamp", "l", False)
cdef Field KIND_FIELD = Field("kind", "c", False)


def columns_as_parts(ColumnBatch batch not None, Py_ssize_t start):
    """The table and the buffers of a batch, with the padding between them; the buffers are views of the batch.

    Args:
        batch: the batch. Of a slice only its own rows go into the parts.
        start: the position in the frame at which the table begins.

    Returns:
        How many numbers the table has, and the parts in order.
    """
    cdef list numbers = [batch.length]
    cdef list buffers = []
    cdef Py_ssize_t at
    cdef Py_ssize_t i
    cdef int64_t nbytes
    cdef bytes table
    cdef int64_t number
    cdef list parts
    for column in batch.columns:
        add_column(<Column> column, numbers, buffers)
    add_row_values(batch.timestamps, 8, numbers, buffers)
    add_row_values(batch.kinds, 1, numbers, buffers)
    table = PyBytes_FromStringAndSize(NULL, len(numbers) * sizeof(int64_t))
    for i in range(len(numbers)):
        number = numbers[i]
        memcpy(<char *> table + i * sizeof(int64_t), &number, sizeof(int64_t))
    parts = [table]
    at = start + len(table)
    for buffer in buffers:
        nbytes = (<Buffer> buffer).nbytes
        if at % ALIGNMENT != 0:
            parts.append(PADDINGS[ALIGNMENT - at % ALIGNMENT])
            at += ALIGNMENT - at % ALIGNMENT
        parts.append(buffer)
        at += nbytes
    return len(numbers), parts


cdef int add_row_values(Column column, int64_t width, list numbers, list buffers) except -1:
    if column is None:
        numbers.append(-1)
    else:
        add_range(column.data_buffer, column.offset * width, column.length * width, numbers, buffers)
    return 0


cdef int add_range(Buffer buffer, int64_t first, int64_t nbytes, list numbers, list buffers) except -1:
    """So many bytes of a buffer from there on."""
    if buffer is None:
        numbers.append(-1)
        return 0
    numbers.append(nbytes)
    buffers.append(borrow_buffer(buffer.data + first, nbytes, buffer) if nbytes > 0 else borrow_buffer(NULL, 0, None))
    return 0


cdef int add_column(Column column, list numbers, list buffers) except -1:
    cdef int64_t shift
    cdef int64_t base
    cdef int64_t end
    cdef int64_t last = 0
    cdef int width = column.offset_width
    if width > 0 and column.length > 0 and value_start(column, 0) != 0:
        # Offsets start at 0 in a frame, so that nothing of the rows before this slice's travels with it.
        column = concat_columns([column])
    # The first row keeps its place in its byte of bits: then a slice's bitmaps need no copy either.
    shift = column.offset & 7
    base = column.offset - shift
    end = shift + column.length
    if column.length == 0:
        shift = base = end = 0
    numbers.append(column.length)
    numbers.append(shift)
    numbers.append(column.nulls)
    if column.kind == PFX_KIND_NULL:
        return 0
    if column.validity_buffer is None or column.length == 0:
        numbers.append(-1)
    else:
        add_range(column.validity_buffer, base >> 3, pfx_bitmap_bytes(end), numbers, buffers)
    if column.kind == PFX_KIND_STRUCT:
        for child in column.children:
            add_column((<Column> child).slice_rows(base, base + end), numbers, buffers)
        return 0
    if width > 0:
        if column.length == 0:
            numbers.append(-1)
        else:
            last = value_start(column, column.length)
            add_range(column.offsets_buffer, base * width, (end + 1) * width, numbers, buffers)
        if column.kind == PFX_KIND_LIST:
            add_column((<Column> column.children[0]).slice_rows(0, last), numbers, buffers)
        else:
            add_range(column.data_buffer if last > 0 else None, 0, last, numbers, buffers)
    elif column.kind == PFX_KIND_BOOL:
        add_range(column.data_buffer, base >> 3, pfx_bitmap_bytes(end), numbers, buffers)
    else:
        add_range(column.data_buffer, base * column.width, end * column.width, numbers, buffers)
    return 0


@cython.final
@cython.internal
cdef class FrameReader:
    """Takes the numbers of the table and the buffers behind it, one after the other."""

    cdef Buffer frame
    cdef int64_t table
    cdef int64_t count
    cdef int64_t next_number
    cdef int64_t at

    cdef int64_t number(self) except? -1:
        cdef int64_t result
        if self.next_number >= self.count:
            raise CorruptDataError(f"a table of {self.count} numbers is too short for its columns")
        memcpy(&result, self.frame.data + self.table + self.next_number * sizeof(int64_t), sizeof(int64_t))
        self.next_number += 1
        return result

    cdef Buffer buffer(self):
        cdef int64_t nbytes = self.number()
        cdef int64_t at
        if nbytes == -1:
            return None
        at = self.at + (-self.at & (ALIGNMENT - 1))
        if nbytes < 0 or at > self.frame.nbytes or nbytes > self.frame.nbytes - at:
            raise CorruptDataError(f"a frame of {self.frame.nbytes} bytes has no {nbytes} bytes at {at}")
        self.at = at + nbytes
        return borrow_buffer(self.frame.data + at, nbytes, self.frame)

    cdef Column column(self, Field field):
        cdef int64_t length = self.number()
        cdef int64_t offset = self.number()
        cdef int64_t nulls = self.number()
        cdef Buffer validity = None
        cdef Buffer offsets = None
        cdef Buffer data = None
        cdef list children = []
        if field.type.kind != PFX_KIND_NULL:
            validity = self.buffer()
            if validity is None and nulls > 0:
                raise CorruptDataError(f"column {field.name!r}: {nulls} nulls, but no validity buffer")
            if field.type.offset_width > 0:
                offsets = self.buffer()
            if len(field.children) > 0:
                for child in field.children:
                    children.append(self.column(<Field> child))
            elif field.type.kind != PFX_KIND_STRUCT:
                data = self.buffer()
        return make_column(field, length, offset, nulls, validity, offsets, data, tuple(children))

    cdef Column row_values(self, Field field, int64_t length):
        cdef Buffer data = self.buffer()
        if data is None:
            return None
        return make_column(field, length, 0, 0, None, None, data, ())


def columns_from_frame(frame, Schema schema not None, int64_t table, int64_t count):
    """The batch of a frame, whose buffers stay where they are and keep it.

    Args:
        frame: the frame's bytes, from its first on.
        schema: of the batch.
        table: where in the frame the table begins.
        count: how many numbers it has; the buffers follow.

    Raises:
        CorruptDataError: these are not the bytes of such a batch.
    """
    cdef FrameReader reader = FrameReader.__new__(FrameReader)
    cdef int64_t length
    cdef list columns = []
    cdef Column column
    reader.frame = buffer_from(frame)
    if table < 0 or table > reader.frame.nbytes or count < 0 or count > (reader.frame.nbytes - table) // 8:
        raise CorruptDataError(f"a frame of {reader.frame.nbytes} bytes cannot hold {count} numbers at {table}")
    reader.table = table
    reader.count = count
    reader.at = table + count * <int64_t> sizeof(int64_t)
    length = reader.number()
    if length < 0:
        raise CorruptDataError(f"a batch cannot have {length} rows")
    for field in schema.fields:
        column = reader.column(<Field> field)
        if column.length != length:
            raise CorruptDataError(f"column {column.name!r} has {column.length} rows of {length}")
        columns.append(column)
    timestamps = reader.row_values(TIMESTAMP_FIELD, length)
    kinds = reader.row_values(KIND_FIELD, length)
    if reader.next_number != count:
        raise CorruptDataError(f"a table of {count} numbers is too long for its columns")
    return ColumnBatch(schema, columns, length, timestamps, kinds)
