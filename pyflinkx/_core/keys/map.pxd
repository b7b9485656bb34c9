cimport cython
from cpython.ref cimport PyObject

from pyflinkx._core.python cimport _PyDict_GetItem_KnownHash, _PyDict_SetItem_KnownHash


@cython.final
cdef class KeyMap:
    # Hashes are those of key_hash, so nothing else may look a key up here.
    cdef dict entries
    # The most entries that `entries` had since it was last made anew.
    cdef Py_ssize_t high

    # The value under a key with this hash, borrowed; NULL without an error when there is none.
    cdef inline PyObject *find(self, object key, Py_hash_t hash) except? NULL:
        return _PyDict_GetItem_KnownHash(self.entries, key, hash)

    cdef inline int put(self, object key, Py_hash_t hash, object value) except -1:
        return _PyDict_SetItem_KnownHash(self.entries, key, value, hash)

    cdef object remove(self, object key, Py_hash_t hash, object default)
    cpdef object get(self, object key, object default=*)
    cpdef object pop(self, object key, object default=*)
