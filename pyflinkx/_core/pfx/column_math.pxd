from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/column_math.h" nogil:
    ctypedef enum pfx_math:
        PFX_MATH_ADD
        PFX_MATH_SUBTRACT
        PFX_MATH_MULTIPLY
        PFX_MATH_FLOOR_DIVIDE
        PFX_MATH_MODULO

    int64_t pfx_int64_largest(const int64_t *values, int64_t length)
    pfx_status pfx_int64_math(
        pfx_math operation, const int64_t *left, int64_t left_step, const int64_t *right, int64_t right_step,
        const uint8_t *valid, int64_t length, int64_t *to, int64_t *row)
