"""Pickles of plain data, without the pickler: texts, numbers, containers of these, and objects that hold them.

To set up a pickler, its memo and its buffers takes several times as long as a small value does, and to look for a class
by its name once more as long again. What is written here loads as what ``pickle.dumps`` gives does. Nothing is put into
the memo: a container that comes twice, in itself or beside itself, is left to ``pickle``, which keeps that it is one.
"""
import copyreg
import pickle
from types import GetSetDescriptorType

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Contains, PyDict_Next, PyDict_Size
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.ref cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DATA, PyUnicode_GET_LENGTH
from libc.stdint cimport INT32_MAX, INT32_MIN, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from pyflinkx._core.codecs.codec cimport ok
from pyflinkx._core.pfx.bytes cimport (
    pfx_write_bytes,
    pfx_write_i32,
    pfx_write_i64,
    pfx_write_u8,
    pfx_writer,
)
from pyflinkx._core.python cimport PyUnicode_IS_ASCII


cdef enum:
    DEEPEST = 24   # containers in each other
    MOST_SEEN = 24  # containers of a value, which are looked through one by one
    LONGEST = 1 << 28
    MOST_CLASSES = 1024
    HEAP_TYPE = 1 << 9

cdef struct Seen:
    int count
    int depth
    PyObject *containers[MOST_SEEN]

# What makes an object of a class without its state, as bytes of a pickle; None where only `pickle` knows how.
cdef dict beginnings = {}
cdef dict reductions = copyreg.dispatch_table


cdef bint write_plain(object value, pfx_writer *out) except -1:
    cdef Seen seen
    seen.count = seen.depth = 0
    ok(pfx_write_bytes(out, b"\x80\x05", 2))
    if not write_value(value, out, &seen):
        return False
    ok(pfx_write_u8(out, c"."))
    return True


cdef bint write_value(object value, pfx_writer *out, Seen *seen) except -1:
    cdef type kind = type(value)
    if kind is str:
        return write_text(value, out)
    if kind is int:
        return write_int(value, out)
    if value is None:
        ok(pfx_write_u8(out, c"N"))
    elif kind is bool:
        ok(pfx_write_u8(out, 0x88 if value is True else 0x89))
    elif kind is float:
        return write_double(PyFloat_AS_DOUBLE(value), out)
    elif kind is bytes:
        if PyBytes_GET_SIZE(value) > LONGEST:
            return False
        write_size(PyBytes_GET_SIZE(value), c"C", c"B", out)
        ok(pfx_write_bytes(out, PyBytes_AS_STRING(value), <size_t> PyBytes_GET_SIZE(value)))
    elif kind is tuple:
        return write_tuple(<tuple> value, out, seen)
    elif kind is list or kind is dict:
        return write_container(value, out, seen)
    else:
        return write_object(value, kind, out, seen)
    return True


cdef int write_size(Py_ssize_t size, uint8_t short, uint8_t long, pfx_writer *out) except -1:
    if size < 256:
        ok(pfx_write_u8(out, short))
        ok(pfx_write_u8(out, <uint8_t> size))
    else:
        ok(pfx_write_u8(out, long))
        ok(pfx_write_i32(out, <int32_t> size))
    return 0


cdef bint write_text(object text, pfx_writer *out) except -1:
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    cdef const char *data
    if PyUnicode_IS_ASCII(text):
        data = <const char *> PyUnicode_DATA(text)
    else:
        try:
            data = PyUnicode_AsUTF8AndSize(text, &size)
        except UnicodeEncodeError:  # half of a pair
            return False
    if size > LONGEST:
        return False
    write_size(size, 0x8C, c"X", out)
    ok(pfx_write_bytes(out, data, <size_t> size))
    return True


cdef bint write_int(object value, pfx_writer *out) except -1:
    cdef int overflow = 0
    cdef int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return False
    if 0 <= number < 256:
        ok(pfx_write_u8(out, c"K"))
        ok(pfx_write_u8(out, <uint8_t> number))
    elif INT32_MIN <= number <= INT32_MAX:
        ok(pfx_write_u8(out, c"J"))
        ok(pfx_write_i32(out, <int32_t> number))
    else:
        ok(pfx_write_bytes(out, b"\x8a\x08", 2))
        ok(pfx_write_i64(out, number))
    return True


cdef bint write_double(double value, pfx_writer *out) except -1:
    cdef uint64_t bits
    cdef int shift
    memcpy(&bits, &value, sizeof(bits))
    ok(pfx_write_u8(out, c"G"))
    for shift in range(56, -8, -8):
        ok(pfx_write_u8(out, <uint8_t> (bits >> shift)))
    return True


