#include "pfx/out_column.h"

#include <string.h>

#include "pfx/bitmap.h"

void pfx_out_column_init(pfx_out_column *column, const pfx_arrow_type *type, pfx_budget *budget) {
    memset(column, 0, sizeof *column);
    column->budget = budget;
    column->kind = type->kind;
    column->offset_width = type->offset_width;
    column->width = type->offset_width == 0 && type->kind != PFX_KIND_BOOL ? type->width : 0;
}

void pfx_out_column_free(pfx_out_column *column) {
    pfx_out_column taken = pfx_out_column_take(column);
    pfx_free(taken.budget, taken.data, taken.data_capacity);
    pfx_free(taken.budget, taken.validity, taken.validity_capacity);
    pfx_free(taken.budget, taken.offsets, taken.offsets_capacity);
}

pfx_out_column pfx_out_column_take(pfx_out_column *column) {
    pfx_out_column taken = *column;
    column->rows = column->room = column->nulls = 0;
    column->data = column->validity = column->offsets = NULL;
    column->data_used = column->data_capacity = column->validity_capacity = column->offsets_capacity = 0;
    return taken;
}

static pfx_status grow(pfx_budget *budget, uint8_t **block, int64_t *capacity, int64_t wanted) {
    void *memory = *block;
    if (wanted <= *capacity && memory != NULL) {
        return PFX_OK;
    }
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(budget, wanted, &memory));
    } else {
        PFX_TRY(pfx_resize(budget, &memory, *capacity, wanted));
    }
    *block = memory;
    *capacity = wanted;
    return PFX_OK;
}

pfx_status pfx_out_column_reserve(pfx_out_column *column, int64_t rows) {
    int64_t wanted = column->rows + rows;
    if (wanted <= column->room && column->validity != NULL) {
        return PFX_OK;
    }
    int64_t room = column->room * 2 > wanted ? column->room * 2 : wanted;
    room = (room + 63) / 64 * 64;
    if (room > INT64_MAX / 64) {
        return PFX_NO_MEMORY;
    }
    if (column->offset_width > 0) {
        bool first = column->offsets == NULL;
        PFX_TRY(grow(column->budget, &column->offsets, &column->offsets_capacity, (room + 1) * column->offset_width));
        if (first) {
            memset(column->offsets, 0, (size_t)column->offset_width);
        }
        PFX_TRY(grow(column->budget, &column->data, &column->data_capacity, 64));
    } else if (column->kind != PFX_KIND_STRUCT) {
        int64_t bytes = column->width > 0 ? room * column->width : pfx_bitmap_bytes(room);
        PFX_TRY(grow(column->budget, &column->data, &column->data_capacity, bytes));
    }
    PFX_TRY(grow(column->budget, &column->validity, &column->validity_capacity, pfx_bitmap_bytes(room)));
    column->room = room;
    return PFX_OK;
}

pfx_status pfx_out_column_reserve_bytes(pfx_out_column *column, int64_t bytes) {
    int64_t limit = column->offset_width == 4 ? INT32_MAX : INT64_MAX / 4;
    if (bytes > limit - column->data_used) {
        return PFX_OVERFLOW;
    }
    int64_t wanted = column->data_used + bytes;
    if (wanted <= column->data_capacity) {
        return PFX_OK;
    }
    return grow(column->budget, &column->data, &column->data_capacity, wanted * 2);
}

void pfx_out_column_cut(pfx_out_column *column, int64_t rows) {
    if (rows >= column->rows) {
        return;
    }
    if (column->nulls > 0) {
        column->nulls = rows - pfx_bits_count(column->validity, 0, rows);
    }
    column->rows = rows;
    if (column->offset_width == 8) {
        column->data_used = ((int64_t *)column->offsets)[rows];
    } else if (column->offset_width == 4) {
        column->data_used = ((int32_t *)column->offsets)[rows];
    }
}

static pfx_status shrink(pfx_budget *budget, uint8_t **block, int64_t *capacity, int64_t wanted) {
    void *memory = *block;
    if (memory == NULL || wanted > *capacity / 2) {
        return PFX_OK;
    }
    PFX_TRY(pfx_resize(budget, &memory, *capacity, wanted));
    *block = memory;
    *capacity = wanted;
    return PFX_OK;
}

pfx_status pfx_out_column_trim(pfx_out_column *column) {
    int64_t data = column->offset_width > 0 ? column->data_used
                   : column->width > 0      ? column->rows * column->width
                                            : pfx_bitmap_bytes(column->rows);
    column->room = column->rows;
    PFX_TRY(shrink(column->budget, &column->data, &column->data_capacity, data));
    PFX_TRY(
        shrink(column->budget, &column->offsets, &column->offsets_capacity, (column->rows + 1) * column->offset_width));
    return shrink(column->budget, &column->validity, &column->validity_capacity, pfx_bitmap_bytes(column->rows));
}

static void end_text(pfx_out_column *column) {
    if (column->offset_width == 8) {
        ((int64_t *)column->offsets)[column->rows] = column->data_used;
    } else if (column->offset_width == 4) {
        ((int32_t *)column->offsets)[column->rows] = (int32_t)column->data_used;
    }
}

/* Validity bits are only kept once there is a null. */
static void mark(pfx_out_column *column, int valid) {
    if (!valid && column->nulls == 0) {
        pfx_bits_fill(column->validity, 0, column->rows, 1);
    }
    if (!valid || column->nulls > 0) {
        pfx_bit_set(column->validity, column->rows, valid);
    }
    column->nulls += !valid;
    column->rows++;
    end_text(column);
}

void pfx_out_column_put_null(pfx_out_column *column) {
    if (column->kind == PFX_KIND_BOOL) {
        pfx_bit_set(column->data, column->rows, 0);
    } else if (column->width > 0) {
        memset(column->data + column->rows * column->width, 0, (size_t)column->width);
    }
    mark(column, 0);
}

void pfx_out_column_put_word(pfx_out_column *column, int64_t word) {
    switch (column->width) {
    case 8:
        ((int64_t *)column->data)[column->rows] = word;
        break;
    case 4:
        ((int32_t *)column->data)[column->rows] = (int32_t)word;
        break;
    case 2:
        ((int16_t *)column->data)[column->rows] = (int16_t)word;
        break;
    case 1:
        column->data[column->rows] = (uint8_t)word;
        break;
    default:
        pfx_bit_set(column->data, column->rows, word != 0);
        break;
    }
    mark(column, 1);
}

void pfx_out_column_put_struct(pfx_out_column *column) {
    mark(column, 1);
}

pfx_status pfx_out_column_put_bytes(pfx_out_column *column, const uint8_t *bytes, int64_t size) {
    if (column->offset_width == 0) {
        memcpy(column->data + column->rows * column->width, bytes, (size_t)column->width);
        mark(column, 1);
        return PFX_OK;
    }
    PFX_TRY(pfx_out_column_reserve_bytes(column, size));
    if (size > 0) {
        memcpy(column->data + column->data_used, bytes, (size_t)size);
    }
    column->data_used += size;
    mark(column, 1);
    return PFX_OK;
}

void pfx_out_column_put_end(pfx_out_column *column, int64_t items) {
    column->data_used = items;
    mark(column, 1);
}
