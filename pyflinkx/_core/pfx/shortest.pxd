from libc.stdint cimport int64_t, uint8_t


cdef extern from "pfx/shortest.h" nogil:
    int pfx_double_text(double value, uint8_t *text)
    int pfx_float_text(float value, uint8_t *text)
    int pfx_int64_text(int64_t value, uint8_t *text)