cdef bint write_tuple(tuple values, pfx_writer *out, Seen *seen) except -1:
    cdef Py_ssize_t place, count = PyTuple_GET_SIZE(values)
    cdef object value
    if seen.depth == DEEPEST:
        return False
    seen.depth += 1
    if count > 3:
        ok(pfx_write_u8(out, c"("))
    for place in range(count):
        value = <object> PyTuple_GET_ITEM(values, place)
        if not write_value(value, out, seen):
            return False
    seen.depth -= 1
    ok(pfx_write_u8(out, c")" if count == 0 else c"t" if count > 3 else <uint8_t> (0x84 + count)))
    return True


cdef bint enter(object container, Seen *seen) noexcept:
    """Whether a container comes for the first time, and is not too deep in others."""
    cdef int place
    if seen.depth == DEEPEST or seen.count == MOST_SEEN:
        return False
    for place in range(seen.count):
        if seen.containers[place] == <PyObject *> container:
            return False
    seen.containers[seen.count] = <PyObject *> container
    seen.count += 1
    seen.depth += 1
    return True


cdef bint write_container(object container, pfx_writer *out, Seen *seen) except -1:
    """Write a list or a dict."""
    cdef Py_ssize_t place = 0
    cdef object value
    if not enter(container, seen):
        return False
    if type(container) is list:
        ok(pfx_write_u8(out, c"]"))
        if PyList_GET_SIZE(container):
            ok(pfx_write_u8(out, c"("))
            while place < PyList_GET_SIZE(container):
                value = <object> PyList_GET_ITEM(container, place)
                place += 1
                if not write_value(value, out, seen):
                    return False
            ok(pfx_write_u8(out, c"e"))
    elif not write_dict(<dict> container, out, seen):
        return False
    seen.depth -= 1
    return True


cdef bint write_dict(dict entries, pfx_writer *out, Seen *seen) except -1:
    cdef Py_ssize_t place = 0, count = PyDict_Size(entries)
    cdef PyObject *first
    cdef PyObject *second
    cdef object key, value
    ok(pfx_write_u8(out, c"}"))
    if count:
        ok(pfx_write_u8(out, c"("))
        while PyDict_Next(entries, &place, &first, &second):
            key, value = <object> first, <object> second
            if not write_value(key, out, seen) or not write_value(value, out, seen) or PyDict_Size(entries) != count:
                return False
        ok(pfx_write_u8(out, c"u"))
    return True


cdef bint write_object(object value, type kind, pfx_writer *out, Seen *seen) except -1:
    """Write an object that is its class and what it holds."""
    cdef object beginning, state
    if kind not in beginnings:
        if len(beginnings) >= MOST_CLASSES:
            beginnings.clear()
        beginnings[kind] = beginning_of(kind)
    beginning = beginnings[kind]
    if beginning is None or PyDict_Contains(reductions, kind) or not enter(value, seen):
        return False
    ok(pfx_write_bytes(out, PyBytes_AS_STRING(beginning), <size_t> PyBytes_GET_SIZE(beginning)))
    state = value.__dict__
    if PyDict_Size(state):  # else nothing is restored: __setstate__ is not called
        if not write_container(state, out, seen):
            return False
        ok(pfx_write_u8(out, c"b"))
    seen.depth -= 1
    return True


def beginning_of(kind):
    """What makes an object of a class without its state, as bytes of a pickle.

    Returns:
        None where objects of the class have to be asked, or have more than their ``__dict__``.
    """
    for base in kind.__mro__[:-1]:
        if not base.__flags__ & HEAP_TYPE or base.__dict__.get("__slots__") or "__getattribute__" in base.__dict__:
            return None
        if not base.__dict__.keys().isdisjoint(OWN_WAYS):
            return None
    if not kind.__dictoffset__ or not ordinary_dict(kind):
        return None
    try:
        if pickle.loads(pickle.dumps(kind, 5)) is not kind:
            return None
        module, name = kind.__module__.encode("ascii"), kind.__qualname__.encode("ascii")
    except Exception:  # whoever pickles an object of it will say so
        return None
    if len(module) > 255 or len(name) > 255:
        return None
    return b"\x8c%c%b\x8c%c%b\x93)\x81" % (len(module), module, len(name), name)


OWN_WAYS = frozenset({
    "__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__", "__class__",
})


def ordinary_dict(kind):
    """Whether nobody has put anything else in the place of ``__dict__``."""
    found = [base.__dict__["__dict__"] for base in kind.__mro__ if "__dict__" in base.__dict__]
    return all(isinstance(each, GetSetDescriptorType) for each in found)
