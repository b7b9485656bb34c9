#include "pfx/key_columns.h"

#include <string.h>

#include "pfx/bitmap.h"
#include "pfx/calendar.h"

#define DAY_SECONDS INT64_C(86400)

int pfx_key_column_allowed(pfx_kind kind) {
    return kind != PFX_KIND_LIST && kind != PFX_KIND_STRUCT && kind != PFX_KIND_UTF8_VIEW &&
           kind != PFX_KIND_BINARY_VIEW;
}

/* Arrow aligns values, but nothing is lost by not relying on it. */
static inline int64_t load_signed(const uint8_t *at, int32_t width) {
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (width) {
    case 1:
        memcpy(&i8, at, sizeof i8);
        return i8;
    case 2:
        memcpy(&i16, at, sizeof i16);
        return i16;
    case 4:
        memcpy(&i32, at, sizeof i32);
        return i32;
    default:
        memcpy(&i64, at, sizeof i64);
        return i64;
    }
}

static inline uint64_t load_unsigned(const uint8_t *at, int32_t width) {
    uint64_t bits = (uint64_t)load_signed(at, width);
    return width == 8 ? bits : bits & ((UINT64_C(1) << 8 * width) - 1);
}

/* Nanoseconds are rounded down, as when the value becomes a Python object: the key group of a row must not depend on
 * where it is computed. */
static pfx_status put_time(pfx_key *key, pfx_key_tag tag, int64_t value, pfx_time_unit unit) {
    if (unit == PFX_NANOSECOND) {
        return pfx_key_put_micros(key, tag, pfx_floor_div(value, 1000));
    }
    int64_t factor = INT64_C(1000000) / pfx_units_per_second(unit);
    if (value > INT64_MAX / factor || value < INT64_MIN / factor) {
        return PFX_OVERFLOW;
    }
    return pfx_key_put_micros(key, tag, value * factor);
}

static pfx_status put_duration(pfx_key *key, int64_t value, pfx_time_unit unit) {
    int64_t per_day = DAY_SECONDS * pfx_units_per_second(unit);
    int64_t days = pfx_floor_div(value, per_day);
    int64_t rest = pfx_floor_mod(value, per_day);
    if (days < INT32_MIN || days > INT32_MAX) {
        return PFX_OVERFLOW;
    }
    int64_t micros = unit == PFX_NANOSECOND ? rest / 1000 : rest * (INT64_C(1000000) / pfx_units_per_second(unit));
    return pfx_key_put_duration(key, (int32_t)days, micros);
}

static pfx_status put_days(pfx_key *key, int64_t days) {
    if (days < INT32_MIN || days > INT32_MAX) {
        return PFX_OVERFLOW;
    }
    return pfx_key_put_date(key, (int32_t)days);
}

static pfx_status put_value(pfx_key *key, const pfx_key_column *column, int64_t row) {
    const pfx_arrow_type *type = column->type;
    int64_t at = column->offset + row;
    if (type->kind == PFX_KIND_NULL || (column->validity != NULL && !pfx_bit_get(column->validity, at))) {
        return pfx_key_put_none(key);
    }
    const uint8_t *value = column->data + at * type->width;
    switch (type->kind) {
    case PFX_KIND_BOOL:
        return pfx_key_put_long(key, pfx_bit_get(column->data, at));
    case PFX_KIND_INT8:
    case PFX_KIND_INT16:
    case PFX_KIND_INT32:
    case PFX_KIND_INT64:
        return pfx_key_put_long(key, load_signed(value, type->width));
    case PFX_KIND_UINT8:
    case PFX_KIND_UINT16:
    case PFX_KIND_UINT32:
    case PFX_KIND_UINT64:
        return pfx_key_put_ulong(key, load_unsigned(value, type->width));
    case PFX_KIND_FLOAT32: {
        float number;
        memcpy(&number, value, sizeof number);
        return pfx_key_put_double(key, number);
    }
    case PFX_KIND_FLOAT64: {
        double number;
        memcpy(&number, value, sizeof number);
        return pfx_key_put_double(key, number);
    }
    case PFX_KIND_DECIMAL128: {
        uint64_t words[2];
        memcpy(words, value, sizeof words);
        return pfx_key_put_decimal128(key, words[0], words[1], type->scale);
    }
    case PFX_KIND_UTF8:
    case PFX_KIND_BINARY: {
        const uint8_t *offsets = (const uint8_t *)column->offsets + at * type->offset_width;
        int64_t start = load_signed(offsets, type->offset_width);
        int64_t size = load_signed(offsets + type->offset_width, type->offset_width) - start;
        /* Empty columns may have no data at all. */
        const uint8_t *bytes = size > 0 ? column->data + start : NULL;
        return type->kind == PFX_KIND_UTF8 ? pfx_key_put_utf8(key, bytes, size) : pfx_key_put_bytes(key, bytes, size);
    }
    case PFX_KIND_FIXED_BINARY:
        return pfx_key_put_bytes(key, value, type->width);
    case PFX_KIND_DATE32:
        return put_days(key, load_signed(value, type->width));
    case PFX_KIND_DATE64:
        return put_days(key, pfx_floor_div(load_signed(value, type->width), PFX_DAY_MS));
    case PFX_KIND_TIME32:
    case PFX_KIND_TIME64:
        return put_time(key, PFX_KEY_TIME, load_signed(value, type->width), type->unit);
    case PFX_KIND_TIMESTAMP:
        return put_time(key, type->timezone != NULL && type->timezone[0] != 0 ? PFX_KEY_INSTANT : PFX_KEY_TIMESTAMP,
                        load_signed(value, type->width), type->unit);
    case PFX_KIND_DURATION:
        return put_duration(key, load_signed(value, type->width), type->unit);
    case PFX_KIND_UTF8_VIEW:
    case PFX_KIND_BINARY_VIEW:
    case PFX_KIND_LIST:
    case PFX_KIND_STRUCT:
    case PFX_KIND_NULL:
        break;
    }
    return PFX_INVALID_ARGUMENT;
}

pfx_status pfx_key_put_row(pfx_key *key, const pfx_key_column *columns, int32_t count, int64_t row) {
    if (count == 1) {
        return put_value(key, columns, row);
    }
    PFX_TRY(pfx_key_begin(key, PFX_KEY_TUPLE));
    PFX_TRY(pfx_key_put_count(key, count));
    for (int32_t i = 0; i < count; i++) {
        PFX_TRY(put_value(key, &columns[i], row));
    }
    return PFX_OK;
}

static int is_plain_long(const pfx_key_column *column) {
    return column->type->kind == PFX_KIND_INT64 && column->validity == NULL;
}

pfx_status pfx_column_key_groups(const pfx_key_column *columns, int32_t count, int64_t rows, int32_t max_parallelism,
                                 pfx_budget *budget, int32_t *groups, int64_t *row) {
    if (count == 1 && is_plain_long(columns)) {
        const uint8_t *first = columns->data + columns->offset * 8;
        for (int64_t i = 0; i < rows; i++) {
            groups[i] = pfx_key_group(pfx_key_hash_long(load_signed(first + i * 8, 8)), max_parallelism);
        }
        return PFX_OK;
    }
    pfx_key key;
    pfx_key_init(&key, budget);
    pfx_status status = PFX_OK;
    for (int64_t i = 0; i < rows; i++) {
        pfx_key_clear(&key);
        status = pfx_key_put_row(&key, columns, count, i);
        if (status != PFX_OK) {
            *row = i;
            break;
        }
        groups[i] = pfx_key_group(pfx_key_hash(&key), max_parallelism);
    }
    pfx_key_free(&key);
    return status;
}
