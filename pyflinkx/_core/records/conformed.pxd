cimport cython

from pyflinkx._core.codecs.codec cimport Codec


@cython.final
cdef class DeclaredShape:
    cdef readonly Codec codec
    cdef readonly str owner
    cdef readonly bint grows

    cpdef object of(self, object value)
