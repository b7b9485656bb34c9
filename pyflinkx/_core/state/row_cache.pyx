"""A bounded cache of state that lies in a database: changed values stay Python objects until they have to go."""
from cpython.bytes cimport PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_SIZE
from cpython.tuple cimport PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_GET_LENGTH

import sys

from pyflinkx._core.keys.map cimport KeyMap

# What an entry of the cache takes besides its value: the row's key, its place in the dict, the object that holds it.
cdef Py_ssize_t OVERHEAD = 320
# Changes that are written at once.
cdef int PIECE = 4096


cdef class Unit:
    """What the cache holds under a row's key, and what a table makes of it."""

    def __cinit__(self):
        self.touched = True

    cdef int write(self, bytes row, list changes) except -1:
        """Append what has changed since the last call, each (row's key, its bytes, None to delete it)."""
        raise NotImplementedError

    cdef bint is_of(self, object table) noexcept:
        raise NotImplementedError


cdef class RowCache:
    """Holds values of tables by the keys of their rows, up to a weight.

    What has been used lately stays (a second chance for all that was used since the last round); what goes, and has
    changed, is written before, in batches.

    Args:
        store: has ``get(row)``, ``get_many(rows)`` and ``write(changes)``, each change (row's key, bytes or None).
        limit: bytes of memory, estimated, that the values may take.

    Attributes:
        weight: bytes that they take.
    """

    def __cinit__(self, store, Py_ssize_t limit):
        self.store = store
        self.limit = limit
        self.units = {}

    def __len__(self):
        return len(self.units)

    cdef int add(self, bytes row, Unit unit) except -1:
        """Hold a unit that is not there yet; nothing goes before the next ``find``."""
        self.units[row] = unit
        unit.held = True
        unit.weight += OVERHEAD + 2 * PyBytes_GET_SIZE(row)
        self.weight += unit.weight
        return 0

    cdef int evict(self) except -1:
        cdef Unit unit
        cdef bytes row
        cdef list changes = []
        cdef Py_ssize_t aim = self.limit - self.limit // 8
        # A round looks at each unit once; after it none is touched, so the second one is the last.
        for row in list(self.units) + list(self.units):
            if self.weight <= aim:
                break
            unit = self.units.pop(row, None)
            if unit is None:
                continue
            if unit.touched:
                unit.touched = False
                self.units[row] = unit
                continue
            if unit.dirty:
                try:
                    unit.write(row, changes)
                except BaseException:
                    self.units[row] = unit
                    self.store.write(changes)
                    raise
                unit.dirty = False
                if len(changes) >= PIECE:
                    self.store.write(changes)
                    changes = []
            unit.held = False
            self.weight -= unit.weight
        if changes:
            self.store.write(changes)
        return 0

    def flush(self):
        """Write all that has changed; it stays in the cache."""
        cdef Unit unit
        cdef bytes row
        cdef list changes = []
        for row, unit in self.units.items():
            if unit.dirty:
                unit.write(row, changes)
                unit.dirty = False
                if len(changes) >= PIECE:
                    self.store.write(changes)
                    changes = []
        if changes:
            self.store.write(changes)

    def drop(self, table):
        """Forget what is held of a table, written or not."""
        cdef Unit unit
        for row, unit in list(self.units.items()):
            if unit.is_of(table):
                del self.units[row]
                unit.held = False
                self.weight -= unit.weight


cdef Py_ssize_t weight_of(object value, int depth=0):
    cdef Py_ssize_t count
    if value is None or type(value) is bool:
        return 0
    if type(value) is int or type(value) is float:
        return 32
    if type(value) is str:
        return 56 + PyUnicode_GET_LENGTH(value)
    if type(value) is bytes:
        return 40 + PyBytes_GET_SIZE(value)
    if depth > 3:
        return 100
    if type(value) is tuple:
        count = PyTuple_GET_SIZE(value)
        return 56 + count * 8 + weight_of_parts(value, count, depth)
    if type(value) is list:
        count = PyList_GET_SIZE(value)
        return 80 + count * 9 + weight_of_parts(value, count, depth)
    if type(value) is dict or type(value) is KeyMap:
        count = len(value)
        if count == 0:
            return 100
        for key, part in value.items():
            return 200 + count * (100 + weight_of(key, depth + 1) + weight_of(part, depth + 1))
    count = sys.getsizeof(value)
    fields = getattr(value, "__dict__", None)
    return count + 16 if type(fields) is not dict else count + weight_of(fields, depth + 1)


cdef Py_ssize_t weight_of_parts(object parts, Py_ssize_t count, int depth):
    """What the parts of a list or tuple take, judged by the first, the last and one between them."""
    if count == 0:
        return 0
    if count <= 3:
        return sum([weight_of(part, depth + 1) for part in parts])
    depth += 1
    return count * (
        weight_of(parts[0], depth) + weight_of(parts[count // 2], depth) + weight_of(parts[count - 1], depth)
    ) // 3


def estimated_weight(value):
    """About how many bytes of memory a value takes; of many parts a few are looked at."""
    return weight_of(value)
