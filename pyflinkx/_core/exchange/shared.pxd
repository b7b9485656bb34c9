from pyflinkx._core.exchange.channel cimport Mapping


cdef class Arena:
    cdef Mapping mapping  # None once the arena is closed

    cdef Mapping open_mapping(self)
