cimport cython

from pyflinkx._core.records.conformed cimport DeclaredShape
from pyflinkx._core.records.copier cimport Copier
from pyflinkx._core.keys.hash cimport hash_of
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.keys.snapshots cimport Snapshots


@cython.final
cdef class KeyContext:
    cdef public object key
    cdef public object namespace
    cdef object hashed
    cdef Py_hash_t hash

    # Of the key; whoever sets one key and uses several states has it hashed once.
    cdef inline Py_hash_t key_hash(self) except -1:
        if self.hashed is not self.key:
            self.hash = hash_of(self.key)
            self.hashed = self.key
        return self.hash


cdef class StateTable:
    cdef readonly str name
    cdef readonly str kind
    cdef readonly KeyContext context
    cdef readonly KeyMap keys
    cdef readonly KeyMap namespaces
    cdef readonly Snapshots snapshots
    cdef public Copier copier

    cdef object current_key(self)
    cdef KeyMap values_in(self, object namespace)
    cpdef object get(self, object namespace)
    cpdef object edit(self, object namespace)
    cpdef int put(self, object namespace, object value) except -1
    cpdef object remove(self, object namespace)
    cpdef int discard(self, object namespace) except -1
    cpdef bint holds(self, object namespace) except -1
    cpdef int append(self, object namespace, object value) except -1
    cpdef object entry(self, object namespace, object key)
    cpdef int put_entry(self, object namespace, object key, object value) except -1
    cpdef int remove_entry(self, object namespace, object key) except -1
    cpdef int merge(self, object target, object sources, object combine) except -1


cdef class State:
    cdef readonly StateTable table
    cdef readonly bint per_window
    # Whether the values are those of `table.keys`, so that reading and storing one need not ask the table.
    cdef bint direct
    cdef public DeclaredShape shape

    cpdef object current_namespace(self)
    cpdef object own(self, object value)
    cpdef object own_or_stored(self, object value, object stored)
    cpdef object folded(self, object value, object stored)
