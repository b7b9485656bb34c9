from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/gather.h" nogil:
    pfx_status pfx_indices_check(const int64_t *indices, int64_t count, int64_t length, int64_t lowest)
    pfx_status pfx_codes_to_indices(
        const void *codes, int32_t width, int is_signed, const uint8_t *validity, int64_t bit_offset, int64_t length,
        int64_t dictionary_length, int64_t *indices)
    int64_t pfx_mask_count(const uint8_t *mask, int64_t length)
    void pfx_mask_to_indices(const uint8_t *mask, int64_t length, int64_t *indices)
    void pfx_gather_fixed(uint8_t *to, const uint8_t *source, int32_t width, const int64_t *indices, int64_t count)
    int64_t pfx_gather_bits(
        uint8_t *to, const uint8_t *source, int64_t bit_offset, const int64_t *indices, int64_t count)
    pfx_status pfx_gather_offsets(
        void *to, const void *source, int32_t offset_width, const int64_t *indices, int64_t count, int64_t *total)
    void pfx_gather_bytes(
        uint8_t *to, const uint8_t *source, const void *offsets, int32_t offset_width, const int64_t *indices,
        int64_t count)
    void pfx_gather_elements(
        int64_t *to, const void *offsets, int32_t offset_width, const int64_t *indices, int64_t count)
    pfx_status pfx_offsets_rebase(void *to, const void *source, int32_t offset_width, int64_t length, int64_t base)
