from libc.stdint cimport int8_t, int16_t, int32_t, int64_t

from pyflinkx._core.pfx.segment cimport pfx_segment
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/segment_access.h" nogil:
    pfx_status pfx_segment_check(const pfx_segment *segment, int64_t offset, int64_t length)
    pfx_status pfx_segment_put_i8(pfx_segment *segment, int64_t offset, int8_t value)
    pfx_status pfx_segment_put_i16(pfx_segment *segment, int64_t offset, int16_t value)
    pfx_status pfx_segment_put_i32(pfx_segment *segment, int64_t offset, int32_t value)
    pfx_status pfx_segment_put_i64(pfx_segment *segment, int64_t offset, int64_t value)
    pfx_status pfx_segment_put_f32(pfx_segment *segment, int64_t offset, float value)
    pfx_status pfx_segment_put_f64(pfx_segment *segment, int64_t offset, double value)
    pfx_status pfx_segment_get_i8(const pfx_segment *segment, int64_t offset, int8_t *out)
    pfx_status pfx_segment_get_i16(const pfx_segment *segment, int64_t offset, int16_t *out)
    pfx_status pfx_segment_get_i32(const pfx_segment *segment, int64_t offset, int32_t *out)
    pfx_status pfx_segment_get_i64(const pfx_segment *segment, int64_t offset, int64_t *out)
    pfx_status pfx_segment_get_f32(const pfx_segment *segment, int64_t offset, float *out)
    pfx_status pfx_segment_get_f64(const pfx_segment *segment, int64_t offset, double *out)
    pfx_status pfx_segment_put_bytes(pfx_segment *segment, int64_t offset, const void *bytes, int64_t length)
    pfx_status pfx_segment_get_bytes(const pfx_segment *segment, int64_t offset, void *out, int64_t length)
    pfx_status pfx_segment_copy(
        const pfx_segment *source, int64_t offset, pfx_segment *target, int64_t target_offset, int64_t length
    )
    pfx_status pfx_segment_compare(
        const pfx_segment *left,
        int64_t left_offset,
        const pfx_segment *right,
        int64_t right_offset,
        int64_t length,
        int *out,
    )
