/* Appending to a column of results, inlined: for who knows its type and appends a value at a time. */
#ifndef PFX_OUT_COLUMN_ACCESS_H
#define PFX_OUT_COLUMN_ACCESS_H

#include <string.h>

#include "pfx/bitmap.h"
#include "pfx/out_column.h"

/* Room for one row more. */
static inline pfx_status pfx_out_column_room(pfx_out_column *column) {
    if (__builtin_expect(column->rows < column->room, 1)) {
        return PFX_OK;
    }
    return pfx_out_column_reserve(column, 1);
}

/* The row whose value was just written is not null. */
static inline void pfx_out_column_filled(pfx_out_column *column) {
    if (__builtin_expect(column->nulls > 0, 0)) {
        pfx_bit_set(column->validity, column->rows, 1);
    }
    column->rows++;
}

/* Append a value of just the column's width, for which there is room. */
#define PFX_DEFINE_ADD(name, type)                                                         \
    static inline void pfx_out_column_add_##name(pfx_out_column *column, type value) {     \
        memcpy(column->data + column->rows * (int64_t)sizeof value, &value, sizeof value); \
        pfx_out_column_filled(column);                                                     \
    }

PFX_DEFINE_ADD(i8, int8_t)
PFX_DEFINE_ADD(i16, int16_t)
PFX_DEFINE_ADD(i32, int32_t)
PFX_DEFINE_ADD(i64, int64_t)
PFX_DEFINE_ADD(f32, float)
PFX_DEFINE_ADD(f64, double)

#undef PFX_DEFINE_ADD

static inline void pfx_out_column_add_bool(pfx_out_column *column, int value) {
    pfx_bit_set(column->data, column->rows, value);
    pfx_out_column_filled(column);
}

/* Room for `size` bytes more of text, where the caller writes them: the row is there after pfx_out_column_end_text.
 * There must be room for the row. PFX_OVERFLOW when they exceed 32-bit offsets. */
static inline pfx_status pfx_out_column_text_room(pfx_out_column *column, int64_t size, uint8_t **to) {
    if (__builtin_expect(size > column->data_capacity - column->data_used, 0)) {
        PFX_TRY(pfx_out_column_reserve_bytes(column, size));
    }
    if (column->offset_width == 4 && size > INT32_MAX - column->data_used) {
        return PFX_OVERFLOW;
    }
    *to = column->data + column->data_used;
    return PFX_OK;
}

/* Append the row whose `size` bytes of text were written. */
static inline void pfx_out_column_end_text(pfx_out_column *column, int64_t size) {
    column->data_used += size;
    pfx_out_column_filled(column);
    if (column->offset_width == 4) {
        ((int32_t *)column->offsets)[column->rows] = (int32_t)column->data_used;
    } else {
        ((int64_t *)column->offsets)[column->rows] = column->data_used;
    }
}

/* Append a row of text or binary, for which there is room. PFX_OVERFLOW when it exceeds 32-bit offsets. */
static inline pfx_status pfx_out_column_add_text(pfx_out_column *column, const void *text, int64_t size) {
    uint8_t *to;
    PFX_TRY(pfx_out_column_text_room(column, size, &to));
    if (size > 0) {
        memcpy(to, text, (size_t)size);
    }
    pfx_out_column_end_text(column, size);
    return PFX_OK;
}

#endif
