"""Hashes of Python keys that nobody can choose keys for.

CPython's own hash of a number, and of whatever is made of numbers, is the same in every process. Who sends the records
can thus choose keys that meet in a dict, where each of them is compared with all others: pairs, ``i * (2**61 - 1)``,
Decimals, or 64-bit numbers that follow each other through the table. So tables of keys hash under the secret of the
process.

Keys that are equal have equal hashes, whatever their types are. Text and bytes keep Python's hash, which is seeded
(except where PYTHONHASHSEED says otherwise). Composites are hashed part by part, everything else by its canonical
bytes. What has none is refused as a key but may be one of a map that the user keeps; a class of the user's is then as
good as its ``__hash__``.
"""
from cpython.complex cimport PyComplex_CheckExact
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.object cimport PyObject_Hash
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pyflinkx._core.pfx.key cimport PFX_KEY_LONG, pfx_key, pfx_key_free, pfx_key_init
from pyflinkx._core.pfx.key_hash cimport pfx_key_hash_bytes, pfx_key_hash_pair
from pyflinkx._core.keys.canonical cimport (
    FORM_BINARY,
    FORM_DECIMAL,
    FORM_FLOAT,
    FORM_LIST,
    FORM_NUMPY,
    FORM_RECORD,
    FORM_REFUSED,
    FORM_ROW,
    FORM_TEXT,
    FORM_TUPLE,
    MAX_EXPONENT,
    Form,
    check_depth,
    check_key,
    form_of,
    put_key,
)
from pyflinkx._core.memory.budget cimport default_budget
from pyflinkx._core.records.row cimport Row

import sys
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from pyflinkx._core.keys.list_key import ListKey

# Decimal digits after the point of a fraction that can equal a Decimal whose hash anyone would wait for, and the bits
# of the whole.
MAX_PLACES = 4000
MAX_BITS = 13000

# Below this a float is a whole number of int64 exactly if it equals its integer part.
cdef double WHOLE = 9223372036854775808.0


cdef Py_hash_t hash_within(object key, int depth) except -1:
    """The hash of what lies in a key under ``depth`` composites."""
    if type(key) is str or type(key) is int:
        return hash_of(key)
    return hash_of_other(key, depth)


cdef Py_hash_t hash_of_other(object key, int depth) except -1:
    cdef Form form
    if type(key) is tuple:
        return hash_of_parts(<tuple> key, depth)
    form = form_of(type(key))
    if form.code == FORM_TUPLE:
        return hash_of_parts(<tuple> key, depth)
    if form.code == FORM_LIST:
        # What is no copy of ours could change while it is a key.
        return hash_of_parts(tuple(<list> key), depth) if type(key) is ListKey else hash_of_hash(key)
    if form.code == FORM_TEXT or form.code == FORM_BINARY:
        return PyObject_Hash(key)
    if form.code == FORM_FLOAT:
        return hash_of_float(key)
    if form.code == FORM_NUMPY:
        return hash_within(key.item(), depth)
    if form.code == FORM_ROW:
        return hash_of_row(<Row> key, depth)
    if form.code == FORM_RECORD:
        check_depth(depth)
        return hash_of_parts(tuple([getattr(key, name) for name in form.fields]), depth)
    if form.code == FORM_REFUSED:
        return hash_of_refused(key, depth)
    if form.code == FORM_DECIMAL and key.is_finite() and key and key.adjusted() > MAX_EXPONENT:
        return hash_of_hash(key)
    return hash_of_bytes(key)


cdef object as_other_key(object key, Py_hash_t *hash):
    if type(key) is not tuple or not hash_of_plain(<tuple> key, hash):
        key = check_key(key)
        hash[0] = hash_of(key)
    return key


cdef bint hash_of_plain(tuple parts, Py_hash_t *hash) except -1:
    """Whether these are texts and ints of 64 bits, which check_key leaves as they are; their hash then."""
    cdef uint64_t bits = len(parts)
    cdef int overflow = 0
    cdef long long value
    for part in parts:
        if type(part) is str:
            bits = pfx_key_hash_pair(&process_secret, bits, <uint64_t> PyObject_Hash(part))
        elif type(part) is int:
            value = PyLong_AsLongLongAndOverflow(part, &overflow)
            if overflow:
                return False
            bits = pfx_key_hash_pair(&process_secret, bits, <uint64_t> hash_of_long(value))
        else:
            return False
    hash[0] = as_hash(bits)
    return True


