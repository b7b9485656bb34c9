from cpython.list cimport PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int8_t, int64_t


cdef inline void put(list values, Py_ssize_t i, object value) noexcept:
    """Fill an item of a new list."""
    Py_INCREF(value)
    PyList_SET_ITEM(values, i, value)


# Each makes `count` rows from `first` on of a new list, from as many values of each column; `atomic` says that no value
# can be part of a reference cycle.
cdef int fill_tuples(list rows, int64_t first, int64_t count, list parts, bint atomic) except -1
cdef int fill_rows(
    list rows, int64_t first, int64_t count, list parts, list names, const int8_t *kinds,
) except -1
cdef int fill_dicts(list rows, int64_t first, int64_t count, list parts, list names) except -1
