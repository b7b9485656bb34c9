"""State tables whose values lie in a sorted database, with a cache of objects before it.

A row's value is the varint of a length, so many bytes of the key by its codec (none where the row's key says all of
it), and what the table keeps there. The key of a row is described in ``row_keys``.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t

from pyflinkx._core.codecs.codec cimport Codec
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.state.keyed cimport StateTable
from pyflinkx._core.state.row_cache cimport RowCache, Unit, weight_of
from pyflinkx._core.state.row_keys cimport RowKeys, entry_bytes, is_plain, namespace_bytes

from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx._core.state.list_bytes import united_lists
from pyflinkx._core.state.row_keys import split_row
from pyflinkx.errors import CorruptDataError, PyflinkxError, WrongStateError

cdef object absent = ABSENT
cdef bytes PLAIN = b"\0"


cdef class StoredTable(StateTable):
    """What tables in a database share; a subclass lays out the values. ``bind`` comes before all else."""

    def bind(
        self, int number, RowCache cache not None, RowKeys row_keys not None, Codec key_codec not None,
        Codec codec not None, form,
    ):
        """Say where the values are.

        Args:
            number: of the state in the database; the first part of its rows' keys.
            cache: of the operator, over the database.
            row_keys: of the operator.
            key_codec: of the keys.
            codec: of the values as ``form`` writes them, or of parts of them.
            form: has ``written(value)`` and ``read(value)``.
        """
        self.number = number
        self.cache = cache
        self.row_keys = row_keys
        self.begin = number.to_bytes(2, "big")
        self.key_codec = key_codec
        self.codec = codec
        self.form = form

    def in_memory(self):
        return False

    cdef bytes row(self, object namespace):
        """The key of the row, or the beginning of the rows, of the current key in a namespace."""
        cdef object key = self.current_key()
        if self.last_row is None or key is not self.last_key:
            self.last_row = self.begin + self.row_keys.of(key)
            self.last_key = key
        return self.last_row + namespace_bytes(namespace)

    cdef bytes value_head(self, object key):
        """What a row's value begins with."""
        cdef bytes data
        cdef Py_ssize_t size
        if is_plain(key):
            return PLAIN
        data = self.key_codec.encode_one(key)
        size = len(data)
        head = bytearray()
        while size >= 128:
            head.append(size & 127 | 128)
            size >>= 7
        head.append(size)
        return bytes(head) + data

    cdef bytes encoded(self, Codec codec, object value, object key):
        try:
            return codec.encode_one(value)
        except PyflinkxError as error:
            raise WrongStateError(
                f"state {self.name!r} holds what its type does not allow: {error} (key {key!r})"
            ) from error

    cdef object decoded(self, Codec codec, bytes data, Py_ssize_t start):
        try:
            return codec.decode_one(memoryview(data)[start:])
        except CorruptDataError as error:
            raise CorruptDataError(f"a row of state {self.name!r} in {self.cache.store} is damaged: {error}") from error

    cdef object key_in(self, bytes data, object key, bint plain, Py_ssize_t *end):
        """The key of a row with this value, whose own key says ``key``; ``end`` is where what is kept begins."""
        cdef const uint8_t *at = <const uint8_t *> PyBytes_AS_STRING(data)
        cdef Py_ssize_t size = 0, i = 0, total = PyBytes_GET_SIZE(data)
        cdef int shift = 0
        while i < total and shift < 35:
            size |= <Py_ssize_t> (at[i] & 127) << shift
            shift += 7
            i += 1
            if at[i - 1] < 128:
                break
        else:
            raise CorruptDataError(f"a row of state {self.name!r} in {self.cache.store} is damaged: it has no length")
        if size > total - i:
            raise CorruptDataError(
                f"a row of state {self.name!r} in {self.cache.store} is damaged: a key of {size} bytes is not in "
                f"{total - i}"
            )
        end[0] = i + size
        if size == 0:
            if not plain:
                raise CorruptDataError(f"a row of state {self.name!r} in {self.cache.store} is damaged: it has no key")
            return key
        return check_key(self.decoded(self.key_codec, data[:i + size], i))

    def rows(self, source, range groups=None):
        """The rows of a database, or of a snapshot of it.

        Args:
            source: has ``rows(begin, end)``.
            groups: key groups; None for all.

        Yields:
            key group, key, namespace, the row's key, where its rest begins, the value, and where what is kept begins.
        """
        cdef bytes row, data
        cdef Py_ssize_t start
        cdef bint plain
        first, stop = (0, 1 << 16) if groups is None else (groups.start, groups.stop)
        begin = self.begin + first.to_bytes(2, "big")
        end = self.begin + stop.to_bytes(2, "big") if stop < 1 << 16 else (self.number + 1).to_bytes(2, "big")
        for row, data in source.rows(begin, end):
            group, key, plain, namespace, rest = split_row(row, 2)
            key = self.key_in(data, key, plain, &start)
            yield group, key, namespace, row, rest, data, start

    def stored(self, source, groups=None):
        """The values as they leave the table: (key group, key, namespace, bytes by the codec of the form).

        Args:
            source: the database, or a snapshot of it, to which all that had changed was written.
            groups: key groups; None for all.
        """
        previous, about, parts = None, None, []
        for group, key, namespace, row, rest, data, start in self.rows(source, groups):
            head = row[:rest]
            if head != previous:
                if previous is not None:
                    yield *about, self.united(parts)
                previous, about, parts = head, (group, key, namespace), []
            parts.append(data[start:])
        if previous is not None:
            yield *about, self.united(parts)

    def united(self, parts):
        """The bytes of a value, of what its rows keep."""
        return parts[0]

    def scan(self):
        previous = None
        self.cache.flush()
        for _, key, namespace, row, rest, _, _ in self.rows(self.cache.store):
            head = row[:rest]
            if head != previous:
                previous = head
                yield namespace, key

    def entries(self):
        found = list(self.scan())
        return [entry for entry in found if entry[0] is None] + [entry for entry in found if entry[0] is not None]

    def __len__(self):
        return sum(1 for _ in self.scan())

    def clear(self):
        self.cache.drop(self)
        self.cache.store.delete(self.begin, (self.number + 1).to_bytes(2, "big"))

    def take_all(self):
        taken = []
        current = self.context.key
        try:
            for namespace, self.context.key in self.entries():
                if namespace is None:
                    taken.append(self.remove(None))
        finally:
            self.context.key = current
        return taken


