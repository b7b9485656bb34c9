cdef class ObjectBatch:
    cdef public list values
    cdef public object timestamps
    cdef public object kinds
