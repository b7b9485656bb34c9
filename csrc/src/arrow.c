#include "pfx/arrow.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "pfx/bitmap.h"

typedef struct simple_type {
    char format[4];
    pfx_arrow_type type;
} simple_type;

static const simple_type SIMPLE[] = {
    {"n", {.kind = PFX_KIND_NULL, .buffers = 0}},
    {"b", {.kind = PFX_KIND_BOOL, .buffers = 2}},
    {"c", {.kind = PFX_KIND_INT8, .width = 1, .buffers = 2}},
    {"s", {.kind = PFX_KIND_INT16, .width = 2, .buffers = 2}},
    {"i", {.kind = PFX_KIND_INT32, .width = 4, .buffers = 2}},
    {"l", {.kind = PFX_KIND_INT64, .width = 8, .buffers = 2}},
    {"C", {.kind = PFX_KIND_UINT8, .width = 1, .buffers = 2}},
    {"S", {.kind = PFX_KIND_UINT16, .width = 2, .buffers = 2}},
    {"I", {.kind = PFX_KIND_UINT32, .width = 4, .buffers = 2}},
    {"L", {.kind = PFX_KIND_UINT64, .width = 8, .buffers = 2}},
    {"f", {.kind = PFX_KIND_FLOAT32, .width = 4, .buffers = 2}},
    {"g", {.kind = PFX_KIND_FLOAT64, .width = 8, .buffers = 2}},
    {"u", {.kind = PFX_KIND_UTF8, .offset_width = 4, .buffers = 3}},
    {"U", {.kind = PFX_KIND_UTF8, .offset_width = 8, .buffers = 3}},
    {"z", {.kind = PFX_KIND_BINARY, .offset_width = 4, .buffers = 3}},
    {"Z", {.kind = PFX_KIND_BINARY, .offset_width = 8, .buffers = 3}},
    {"vu", {.kind = PFX_KIND_UTF8_VIEW, .width = 16, .buffers = 3}},
    {"vz", {.kind = PFX_KIND_BINARY_VIEW, .width = 16, .buffers = 3}},
    {"tdD", {.kind = PFX_KIND_DATE32, .width = 4, .buffers = 2}},
    {"tdm", {.kind = PFX_KIND_DATE64, .width = 8, .buffers = 2}},
    {"tts", {.kind = PFX_KIND_TIME32, .unit = PFX_SECOND, .width = 4, .buffers = 2}},
    {"ttm", {.kind = PFX_KIND_TIME32, .unit = PFX_MILLISECOND, .width = 4, .buffers = 2}},
    {"ttu", {.kind = PFX_KIND_TIME64, .unit = PFX_MICROSECOND, .width = 8, .buffers = 2}},
    {"ttn", {.kind = PFX_KIND_TIME64, .unit = PFX_NANOSECOND, .width = 8, .buffers = 2}},
    {"tDs", {.kind = PFX_KIND_DURATION, .unit = PFX_SECOND, .width = 8, .buffers = 2}},
    {"tDm", {.kind = PFX_KIND_DURATION, .unit = PFX_MILLISECOND, .width = 8, .buffers = 2}},
    {"tDu", {.kind = PFX_KIND_DURATION, .unit = PFX_MICROSECOND, .width = 8, .buffers = 2}},
    {"tDn", {.kind = PFX_KIND_DURATION, .unit = PFX_NANOSECOND, .width = 8, .buffers = 2}},
    {"+l", {.kind = PFX_KIND_LIST, .offset_width = 4, .buffers = 2, .children = 1}},
    {"+L", {.kind = PFX_KIND_LIST, .offset_width = 8, .buffers = 2, .children = 1}},
    {"+m", {.kind = PFX_KIND_LIST, .offset_width = 4, .buffers = 2, .children = 1}},
    {"+s", {.kind = PFX_KIND_STRUCT, .buffers = 1, .children = -1}},
};

/* Read a decimal number at *text, which then points behind it. */
static pfx_status parse_number(const char **text, int32_t *out) {
    const char *at = *text;
    int negative = *at == '-';
    at += negative;
    if (*at < '0' || *at > '9') {
        return PFX_INVALID_ARGUMENT;
    }
    int32_t value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        int32_t digit = *at - '0';
        if (value > (INT32_MAX - digit) / 10) {
            return PFX_INVALID_ARGUMENT;
        }
        value = value * 10 + digit;
    }
    *out = negative ? -value : value;
    *text = at;
    return PFX_OK;
}

