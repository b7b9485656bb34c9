"""Columns as lines of CSV."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, uint8_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.pfx.csv_write cimport (
    pfx_csv_can_write,
    pfx_csv_text,
    pfx_csv_write,
    pfx_csv_writer,
    pfx_csv_writer_prepare,
)
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.memory cimport pfx_free
from pyflinkx._core.pfx.status cimport PFX_OK, PFX_WRONG_STATE, pfx_status
from pyflinkx._core.pfx.utf8 cimport pfx_utf8_scan, pfx_utf8_shape
from pyflinkx._core.status cimport check


@cython.final
@cython.no_gc
cdef class CsvEncoder:
    """Writes columns as ``csv.writer`` of the standard library with QUOTE_MINIMAL writes ``str()`` of their values, but
    booleans, which are ``true`` and ``false``.

    Args:
        delimiter, quote: a byte each, of those that are no part of numbers, times and booleans.
        null: what is written for a null, with the quotes that it needs.
        crlf: whether lines end with ``\\r\\n``, not ``\\n``.
        budget: what the memory is charged to; the process's when None.

    Example:
        >>> batch = ColumnBatch.from_arrow(pyarrow.record_batch({"a": [1, None], "b": ["x", "y,z"]}))
        >>> CsvEncoder(b",", b'"', b"").encode(batch)
        b'1,x\\n,"y,z"\\n'
    """

    cdef MemoryBudget budget
    cdef bytes null
    cdef pfx_csv_writer writer

    def __init__(
        self, bytes delimiter not None, bytes quote not None, bytes null not None, bint crlf=False,
        MemoryBudget budget=None,
    ):
        for text in (delimiter, quote):
            if len(text) != 1 or text > b"\x7f" or text.isalnum() or text in b"+-.: \r\n\0":
                raise ValueError(f"{text!r} cannot set fields apart here")
        self.budget = default_budget if budget is None else budget
        self.null = null
        self.writer.delimiter, self.writer.quote, self.writer.crlf = delimiter[0], quote[0], crlf
        self.writer.null, self.writer.null_length = PyBytes_AS_STRING(null), PyBytes_GET_SIZE(null)
        pfx_csv_writer_prepare(&self.writer)

    def encode(self, ColumnBatch batch not None):
        """The lines of a batch; None where others are to write them.

        Those are batches with other types, with texts that are no UTF-8 or that ``csv.writer`` treats in a way of its
        own (they hold ``\\r``, and lines end with ``\\n``), and with times outside of Python's calendar.

        Raises:
            MemoryBudgetError: there is no room for them.
        """
        cdef int32_t count = <int32_t> len(batch.columns)
        cdef int32_t i
        cdef Column column
        cdef pfx_key_column *columns
        cdef pfx_csv_text out = [&self.budget.budget, NULL, 0, 0]
        cdef pfx_utf8_shape shape
        cdef pfx_status status
        if count == 0:
            return None
        for column in batch.columns:
            if not pfx_csv_can_write(&column.field.type) or column.field.carried is not None:
                return None
        columns = <pfx_key_column *> PyMem_Calloc(count, sizeof(pfx_key_column))
        if columns == NULL:
            raise MemoryError
        try:
            for i in range(count):
                column = batch.columns[i]
                columns[i].type = &column.field.type
                columns[i].validity = column.validity
                columns[i].offsets = column.offsets
                columns[i].data = column.data
                columns[i].offset = column.offset
            with nogil:
                status = pfx_csv_write(&self.writer, columns, count, batch.length, &out)
                if status == PFX_OK and pfx_utf8_scan(<const uint8_t *> out.bytes, out.used, &shape) != PFX_OK:
                    status = PFX_WRONG_STATE
            if status == PFX_WRONG_STATE:
                return None
            check(status)
            return PyBytes_FromStringAndSize(out.bytes, out.used)
        finally:
            PyMem_Free(columns)
            pfx_free(out.budget, out.bytes, out.capacity)
