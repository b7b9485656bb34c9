"""JSON objects read into columns by compiled code."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.columns.batch cimport make_batch
from pyflinkx._core.columns.column cimport Column, trusted_column
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.columns.written cimport take_column
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.pfx.json_read cimport (
    PFX_JSON_BASE64,
    PFX_JSON_BIG_DEC,
    PFX_JSON_BIG_INT,
    PFX_JSON_BOOL,
    PFX_JSON_CHARACTER,
    PFX_JSON_DATE,
    PFX_JSON_DOUBLE,
    PFX_JSON_FLOAT,
    PFX_JSON_INSTANT,
    PFX_JSON_INTEGER,
    PFX_JSON_LIST,
    PFX_JSON_MAP,
    PFX_JSON_ROW,
    PFX_JSON_TEXT,
    PFX_JSON_TIME,
    PFX_JSON_TIMESTAMP,
    PFX_JSON_TUPLE,
    pfx_json_form,
    pfx_json_progress,
    pfx_json_read_lines,
    pfx_json_read_message,
    pfx_json_reader_column,
    pfx_json_reader_free,
    pfx_json_reader_init,
    pfx_json_reader_ready,
    pfx_json_reader_rows,
    pfx_json_reader_set,
)
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.status cimport PFX_OK, pfx_status
from pyflinkx._core.pfx.utf8 cimport pfx_utf8_scan, pfx_utf8_shape
from pyflinkx._core.status cimport check

from collections import namedtuple

from pyflinkx.errors import WrongStateError

FORMS = {
    "integer": PFX_JSON_INTEGER,
    "double": PFX_JSON_DOUBLE,
    "float": PFX_JSON_FLOAT,
    "bool": PFX_JSON_BOOL,
    "text": PFX_JSON_TEXT,
    "character": PFX_JSON_CHARACTER,
    "base64": PFX_JSON_BASE64,
    "date": PFX_JSON_DATE,
    "time": PFX_JSON_TIME,
    "timestamp": PFX_JSON_TIMESTAMP,
    "instant": PFX_JSON_INSTANT,
    "big_int": PFX_JSON_BIG_INT,
    "big_dec": PFX_JSON_BIG_DEC,
    "list": PFX_JSON_LIST,
    "map": PFX_JSON_MAP,
    "row": PFX_JSON_ROW,
    "tuple": PFX_JSON_TUPLE,
}

Node = namedtuple("Node", ["form", "field", "first", "parts"])
LinesRead = namedtuple("LinesRead", ["at", "lines", "rare"])


def is_utf8(bytes data not None):
    """Whether bytes are UTF-8, as RFC 3629 has it."""
    cdef pfx_utf8_shape shape
    cdef const uint8_t *start = <const uint8_t *> PyBytes_AS_STRING(data)
    cdef size_t size = <size_t> PyBytes_GET_SIZE(data)
    cdef pfx_status status
    with nogil:
        status = pfx_utf8_scan(start, size, &shape)
    return status == PFX_OK


@cython.final
cdef class JsonReader:
    """Reads JSON objects into columns; leaves those with anything unusual to the caller, see ``pfx/json_read.h``.

    Args:
        nodes: the row, then its fields, and so on: parents before their children, which stand together. A Node is a
            form (one of ``FORMS``), the Field of its column, the place of its first child, and how many there are.
        all_fields: whether an object that lacks a field is one of those.
        budget: what the memory is charged to; the process's when None.
    """

    def __init__(self, nodes, all_fields=False, MemoryBudget budget=None):
        cdef int at
        cdef Field field
        cdef bytes name
        self.budget = default_budget if budget is None else budget
        self.nodes = list(nodes)
        self.schema = Schema(self.nodes[0].field.children)
        check(pfx_json_reader_init(&self.reader, &self.budget.budget, <int> len(self.nodes)))
        self.reader.all_fields = all_fields
        for at, node in enumerate(self.nodes):
            field = node.field
            name = field.name.encode()
            check(pfx_json_reader_set(
                &self.reader, at, <pfx_json_form> <int> FORMS[node.form], &field.type, field.nullable, node.first,
                node.parts, <const uint8_t *> PyBytes_AS_STRING(name), <size_t> PyBytes_GET_SIZE(name)))
        check(pfx_json_reader_ready(&self.reader))

    def __dealloc__(self):
        pfx_json_reader_free(&self.reader)

    @property
    def rows(self):
        """How many rows have been read and not taken."""
        return pfx_json_reader_rows(&self.reader)

    def read_messages(self, list messages not None):
        """Read a record of each message; returns the positions of those that are left to the caller.

        What is no ``bytes`` is left to it, too.
        """
        cdef list left = []
        cdef Py_ssize_t i
        cdef bint rare = False
        self.check_sound()
        self.broken = True
        for i in range(len(messages)):
            message = messages[i]
            if not PyBytes_CheckExact(message):
                left.append(i)
                continue
            check(pfx_json_read_message(
                &self.reader, <const uint8_t *> PyBytes_AS_STRING(message), PyBytes_GET_SIZE(message), &rare))
            if rare:
                left.append(i)
        self.broken = False
        return left

    def read_lines(self, bytes block not None, int64_t start, int64_t rows, bint sound):
        """Read lines up to the end of the block, ``rows`` records or one that is left to the caller.

        Args:
            block: lines, the last one whole.
            start: where in the block to begin.
            rows: at most so many records.
            sound: whether the block is UTF-8.

        Returns:
            LinesRead: where to go on; how many lines have been passed; where in the block the last of them is, and how
            long, if it is left to the caller.
        """
        cdef pfx_json_progress progress
        cdef const uint8_t *data = <const uint8_t *> PyBytes_AS_STRING(block)
        cdef int64_t size = PyBytes_GET_SIZE(block)
        cdef pfx_status status
        if start < 0 or start > size:
            raise ValueError(f"a block of {size} bytes has no place {start}")
        self.check_sound()
        self.broken = True
        with nogil:
            status = pfx_json_read_lines(&self.reader, data, size, start, rows, sound, &progress)
        check(status)
        self.broken = False
        return LinesRead(progress.at, progress.lines, (progress.start, progress.length) if progress.rare else None)

    def take(self):
        """The rows read, which the reader then has no more."""
        cdef int64_t rows = pfx_json_reader_rows(&self.reader)
        cdef Column root
        self.check_sound()
        self.broken = True
        root = self.take_node(0)
        self.broken = False
        return make_batch(self.schema, root.children, rows, None, None)

    cdef int check_sound(self) except -1:
        """Refuse to go on after a failure, which may have left columns of different lengths."""
        if self.broken:
            raise WrongStateError("this reader has failed")
        return 0

    cdef Column take_node(self, int at):
        cdef pfx_out_column *column = NULL
        cdef int i
        node = self.nodes[at]
        cdef Field field = node.field
        cdef tuple children = tuple([self.take_node(node.first + i) for i in range(node.parts)])
        check(pfx_json_reader_column(&self.reader, at, &column))
        if field.is_map:
            entries = field.children[0]
            children = (trusted_column(entries, (<Column> children[0]).length, 0, 0, None, None, None, children),)
        return take_column(column, field, self.budget, children)
