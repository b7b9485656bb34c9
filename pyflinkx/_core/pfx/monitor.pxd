from libc.stdint cimport int64_t


cdef extern from "pfx/monitor.h" nogil:
    int64_t pfx_monotonic_ns()
    int64_t pfx_deadline(int64_t timeout)
