from cpython.list cimport PyList_Check, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t

from pyflinkx._core.pfx.bytes cimport pfx_reader, pfx_writer
from pyflinkx._core.pfx.status cimport PFX_OK, pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.status cimport check


cdef inline int ok(pfx_status status) except -1:
    return 0 if status == PFX_OK else check(status)


# Item i of a list or tuple that had `count` items: encoding a value can run user code, which can shorten the list; and
# a class of the user's can say that it has another length than it has.
cdef inline object item_of(object items, Py_ssize_t i, Py_ssize_t count):
    if not PyList_Check(items):
        if PyTuple_GET_SIZE(items) != count:
            raise_changed()
        return <object>PyTuple_GET_ITEM(items, i)
    if PyList_GET_SIZE(items) != count:
        raise_changed()
    return <object>PyList_GET_ITEM(items, i)


cdef class Writer:
    cdef pfx_writer out
    cdef MemoryBudget budget


cdef class Codec:
    cdef readonly str name
    cdef readonly Py_ssize_t min_size
    cdef readonly int depth
    cdef readonly bint contains_pickle
    cdef readonly bint hashable
    cdef Writer spare
    cdef object known_fingerprint

    cdef int encode(self, object value, pfx_writer *out) except -1
    cdef object decode(self, pfx_reader *source)
    cdef object conform(self, object value)
    cdef dict describe(self, bint classes)
    cdef int refuse(self, object value) except -1
    cdef object decode_span(self, const uint8_t *data, Py_ssize_t size)
    cdef uint64_t read_batch_header(self, pfx_reader *source) except? 0
    cdef object locate(self, object fault, const pfx_reader *source, Py_ssize_t size, Py_ssize_t record)


# Takes over what holds for a codec of values that contain values of `part`: depth, pickle, hashability.
cdef int include_part(Codec whole, Codec part) except -1
# Puts `step` (a field name, or "[3]") before the path that the fault already names.
cdef int add_step(object fault, str step) except -1
# A new list of the items of a list or tuple that had `count` items; no code of a subclass runs.
cdef list items_of(object items, Py_ssize_t count)
# RuntimeError: a collection was changed while it was encoded.
cdef int raise_changed() except -1
# The repr, cut at 200 characters.
cdef str short_repr(object value)
# "str 'x'": the type and the repr, cut at 200 characters.
cdef str describe_value(object value)