cdef Py_hash_t hash_of_bytes(object key) except -1:
    """By the canonical bytes of a key that is no composite."""
    cdef pfx_key bytes
    cdef int64_t value
    pfx_key_init(&bytes, &default_budget.budget)
    try:
        put_key(&bytes, key, 0)
        if bytes.bytes[0] == PFX_KEY_LONG:
            memcpy(&value, bytes.bytes + 1, sizeof(value))
            return hash_of_long(value)
        return as_hash(pfx_key_hash_bytes(&process_secret, bytes.bytes, bytes.size))
    finally:
        pfx_key_free(&bytes)


cdef Py_hash_t hash_of_float(object key) except -1:
    cdef double value = PyFloat_AS_DOUBLE(key)
    if -WHOLE <= value < WHOLE and value == <double> <int64_t> value:
        return hash_of_long(<int64_t> value)
    return hash_of_bytes(key)


cdef Py_hash_t hash_of_parts(tuple parts, int depth) except -1:
    """The hash of a sequence."""
    cdef uint64_t bits = len(parts)
    check_depth(depth)
    for part in parts:
        bits = pfx_key_hash_pair(&process_secret, bits, <uint64_t> hash_within(part, depth + 1))
    return as_hash(bits)


cdef Py_hash_t hash_of_row(Row key, int depth) except -1:
    """Rows are equal whatever the order of their names."""
    cdef uint64_t bits = 0, name_bits
    values = list(key.values)
    if key.fields is None:
        return hash_of_parts(tuple(values), depth)
    check_depth(depth)
    for name, value in zip(list(key.fields), values):
        name_bits = <uint64_t> hash_within(name, depth + 1)
        bits += pfx_key_hash_pair(&process_secret, name_bits, <uint64_t> hash_within(value, depth + 1))
    return as_hash(pfx_key_hash_word(&process_secret, bits))


cdef Py_hash_t hash_of_refused(object key, int depth) except -1:
    """The hash of what is no key of a stream, but may be one of a map."""
    cdef uint64_t bits
    if type(key) is frozenset:
        check_depth(depth)
        bits = 0
        for part in key:
            bits += pfx_key_hash_word(&process_secret, <uint64_t> hash_within(part, depth + 1))
        return as_hash(pfx_key_hash_word(&process_secret, bits))
    if type(key) is Fraction:
        return hash_of_fraction(key)
    if type(key).__module__ == "numpy":
        return hash_of_number(key)
    if PyComplex_CheckExact(key):
        if key.imag == 0:
            return hash_of_float(key.real)
        return hash_of_parts((key.real, key.imag), depth)
    if type(key) is memoryview:
        return PyObject_Hash(key)
    return hash_of_hash(key)


cdef Py_hash_t hash_of_number(object key) except -1:
    """The hash of a scalar of NumPy that is no key of a stream: that of the Python value that it equals, if any."""
    numpy = sys.modules["numpy"]
    if isinstance(key, numpy.inexact):
        value = complex(key)
        if value == key:
            return hash_of_refused(value, 0)
    elif isinstance(key, (numpy.datetime64, numpy.timedelta64)):
        # Of any unit, as those of several can be equal.
        value = key.astype(f"{key.dtype.kind}8[us]").item()
        if type(value) in (datetime, timedelta) and PyObject_Hash(value) == PyObject_Hash(key):
            return hash_of(value)
    return hash_of_hash(key)


cdef Py_hash_t hash_of_fraction(object key) except -1:
    """A fraction may equal an int, a float or a Decimal, and nothing else but fractions."""
    numerator, denominator = key.numerator, key.denominator
    if denominator == 1:
        return hash_of(numerator)
    twos = (denominator & -denominator).bit_length() - 1
    rest = denominator >> twos
    fives = 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    if rest != 1:
        return hash_of_parts((numerator, denominator), 0)
    digits = max(twos, fives)
    if digits > MAX_PLACES or numerator.bit_length() + 4 * digits > MAX_BITS:
        return hash_of_parts((numerator, denominator), 0)
    scaled = numerator * 2 ** (digits - twos) * 5 ** (digits - fives)
    return hash_of_bytes(Decimal((int(scaled < 0), tuple(map(int, str(abs(scaled)))), -digits)))


cdef Py_hash_t hash_of_hash(object key) except -1:
    """By Python's hash."""
    return as_hash(pfx_key_hash_word(&process_secret, <uint64_t> PyObject_Hash(key)))


def key_hash(key):
    """The hash of a key under the secret of the process: equal for keys that are equal in Python.

    Raises:
        TypeError: the key is not hashable.
        KeyTypeError: it is nested too deep.

    Example:
        >>> key_hash((1, "a")) == key_hash((1.0, "a"))
        True
    """
    return hash_of(key)
