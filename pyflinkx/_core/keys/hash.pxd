from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.object cimport PyObject_Hash
from libc.stdint cimport int64_t, uint64_t

from pyflinkx._core.pfx.key_hash cimport pfx_key_hash_word
from pyflinkx._core.keys.secret cimport process_secret


cdef enum:
    SMALL = 1 << 20


cdef inline Py_hash_t as_hash(uint64_t bits) noexcept:
    """A hash of these bits; -1 is no hash, as it stands for an error."""
    return <Py_hash_t> (bits - <uint64_t> (bits == <uint64_t> -1))


cdef inline Py_hash_t hash_of_long(int64_t value) noexcept:
    """The hash of a whole number.

    Small numbers keep their distances, as in a dict of Python's: numbers that follow each other never meet. Of so few,
    not many can be chosen that do: of those below 2**20, 512 meet in a table of 2,048, and 32 groups of them go on to
    other places from there. Of all others, 64 that follow each other stay together.
    """
    if 0 <= value < SMALL:
        return as_hash(process_secret.base_low + <uint64_t> value)
    return as_hash(pfx_key_hash_word(&process_secret, <uint64_t> (value >> 6)) + <uint64_t> (value & 63))


# The hash of a key that is no str, or of what lies in one under `depth` composites.
cdef Py_hash_t hash_of_other(object key, int depth) except -1


cdef inline Py_hash_t hash_of(object key) except -1:
    """A hash under the process's secret: keys that are equal in Python have equal ones."""
    cdef int overflow = 0
    cdef long long value
    if type(key) is str:
        return PyObject_Hash(key)
    if type(key) is int:
        value = PyLong_AsLongLongAndOverflow(key, &overflow)
        if overflow == 0:
            return hash_of_long(value)
    return hash_of_other(key, 0)


# The same as `as_key` for a key that is neither a str nor an int of 64 bits.
cdef object as_other_key(object key, Py_hash_t *hash)


cdef inline object as_key(object key, Py_hash_t *hash):
    """What check_key makes of a key, and its hash: one look at its type for both."""
    cdef int overflow = 0
    cdef long long value
    if type(key) is str:
        hash[0] = PyObject_Hash(key)
        return key
    if type(key) is int:
        value = PyLong_AsLongLongAndOverflow(key, &overflow)
        if overflow == 0:
            hash[0] = hash_of_long(value)
            return key
    return as_other_key(key, hash)