# ---- whole values ----


cdef class ValueUnit(Unit):
    cdef ValueTable table
    cdef object key
    cdef object value
    cdef Py_ssize_t value_weight

    cdef int write(self, bytes row, list changes) except -1:
        cdef ValueTable table = self.table
        if self.value is absent:
            changes.append((row, None))
        else:
            written = table.form.written(self.value) if table.shaped else self.value
            changes.append((row, table.value_head(self.key) + table.encoded(table.codec, written, self.key)))
        return 0

    cdef bint is_of(self, object table) noexcept:
        return self.table is table


cdef class ValueTable(StoredTable):
    """A row for each key and namespace."""

    # Whether `form` does anything.
    cdef bint shaped
    # What was asked for last, as most states are read and then written.
    cdef ValueUnit latest
    cdef object latest_namespace

    def bind(self, *arguments):
        StoredTable.bind(self, *arguments)
        self.shaped = self.form.is_map

    cdef ValueUnit unit(self, object namespace):
        cdef bytes row
        cdef ValueUnit unit = self.latest
        if (
            unit is None or namespace is not self.latest_namespace or self.context.key is not self.last_key
            or not unit.held
        ):
            row = self.row(namespace)
            unit = <ValueUnit> self.cache.find(row)
            if unit is None:
                unit = self.hold(row, self.cache.store.get(row), self.context.key)
            self.latest = unit
            self.latest_namespace = namespace
        return unit

    cdef ValueUnit hold(self, bytes row, bytes data, object key):
        cdef ValueUnit unit = ValueUnit.__new__(ValueUnit)
        cdef Py_ssize_t start
        unit.table = self
        unit.key = key
        if data is None:
            unit.value = absent
        else:
            unit.key = self.key_in(data, key, True, &start)
            value = self.decoded(self.codec, data, start)
            unit.value = self.form.read(value) if self.shaped else value
            unit.weight = unit.value_weight = weight_of(unit.value)
        self.cache.add(row, unit)
        return unit

    cpdef object get(self, object namespace):
        return self.unit(namespace).value

    cpdef int put(self, object namespace, object value) except -1:
        cdef bytes row
        cdef ValueUnit unit = self.latest
        cdef Py_ssize_t weight
        if (
            unit is None or namespace is not self.latest_namespace or self.context.key is not self.last_key
            or not unit.held
        ):
            row = self.row(namespace)
            unit = <ValueUnit> self.cache.find(row)
            if unit is None:  # what it replaces is not read
                unit = self.hold(row, None, self.context.key)
            self.latest = unit
            self.latest_namespace = namespace
        weight = weight_of(value)
        unit.value = value
        unit.dirty = True
        self.cache.weigh(unit, weight - unit.value_weight)
        unit.value_weight = weight
        return 0

    cpdef object remove(self, object namespace):
        cdef ValueUnit unit = self.unit(namespace)
        value = unit.value
        if value is not absent:
            unit.value = absent
            unit.dirty = True
        return value

    cpdef int discard(self, object namespace) except -1:
        return self.put(namespace, absent)

    def prefetch(self, list keys not None):
        cdef bytes row
        cdef dict missing = {}
        cdef object current = self.context.key
        try:
            for self.context.key in keys:
                row = self.row(None)
                if self.cache.find(row) is None:
                    missing[row] = self.context.key
        finally:
            self.context.key = current
        if len(missing) > 1:
            rows = list(missing)
            for row, data in zip(rows, self.cache.store.get_many(rows)):
                if self.cache.find(row) is None:
                    self.hold(row, data, missing[row])


