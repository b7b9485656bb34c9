from libc.stdint cimport int64_t


cdef class Window:
    pass


cdef class TimeWindow(Window):
    cdef readonly int64_t start
    cdef readonly int64_t end


cdef class CountWindow(Window):
    cdef readonly int64_t id


cdef class GlobalWindow(Window):
    pass
