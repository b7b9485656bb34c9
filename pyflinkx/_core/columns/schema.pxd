from pyflinkx._core.pfx.arrow cimport pfx_arrow_type


cdef class Field:
    cdef readonly str name
    cdef readonly str format
    cdef readonly bint nullable
    cdef readonly tuple children
    cdef readonly dict metadata
    cdef readonly object carried
    cdef pfx_arrow_type type
    cdef bint is_map
    # Holds the characters that type.timezone points to.
    cdef bytes format_bytes

    cdef bint same_type(self, Field other) except -1


cdef class Schema:
    cdef readonly tuple fields
    cdef readonly dict metadata
    cdef dict positions

    cdef Py_ssize_t index_of(self, object key) except -1
