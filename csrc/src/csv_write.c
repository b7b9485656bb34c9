#include "pfx/csv_write.h"

#include <string.h>

#include "pfx/calendar.h"
#include "pfx/number_text.h"
#include "pfx/words.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define NARROW_TEXT 40 /* the most that a number, a date or a time takes, with what follows it */
#define DAY_SECONDS 86400
/* Days from 1970-01-01 to the first and last day of Python's calendar. */
#define FIRST_DAY (-719162)
#define LAST_DAY 2932896

void pfx_csv_writer_prepare(pfx_csv_writer *writer) {
    const char searched[] = {writer->delimiter, writer->quote, '\n', '\r'};
    for (int i = 0; i < 4; i++) {
        writer->searched[i] = (uint8_t)searched[i] * ONES;
    }
}

bool pfx_csv_can_write(const pfx_arrow_type *type) {
    switch (type->kind) {
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
    case PFX_KIND_UTF8:
    case PFX_KIND_DATE32:
        return true;
    case PFX_KIND_TIME32:
    case PFX_KIND_TIME64:
        return type->unit != PFX_NANOSECOND;
    case PFX_KIND_TIMESTAMP:
        return type->unit != PFX_NANOSECOND && type->timezone[0] == '\0';
    default:
        return false;
    }
}

static inline char *put_two(char *to, int64_t value) {
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
    return to + 2;
}

static char *put_date(char *to, int64_t days) {
    int64_t year;
    int month, day;
    pfx_civil_from_days(days, &year, &month, &day);
    to = put_two(put_two(to, year / 100), year % 100);
    *to++ = '-';
    to = put_two(to, month);
    *to++ = '-';
    return put_two(to, day);
}

/* A time of day, with six digits of a second where these are not 0. */
static char *put_time(char *to, int64_t units, int64_t per_second) {
    int64_t seconds = units / per_second;
    int64_t micros = units % per_second * (1000000 / per_second);
    to = put_two(to, seconds / 3600);
    *to++ = ':';
    to = put_two(to, seconds / 60 % 60);
    *to++ = ':';
    to = put_two(to, seconds % 60);
    if (micros != 0) {
        *to++ = '.';
        to = put_two(put_two(put_two(to, micros / 10000), micros / 100 % 100), micros % 100);
    }
    return to;
}

/* The text of a narrow value; NULL for a time that Python has no object for. */
static char *put_narrow(char *to, const pfx_arrow_type *type, const uint8_t *data, int64_t row) {
    int64_t word;
    switch (type->kind) {
    case PFX_KIND_BOOL:
        word = (data[row >> 3] >> (row & 7)) & 1;
        memcpy(to, word ? "true" : "false", 5);
        return to + 5 - word;
    case PFX_KIND_INT8:
        return to + pfx_signed_text(((const int8_t *)data)[row], to);
    case PFX_KIND_INT16:
        return to + pfx_signed_text(((const int16_t *)data)[row], to);
    case PFX_KIND_INT32:
        return to + pfx_signed_text(((const int32_t *)data)[row], to);
    case PFX_KIND_INT64:
        return to + pfx_signed_text(((const int64_t *)data)[row], to);
    case PFX_KIND_UINT8:
        return to + pfx_unsigned_text(data[row], to);
    case PFX_KIND_UINT16:
        return to + pfx_unsigned_text(((const uint16_t *)data)[row], to);
    case PFX_KIND_UINT32:
        return to + pfx_unsigned_text(((const uint32_t *)data)[row], to);
    case PFX_KIND_UINT64:
        return to + pfx_unsigned_text(((const uint64_t *)data)[row], to);
    case PFX_KIND_FLOAT32:
        return to + pfx_double_repr((double)((const float *)data)[row], to);
    case PFX_KIND_FLOAT64:
        return to + pfx_double_repr(((const double *)data)[row], to);
    case PFX_KIND_DATE32:
        word = ((const int32_t *)data)[row];
        return word < FIRST_DAY || word > LAST_DAY ? NULL : put_date(to, word);
    default:
        break;
    }
    int64_t per_second = pfx_units_per_second(type->unit);
    int64_t day = per_second * DAY_SECONDS;
    word = type->width == 4 ? ((const int32_t *)data)[row] : ((const int64_t *)data)[row];
    if (type->kind != PFX_KIND_TIMESTAMP) {
        return word < 0 || word >= day ? NULL : put_time(to, word, per_second);
    }
    int64_t days = pfx_floor_div(word, day);
    if (days < FIRST_DAY || days > LAST_DAY) {
        return NULL;
    }
    to = put_date(to, days);
    *to++ = ' ';
    return put_time(to, word - days * day, per_second);
}

static inline uint64_t zero_bytes(uint64_t word) {
    return (word - ONES) & ~word & HIGH_BITS;
}

