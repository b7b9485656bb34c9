"""Rows put together from the values of columns."""
from cpython.list cimport PyList_GET_ITEM, PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF, PyObject
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int8_t, int64_t

from pyflinkx._core.python cimport PyObject_GC_UnTrack
from pyflinkx._core.records.row cimport new_row


cdef int fill_tuples(list rows, int64_t first, int64_t count, list parts, bint atomic) except -1:
    cdef Py_ssize_t width = len(parts)
    cdef Py_ssize_t i
    cdef Py_ssize_t j
    cdef list part
    cdef PyObject *value
    for i in range(count):
        put(rows, first + i, PyTuple_New(width))
    for j in range(width):
        part = parts[j]
        for i in range(count):
            value = PyList_GET_ITEM(part, i)
            Py_INCREF(<object> value)
            PyTuple_SET_ITEM(<object> PyList_GET_ITEM(rows, first + i), j, <object> value)
    if atomic:
        # As the collector itself does with such tuples when it meets them, which costs more.
        for i in range(count):
            PyObject_GC_UnTrack(<object> PyList_GET_ITEM(rows, first + i))
    return 0


cdef int fill_rows(
    list rows, int64_t first, int64_t count, list parts, list names, const int8_t *kinds,
) except -1:
    cdef Py_ssize_t width = len(parts)
    cdef Py_ssize_t i
    cdef Py_ssize_t j
    cdef list part
    cdef list contents = PyList_New(count)
    cdef PyObject *value
    for i in range(count):
        put(contents, i, PyList_New(width))
    for j in range(width):
        part = parts[j]
        for i in range(count):
            value = PyList_GET_ITEM(part, i)
            Py_INCREF(<object> value)
            PyList_SET_ITEM(<object> PyList_GET_ITEM(contents, i), j, <object> value)
    for i in range(count):
        put(rows, first + i, new_row(<list> PyList_GET_ITEM(contents, i), names, 0 if kinds == NULL else kinds[i]))
    return 0


cdef int fill_dicts(list rows, int64_t first, int64_t count, list parts, list names) except -1:
    cdef Py_ssize_t i
    cdef Py_ssize_t j
    cdef dict row
    for i in range(count):
        row = {}
        for j in range(len(parts)):
            row[names[j]] = <object> PyList_GET_ITEM(<list> PyList_GET_ITEM(parts, j), i)
        put(rows, first + i, row)
    return 0
