#include "json_write_time.h"

#include "pfx/bytes.h"
#include "pfx/calendar.h"

#define DAY_MICROS INT64_C(86400000000)
#define FIRST_DAY INT64_C(-719162)
#define LAST_DAY INT64_C(2932896)

/* Write `count` digits. */
static uint8_t *put(uint8_t *to, int64_t number, int count) {
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
    return to + count;
}

static uint8_t *put_date(uint8_t *to, int64_t days) {
    int64_t year;
    int month;
    int day;
    pfx_civil_from_days(days, &year, &month, &day);
    to = put(to, year, 4);
    *to++ = '-';
    to = put(to, month, 2);
    *to++ = '-';
    return put(to, day, 2);
}

static uint8_t *put_clock(uint8_t *to, int64_t seconds) {
    to = put(to, seconds / 3600, 2);
    *to++ = ':';
    to = put(to, seconds / 60 % 60, 2);
    *to++ = ':';
    return put(to, seconds % 60, 2);
}

static uint8_t *put_micros(uint8_t *to, int64_t micros) {
    to = put_clock(to, micros / 1000000);
    if (micros % 1000000 != 0) {
        *to++ = '.';
        to = put(to, micros % 1000000, 6);
    }
    *to++ = 'Z';
    return to;
}

int pfx_json_time_text(pfx_json_form form, int64_t value, uint8_t *text) {
    uint8_t *to = text;
    *to++ = '"';
    if (form == PFX_JSON_TIME) {
        if (value < 0 || value >= DAY_MICROS) {
            return 0;
        }
        to = put_micros(to, value);
    } else {
        int64_t days = form == PFX_JSON_DATE ? value : pfx_floor_div(value, DAY_MICROS);
        if (days < FIRST_DAY || days > LAST_DAY) {
            return 0;
        }
        to = put_date(to, days);
        if (form == PFX_JSON_TIMESTAMP) {
            *to++ = 'T';
            to = put_micros(to, pfx_floor_mod(value, DAY_MICROS));
        }
    }
    *to++ = '"';
    return (int)(to - text);
}

int pfx_json_instant_text(const uint8_t *image, int64_t size, uint8_t *text) {
    pfx_reader reader = {image, image + size};
    int64_t seconds;
    uint64_t nanos;
    if (pfx_read_zigzag(&reader, &seconds) != PFX_OK || pfx_read_varint(&reader, &nanos) != PFX_OK ||
        nanos >= 1000000000) {
        return 0;
    }
    int64_t days = pfx_floor_div(seconds, 86400);
    if (days < FIRST_DAY || days > LAST_DAY) {
        return 0;
    }
    uint8_t *to = text;
    *to++ = '"';
    to = put_date(to, days);
    *to++ = 'T';
    to = put_clock(to, pfx_floor_mod(seconds, 86400));
    if (nanos != 0) {
        int count = 9;
        for (; nanos % 1000 == 0; nanos /= 1000) {
            count -= 3;
        }
        *to++ = '.';
        to = put(to, (int64_t)nanos, count);
    }
    *to++ = 'Z';
    *to++ = '"';
    return (int)(to - text);
}
