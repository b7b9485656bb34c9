"""What a table held when a snapshot began, as columns, a few entries at a time while the table goes on changing.

The form of the batches is described in ``pyflinkx.state.rows``.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport INT32_MAX
from libc.string cimport memcpy

from pyflinkx._core.codecs.codec cimport Writer, ok
from pyflinkx._core.columns.batch cimport make_batch
from pyflinkx._core.columns.column cimport Buffer, Column, new_buffer, trusted_column, writable
from pyflinkx._core.keys.map cimport FrozenMap, KeyMap
from pyflinkx._core.keys.snapshots cimport Snapshots
from pyflinkx._core.keys.partition cimport hash_key
from pyflinkx._core.memory.budget cimport default_budget
from pyflinkx._core.pfx.bitmap cimport pfx_bit_set
from pyflinkx._core.pfx.bytes cimport pfx_write_bytes, pfx_write_i32, pfx_write_u8
from pyflinkx._core.pfx.key cimport pfx_key_free, pfx_key_group, pfx_key_init
from pyflinkx._core.state.keyed cimport StateTable

from pyflinkx.errors import PyflinkxError, WrongStateError

cdef enum:
    # Bytes of a batch of which there are several, and about what a row of one takes besides its value.
    BATCH_SIZE = 4 << 20
    ROW_SIZE = 64


cdef class ByteColumn:
    def __cinit__(self, Field field not None):
        self.field = field
        self.data = Writer()
        self.offsets = Writer()
        self.present = Writer()
        ok(pfx_write_i32(&self.offsets.out, 0))

    cdef int end(self, bint present) except -1:
        if self.data.out.size > INT32_MAX:
            raise WrongStateError(f"a value of {self.data.out.size} bytes is larger than a batch of state can be")
        ok(pfx_write_i32(&self.offsets.out, <int32_t> self.data.out.size))
        ok(pfx_write_u8(&self.present.out, present))
        self.rows += 1
        self.nulls += not present
        return 0

    cdef Column take(self):
        """The column so far; it begins anew."""
        cdef Buffer validity = None
        cdef int64_t row
        cdef Column column
        if self.nulls:
            validity = new_buffer((self.rows + 7) // 8, default_budget, True)
            for row in range(self.rows):
                if self.present.out.data[row]:
                    pfx_bit_set(writable(validity), row, 1)
        column = trusted_column(
            self.field, self.rows, 0, self.nulls, validity, taken(self.offsets), taken(self.data), ()
        )
        self.present.out.size = 0
        self.rows = self.nulls = 0
        ok(pfx_write_i32(&self.offsets.out, 0))
        return column


cdef Buffer taken(Writer writer):
    """What was written, as memory of its own size; the writer begins anew."""
    cdef Buffer buffer = new_buffer(<int64_t> writer.out.size, default_budget)
    if writer.out.size:
        memcpy(writable(buffer), writer.out.data, writer.out.size)
    writer.out.size = 0
    return buffer


cdef class StateExport:
    """Encodes what a state held when this was made; a subclass knows where that is.

    All methods are called by the thread that changes the state.

    Args:
        name: of the state.
        schema: of its batches: key group, key, namespace, value.
        codecs: of key, namespace and value.
        max_parallelism: the number of key groups.
        snapshots: of the state.

    Attributes:
        entries: how many are encoded.
        over: whether all are, or nobody wants them.
        batches: those that are complete, for the caller to take out.
    """

    def __cinit__(
        self, str name not None, Schema schema not None, codecs, int32_t max_parallelism, Snapshots snapshots not None,
        *args,
    ):
        pfx_key_init(&self.key_bytes, &default_budget.budget)
        self.name = name
        self.schema = schema
        self.key_codec, self.namespace_codec, self.value_codec = codecs
        self.max_parallelism = max_parallelism
        self.snapshots = snapshots
        self.batches = []
        self.groups = Writer()
        self.keys = ByteColumn(schema.fields[1])
        self.namespaces = ByteColumn(schema.fields[2])
        self.values = ByteColumn(schema.fields[3])
        self.number = snapshots.begin()

    def __dealloc__(self):
        pfx_key_free(&self.key_bytes)

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
                if self.values.data.out.size + self.keys.data.out.size + <size_t> (
                    ROW_SIZE * self.values.rows
                ) >= BATCH_SIZE:
                    self.cut()
        except BaseException:
            self.close()
            raise
        self.entries += count
        if count < limit:
            if self.values.rows or not self.made:
                self.cut()
            self.close()
        return count

    def close(self):
        """Nobody wants the rest."""
        if not self.over:
            self.over = True
            self.leave()
            self.snapshots.end(self.number)

    cdef int leave(self) except -1:
        """Let the maps forget about it."""
        if self.current is not None:
            self.current.close()
            self.current = None
        return 0

    cdef int one(self) except -1:
        raise NotImplementedError

    cdef int add(self, object key, object namespace, object value) except -1:
        cdef bytes encoded = None
        if namespace is not None:
            encoded = self.namespace_codec.encode_one(namespace)
        return self.add_encoded(key, encoded, value)

    cdef int add_encoded(self, object key, bytes namespace, object value) except -1:
        try:
            ok(pfx_write_i32(
                &self.groups.out, pfx_key_group(hash_key(&self.key_bytes, key, None), self.max_parallelism)
            ))
            if key is not None:
                self.key_codec.encode(key, &self.keys.data.out)
            self.keys.end(key is not None)
            if namespace is not None:
                ok(pfx_write_bytes(
                    &self.namespaces.data.out, PyBytes_AS_STRING(namespace), <size_t> PyBytes_GET_SIZE(namespace)
                ))
            self.namespaces.end(namespace is not None)
            self.value_codec.encode(value, &self.values.data.out)
            self.values.end(True)
        except PyflinkxError as error:
            raise WrongStateError(
                f"state {self.name!r} holds what its type does not allow: {error} (key {key!r})"
            ) from error
        return 0

    cdef int cut(self) except -1:
        """Make a batch of what is encoded."""
        cdef int64_t rows = self.values.rows
        cdef Column groups = trusted_column(self.schema.fields[0], rows, 0, 0, None, None, taken(self.groups), ())
        self.batches.append(make_batch(
            self.schema, (groups, self.keys.take(), self.namespaces.take(), self.values.take()), rows, None, None
        ))
        self.made = True
        return 0


cdef class TableExport(StateExport):
    """Encodes what a table in memory held when this was made.

    Args:
        name, schema, codecs, max_parallelism, snapshots: as of a StateExport; the snapshots are those of the table.
        table: the table.
        is_map: whether values are maps, which are written as lists of entries.
    """

    cdef bint is_map
    cdef FrozenMap spaces
    cdef bytes namespace

    def __cinit__(self, name, schema, codecs, max_parallelism, snapshots, StateTable table not None, bint is_map):
        self.is_map = is_map
        self.current = frozen(table.keys, self.number)
        self.spaces = frozen(table.namespaces, self.number)

    cdef int one(self) except -1:
        cdef FrozenMap current
        while True:
            current = self.current
            if current is not None:
                if current.advance():
                    return 1 + self.add_encoded(current.key, self.namespace, self.stored(current.value))
                self.current = None
            if self.spaces is None or not self.spaces.advance():
                return 0
            self.namespace = self.namespace_codec.encode_one(self.spaces.key)
            self.current = frozen(<KeyMap?> self.spaces.value, self.number)

    cdef object stored(self, object value):
        """A value as it was, in the form in which it is written."""
        cdef FrozenMap entries
        cdef list items
        if type(value) is not KeyMap:
            return list(value.items()) if self.is_map else value
        if (<KeyMap> value).snapshots is not self.snapshots:
            return list(value.items()) if self.is_map else value
        items = []
        entries = frozen(<KeyMap> value, self.number)
        if entries is not None:
            while entries.advance():
                items.append((entries.key, entries.value))
        return items if self.is_map else KeyMap(items)

    cdef int leave(self) except -1:
        StateExport.leave(self)
        if self.spaces is not None:
            self.spaces.close()
            self.spaces = None
        return 0


cdef FrozenMap frozen(KeyMap map, int64_t number):
    """What a map held when the snapshot of that number began; None where that was nothing."""
    map.look()
    return map.frozen_at(number)
