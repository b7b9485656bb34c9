from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/arrow.h" nogil:
    const int ARROW_FLAG_NULLABLE

    struct ArrowSchema:
        const char *format
        const char *name
        const char *metadata
        int64_t flags
        int64_t n_children
        ArrowSchema **children
        ArrowSchema *dictionary
        void (*release)(ArrowSchema *) noexcept nogil
        void *private_data

    struct ArrowArray:
        int64_t length
        int64_t null_count
        int64_t offset
        int64_t n_buffers
        int64_t n_children
        const void **buffers
        ArrowArray **children
        ArrowArray *dictionary
        void (*release)(ArrowArray *) noexcept nogil
        void *private_data

    struct ArrowArrayStream:
        int (*get_schema)(ArrowArrayStream *, ArrowSchema *) noexcept nogil
        int (*get_next)(ArrowArrayStream *, ArrowArray *) noexcept nogil
        const char *(*get_last_error)(ArrowArrayStream *) noexcept nogil
        void (*release)(ArrowArrayStream *) noexcept nogil
        void *private_data

    ctypedef enum pfx_kind:
        PFX_KIND_NULL
        PFX_KIND_BOOL
        PFX_KIND_INT8
        PFX_KIND_INT16
        PFX_KIND_INT32
        PFX_KIND_INT64
        PFX_KIND_UINT8
        PFX_KIND_UINT16
        PFX_KIND_UINT32
        PFX_KIND_UINT64
        PFX_KIND_FLOAT32
        PFX_KIND_FLOAT64
        PFX_KIND_UTF8
        PFX_KIND_BINARY
        PFX_KIND_UTF8_VIEW
        PFX_KIND_BINARY_VIEW
        PFX_KIND_FIXED_BINARY
        PFX_KIND_DATE32
        PFX_KIND_DATE64
        PFX_KIND_TIME32
        PFX_KIND_TIME64
        PFX_KIND_TIMESTAMP
        PFX_KIND_DURATION
        PFX_KIND_DECIMAL128
        PFX_KIND_LIST
        PFX_KIND_STRUCT

    ctypedef enum pfx_time_unit:
        PFX_SECOND
        PFX_MILLISECOND
        PFX_MICROSECOND
        PFX_NANOSECOND

    ctypedef struct pfx_arrow_type:
        pfx_kind kind
        pfx_time_unit unit
        int32_t width
        int32_t offset_width
        int32_t buffers
        int32_t children
        int32_t precision
        int32_t scale
        const char *timezone

    pfx_status pfx_arrow_type_parse(const char *format, pfx_arrow_type *out)
    pfx_status pfx_offsets_check(const void *offsets, int32_t offset_width, int64_t length, int64_t limit)
    pfx_status pfx_views_measure(
        const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length, int64_t buffer_count,
        const int64_t *sizes, int64_t *total)
    void pfx_views_flatten(
        const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length,
        const uint8_t *const *buffers, int32_t *offsets, uint8_t *data)
