"""Records of CSV out of bytes, as columns."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.stdint cimport INT64_MAX, int32_t, int64_t

from pyflinkx._core.columns.batch cimport make_batch
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.columns.written cimport take_column
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.pfx.arrow cimport (
    PFX_KIND_BOOL,
    PFX_KIND_DATE32,
    PFX_KIND_FLOAT32,
    PFX_KIND_FLOAT64,
    PFX_KIND_INT64,
    PFX_KIND_INT8,
    PFX_KIND_TIME64,
    PFX_KIND_TIMESTAMP,
    PFX_KIND_UTF8,
    PFX_MICROSECOND,
    pfx_kind,
)
from pyflinkx._core.pfx.csv_read cimport (
    PFX_CSV_BOOL,
    PFX_CSV_CHARACTER,
    PFX_CSV_DATE,
    PFX_CSV_DOUBLE,
    PFX_CSV_END,
    PFX_CSV_FLOAT,
    PFX_CSV_INTEGER,
    PFX_CSV_RARE,
    PFX_CSV_TEXT,
    PFX_CSV_TIME,
    PFX_CSV_TIMESTAMP,
    pfx_csv_field,
    pfx_csv_kind,
    pfx_csv_literal,
    pfx_csv_pass_lines,
    pfx_csv_place,
    pfx_csv_prepare,
    pfx_csv_read,
    pfx_csv_read_messages,
    pfx_csv_reader,
    pfx_csv_stop,
    pfx_csv_trusted,
)
from pyflinkx._core.pfx.out_column cimport (
    pfx_out_column,
    pfx_out_column_cut,
    pfx_out_column_free,
    pfx_out_column_init,
    pfx_out_column_trim,
)
from pyflinkx._core.pfx.status cimport PFX_OK, pfx_status
from pyflinkx._core.status cimport check

# What ``CsvDecoder.read`` says of why it stopped.
FULL, ENDED, RARE = "full", "ended", "rare"


cdef pfx_csv_kind kind_of(Field field, bint character) except *:
    cdef pfx_kind kind = field.type.kind
    if PFX_KIND_INT8 <= kind <= PFX_KIND_INT64:
        return PFX_CSV_INTEGER
    if kind == PFX_KIND_FLOAT64:
        return PFX_CSV_DOUBLE
    if kind == PFX_KIND_FLOAT32:
        return PFX_CSV_FLOAT
    if kind == PFX_KIND_BOOL:
        return PFX_CSV_BOOL
    if kind == PFX_KIND_UTF8:
        return PFX_CSV_CHARACTER if character else PFX_CSV_TEXT
    if kind == PFX_KIND_DATE32:
        return PFX_CSV_DATE
    if kind == PFX_KIND_TIME64 and field.type.unit == PFX_MICROSECOND:
        return PFX_CSV_TIME
    if kind == PFX_KIND_TIMESTAMP and field.type.unit == PFX_MICROSECOND and field.type.timezone[0] == 0:
        return PFX_CSV_TIMESTAMP
    raise ValueError(f"no field of CSV is read as {field.type_name}")


@cython.final
@cython.no_gc
cdef class CsvDecoder:
    """Reads the records of a piece of CSV into columns; stops before what another decoder has to look at.

    Args:
        schema: of the columns: signed integers, floats, bool, utf8, dates in days, times in microseconds.
        places: at which column of the file each of them is.
        count: how many columns the file has.
        delimiter, quote, escape: bytes of one ASCII character, no digits, signs or points; b"" for no quote or escape.
        comments: whether lines that start with ``#`` are blank ones.
        cuts: whether what a record has beyond its columns is left out.
        nulls: texts that stand for null, in UTF-8.
        characters: positions in the schema of texts that are one character.
        field_limit: bytes of a field; a longer one is for the other decoder.
        budget: what the memory is charged to; the process's when None.

    Example:
        >>> decoder = CsvDecoder(Schema([Field("a", "l")]), [0], 1, b",")
        >>> decoder.open(b"1\\n2\\n", 0, 1)
        >>> decoder.read(10), decoder.take().to_rows("tuple")
        ('ended', [(1,), (2,)])
    """

    cdef readonly Schema schema
    cdef readonly int64_t at    # where the next record is
    cdef readonly int64_t line  # and its line
    cdef readonly int64_t rows  # that have been read and not taken
    cdef MemoryBudget budget
    cdef pfx_csv_reader reader
    cdef pfx_out_column *outs
    cdef int outs_count
    cdef pfx_csv_literal *literals
    cdef list nulls
    cdef bytes piece
    cdef int64_t trusted

    def __cinit__(
        self, Schema schema not None, list places not None, int32_t count, bytes delimiter not None,
        bytes quote not None=b'"', bytes escape not None=b"", *, bint comments=False, bint cuts=False,
        list nulls=None, characters=(), int64_t field_limit=131072, MemoryBudget budget=None,
    ):
        cdef int number = 0
        cdef int32_t place
        cdef Field field
        if len(places) != len(schema.fields) or len(set(places)) != len(places) or count < 1:
            raise ValueError("each column has a place of its own in the file")
        for text, least in ((delimiter, 1), (quote, 0), (escape, 0)):
            if not least <= len(text) <= 1 or text > b"\x7f" or text in b"0123456789+-.\r\n\0":
                if text:
                    raise ValueError(f"{text!r} cannot set fields apart here")
        self.schema = schema
        self.budget = default_budget if budget is None else budget
        self.nulls = list(nulls or ())
        self.outs = <pfx_out_column *> PyMem_Calloc(len(places), sizeof(pfx_out_column))
        self.reader.fields = <pfx_csv_field *> PyMem_Calloc(count, sizeof(pfx_csv_field))
        self.literals = <pfx_csv_literal *> PyMem_Calloc(len(self.nulls) + 1, sizeof(pfx_csv_literal))
        if self.outs == NULL or self.reader.fields == NULL or self.literals == NULL:
            raise MemoryError
        self.reader.count = count
        for field, place in zip(schema.fields, places):
            if not 0 <= place < count:
                raise ValueError(f"there is no column {place} of {count}")
            self.outs_count = number + 1
            pfx_out_column_init(&self.outs[number], &field.type, &self.budget.budget)
            self.reader.fields[place].kind = kind_of(field, number in characters)
            self.reader.fields[place].nullable = field.nullable
            self.reader.fields[place].greatest = INT64_MAX >> (64 - 8 * field.type.width) if field.type.width else 0
            self.reader.fields[place].least = -self.reader.fields[place].greatest - 1
            self.reader.fields[place].out = &self.outs[number]
            number += 1
        for number, text in enumerate(self.nulls):
            self.literals[number].text = PyBytes_AS_STRING(text)
            self.literals[number].length = PyBytes_GET_SIZE(text)
        self.reader.nulls = self.literals
        self.reader.null_count = <int32_t> len(self.nulls)
        self.reader.delimiter = delimiter[0]
        self.reader.quote = quote[0] if quote else 0
        self.reader.escape = escape[0] if escape else 0
        self.reader.comments, self.reader.cuts = comments, cuts
        self.reader.field_limit = field_limit
        pfx_csv_prepare(&self.reader)
        self.piece = b""

    def __dealloc__(self):
        cdef int i
        for i in range(self.outs_count):
            pfx_out_column_free(&self.outs[i])
        PyMem_Free(self.outs)
        PyMem_Free(self.reader.fields)
        PyMem_Free(self.literals)

    def open(self, bytes piece not None, int64_t at, int64_t line):
        """Go on in this piece, which ends with a line end.

        Args:
            piece: bytes of the file.
            at: where in them.
            line: the number of the line there.
        """
        if not 0 <= at <= len(piece) or (piece and piece[len(piece) - 1] not in b"\r\n"):
            raise ValueError("a piece ends with a line end, and is read from within")
        if piece is not self.piece or at > self.trusted:
            self.piece = piece
            self.trusted = pfx_csv_trusted(PyBytes_AS_STRING(piece), len(piece), at)
        self.at, self.line = at, line

    def read(self, int64_t limit):
        """Read records until there are ``limit`` rows (FULL), or the piece has ENDED, or is RARE at ``at``.

        Raises:
            MemoryBudgetError: there is no room for them; then none is there.
        """
        cdef pfx_csv_place place = [self.at, self.line, self.rows]
        cdef pfx_csv_stop stop
        cdef pfx_status status
        cdef const char *text = PyBytes_AS_STRING(self.piece)
        cdef int64_t length = len(self.piece)
        with nogil:
            status = pfx_csv_read(&self.reader, text, length, self.trusted, limit, &place, &stop)
        check(status)
        self.at, self.line, self.rows = place.at, place.line, place.rows
        return RARE if stop == PFX_CSV_RARE else ENDED if stop == PFX_CSV_END else FULL

    def read_messages(self, list messages not None):
        """Read messages of one record each: a row for each but those that are for the other decoder.

        Args:
            messages: bytes each.

        Returns:
            The places (from 0) of messages for the other decoder, in ascending order.

        Raises:
            MemoryBudgetError: there is no room for them; then none is there.
        """
        cdef bytes text = b"\n".join([*messages, b""])
        cdef const char *start = PyBytes_AS_STRING(text)
        cdef Py_ssize_t count = len(messages)
        cdef int64_t *ends = <int64_t *> PyMem_Malloc(2 * (count + 1) * sizeof(int64_t))
        cdef int64_t *rare = ends + count + 1
        cdef int64_t rows = self.rows, before = self.rows, rare_count = 0, at = -1
        cdef Py_ssize_t i
        cdef pfx_status status
        if ends == NULL:
            raise MemoryError
        try:
            for i in range(count):
                at += 1 + PyBytes_GET_SIZE(messages[i])
                ends[i] = at
            with nogil:
                status = pfx_csv_read_messages(&self.reader, start, ends, count, &rows, rare, &rare_count)
                if status != PFX_OK:
                    for i in range(self.outs_count):
                        pfx_out_column_cut(&self.outs[i], before)
            check(status)
            self.rows = rows
            return [rare[i] for i in range(rare_count)]
        finally:
            PyMem_Free(ends)

    def take(self):
        """The rows that were read; there are none here afterwards."""
        cdef list columns = []
        cdef int64_t rows = self.rows
        cdef int number = 0
        for field in self.schema.fields:
            check(pfx_out_column_trim(&self.outs[number]))
            columns.append(take_column(&self.outs[number], field, self.budget))
            number += 1
        self.rows = 0
        return make_batch(self.schema, tuple(columns), rows, None, None)


def pass_lines(bytes piece not None, int64_t at, int64_t lines):
    """Where so many lines more have ended, and how many of them are missing when the piece ends before."""
    cdef int64_t left = lines
    cdef int64_t stop
    if not 0 <= at <= len(piece):
        raise ValueError("lines are counted from within a piece")
    stop = pfx_csv_pass_lines(PyBytes_AS_STRING(piece), len(piece), at, &left)
    return stop, left
