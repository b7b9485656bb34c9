from libc.stdint cimport int64_t, uint8_t


cdef extern from "pfx/bitmap.h" nogil:
    int64_t pfx_bitmap_bytes(int64_t bits)
    int pfx_bit_get(const uint8_t *bits, int64_t i)
    void pfx_bit_set(uint8_t *bits, int64_t i, int value)
    int64_t pfx_bits_count(const uint8_t *bits, int64_t offset, int64_t length)
    void pfx_bits_copy(uint8_t *to, int64_t to_offset, const uint8_t *source, int64_t source_offset, int64_t length)
    void pfx_bits_fill(uint8_t *bits, int64_t offset, int64_t length, int value)
    void pfx_bits_expand(const uint8_t *bits, int64_t offset, int64_t length, uint8_t *bytes)
