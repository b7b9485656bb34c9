/* Rows picked by index out of Arrow buffers, and the conversions between masks, codes and indices.
 *
 * Every source pointer is at the row that index 0 means (so a slice's offset is already applied; bitmaps come with a
 * bit offset instead). Indices are checked once, by pfx_indices_check; the other functions trust them. Index -1 means
 * "null": it yields zeros, a cleared bit or an empty value. The caller owns all memory and sizes the targets. */
#ifndef PFX_GATHER_H
#define PFX_GATHER_H

#include <stdint.h>

#include "pfx/status.h"

/* PFX_OUT_OF_RANGE unless every index lies in lowest .. length - 1. */
pfx_status pfx_indices_check(const int64_t *indices, int64_t count, int64_t length, int64_t lowest);

/* Write indices from dictionary codes of `width` bytes, -1 where the validity bit is clear (`validity` may be NULL).
 * PFX_CORRUPT when a valid code lies outside of 0 .. dictionary_length - 1. */
pfx_status pfx_codes_to_indices(const void *codes, int32_t width, int is_signed, const uint8_t *validity,
                                int64_t bit_offset, int64_t length, int64_t dictionary_length, int64_t *indices);

/* How many of `length` mask bytes are not 0. */
int64_t pfx_mask_count(const uint8_t *mask, int64_t length);

/* Write the positions of the mask bytes that are not 0, in order. pfx_mask_count says how many there are; `indices` has
 * room for one more, which means nothing. */
void pfx_mask_to_indices(const uint8_t *mask, int64_t length, int64_t *indices);

/* Write `count` values of `width` bytes. */
void pfx_gather_fixed(uint8_t *to, const uint8_t *from, int32_t width, const int64_t *indices, int64_t count);

/* Write `count` bits into `to` (whose bytes are all written), and return how many of them are clear. `from` may be
 * NULL: then every bit but that of index -1 is set. */
int64_t pfx_gather_bits(uint8_t *to, const uint8_t *from, int64_t bit_offset, const int64_t *indices, int64_t count);

/* Write count + 1 offsets, starting at 0, and their last one into *total. PFX_OVERFLOW when it does not fit the offset
 * width (4 or 8, the same for both sides). */
pfx_status pfx_gather_offsets(void *to, const void *from, int32_t offset_width, const int64_t *indices, int64_t count,
                              int64_t *total);

/* Write the bytes that pfx_gather_offsets counted. */
void pfx_gather_bytes(uint8_t *to, const uint8_t *from, const void *offsets, int32_t offset_width,
                      const int64_t *indices, int64_t count);

/* Write the element indices of the lists that pfx_gather_offsets counted. */
void pfx_gather_elements(int64_t *to, const void *offsets, int32_t offset_width, const int64_t *indices, int64_t count);

/* Write `length` offsets rebased so that from[0] becomes `base`: to[i] = from[i] - from[0] + base. PFX_OVERFLOW when
 * the last one does not fit the offset width. */
pfx_status pfx_offsets_rebase(void *to, const void *from, int32_t offset_width, int64_t length, int64_t base);

#endif
