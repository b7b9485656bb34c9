"""The keys of rows in a sorted database: state, key group, key, namespace, and the key of a map's entry.

A row's key is the number of the state (2 bytes), the key group (2 bytes), the canonical bytes of the key, the bytes of
the namespace, and then whatever its table adds. Both numbers have their highest byte first, so all rows of a state lie
together, and in it those of a key group. No part is the beginning of another, so the rows of a key do, too.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

import pickle

from pyflinkx._core.calls.window_types cimport CountWindow, GlobalWindow, TimeWindow
from pyflinkx._core.keys.canonical cimport put_key
from pyflinkx._core.memory.budget cimport default_budget
from pyflinkx._core.pfx.key cimport (
    pfx_key_clear,
    pfx_key_free,
    pfx_key_group,
    pfx_key_hash,
    pfx_key_init,
)

from pyflinkx.errors import CorruptDataError, KeyTypeError

# Begins the bytes of a namespace, or of an entry's key that has no canonical ones.
cdef enum:
    NO_NAMESPACE = 0
    TIME_WINDOW = 1
    COUNT_WINDOW = 2
    GLOBAL_WINDOW = 3
    PICKLED = 0xF0
    PICKLED_SET = 0xF1

# Tags of canonical bytes (docs/formats/keys.md).
cdef enum:
    NONE = 0x00
    LONG = 0x01
    BIG = 0x02
    DOUBLE = 0x03
    NAN = 0x04
    DECIMAL = 0x05
    TEXT = 0x10
    BINARY = 0x11
    DATE = 0x20
    DURATION = 0x25
    UUID = 0x30
    ENUM = 0x31
    TUPLE = 0x40
    RECORD = 0x41
    ROW = 0x42
    LIST = 0x43
    MAX_DEPTH = 66

# Keys have two of these bytes for their groups.
cdef int GROUP = 2


cdef class RowKeys:
    """Writes the keys of rows.

    Args:
        max_parallelism: the number of key groups.
    """

    def __cinit__(self, int max_parallelism):
        self.max_parallelism = max_parallelism
        pfx_key_init(&self.out, &default_budget.budget)

    def __dealloc__(self):
        pfx_key_free(&self.out)

    cdef bytes of(self, object key):
        """The key group and the canonical bytes of a checked key."""
        cdef int32_t group
        cdef char *to
        if self.last_bytes is not None and key is self.last:
            return self.last_bytes
        pfx_key_clear(&self.out)
        put_key(&self.out, key, 0)
        group = pfx_key_group(pfx_key_hash(&self.out), self.max_parallelism)
        self.last_bytes = PyBytes_FromStringAndSize(NULL, GROUP + self.out.size)
        self.last = key
        to = PyBytes_AS_STRING(self.last_bytes)
        put_short(<uint8_t *> to, group)
        memcpy(to + GROUP, self.out.bytes, <size_t> self.out.size)
        return self.last_bytes

    def row_of(self, key):
        """The key group, highest byte first, and the canonical bytes of a key."""
        return self.of(key)


cdef inline void put_short(uint8_t *to, int32_t value) noexcept:
    to[0] = <uint8_t> (value >> 8)
    to[1] = <uint8_t> (value & 0xFF)


cdef bytes NOWHERE = bytes([NO_NAMESPACE])
cdef bytes EVERYWHERE = bytes([GLOBAL_WINDOW])


cdef bytes namespace_bytes(object namespace):
    cdef char packed[17]
    cdef int64_t number
    if namespace is None:
        return NOWHERE
    if type(namespace) is TimeWindow:
        packed[0] = TIME_WINDOW
        number = (<TimeWindow> namespace).start
        memcpy(packed + 1, &number, 8)
        number = (<TimeWindow> namespace).end
        memcpy(packed + 9, &number, 8)
        return PyBytes_FromStringAndSize(packed, 17)
    if type(namespace) is CountWindow:
        packed[0] = COUNT_WINDOW
        number = (<CountWindow> namespace).id
        memcpy(packed + 1, &number, 8)
        return PyBytes_FromStringAndSize(packed, 9)
    if type(namespace) is GlobalWindow:
        return EVERYWHERE
    return pickled_bytes(namespace)


cdef bytes pickled_bytes(object value):
    """Equal values have equal ones if their classes pickle them alike."""
    # A pickle depends on which of its parts are one object; what was made of a pickle shares what the pickle says.
    cdef bytes data = pickle.dumps(pickle.loads(pickle.dumps(value, 5)), 5)
    return bytes([PICKLED]) + len(data).to_bytes(4, "little") + data


cdef bytes entry_bytes(object key):
    cdef RowKeys keys = RowKeys.__new__(RowKeys, 1)
    try:
        put_key(&keys.out, key, 0)
    except KeyTypeError:
        if isinstance(key, (set, frozenset)):
            parts = sorted(entry_bytes(part) for part in key)
            return bytes([PICKLED_SET]) + len(parts).to_bytes(4, "little") + b"".join(parts)
        return pickled_bytes(key)
    return PyBytes_FromStringAndSize(<const char *> keys.out.bytes, keys.out.size)


cdef bint is_plain(object key) noexcept:
    cdef int overflow = 0
    if type(key) is str or type(key) is bytes or key is None:
        return True
    if type(key) is int:
        PyLong_AsLongLongAndOverflow(key, &overflow)
        return overflow == 0
    if type(key) is tuple:
        for part in <tuple> key:
            if not is_plain(part):
                return False
        return True
    return False


cdef class RowReader:
    """Reads keys of rows, every length checked."""

    cdef const uint8_t *data
    cdef Py_ssize_t size
    cdef Py_ssize_t at

    cdef const uint8_t *take(self, Py_ssize_t count) except NULL:
        cdef const uint8_t *found = self.data + self.at
        if count < 0 or count > self.size - self.at:
            raise CorruptDataError(f"a row's key ends within its byte {self.at} of {self.size}")
        self.at += count
        return found

    cdef uint32_t take_count(self) except? 0xFFFFFFFF:
        cdef uint32_t count = 0
        memcpy(&count, self.take(4), 4)
        return count

    cdef int64_t take_long(self) except? -1:
        cdef int64_t value = 0
        memcpy(&value, self.take(8), 8)
        return value

    cdef object key(self, int depth, bint *plain):
        """The next key, as far as it is plain; else it is passed over, and ``plain`` becomes false."""
        cdef uint8_t tag = self.take(1)[0]
        cdef uint32_t count
        cdef const uint8_t *found
        if depth > MAX_DEPTH:
            raise CorruptDataError(f"a row's key nests more than {MAX_DEPTH} deep")
        if tag == NONE:
            return None
        if tag == LONG:
            return self.take_long()
        if tag == TEXT:
            count = self.take_count()
            found = self.take(count)
            try:
                return PyBytes_FromStringAndSize(<const char *> found, count).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError as error:
                raise CorruptDataError(f"a row's key holds text that is not UTF-8: {error}") from error
        if tag == BINARY:
            count = self.take_count()
            found = self.take(count)
            return PyBytes_FromStringAndSize(<const char *> found, count)
        if tag == TUPLE:
            parts = []
            for _ in range(self.take_count()):
                parts.append(self.key(depth + 1, plain))
            return tuple(parts)
        plain[0] = False
        self.skip(tag, depth, plain)
        return None

    cdef int skip(self, uint8_t tag, int depth, bint *plain) except -1:
        cdef bint named
        if tag == BIG:
            self.take(1)
            self.take(self.take_count())
        elif tag == DOUBLE:
            self.take(8)
        elif tag == NAN:
            pass
        elif tag == DECIMAL:
            self.take(9)
            self.take(self.take_count())
        elif tag == DATE:
            self.take(4)
        elif DATE < tag < DURATION:
            self.take(8)
        elif tag == DURATION:
            self.take(12)
        elif tag == UUID:
            self.take(16)
        elif tag == ENUM:
            self.take(self.take_count())
            self.key(depth + 1, plain)
        elif tag == LIST:
            for _ in range(self.take_count()):
                self.key(depth + 1, plain)
        elif tag == RECORD:
            self.take(self.take_count())
            for _ in range(self.take_count()):
                self.key(depth + 1, plain)
        elif tag == ROW:
            self.take(self.take_count())
            named = self.take(2)[1] != 0
            for _ in range(self.take_count()):
                if named:
                    self.take(self.take_count())
                self.key(depth + 1, plain)
        else:
            raise CorruptDataError(f"a row's key has a part of kind {tag:#04x}, which there is not")
        return 0

    cdef object namespace(self):
        cdef uint8_t tag = self.take(1)[0]
        cdef uint32_t count
        cdef int64_t start
        if tag == NO_NAMESPACE:
            return None
        if tag == TIME_WINDOW:
            start = self.take_long()
            return TimeWindow(start, self.take_long())
        if tag == COUNT_WINDOW:
            return CountWindow(self.take_long())
        if tag == GLOBAL_WINDOW:
            return GlobalWindow.get()
        if tag == PICKLED:
            count = self.take_count()
            data = PyBytes_FromStringAndSize(<const char *> self.take(count), count)
            try:
                return pickle.loads(data)
            except Exception as error:
                raise CorruptDataError(f"the pickle of a row's namespace cannot be loaded: {error}") from error
        raise CorruptDataError(f"a row's key has a namespace of kind {tag:#04x}, which there is not")


def split_row(bytes row not None, Py_ssize_t start):
    """The parts of a row's key.

    Args:
        row: the key of a row.
        start: where its key group begins.

    Returns:
        ``(key group, key, whether its bytes say all of the key, namespace, where the rest begins)``; a key of which
        they do not is None.

    Raises:
        CorruptDataError: no row has such a key.
    """
    cdef RowReader reader = RowReader.__new__(RowReader)
    cdef bint plain = True
    cdef const uint8_t *group
    reader.data = <const uint8_t *> PyBytes_AS_STRING(row)
    reader.size = PyBytes_GET_SIZE(row)
    reader.at = start
    group = reader.take(GROUP)
    key = reader.key(0, &plain)
    namespace = reader.namespace()
    return group[0] << 8 | group[1], key if plain else None, plain, namespace, reader.at
