"""Long lists of plain values, which the garbage collector need not go through."""
from cpython.list cimport PyList_GET_ITEM
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
    cdef list result = list(values)
    cdef Py_ssize_t i
    for i in range(len(result)):
        value = <object> PyList_GET_ITEM(result, i)
        if PyType_IS_GC(type(value)) and (type(value) is not tuple or PyObject_GC_IsTracked(value)):
            return result
    PyObject_GC_UnTrack(result)
    return result