static pfx_status parse_decimal(const char *text, pfx_arrow_type *out) {
    pfx_arrow_type type = {.kind = PFX_KIND_DECIMAL128, .width = 16, .buffers = 2};
    int32_t bits = 128;
    PFX_TRY(parse_number(&text, &type.precision));
    if (*text++ != ',') {
        return PFX_INVALID_ARGUMENT;
    }
    PFX_TRY(parse_number(&text, &type.scale));
    if (*text == ',') {
        text++;
        PFX_TRY(parse_number(&text, &bits));
    }
    if (*text != '\0' || bits != 128 || type.precision < 1 || type.precision > 38 || type.scale < -38 ||
        type.scale > 38) {
        return PFX_INVALID_ARGUMENT;
    }
    *out = type;
    return PFX_OK;
}

static pfx_status parse_timestamp(const char *text, pfx_arrow_type *out) {
    static const char UNITS[] = "smun";
    const char *unit = text[0] == '\0' ? NULL : strchr(UNITS, text[0]);
    if (unit == NULL || text[1] != ':') {
        return PFX_INVALID_ARGUMENT;
    }
    *out = (pfx_arrow_type){.kind = PFX_KIND_TIMESTAMP,
                            .unit = (pfx_time_unit)(unit - UNITS),
                            .width = 8,
                            .buffers = 2,
                            .timezone = text + 2};
    return PFX_OK;
}

pfx_status pfx_arrow_type_parse(const char *format, pfx_arrow_type *out) {
    for (size_t i = 0; i < sizeof SIMPLE / sizeof SIMPLE[0]; i++) {
        if (strcmp(format, SIMPLE[i].format) == 0) {
            *out = SIMPLE[i].type;
            return PFX_OK;
        }
    }
    if (strncmp(format, "ts", 2) == 0) {
        return parse_timestamp(format + 2, out);
    }
    if (strncmp(format, "d:", 2) == 0) {
        return parse_decimal(format + 2, out);
    }
    if (strncmp(format, "w:", 2) == 0) {
        pfx_arrow_type type = {.kind = PFX_KIND_FIXED_BINARY, .buffers = 2};
        const char *text = format + 2;
        PFX_TRY(parse_number(&text, &type.width));
        if (*text != '\0' || type.width < 0) {
            return PFX_INVALID_ARGUMENT;
        }
        *out = type;
        return PFX_OK;
    }
    return PFX_INVALID_ARGUMENT;
}

/* No early exit inside a block, so that the comparison loop becomes vector code. */
#define CHECK_OFFSETS(type)                     \
    do {                                        \
        const type *at = (const type *)offsets; \
        if (at[0] < 0 || at[length] > limit) {  \
            return PFX_CORRUPT;                 \
        }                                       \
        int falls = 0;                          \
        for (int64_t i = 0; i < length; i++) {  \
            falls |= at[i] > at[i + 1];         \
        }                                       \
        return falls ? PFX_CORRUPT : PFX_OK;    \
    } while (0)

pfx_status pfx_offsets_check(const void *offsets, int32_t offset_width, int64_t length, int64_t limit) {
    if (offset_width == 8) {
        CHECK_OFFSETS(int64_t);
    }
    CHECK_OFFSETS(int32_t);
}

/* A view: int32 length; up to 12 bytes inline, or a 4-byte prefix, an int32 buffer index and an int32 offset. */
typedef struct view {
    int32_t length;
    int32_t prefix;
    int32_t buffer;
    int32_t offset;
} view;

#define INLINE_BYTES 12

static view view_at(const uint8_t *views, int64_t i) {
    view result;
    memcpy(&result, views + i * 16, sizeof result);
    return result;
}

pfx_status pfx_views_measure(const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length,
                             int64_t buffer_count, const int64_t *sizes, int64_t *total) {
    int64_t sum = 0;
    for (int64_t i = 0; i < length; i++) {
        if (validity != NULL && !pfx_bit_get(validity, bit_offset + i)) {
            continue;
        }
        view item = view_at(views, i);
        if (item.length < 0) {
            return PFX_CORRUPT;
        }
        if (item.length > INLINE_BYTES) {
            if (item.buffer < 0 || item.buffer >= buffer_count || item.offset < 0 || sizes[item.buffer] < item.length ||
                item.offset > sizes[item.buffer] - item.length) {
                return PFX_CORRUPT;
            }
        }
        if (sum > INT64_MAX - item.length) {
            return PFX_OVERFLOW;
        }
        sum += item.length;
    }
    *total = sum;
    return PFX_OK;
}

void pfx_views_flatten(const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length,
                       const uint8_t *const *buffers, int32_t *offsets, uint8_t *data) {
    int32_t end = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < length; i++) {
        if (validity == NULL || pfx_bit_get(validity, bit_offset + i)) {
            view item = view_at(views, i);
            if (item.length > INLINE_BYTES) {
                memcpy(data + end, buffers[item.buffer] + item.offset, (size_t)item.length);
            } else if (item.length > 0) {
                memcpy(data + end, views + i * 16 + 4, (size_t)item.length);
            }
            end += item.length;
        }
        offsets[i + 1] = end;
    }
}
