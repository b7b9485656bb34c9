cimport cython

from pyflinkx._core.copier cimport Copier


@cython.final
cdef class KeyContext:
    cdef public object key
    cdef public object namespace


@cython.final
cdef class StateTable:
    cdef readonly str name
    cdef readonly str kind
    cdef readonly KeyContext context
    cdef readonly dict keys
    cdef readonly dict namespaces
    cdef public Copier copier

    cdef object current_key(self)
    cpdef object find(self, object namespace)
    cpdef int store(self, object namespace, object value) except -1
    cpdef object take(self, object namespace)
    cpdef int merge(self, object target, object sources, object combine) except -1


cdef class State:
    cdef readonly StateTable table
    cdef readonly bint per_window

    cpdef object current_namespace(self)
    cpdef object own(self, object value)
    cpdef object own_or_stored(self, object value, object stored)
