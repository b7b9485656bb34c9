#include "pfx/words.h"

#include <string.h>

#include "pfx/bitmap.h"
#include "pfx/calendar.h"

#define SIGN INT64_MIN

bool pfx_kind_is_narrow(pfx_kind kind) {
    switch (kind) {
    case PFX_KIND_BOOL:
    case PFX_KIND_INT8:
    case PFX_KIND_INT16:
    case PFX_KIND_INT32:
    case PFX_KIND_INT64:
    case PFX_KIND_UINT8:
    case PFX_KIND_UINT16:
    case PFX_KIND_UINT32:
    case PFX_KIND_UINT64:
    case PFX_KIND_FLOAT32:
    case PFX_KIND_FLOAT64:
    case PFX_KIND_DATE32:
    case PFX_KIND_DATE64:
    case PFX_KIND_TIME32:
    case PFX_KIND_TIME64:
    case PFX_KIND_TIMESTAMP:
    case PFX_KIND_DURATION:
        return true;
    default:
        return false;
    }
}

static int64_t bits_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double real_of(int64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int64_t float_word(pfx_word_view view, float value) {
    int32_t bits;
    switch (view) {
    case PFX_WORD_ORDER:
        return pfx_word_ordered(value);
    case PFX_WORD_REAL:
        return bits_of(value);
    case PFX_WORD_KEY:
        return value != value ? PFX_CANONICAL_NAN : bits_of(value == 0 ? 0.0 : (double)value);
    case PFX_WORD_RAW:
        break;
    }
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static int64_t double_word(pfx_word_view view, double value) {
    switch (view) {
    case PFX_WORD_ORDER:
        return pfx_word_ordered(value);
    case PFX_WORD_KEY:
        return value != value ? PFX_CANONICAL_NAN : bits_of(value == 0 ? 0.0 : value);
    case PFX_WORD_REAL:
    case PFX_WORD_RAW:
        break;
    }
    return bits_of(value);
}

/* By how much keys of this type are coarser than its values. */
static int64_t key_divisor(const pfx_arrow_type *type) {
    if (type->kind == PFX_KIND_DATE64) {
        return PFX_DAY_MS;
    }
    bool timed = type->kind == PFX_KIND_TIME64 || type->kind == PFX_KIND_TIMESTAMP || type->kind == PFX_KIND_DURATION;
    return timed && type->unit == PFX_NANOSECOND ? 1000 : 1;
}

#define LOAD_EACH(type_name, expression)                \
    for (int64_t i = 0; i < rows; i++) {                \
        type_name value = ((const type_name *)from)[i]; \
        scratch[i] = (expression);                      \
    }                                                   \
    return scratch

#define LOAD_INTEGERS(type_name)                      \
    if (view == PFX_WORD_REAL) {                      \
        LOAD_EACH(type_name, bits_of((double)value)); \
    }                                                 \
    LOAD_EACH(type_name, (int64_t)value)

const int64_t *pfx_words_load(const pfx_key_column *column, pfx_word_view view, int64_t start, int64_t rows,
                              int64_t *scratch) {
    const pfx_arrow_type *type = column->type;
    int64_t at = column->offset + start;
    const uint8_t *from = column->data + at * type->width;
    switch (type->kind) {
    case PFX_KIND_BOOL:
        for (int64_t i = 0; i < rows; i++) {
            int64_t value = pfx_bit_get(column->data, at + i);
            scratch[i] = view == PFX_WORD_REAL ? bits_of((double)value) : value;
        }
        return scratch;
    case PFX_KIND_INT8:
        LOAD_INTEGERS(int8_t);
    case PFX_KIND_INT16:
        LOAD_INTEGERS(int16_t);
    case PFX_KIND_INT32:
    case PFX_KIND_DATE32:
    case PFX_KIND_TIME32:
        LOAD_INTEGERS(int32_t);
    case PFX_KIND_UINT8:
        LOAD_INTEGERS(uint8_t);
    case PFX_KIND_UINT16:
        LOAD_INTEGERS(uint16_t);
    case PFX_KIND_UINT32:
        LOAD_INTEGERS(uint32_t);
    case PFX_KIND_UINT64:
        if (view == PFX_WORD_REAL) {
            LOAD_EACH(uint64_t, bits_of((double)value));
        }
        if (view == PFX_WORD_ORDER) {
            LOAD_EACH(int64_t, value ^ SIGN);
        }
        return (const int64_t *)from;
    case PFX_KIND_FLOAT32:
        LOAD_EACH(float, float_word(view, value));
    case PFX_KIND_FLOAT64:
        if (view == PFX_WORD_RAW || view == PFX_WORD_REAL) {
            return (const int64_t *)from;
        }
        LOAD_EACH(double, double_word(view, value));
    default:
        break;
    }
    int64_t divisor = view == PFX_WORD_KEY ? key_divisor(type) : 1;
    if (divisor > 1) {
        LOAD_EACH(int64_t, pfx_floor_div(value, divisor));
    }
    if (view == PFX_WORD_REAL) {
        LOAD_EACH(int64_t, bits_of((double)value));
    }
    return (const int64_t *)from;
}

int64_t pfx_word_raw(const pfx_arrow_type *type, pfx_word_view view, int64_t word) {
    double value;
    if (view == PFX_WORD_RAW) {
        return word;
    }
    switch (type->kind) {
    case PFX_KIND_UINT64:
        return view == PFX_WORD_ORDER ? word ^ SIGN : word;
    case PFX_KIND_FLOAT32:
    case PFX_KIND_FLOAT64:
        value = real_of(view == PFX_WORD_ORDER ? word ^ (word < 0 ? INT64_MAX : 0) : word);
        return type->kind == PFX_KIND_FLOAT64 ? bits_of(value) : float_word(PFX_WORD_RAW, (float)value);
    default:
        break;
    }
    int64_t divisor = view == PFX_WORD_KEY ? key_divisor(type) : 1;
    /* The least values, rounded down, are no values of the type. */
    return word < INT64_MIN / divisor ? INT64_MIN : word * divisor;
}

void pfx_wide_value(const pfx_key_column *column, int64_t row, const uint8_t **bytes, int64_t *size) {
    const pfx_arrow_type *type = column->type;
    int64_t at = column->offset + row;
    if (type->offset_width == 8) {
        const int64_t *offsets = (const int64_t *)column->offsets + at;
        *size = offsets[1] - offsets[0];
        *bytes = *size > 0 ? column->data + offsets[0] : NULL;
    } else if (type->offset_width == 4) {
        const int32_t *offsets = (const int32_t *)column->offsets + at;
        *size = offsets[1] - offsets[0];
        *bytes = *size > 0 ? column->data + offsets[0] : NULL;
    } else {
        *size = type->width;
        *bytes = column->data + at * type->width;
    }
}
