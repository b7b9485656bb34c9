"""A dict for keys that come from outside."""
from pyflinkx._core.python cimport _PyDict_DelItem_KnownHash
from pyflinkx._core.keys.canonical cimport check_key
from pyflinkx._core.keys.hash cimport hash_of

from pyflinkx.errors import KeyTypeError

# Entries that a map may have had without being made anew when most are gone.
cdef Py_ssize_t FEW = 64


cdef class KeyMap:
    """Keys to values, in order of insertion, as in a dict, but hashed so that nobody can choose keys that meet.

    Keys count as equal as they do in a dict. Memory is given back when most entries have gone. The iterators are those
    of a dict, which must not change meanwhile.

    Args:
        items: pairs of keys and values.

    Example:
        >>> ages = KeyMap([("a", 1), ("b", 2)])
        >>> ages["c"] = 3
        >>> ages.pop("b"), ages.get("b", 0), list(ages)
        (2, 0, ['a', 'c'])
    """

    def __cinit__(self, items=()):
        self.entries = {}
        for key, value in items:
            self[key] = value

    cpdef object get(self, object key, object default=None):
        """The value under ``key``, ``default`` when there is none."""
        cdef PyObject *found = self.find(key, hash_of(key))
        return default if found == NULL else <object> found

    cpdef object pop(self, object key, object default=None):
        """Remove the entry under ``key`` and return its value, ``default`` when there is none."""
        return self.remove(key, hash_of(key), default)

    cdef object remove(self, object key, Py_hash_t hash, object default):
        cdef PyObject *found = self.find(key, hash)
        if found == NULL:
            return default
        value = <object> found
        self.high = max(self.high, len(self.entries))
        _PyDict_DelItem_KnownHash(self.entries, key, hash)
        # A dict keeps its table when entries go.
        if self.high > FEW and len(self.entries) < self.high // 4:
            self.entries = dict(self.entries)
            self.high = len(self.entries)
        return value

    def setdefault(self, key, default):
        """The value under ``key``, which is ``default`` from now on when there is none."""
        cdef Py_hash_t hash = hash_of(key)
        cdef PyObject *found = self.find(key, hash)
        if found != NULL:
            return <object> found
        self.put(key, hash, default)
        return default

    def clear(self):
        """Remove all entries."""
        self.entries = {}
        self.high = 0

    def items(self):
        """Pairs of keys and values."""
        return iter(self.entries.items())

    def keys(self):
        """The keys."""
        return iter(self.entries)

    def values(self):
        """The values."""
        return iter(self.entries.values())

    def __reduce__(self):
        # Hashes are those of another process there.
        return restored_map, (list(self.entries.items()),)

    def __len__(self):
        return len(self.entries)

    def __contains__(self, key):
        return self.find(key, hash_of(key)) != NULL

    def __iter__(self):
        return iter(self.entries)

    def __getitem__(self, key):
        cdef PyObject *found = self.find(key, hash_of(key))
        if found == NULL:
            raise KeyError(key)
        return <object> found

    def __setitem__(self, key, value):
        self.put(key, hash_of(key), value)

    def __delitem__(self, key):
        cdef Py_hash_t hash = hash_of(key)
        if self.find(key, hash) == NULL:
            raise KeyError(key)
        self.remove(key, hash, None)

    def __repr__(self):
        return f"KeyMap({list(self.entries.items())!r})"


def restored_map(items):
    """A map that was pickled: lists that are keys are ordinary ones until they are keys again."""
    cdef KeyMap made = KeyMap()
    for key, value in items:
        try:
            key = check_key(key)
        except KeyTypeError:  # no key of a stream, but one of a map
            pass
        made[key] = value
    return made
