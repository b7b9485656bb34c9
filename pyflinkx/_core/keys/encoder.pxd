from pyflinkx._core.pfx.key cimport pfx_key


cdef class KeyEncoder:
    cdef readonly object declared
    cdef int rule
    cdef long long limit
    # Append the canonical bytes of a key of the declared type.
    cdef int put(self, pfx_key *out, object key) except -1
    cdef int mismatch(self, object key) except -1
