"""What a checkpoint has of a state, put into a table or a queue of timers in memory, row by row without Python's help.

The form of the batches is described in ``pyflinkx.state.rows``. What was written with another type goes the way of
``pyflinkx.state.rows.state_rows``.
"""
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcmp

from pyflinkx._core.codecs.codec cimport Codec
from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column, first_value, is_null, value_start
from pyflinkx._core.keys.hash cimport as_key
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.pfx.arrow cimport PFX_KIND_BINARY, PFX_KIND_INT32
from pyflinkx._core.state.keyed cimport StateTable
from pyflinkx._core.state.timers cimport TimerQueue

from pyflinkx.errors import WrongStateError


cdef class RestoredRows:
    """The rows of a batch, one after the other.

    Args:
        batch: of a state by key.
        codecs: those that wrote key, namespace and value.
    """

    cdef Column keys
    cdef Column namespaces
    cdef Column values
    cdef Codec key_codec
    cdef Codec namespace_codec
    cdef Codec value_codec
    cdef int64_t row        # the next one
    cdef int64_t length
    cdef int64_t last       # the row whose namespace was decoded; -1 for none
    # Of the row that `advance` has found.
    cdef object key
    cdef Py_hash_t hash
    cdef object namespace
    cdef object value

    def __cinit__(self, ColumnBatch batch not None, codecs):
        self.key_codec, self.namespace_codec, self.value_codec = codecs
        check_form(batch)
        _, self.keys, self.namespaces, self.values = batch.columns
        self.length = batch.length
        self.last = -1

    cdef bint advance(self) except -1:
        """Go to the next row; False when there is none."""
        cdef int64_t row = self.row
        if row == self.length:
            return False
        self.row += 1
        self.key = as_key(decoded(self.keys, row, self.key_codec), &self.hash)
        if is_null(self.namespaces, row):
            self.namespace = None
            self.last = -1
        elif self.last < 0 or not same_bytes(self.namespaces, self.last, row):
            self.namespace = decoded(self.namespaces, row, self.namespace_codec)
            self.last = row
        self.value = decoded(self.values, row, self.value_codec)
        return True


cdef int check_form(ColumnBatch batch) except -1:
    """Look whether the columns are those of a state by key."""
    cdef Column column
    cdef list kinds = [column.kind for column in batch.columns]
    if kinds != [PFX_KIND_INT32, PFX_KIND_BINARY, PFX_KIND_BINARY, PFX_KIND_BINARY]:
        raise WrongStateError(f"a batch holds no state by key: its columns are {batch.schema!r}")
    return 0


cdef object decoded(Column column, int64_t row, Codec codec):
    cdef int64_t start
    if is_null(column, row):
        return None
    start = value_start(column, row)
    return codec.decode_span(column.data + start, <Py_ssize_t> (value_start(column, row + 1) - start))


cdef bint same_bytes(Column column, int64_t first, int64_t second) noexcept:
    """Whether two rows have the same bytes, or are both null."""
    cdef int64_t size = value_start(column, first + 1) - value_start(column, first)
    if is_null(column, first) or is_null(column, second):
        return is_null(column, first) and is_null(column, second)
    return size == value_start(column, second + 1) - value_start(column, second) and memcmp(
        column.data + value_start(column, first), column.data + value_start(column, second), <size_t> size
    ) == 0


def fill_table(StateTable table not None, ColumnBatch batch not None, codecs, bint is_map):
    """Put the rows of a batch into a table.

    Args:
        table: in memory, of no class derived from StateTable.
        batch: of its state.
        codecs: those that wrote key, namespace and value, and belong to the table's types.
        is_map: whether the values are lists of the entries of maps.

    Raises:
        WrongStateError: it is no batch of a state by key.
        CorruptDataError, KeyTypeError: a row cannot be read, or has no key.
    """
    cdef RestoredRows rows = RestoredRows(batch, codecs)
    cdef KeyMap values = table.keys
    cdef object namespace = None
    while rows.advance():
        if rows.namespace is not namespace:
            namespace = rows.namespace
            values = table.keys if namespace is None else table.namespaces.get(namespace)
            if values is None:
                values = table.namespaces[namespace] = KeyMap((), table.snapshots)
        values.put(rows.key, rows.hash, KeyMap(rows.value) if is_map else rows.value)


def fill_timers(TimerQueue queue not None, ColumnBatch batch not None, codecs):
    """Register the timers of a batch, in its order.

    Args:
        queue: of timers.
        batch: of timers.
        codecs: those that wrote key, namespace and time.

    Raises:
        WrongStateError, CorruptDataError, KeyTypeError: as ``fill_table`` does.
    """
    cdef RestoredRows rows = RestoredRows(batch, codecs)
    while rows.advance():
        queue.register(rows.value, rows.key, rows.namespace)


def rows_of_groups(ColumnBatch batch not None, int32_t start, int32_t stop):
    """The rows of a batch whose key groups are from ``start`` to before ``stop``: the batch itself where all are.

    Raises:
        WrongStateError: it is no batch of a state by key.
    """
    cdef const int32_t *groups
    cdef int64_t row, count = 0
    cdef list kept
    check_form(batch)
    groups = <const int32_t *> first_value(<Column> batch.columns[0])
    for row in range(batch.length):
        count += start <= groups[row] < stop
    if count == batch.length:
        return batch
    kept = []
    for row in range(batch.length):
        if start <= groups[row] < stop:
            kept.append(row)
    return batch.take(kept)
