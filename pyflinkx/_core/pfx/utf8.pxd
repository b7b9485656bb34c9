from libc.stdint cimport uint8_t, uint16_t, uint32_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/utf8.h" nogil:
    ctypedef struct pfx_utf8_shape:
        size_t characters
        uint32_t widest

    size_t pfx_utf8_ascii_prefix(const uint8_t *data, size_t count)
    pfx_status pfx_utf8_scan(const uint8_t *data, size_t count, pfx_utf8_shape *out)
    void pfx_utf8_decode_8(const uint8_t *data, size_t count, uint8_t *out)
    void pfx_utf8_decode_16(const uint8_t *data, size_t count, uint16_t *out)
    void pfx_utf8_decode_32(const uint8_t *data, size_t count, uint32_t *out)
