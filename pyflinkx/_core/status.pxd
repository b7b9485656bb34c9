from pyflinkx._core.pfx.status cimport pfx_status

# The one place where a status becomes an exception.
cdef int check(pfx_status status) except -1 nogil
