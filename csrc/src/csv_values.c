#include "csv_values.h"

#include <math.h>
#include <string.h>

#include "pfx/calendar.h"
#include "pfx/number.h"
#include "pfx/out_column_access.h"
#include "pfx/utf8.h"

#define DAY_MICROS INT64_C(86400000000)

static inline bool is_digit(char character) {
    return (unsigned char)(character - '0') < 10;
}

/* Two digits, or -1. */
static inline int two_digits(const char *at) {
    return is_digit(at[0]) && is_digit(at[1]) ? (at[0] - '0') * 10 + (at[1] - '0') : -1;
}

pfx_status pfx_csv_add_integer(const pfx_csv_field *field, int64_t value) {
    if (value < field->least || value > field->greatest) {
        return PFX_INVALID_ARGUMENT;
    }
    switch (field->out->width) {
    case 8:
        pfx_out_column_add_i64(field->out, value);
        break;
    case 4:
        pfx_out_column_add_i32(field->out, (int32_t)value);
        break;
    case 2:
        pfx_out_column_add_i16(field->out, (int16_t)value);
        break;
    default:
        pfx_out_column_add_i8(field->out, (int8_t)value);
        break;
    }
    return PFX_OK;
}

static bool is_word(const char *text, int64_t length, const char *word) {
    if (length != (int64_t)strlen(word)) {
        return false;
    }
    for (int64_t i = 0; i < length; i++) {
        if ((text[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

static pfx_status parse_real(const char *text, int64_t length, double *value) {
    if (pfx_double_parse(text, length, value) == PFX_OK) {
        return PFX_OK;
    }
    bool negative = length > 0 && *text == '-';
    if (length > 0 && (*text == '-' || *text == '+')) {
        text++;
        length--;
    }
    if (is_word(text, length, "nan")) {
        *value = (double)NAN;
    } else if (is_word(text, length, "inf") || is_word(text, length, "infinity")) {
        *value = (double)INFINITY;
    } else {
        return PFX_INVALID_ARGUMENT;
    }
    *value = negative ? -*value : *value;
    return PFX_OK;
}

static pfx_status parse_bool(const char *text, int64_t length, int *value) {
    if (length == 1) {
        char letter = *text;
        *value = letter == '1' || letter == 't' || letter == 'T';
        return *value || letter == '0' || letter == 'f' || letter == 'F' ? PFX_OK : PFX_INVALID_ARGUMENT;
    }
    *value = is_word(text, length, "true");
    return *value || is_word(text, length, "false") ? PFX_OK : PFX_INVALID_ARGUMENT;
}

static pfx_status parse_date(const char *text, int64_t length, int64_t *days) {
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (length != 10 || text[4] != '-' || text[7] != '-') {
        return PFX_INVALID_ARGUMENT;
    }
    int century = two_digits(text);
    int rest = two_digits(text + 2);
    int month = two_digits(text + 5);
    int day = two_digits(text + 8);
    if (century < 0 || rest < 0 || month < 1 || month > 12 || day < 1) {
        return PFX_INVALID_ARGUMENT;
    }
    int year = century * 100 + rest;
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1 || day > DAYS[month - 1] + (month == 2 && leap)) {
        return PFX_INVALID_ARGUMENT;
    }
    *days = pfx_days_from_civil(year, month, day);
    return PFX_OK;
}

/* hh:mm, hh:mm:ss or hh:mm:ss.f with up to nine digits, those after the sixth 0. */
static pfx_status parse_time(const char *text, int64_t length, int64_t *micros) {
    int64_t fraction = 0;
    int second = 0;
    if (length != 5 && length != 8 && (length < 10 || length > 18)) {
        return PFX_INVALID_ARGUMENT;
    }
    int hour = two_digits(text);
    int minute = two_digits(text + 3);
    if (text[2] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return PFX_INVALID_ARGUMENT;
    }
    if (length > 5) {
        second = two_digits(text + 6);
        if (text[5] != ':' || second < 0 || second > 59) {
            return PFX_INVALID_ARGUMENT;
        }
    }
    if (length > 8) {
        if (text[8] != '.') {
            return PFX_INVALID_ARGUMENT;
        }
        int64_t unit = 100000;
        for (int64_t i = 9; i < length; i++, unit /= 10) {
            if (!is_digit(text[i]) || (unit == 0 && text[i] != '0')) {
                return PFX_INVALID_ARGUMENT;
            }
            fraction += (text[i] - '0') * unit;
        }
    }
    *micros = ((hour * 60 + minute) * 60 + second) * INT64_C(1000000) + fraction;
    return PFX_OK;
}

static pfx_status parse_timestamp(const char *text, int64_t length, int64_t *micros) {
    int64_t days;
    if (length < 16 || (text[10] != 'T' && text[10] != ' ')) {
        return PFX_INVALID_ARGUMENT;
    }
    PFX_TRY(parse_date(text, 10, &days));
    PFX_TRY(parse_time(text + 11, length - 11, micros));
    *micros += days * DAY_MICROS;
    return PFX_OK;
}

static bool is_null(const pfx_csv_reader *reader, const char *text, int64_t length) {
    if (length == 0) {
        return reader->empty_is_null;
    }
    if (!reader->null_first[(uint8_t)*text]) {
        return false;
    }
    for (int32_t i = 0; i < reader->null_count; i++) {
        if (reader->nulls[i].length == length && memcmp(reader->nulls[i].text, text, (size_t)length) == 0) {
            return true;
        }
    }
    return false;
}

static pfx_status add_value(const pfx_csv_field *field, const char *text, int64_t length) {
    pfx_out_column *out = field->out;
    int64_t whole;
    double real;
    int truth;
    switch (field->kind) {
    case PFX_CSV_INTEGER:
        PFX_TRY(pfx_int64_parse(text, length, &whole));
        return pfx_csv_add_integer(field, whole);
    case PFX_CSV_DOUBLE:
        PFX_TRY(parse_real(text, length, &real));
        pfx_out_column_add_f64(out, real);
        return PFX_OK;
    case PFX_CSV_FLOAT:
        PFX_TRY(parse_real(text, length, &real));
        pfx_out_column_add_f32(out, (float)real);
        return PFX_OK;
    case PFX_CSV_BOOL:
        PFX_TRY(parse_bool(text, length, &truth));
        pfx_out_column_add_bool(out, truth);
        return PFX_OK;
    case PFX_CSV_DATE:
        PFX_TRY(parse_date(text, length, &whole));
        pfx_out_column_add_i32(out, (int32_t)whole);
        return PFX_OK;
    case PFX_CSV_TIME:
        PFX_TRY(parse_time(text, length, &whole));
        pfx_out_column_add_i64(out, whole);
        return PFX_OK;
    case PFX_CSV_TIMESTAMP:
        PFX_TRY(parse_timestamp(text, length, &whole));
        pfx_out_column_add_i64(out, whole);
        return PFX_OK;
    default:
        return PFX_INVALID_ARGUMENT;
    }
}

pfx_status pfx_csv_add(const pfx_csv_reader *reader, const pfx_csv_field *field, const char *text, int64_t length) {
    if (is_null(reader, text, length)) {
        return pfx_csv_add_null(field);
    }
    if (field->kind == PFX_CSV_TEXT) {
        return pfx_out_column_add_text(field->out, text, length);
    }
    if (field->kind == PFX_CSV_CHARACTER) {
        pfx_utf8_shape shape = {0, 0};
        if (length > 4 || pfx_utf8_scan((const uint8_t *)text, (size_t)length, &shape) != PFX_OK ||
            shape.characters != 1) {
            return PFX_INVALID_ARGUMENT;
        }
        return pfx_out_column_add_text(field->out, text, length);
    }
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    pfx_status status = add_value(field, text, length);
    return status == PFX_OVERFLOW ? PFX_INVALID_ARGUMENT : status;
}