/* Whether any of the bytes needs quotes. */
static inline bool needs_quotes(const pfx_csv_writer *writer, const char *text, int64_t size) {
    int64_t i = 0;
    for (; size - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, sizeof word);
        if (zero_bytes(word ^ writer->searched[0]) | zero_bytes(word ^ writer->searched[1]) |
            zero_bytes(word ^ writer->searched[2]) | zero_bytes(word ^ writer->searched[3])) {
            return true;
        }
    }
    for (; i < size; i++) {
        char one = text[i];
        if (one == writer->delimiter || one == writer->quote || one == '\n' || one == '\r') {
            return true;
        }
    }
    return false;
}

/* Text that needs them, in quotes; NULL where it holds a \r that it must not. */
static char *put_quoted(const pfx_csv_writer *writer, char *to, const char *text, int64_t size) {
    if (!writer->crlf && memchr(text, '\r', (size_t)size) != NULL) {
        return NULL;
    }
    *to++ = writer->quote;
    for (int64_t i = 0; i < size; i++) {
        if (text[i] == writer->quote) {
            *to++ = writer->quote;
        }
        *to++ = text[i];
    }
    *to++ = writer->quote;
    return to;
}

/* Room for so many bytes more. */
static pfx_status make_room(pfx_csv_text *out, int64_t bytes) {
    if (bytes <= out->capacity - out->used) {
        return PFX_OK;
    }
    if (bytes > INT64_MAX / 4 - out->used) {
        return PFX_NO_MEMORY;
    }
    void *memory = out->bytes;
    int64_t wanted = (out->used + bytes) * 2;
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(out->budget, wanted, &memory));
    } else {
        PFX_TRY(pfx_resize(out->budget, &memory, out->capacity, wanted));
    }
    out->bytes = memory;
    out->capacity = wanted;
    return PFX_OK;
}

static pfx_status put_text(const pfx_csv_writer *writer, const pfx_key_column *column, int64_t row, bool alone,
                           int64_t room, pfx_csv_text *out) {
    const uint8_t *bytes;
    int64_t size;
    pfx_wide_value(column, row, &bytes, &size);
    if (size > INT64_MAX / 8 - room) {
        return PFX_NO_MEMORY;
    }
    PFX_TRY(make_room(out, 2 * size + 2 + room));
    char *to = out->bytes + out->used;
    if (size == 0) {
        if (alone) { /* a line with nothing in it would be none */
            to[0] = to[1] = writer->quote;
            out->used += 2;
        }
        return PFX_OK;
    }
    if (needs_quotes(writer, (const char *)bytes, size)) {
        char *end = put_quoted(writer, to, (const char *)bytes, size);
        if (end == NULL) {
            return PFX_WRONG_STATE;
        }
        out->used += end - to;
        return PFX_OK;
    }
    memcpy(to, bytes, (size_t)size);
    out->used += size;
    return PFX_OK;
}

static pfx_status put_rows(const pfx_csv_writer *writer, const pfx_key_column *columns, int32_t count, int64_t rows,
                           pfx_csv_text *out) {
    /* For the narrow values, nulls and what stands between; texts make room for themselves, and for all of it again. */
    int64_t room = count * (NARROW_TEXT + writer->null_length) + 2;
    for (int64_t row = 0; row < rows; row++) {
        PFX_TRY(make_room(out, room));
        for (int32_t i = 0; i < count; i++) {
            const pfx_key_column *column = &columns[i];
            if (!pfx_has_value(column, row)) {
                memcpy(out->bytes + out->used, writer->null, (size_t)writer->null_length);
                out->used += writer->null_length;
            } else if (column->type->kind == PFX_KIND_UTF8) {
                PFX_TRY(put_text(writer, column, row, count == 1, room, out));
            } else {
                char *to = out->bytes + out->used;
                char *end = put_narrow(to, column->type, column->data, column->offset + row);
                if (end == NULL) {
                    return PFX_WRONG_STATE;
                }
                out->used += end - to;
            }
            out->bytes[out->used++] = writer->delimiter;
        }
        out->used--;
        if (writer->crlf) {
            out->bytes[out->used++] = '\r';
        }
        out->bytes[out->used++] = '\n';
    }
    return PFX_OK;
}

pfx_status pfx_csv_write(const pfx_csv_writer *writer, const pfx_key_column *columns, int32_t count, int64_t rows,
                         pfx_csv_text *out) {
    int64_t before = out->used;
    /* What it will be if no text needs quotes and narrow values are as long as most are: growing copies. */
    int64_t expected = 0;
    for (int32_t i = 0; i < count && rows > 0; i++) {
        const uint8_t *first, *last;
        int64_t size, last_size;
        expected += rows * 10;
        if (columns[i].type->kind == PFX_KIND_UTF8) {
            pfx_wide_value(&columns[i], 0, &first, &size);
            pfx_wide_value(&columns[i], rows - 1, &last, &last_size);
            expected += first != NULL && last != NULL ? last - first + last_size : 0;
        }
    }
    PFX_TRY(make_room(out, expected / 2));
    pfx_status status = put_rows(writer, columns, count, rows, out);
    if (status != PFX_OK) {
        out->used = before;
    }
    return status;
}