# ---- maps, a row for each entry ----


cdef class MapUnit(Unit):
    cdef MapTable table
    cdef object key
    # Entries that are known to be there, and keys of some that are known not to be.
    cdef KeyMap known
    cdef KeyMap gone
    # Keys that have changed since they were written.
    cdef KeyMap changed
    # Whether `known` has all entries, and whether those in the database have been replaced by it.
    cdef bint complete
    cdef bint replaced

    cdef int write(self, bytes row, list changes) except -1:
        cdef MapTable table = self.table
        cdef bytes head = table.value_head(self.key)
        cdef bytes place
        if self.replaced:
            kept = set()
            for key, value in self.known.items():
                place = row + entry_bytes(key)
                kept.add(place)
                changes.append((place, head + table.encoded(table.codec, (key, value), self.key)))
            for place, _ in table.cache.store.rows_of(row):
                if place not in kept:
                    changes.append((place, None))
        else:
            for key in self.changed:
                place = row + entry_bytes(key)
                value = self.known.get(key, absent)
                if value is absent:
                    changes.append((place, None))
                else:
                    changes.append((place, head + table.encoded(table.codec, (key, value), self.key)))
        self.replaced = False
        self.changed = KeyMap()
        return 0

    cdef bint is_of(self, object table) noexcept:
        return self.table is table


cdef class MapTable(StoredTable):
    """A row for each entry of a map, of which as many are read as are asked for."""

    cdef MapUnit unit(self, bytes row):
        cdef MapUnit unit = <MapUnit> self.cache.find(row)
        if unit is None:
            unit = MapUnit.__new__(MapUnit)
            unit.table = self
            unit.key = self.context.key
            unit.known = KeyMap()
            unit.gone = KeyMap()
            unit.changed = KeyMap()
            self.cache.add(row, unit)
        return unit

    cdef object pair_in(self, bytes data):
        cdef Py_ssize_t start
        self.key_in(data, None, True, &start)
        return self.decoded(self.codec, data, start)

    cpdef object entry(self, object namespace, object key):
        cdef bytes row = self.row(namespace)
        cdef MapUnit unit = self.unit(row)
        cdef bytes data
        value = unit.known.get(key, absent)
        if value is not absent or unit.complete or key in unit.gone:
            return value
        data = self.cache.store.get(row + entry_bytes(key))
        if data is None:
            unit.gone[key] = None
        else:
            key, value = self.pair_in(data)
            unit.known[key] = value
        self.cache.weigh(unit, 200 + weight_of(key) + weight_of(value))
        return value

    cpdef int put_entry(self, object namespace, object key, object value) except -1:
        cdef MapUnit unit = self.unit(self.row(namespace))
        cdef Py_ssize_t weight = 0
        if key not in unit.known:
            weight = 200 + weight_of(key)
            unit.gone.pop(key)
        unit.known[key] = value
        unit.changed[key] = None
        unit.dirty = True
        # What the value before it took stays counted, until the unit goes: so much the sooner.
        self.cache.weigh(unit, weight + (0 if weight == 0 else weight_of(value)))
        return 0

    cpdef int remove_entry(self, object namespace, object key) except -1:
        cdef MapUnit unit = self.unit(self.row(namespace))
        cdef Py_ssize_t weight = 0
        if unit.known.pop(key, absent) is absent:
            if unit.complete or key in unit.gone:
                return 0
            weight = 200 + weight_of(key)
        unit.gone[key] = None
        unit.changed[key] = None
        unit.dirty = True
        self.cache.weigh(unit, weight)
        return 0

    cpdef bint holds(self, object namespace) except -1:
        cdef bytes row = self.row(namespace)
        cdef MapUnit unit = self.unit(row)
        if unit.complete or len(unit.known):
            return len(unit.known) > 0
        for _, data in self.cache.store.rows_of(row):
            if self.pair_in(data)[0] not in unit.gone:
                return True
        return False

    cpdef object get(self, object namespace):
        cdef bytes row = self.row(namespace)
        cdef MapUnit unit = self.unit(row)
        cdef KeyMap entries = KeyMap()
        cdef Py_ssize_t weight = 0
        if not unit.complete:
            for _, data in self.cache.store.rows_of(row):
                key, value = self.pair_in(data)
                if key in unit.gone:
                    continue
                known = unit.known.get(key, absent)
                if known is absent:
                    weight += 200 + weight_of(key) + weight_of(value)
                    entries[key] = value
                else:
                    entries[key] = known
            for key, value in unit.known.items():
                if key not in entries:
                    entries[key] = value
            if weight + unit.weight > self.cache.limit // 8:
                return entries if len(entries) else absent
            unit.known = entries
            unit.gone = KeyMap()
            unit.complete = True
            self.cache.weigh(unit, weight)
        return unit.known if len(unit.known) else absent

    cpdef int put(self, object namespace, object value) except -1:
        cdef MapUnit unit = self.unit(self.row(namespace))
        unit.known = value if type(value) is KeyMap else KeyMap(value.items())
        unit.gone = KeyMap()
        unit.complete = unit.replaced = unit.dirty = True
        self.cache.weigh(unit, weight_of(value))
        return 0

    cpdef object remove(self, object namespace):
        value = self.get(namespace)
        if value is not absent:
            self.discard(namespace)
        return value

    cpdef int discard(self, object namespace) except -1:
        return self.put(namespace, KeyMap())

    def united(self, parts):
        """The bytes of a map, which if its type is declared is a list of its entries, of the bytes of these."""
        if self.form.is_map:
            return united_lists([b"\2" + part for part in parts])
        return self.codec.encode_one(KeyMap([self.decoded(self.codec, part, 0) for part in parts]))


