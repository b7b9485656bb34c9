/* Time units and the proleptic Gregorian calendar, with floor division throughout (times before 1970 are not special).
 */
#ifndef PFX_CALENDAR_H
#define PFX_CALENDAR_H

#include <stdint.h>

#include "pfx/arrow.h"
#include "pfx/status.h"

#define PFX_NO_TIMESTAMP INT64_MIN
#define PFX_DAY_MS INT64_C(86400000)

/* The quotient rounded down, and the remainder in 0 .. divisor - 1; divisor must be > 0. */
static inline int64_t pfx_floor_div(int64_t value, int64_t divisor) {
    return value / divisor - (value % divisor < 0);
}

static inline int64_t pfx_floor_mod(int64_t value, int64_t divisor) {
    int64_t rest = value % divisor;
    return rest < 0 ? rest + divisor : rest;
}

/* How many of a unit make a second. */
static inline int64_t pfx_units_per_second(pfx_time_unit unit) {
    static const int64_t UNITS[] = {1, 1000, 1000000, 1000000000};
    return UNITS[unit];
}

/* Year, month 1 .. 12 and day 1 .. 31 of a day counted from 1970-01-01, within +-2^40 days. */
void pfx_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

/* The inverse: days from 1970-01-01. */
int64_t pfx_days_from_civil(int64_t year, int month, int day);

/* Write `length` values of a unit as milliseconds (rounded down), PFX_NO_TIMESTAMP where the validity bit is clear
 * (`validity` may be NULL). PFX_OVERFLOW when one does not fit. */
pfx_status pfx_units_to_ms(const int64_t *from, pfx_time_unit unit, const uint8_t *validity, int64_t bit_offset,
                           int64_t length, int64_t *to);

/* The same for days. */
void pfx_days_to_ms(const int32_t *from, const uint8_t *validity, int64_t bit_offset, int64_t length, int64_t *to);

#endif
