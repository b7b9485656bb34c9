from libc.stdint cimport uint64_t


cdef extern from "pfx/xxh64.h" nogil:
    uint64_t pfx_xxh64(const void *data, size_t size, uint64_t seed)
