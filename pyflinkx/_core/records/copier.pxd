cimport cython
from cpython.bool cimport PyBool_Check
from cpython.bytes cimport PyBytes_CheckExact
from cpython.float cimport PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.ref cimport PyObject
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_CheckExact

from pyflinkx._core.records.row cimport Row


cdef inline bint is_atom(object value) noexcept:
    """Whether a value is of one of the most frequent classes that never change."""
    return (
        PyLong_CheckExact(value) or PyUnicode_CheckExact(value) or PyFloat_CheckExact(value) or value is None
        or PyBool_Check(value) or PyBytes_CheckExact(value)
    )


cdef inline bint is_simple(object value) noexcept:
    """Whether a value is such an atom, or a tuple of them: what most records are, found out without a call."""
    cdef Py_ssize_t i
    if not PyTuple_CheckExact(value):
        return is_atom(value)
    for i in range(PyTuple_GET_SIZE(value)):
        if not is_atom(<object> PyTuple_GET_ITEM(value, i)):
            return False
    return True


@cython.final
cdef class Copier:
    cdef readonly str name
    cdef readonly bint warned
    cdef dict kinds

    cdef object own(self, object value, Py_ssize_t held)
    cpdef object copy(self, object value)
    cdef int settled(self, PyObject *value, Py_ssize_t held, int depth) except -1
    cdef int instance_settled(self, PyObject *value, Py_ssize_t held, int depth) except -1
    cdef int traversed(self, PyObject *value, Py_ssize_t held, int depth) except -1
    cdef object kind_of(self, type kind)
    cdef object copied_record(self, object value)
    cdef object copied(self, object value, dict memo)
    cdef object copied_other(self, object value, dict memo)
    cdef object copied_dict(self, dict value, dict memo)
    cdef object copied_keys(self, dict value, dict result, dict memo)
    cdef object copied_list(self, list value, dict memo)
    cdef object copied_tuple(self, tuple value, dict memo)
    cdef object copied_row(self, Row value, dict memo)
    cdef object copied_instance(self, object value, object kind, dict memo)
    cdef object copied_deeply(self, object value, dict memo)
    cdef object kept(self, object value, object error)
