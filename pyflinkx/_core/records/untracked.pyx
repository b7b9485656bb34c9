"""Long lists of plain values, which the garbage collector need not go through."""
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from cpython.type cimport PyType_IS_GC

from pyflinkx._core.python cimport PyObject_GC_IsTracked, PyObject_GC_UnTrack


def untracked_copy(values):
    """A list of the values, hidden from the garbage collector if none of them can be part of a cycle.

    Numbers, texts and bytes cannot, nor can tuples that the collector has found to hold nothing else. A list is new to
    the collector, however old what it holds: the next collection, of what is meant to be a few hundred young objects,
    would look at each value several times over.

    Args:
        values: an iterable; what is returned must not be given other values.

    Example:
        >>> import gc
        >>> gc.is_tracked(untracked_copy([1, "a"])), gc.is_tracked(untracked_copy([[]]))
        (False, True)
    """
    cdef list result
    cdef Py_ssize_t i, count
    cdef bint plain = True
    if type(values) is list:
        # At one go, as long lists do not stay in the cache; no code of the user's runs here that could change them.
        count = PyList_GET_SIZE(values)
        result = PyList_New(count)
        for i in range(count):
            value = <object> PyList_GET_ITEM(values, i)
            plain = plain and is_plain(value)
            Py_INCREF(value)
            PyList_SET_ITEM(result, i, value)
    else:
        result = list(values)
        for i in range(PyList_GET_SIZE(result)):
            if not is_plain(<object> PyList_GET_ITEM(result, i)):
                plain = False
                break
    if plain:
        PyObject_GC_UnTrack(result)
    return result


cdef inline bint is_plain(object value) noexcept:
    """Whether a value cannot be part of a cycle."""
    return not PyType_IS_GC(type(value)) or (type(value) is tuple and not PyObject_GC_IsTracked(value))
