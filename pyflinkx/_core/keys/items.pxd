cimport cython
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE


@cython.final
cdef class ItemKey:
    cdef readonly object function
    cdef readonly Py_ssize_t index


cdef inline object key_of(object select_key, object record):
    """``select_key(record)``, for loops over records: an item of a tuple is taken without a call."""
    cdef Py_ssize_t index
    if type(select_key) is not ItemKey:
        return select_key(record)
    index = (<ItemKey> select_key).index
    if PyTuple_CheckExact(record) and index < PyTuple_GET_SIZE(record):
        return <object> PyTuple_GET_ITEM(record, index)
    return (<ItemKey> select_key).function(record)
