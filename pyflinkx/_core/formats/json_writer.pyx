"""Columns written as lines of JSON by compiled code."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport Py_INCREF, Py_XDECREF, PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.columns.schema cimport Schema
from pyflinkx._core.formats.json_reader import FORMS as _FORMS
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.pfx.bytes cimport pfx_write_bytes, pfx_writer_free, pfx_writer_init
from pyflinkx._core.pfx.json_read cimport PFX_JSON_ROW, pfx_json_form
from pyflinkx._core.pfx.json_write cimport pfx_json_column, pfx_json_write_rows
from pyflinkx._core.pfx.memory cimport pfx_alloc_zero, pfx_free
from pyflinkx._core.pfx.status cimport pfx_status
from pyflinkx._core.python cimport _PyBytes_Resize
from pyflinkx._core.status cimport check

from pyflinkx.errors import TypeInformationError


@cython.final
cdef class JsonWriter:
    """Writes rows of columns as JSON objects, a line each; leaves those with anything unusual to the caller, see
    ``pfx/json_write.h``.

    Args:
        nodes: as for ``JsonReader``.
        names: of each node but the first, the JSON string of its field's name.
        budget: what the memory is charged to; the process's when None.
    """

    def __init__(self, nodes, names, MemoryBudget budget=None):
        cdef void *memory = NULL
        cdef int at, first, i
        cdef bytes before
        self.budget = default_budget if budget is None else budget
        self.nodes = list(nodes)
        self.names = [b""] * len(self.nodes)
        self.schema = Schema(self.nodes[0].field.children)
        pfx_writer_init(&self.out, &self.budget.budget)
        check(pfx_alloc_zero(&self.budget.budget, len(self.nodes) * sizeof(pfx_json_column), &memory))
        self.columns = <pfx_json_column *> memory
        for at, node in enumerate(self.nodes):
            first = node.first
            self.columns[at].form = <pfx_json_form> <int> _FORMS[node.form]
            self.columns[at].first = first
            self.columns[at].count = node.parts
            if first + <int> node.parts > len(self.nodes) or (node.parts and first <= at):
                raise ValueError(f"node {at} has no children at {first}")
            if self.columns[at].form == PFX_JSON_ROW:
                for i in range(first, first + <int> node.parts):
                    before = ("{" if i == first else ",").encode() + names[i].encode() + b":"
                    self.columns[i].name_size = <size_t> PyBytes_GET_SIZE(before)
                    before += b" " * 8
                    self.names[i] = before
                    self.columns[i].name = <const uint8_t *> PyBytes_AS_STRING(before)

    def __dealloc__(self):
        if self.budget is not None:
            pfx_writer_free(&self.out)
            pfx_free(&self.budget.budget, self.columns, len(self.nodes) * sizeof(pfx_json_column))

    def lines(self, ColumnBatch batch not None, encode):
        """The rows of a batch.

        Args:
            batch: of this writer's schema.
            encode: the JSON of a row that is left to the caller, by its number.

        Raises:
            TypeInformationError: the batch has other columns.
        """
        cdef int64_t row = 0
        cdef int64_t count = batch.length
        cdef pfx_status status
        cdef bytes line
        cdef int i
        cdef int64_t piece
        cdef Py_ssize_t used = 0
        cdef PyObject *result = NULL
        if batch.schema != self.schema:
            raise TypeInformationError(f"this writer writes {self.schema!r}, not {batch.schema!r}")
        for i, column in enumerate(batch.columns):
            self.bind(self.columns[0].first + i, column)
        try:
            while row < count:
                self.out.size = 0
                piece = min(count, row + PIECE)
                with nogil:
                    status = pfx_json_write_rows(self.columns, row, piece, &self.out, &row)
                check(status)
                if row < piece:
                    line = encode(row)
                    check(pfx_write_bytes(&self.out, PyBytes_AS_STRING(line), <size_t> PyBytes_GET_SIZE(line)))
                    check(pfx_write_bytes(&self.out, b"\n", 1))
                    row += 1
                make_room(&result, used, <Py_ssize_t> self.out.size, row, count)
                memcpy(PyBytes_AS_STRING(<object> result) + used, self.out.data, self.out.size)
                used += <Py_ssize_t> self.out.size
            if result == NULL:
                return b""
            _PyBytes_Resize(&result, used)
            return <object> result
        finally:
            Py_XDECREF(result)
            if self.out.capacity > KEPT:
                pfx_writer_free(&self.out)

    cdef int bind(self, int at, Column column) except -1:
        """Have a node point to its column, and its children to theirs."""
        cdef pfx_json_column *bound = &self.columns[at]
        cdef int i
        if column.offset_width == 8:
            raise TypeInformationError(f"column {column.name!r}: JSON lines have no form for {column.field.type_name}")
        bound.width = column.width
        bound.offset = column.offset
        bound.validity = column.validity
        bound.offsets = <const int32_t *> column.offsets
        bound.data = column.data
        children = column.children[0].children if column.field.is_map else column.children
        for i in range(bound.count):
            self.bind(bound.first + i, children[i])
        return 0


# Rows that are written at once, to memory that stays in the cache.
cdef int64_t PIECE = 1024
# Memory that is kept for the next batch.
cdef size_t KEPT = 4 << 20


cdef int make_room(PyObject **result, Py_ssize_t used, Py_ssize_t more, int64_t rows, int64_t count) except -1:
    """Bytes with room for some more, where so many rows of `count` take what is used and that; NULL after a failure."""
    cdef Py_ssize_t wanted = used + more
    if result[0] != NULL and wanted <= PyBytes_GET_SIZE(<object> result[0]):
        return 0
    # As the rows so far, and an eighth more.
    wanted += <Py_ssize_t> (<double> wanted / rows * (count - rows) * 1.125)
    if result[0] != NULL:
        return _PyBytes_Resize(result, wanted)
    made = PyBytes_FromStringAndSize(NULL, wanted)
    Py_INCREF(made)
    result[0] = <PyObject *> made
    return 0