# ---- lists, a row for each time that elements were appended ----


cdef class ListUnit(Unit):
    cdef ListTable table
    cdef object key
    # The list, or what is to be appended to it.
    cdef list values
    # How many of `values` are in the database.
    cdef Py_ssize_t written
    # Whether `values` is all of it, and whether what is in the database has been replaced by it.
    cdef bint complete
    cdef bint replaced

    cdef int write(self, bytes row, list changes) except -1:
        cdef ListTable table = self.table
        if self.replaced:
            for place, _ in table.cache.store.rows_of(row):
                changes.append((place, None))
            self.written = 0
        values = self.values[self.written:] if self.written else self.values
        if values:
            place = row + table.cache.store.next_number().to_bytes(8, "big")
            changes.append((place, table.value_head(self.key) + table.encoded(table.codec, values, self.key)))
        self.replaced = False
        if self.complete:
            self.written = len(self.values)
        else:
            self.values = []
        return 0

    cdef bint is_of(self, object table) noexcept:
        return self.table is table


cdef class ListTable(StoredTable):
    """Rows of elements that were appended together, in order of their numbers."""

    # With as many rows a list is written anew.
    MANY = 64

    cdef ListUnit unit(self, object namespace):
        cdef bytes row = self.row(namespace)
        cdef ListUnit unit = <ListUnit> self.cache.find(row)
        if unit is None:
            unit = ListUnit.__new__(ListUnit)
            unit.table = self
            unit.key = self.context.key
            unit.values = []
            self.cache.add(row, unit)
        return unit

    cpdef int append(self, object namespace, object value) except -1:
        cdef ListUnit unit = self.unit(namespace)
        unit.values.append(value)
        unit.dirty = True
        self.cache.weigh(unit, 9 + weight_of(value))
        return 0

    cpdef object get(self, object namespace):
        cdef ListUnit unit = self.unit(namespace)
        cdef list values = []
        cdef Py_ssize_t start, rows = 0
        if not unit.complete:
            for _, data in self.cache.store.rows_of(self.row(namespace)):
                self.key_in(data, unit.key, True, &start)
                values += self.decoded(self.codec, data, start)
                rows += 1
            weight = weight_of(values)
            unit.written = len(values)
            unit.values = values + unit.values
            unit.complete = True
            if rows > self.MANY:
                unit.replaced = unit.dirty = True
            values = unit.values
            self.cache.weigh(unit, weight)
            return values if values else absent
        return unit.values if unit.values else absent

    cpdef int put(self, object namespace, object value) except -1:
        cdef ListUnit unit = self.unit(namespace)
        cdef Py_ssize_t weight = weight_of(value) - weight_of(unit.values)
        unit.values = value
        unit.complete = unit.replaced = unit.dirty = True
        self.cache.weigh(unit, weight)
        return 0

    cpdef object remove(self, object namespace):
        value = self.get(namespace)
        if value is not absent:
            self.discard(namespace)
        return value

    cpdef int discard(self, object namespace) except -1:
        return self.put(namespace, [])

    def united(self, parts):
        """The bytes of one list of the bytes of several."""
        if len(parts) == 1:
            return parts[0]
        if not isinstance(self.form.codec, PickleCodec):
            return united_lists(parts)
        values = []
        for part in parts:
            values += self.decoded(self.codec, part, 0)
        return self.codec.encode_one(values)
