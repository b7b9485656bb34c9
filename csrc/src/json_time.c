/* Dates and times in the spellings of RFC 3339 (2013-01-31, 10:05:00Z, 2013-01-31T10:05:00.250+02:00) into columns. */
#include "json_scan.h"
#include "pfx/bytes.h"
#include "pfx/calendar.h"

#define DAY_MICROS INT64_C(86400000000)
#define MINUTE_MICROS INT64_C(60000000)
/* The first day of year 1 and the day after the last of year 9999. */
#define FIRST_DAY INT64_C(-719162)
#define END_DAY INT64_C(2932897)

/* `count` digits; -1 for anything else. */
static int digits(const uint8_t *at, int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!pfx_json_is_digit(at[i])) {
            return -1;
        }
        value = value * 10 + (at[i] - '0');
    }
    return value;
}

static int days_of_month(int year, int month) {
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month - 1] + (month == 2 && leap);
}

static const uint8_t *read_days(const uint8_t *at, int64_t *out) {
    int year = digits(at, 4);
    if (year < 1 || at[4] != '-') {
        return NULL;
    }
    int month = digits(at + 5, 2);
    if (month < 1 || month > 12 || at[7] != '-') {
        return NULL;
    }
    int day = digits(at + 8, 2);
    if (day < 1 || day > days_of_month(year, month)) {
        return NULL;
    }
    *out = pfx_days_from_civil(year, month, day);
    return at + 10;
}

/* Hours, minutes, seconds and a fraction, of which six digits count. */
static const uint8_t *read_micros(const uint8_t *at, int64_t *out) {
    int hour = digits(at, 2);
    if (hour < 0 || hour > 23 || at[2] != ':') {
        return NULL;
    }
    int minute = digits(at + 3, 2);
    if (minute < 0 || minute > 59 || at[5] != ':') {
        return NULL;
    }
    int second = digits(at + 6, 2);
    if (second < 0 || second > 59) {
        return NULL;
    }
    at += 8;
    int64_t micros = 0;
    if (*at == '.') {
        const uint8_t *first = ++at;
        for (; pfx_json_is_digit(*at); at++) {
            if (at - first < 6) {
                micros = micros * 10 + (*at - '0');
            }
        }
        if (at == first || at - first > 9) {
            return NULL;
        }
        for (int64_t missing = 6 - (at - first); missing > 0; missing--) {
            micros *= 10;
        }
    }
    *out = ((hour * INT64_C(60) + minute) * 60 + second) * 1000000 + micros;
    return at;
}

/* What is to be taken away for UTC: after Z, an offset, or nothing, which `zoned` tells. */
static const uint8_t *read_zone(const uint8_t *at, int64_t *micros, bool *zoned) {
    *micros = 0;
    *zoned = true;
    if (*at == 'Z') {
        return at + 1;
    }
    if (*at != '+' && *at != '-') {
        *zoned = false;
        return at;
    }
    int hours = digits(at + 1, 2);
    if (hours < 0 || hours > 23 || at[3] != ':') {
        return NULL;
    }
    int minutes = digits(at + 4, 2);
    if (minutes < 0 || minutes > 59) {
        return NULL;
    }
    *micros = (hours * 60 + minutes) * MINUTE_MICROS * (*at == '-' ? -1 : 1);
    return at + 6;
}

/* Microseconds since 1970 at UTC. */
static const uint8_t *read_moment(const uint8_t *at, int64_t *out, bool *zoned) {
    int64_t days;
    int64_t micros;
    int64_t offset;
    at = read_days(at, &days);
    if (at == NULL || (*at != 'T' && *at != ' ')) {
        return NULL;
    }
    at = read_micros(at + 1, &micros);
    if (at == NULL) {
        return NULL;
    }
    at = read_zone(at, &offset, zoned);
    if (at == NULL || *at != '"') {
        return NULL;
    }
    *out = days * DAY_MICROS + micros - offset;
    return at + 1;
}

static const uint8_t *add_instant(pfx_json_reader *reader, pfx_out_column *column, const uint8_t *at, int64_t micros) {
    uint8_t *to;
    pfx_writer image;
    reader->failure = pfx_out_column_text_room(column, 2 * PFX_VARINT_MAX, &to);
    if (reader->failure != PFX_OK) {
        return NULL;
    }
    pfx_writer_init(&image, reader->budget);
    image.data = to; /* borrowed: with this room it does not grow */
    image.capacity = 2 * PFX_VARINT_MAX;
    reader->failure = pfx_write_zigzag(&image, pfx_floor_div(micros, 1000000));
    if (reader->failure == PFX_OK) {
        reader->failure = pfx_write_varint(&image, (uint64_t)pfx_floor_mod(micros, 1000000) * 1000);
    }
    pfx_out_column_end_text(column, (int64_t)image.size);
    return at;
}

const uint8_t *pfx_json_read_time(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at) {
    pfx_out_column *column = &node->column;
    int64_t value;
    int64_t offset;
    bool zoned;
    if (*at != '"' || !pfx_json_room(reader, column)) {
        return NULL;
    }
    at++;
    switch (node->form) {
    case PFX_JSON_DATE:
        at = read_days(at, &value);
        if (at == NULL || *at != '"') {
            return NULL;
        }
        pfx_out_column_add_i32(column, (int32_t)value);
        return at + 1;
    case PFX_JSON_TIME:
        at = read_micros(at, &value);
        if (at == NULL || (at = read_zone(at, &offset, &zoned)) == NULL || offset != 0 || *at != '"') {
            return NULL;
        }
        pfx_out_column_add_i64(column, value);
        return at + 1;
    default:
        at = read_moment(at, &value, &zoned);
        if (at == NULL) {
            return NULL;
        }
        if (node->form == PFX_JSON_INSTANT) {
            return zoned ? add_instant(reader, column, at, value) : NULL;
        }
        if (value < FIRST_DAY * DAY_MICROS || value >= END_DAY * DAY_MICROS) {
            return NULL;
        }
        pfx_out_column_add_i64(column, value);
        return at;
    }
}
