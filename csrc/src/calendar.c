#include "pfx/calendar.h"

#include <stddef.h>

#include "pfx/bitmap.h"

/* Both directions count years from March, so that the leap day is the last one, in eras of 400 years (146,097 days):
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and civil_from_days. */
#define ERA_DAYS 146097
#define EPOCH_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */

void pfx_civil_from_days(int64_t days, int64_t *year, int *month, int *day) {
    int64_t shifted = days + EPOCH_SHIFT;
    int64_t era = pfx_floor_div(shifted, ERA_DAYS);
    int64_t day_of_era = shifted - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

int64_t pfx_days_from_civil(int64_t year, int month, int day) {
    int64_t march_year = year - (month <= 2);
    int64_t era = pfx_floor_div(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

static int valid(const uint8_t *validity, int64_t bit) {
    return validity == NULL || pfx_bit_get(validity, bit);
}

pfx_status pfx_units_to_ms(const int64_t *from, pfx_time_unit unit, const uint8_t *validity, int64_t bit_offset,
                           int64_t length, int64_t *to) {
    for (int64_t i = 0; i < length; i++) {
        if (!valid(validity, bit_offset + i)) {
            to[i] = PFX_NO_TIMESTAMP;
            continue;
        }
        switch (unit) {
        case PFX_SECOND:
            if (from[i] > INT64_MAX / 1000 || from[i] < INT64_MIN / 1000) {
                return PFX_OVERFLOW;
            }
            to[i] = from[i] * 1000;
            break;
        case PFX_MILLISECOND:
            to[i] = from[i];
            break;
        case PFX_MICROSECOND:
            to[i] = pfx_floor_div(from[i], 1000);
            break;
        case PFX_NANOSECOND:
            to[i] = pfx_floor_div(from[i], 1000000);
            break;
        }
    }
    return PFX_OK;
}

void pfx_days_to_ms(const int32_t *from, const uint8_t *validity, int64_t bit_offset, int64_t length, int64_t *to) {
    for (int64_t i = 0; i < length; i++) {
        to[i] = valid(validity, bit_offset + i) ? from[i] * PFX_DAY_MS : PFX_NO_TIMESTAMP;
    }
}
