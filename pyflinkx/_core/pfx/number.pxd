from libc.stdint cimport int64_t, uint64_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/number.h" nogil:
    ctypedef struct pfx_number:
        uint64_t digits
        int64_t exponent
        bint negative
        bint plus
        bint whole
        bint cut
        bint zeroed
        bint bare

    const char *pfx_number_scan(const char *at, const char *end, pfx_number *out)
    pfx_status pfx_number_int64(const pfx_number *number, int64_t *value)
    double pfx_number_double(const pfx_number *number, const char *text, const char *end)
    pfx_status pfx_int64_parse(const char *text, int64_t length, int64_t *value)
    pfx_status pfx_double_parse(const char *text, int64_t length, double *value)
