from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t

from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/bytes.h" nogil:
    ctypedef struct pfx_reader:
        const uint8_t *at
        const uint8_t *end

    ctypedef struct pfx_writer:
        uint8_t *data
        size_t size
        size_t capacity

    void pfx_writer_init(pfx_writer *writer, pfx_budget *budget)
    void pfx_writer_free(pfx_writer *writer)
    pfx_status pfx_writer_reserve(pfx_writer *writer, size_t more)
    pfx_status pfx_write_u8(pfx_writer *writer, uint8_t value)
    pfx_status pfx_write_varint(pfx_writer *writer, uint64_t value)
    pfx_status pfx_write_zigzag(pfx_writer *writer, int64_t value)
    pfx_status pfx_write_i16(pfx_writer *writer, int16_t value)
    pfx_status pfx_write_i32(pfx_writer *writer, int32_t value)
    pfx_status pfx_write_i64(pfx_writer *writer, int64_t value)
    pfx_status pfx_write_f32(pfx_writer *writer, float value)
    pfx_status pfx_write_f64(pfx_writer *writer, double value)
    pfx_status pfx_write_bytes(pfx_writer *writer, const void *data, size_t count)
    pfx_status pfx_write_zeros(pfx_writer *writer, size_t count)
    size_t pfx_reader_left(const pfx_reader *reader)
    pfx_status pfx_read_bytes(pfx_reader *reader, uint64_t count, const uint8_t **out)
    pfx_status pfx_read_u8(pfx_reader *reader, uint8_t *out)
    pfx_status pfx_read_varint(pfx_reader *reader, uint64_t *out)
    pfx_status pfx_read_zigzag(pfx_reader *reader, int64_t *out)
    pfx_status pfx_read_i16(pfx_reader *reader, int16_t *out)
    pfx_status pfx_read_i32(pfx_reader *reader, int32_t *out)
    pfx_status pfx_read_i64(pfx_reader *reader, int64_t *out)
    pfx_status pfx_read_f32(pfx_reader *reader, float *out)
    pfx_status pfx_read_f64(pfx_reader *reader, double *out)
    pfx_status pfx_check_bitmap(const uint8_t *data, size_t count, int64_t bits)
