from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/decimal.h" nogil:
    const int PFX_DECIMAL_TEXT

    int pfx_decimal_format(const uint8_t *value, int32_t scale, char *text)
    pfx_status pfx_decimal_parse(
        const char *text, int64_t length, int32_t precision, int32_t scale, uint8_t *value)
