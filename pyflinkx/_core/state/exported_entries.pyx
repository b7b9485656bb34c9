"""What a broadcast map or a list of a subtask held when a snapshot began, as columns, a few entries at a time.

The form of the batches is described in ``pyflinkx.state.rows``: columns ``key`` and ``value`` of a map, ``value`` of a
list.
"""
from libc.stdint cimport int64_t

from pyflinkx._core.codecs.codec cimport Codec
from pyflinkx._core.columns.batch cimport make_batch
from pyflinkx._core.columns.schema cimport Schema
from pyflinkx._core.keys.map cimport FrozenMap, KeyMap
from pyflinkx._core.state.exported cimport ByteColumn

from pyflinkx.errors import PyflinkxError, WrongStateError

cdef enum:
    # Bytes of a batch of which there are several, and about what a row of one takes besides its value.
    BATCH_SIZE = 4 << 20
    ROW_SIZE = 64


cdef class EntriesExport:
    """Encodes what a map or a list held when this was made.

    All methods are called by the thread that changes the state. A list may get more elements meanwhile, and loses none.

    Args:
        name: of the state.
        schema: of its batches.
        codecs: of key and value of a map, of the elements of a list.
        entries: the KeyMap, with snapshots of its own, or the list.

    Attributes:
        over: whether all is encoded, or nobody wants the rest.
        batches: those that are complete, for the caller to take out.
    """

    cdef readonly str name
    cdef readonly bint over
    cdef readonly list batches
    cdef Schema schema
    cdef Codec key_codec
    cdef Codec value_codec
    cdef ByteColumn keys
    cdef ByteColumn values
    cdef bint made
    cdef KeyMap map
    cdef FrozenMap frozen
    cdef int64_t number
    cdef list elements
    cdef Py_ssize_t at
    cdef Py_ssize_t stop

    def __cinit__(self, str name not None, Schema schema not None, codecs, entries not None):
        self.name = name
        self.schema = schema
        self.batches = []
        self.values = ByteColumn(schema.fields[len(schema.fields) - 1])
        if type(entries) is KeyMap:
            self.key_codec, self.value_codec = codecs
            self.keys = ByteColumn(schema.fields[0])
            self.map = entries
            self.number = self.map.snapshots.begin()
            self.map.look()
            self.frozen = self.map.frozen_at(self.number)
        else:
            self.value_codec, = codecs
            self.elements = <list?> entries
            self.stop = len(self.elements)

    def advance(self, int64_t limit):
        """Encode so many entries more, or what is left.

        Returns:
            How many entries were encoded.

        Raises:
            WrongStateError: an entry has not the state's type; nothing more is encoded.
        """
        cdef int64_t count = 0
        if self.over:
            return 0
        try:
            while count < limit and self.one():
                count += 1
                if self.values.data.out.size + <size_t> (ROW_SIZE * self.values.rows) >= BATCH_SIZE:
                    self.cut()
        except BaseException:
            self.close()
            raise
        if count < limit:
            if self.values.rows or not self.made:
                self.cut()
            self.close()
        return count

    def close(self):
        """Nobody wants the rest."""
        if not self.over:
            self.over = True
            self.elements = None
            if self.frozen is not None:
                self.frozen.close()
                self.frozen = None
            if self.map is not None:
                self.map.snapshots.end(self.number)

    cdef int one(self) except -1:
        if self.elements is not None:
            if self.at == self.stop:
                return 0
            self.at += 1
            return 1 + self.add(None, self.elements[self.at - 1])
        if self.frozen is None or not self.frozen.advance():
            return 0
        return 1 + self.add(self.frozen.key, self.frozen.value)

    cdef int add(self, object key, object value) except -1:
        try:
            if self.keys is not None:
                if key is not None:
                    self.key_codec.encode(key, &self.keys.data.out)
                self.keys.end(key is not None)
            self.value_codec.encode(value, &self.values.data.out)
            self.values.end(True)
        except PyflinkxError as error:
            raise WrongStateError(f"state {self.name!r} holds what its type does not allow: {error}") from error
        return 0

    cdef int cut(self) except -1:
        """Make a batch of what is encoded."""
        cdef int64_t rows = self.values.rows
        cdef tuple columns = (self.values.take(),)
        if self.keys is not None:
            columns = (self.keys.take(), *columns)
        self.batches.append(make_batch(self.schema, columns, rows, None, None))
        self.made = True
        return 0
