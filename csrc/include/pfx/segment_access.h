/* Reading and writing the bytes of a segment, checked and inlined.
 *
 * Every function answers PFX_WRONG_STATE when the segment is in its pool and PFX_OUT_OF_RANGE when the bytes meant do
 * not lie inside it, and then has touched nothing. Numbers are little-endian at any alignment. */
#ifndef PFX_SEGMENT_ACCESS_H
#define PFX_SEGMENT_ACCESS_H

#include <string.h>

#include "pfx/endian.h"
#include "pfx/segment.h"

static inline pfx_status pfx_segment_check(const pfx_segment *segment, int64_t offset, int64_t length) {
    if (atomic_load_explicit(&segment->references, memory_order_relaxed) == 0) {
        return PFX_WRONG_STATE;
    }
    if (offset < 0 || length < 0 || offset > segment->size - length) {
        return PFX_OUT_OF_RANGE;
    }
    return PFX_OK;
}

#define PFX_DEFINE_SEGMENT_ACCESS(name, type)                                                                \
    static inline pfx_status pfx_segment_put_##name(pfx_segment *segment, int64_t offset, type value) {      \
        PFX_TRY(pfx_segment_check(segment, offset, sizeof(type)));                                           \
        pfx_store_##name(segment->data + offset, value);                                                     \
        return PFX_OK;                                                                                       \
    }                                                                                                        \
    static inline pfx_status pfx_segment_get_##name(const pfx_segment *segment, int64_t offset, type *out) { \
        PFX_TRY(pfx_segment_check(segment, offset, sizeof(type)));                                           \
        *out = pfx_load_##name(segment->data + offset);                                                      \
        return PFX_OK;                                                                                       \
    }

PFX_DEFINE_SEGMENT_ACCESS(i8, int8_t)
PFX_DEFINE_SEGMENT_ACCESS(i16, int16_t)
PFX_DEFINE_SEGMENT_ACCESS(i32, int32_t)
PFX_DEFINE_SEGMENT_ACCESS(i64, int64_t)
PFX_DEFINE_SEGMENT_ACCESS(f32, float)
PFX_DEFINE_SEGMENT_ACCESS(f64, double)

/* Copy `length` bytes into the segment, or out of it; they may overlap it. */
static inline pfx_status pfx_segment_put_bytes(pfx_segment *segment, int64_t offset, const void *bytes,
                                               int64_t length) {
    PFX_TRY(pfx_segment_check(segment, offset, length));
    if (length > 0) {
        memmove(segment->data + offset, bytes, (size_t)length);
    }
    return PFX_OK;
}

static inline pfx_status pfx_segment_get_bytes(const pfx_segment *segment, int64_t offset, void *out, int64_t length) {
    PFX_TRY(pfx_segment_check(segment, offset, length));
    if (length > 0) {
        memmove(out, segment->data + offset, (size_t)length);
    }
    return PFX_OK;
}

/* Copy between segments, or inside one, where the ranges may overlap. */
static inline pfx_status pfx_segment_copy(const pfx_segment *source, int64_t offset, pfx_segment *target,
                                          int64_t target_offset, int64_t length) {
    PFX_TRY(pfx_segment_check(source, offset, length));
    return pfx_segment_put_bytes(target, target_offset, source->data + offset, length);
}

/* *out is negative, 0 or positive as the left bytes sort before, equal or after the right ones (as unsigned bytes). */
static inline pfx_status pfx_segment_compare(const pfx_segment *left, int64_t left_offset, const pfx_segment *right,
                                             int64_t right_offset, int64_t length, int *out) {
    PFX_TRY(pfx_segment_check(left, left_offset, length));
    PFX_TRY(pfx_segment_check(right, right_offset, length));
    *out = length > 0 ? memcmp(left->data + left_offset, right->data + right_offset, (size_t)length) : 0;
    return PFX_OK;
}

#endif
