from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.arrow cimport pfx_time_unit
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/calendar.h" nogil:
    const int64_t PFX_NO_TIMESTAMP
    const int64_t PFX_DAY_MS

    int64_t pfx_floor_div(int64_t value, int64_t divisor)
    int64_t pfx_floor_mod(int64_t value, int64_t divisor)
    int64_t pfx_units_per_second(pfx_time_unit unit)
    void pfx_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
    int64_t pfx_days_from_civil(int64_t year, int month, int day)
    pfx_status pfx_units_to_ms(
        const int64_t *source, pfx_time_unit unit, const uint8_t *validity, int64_t bit_offset, int64_t length,
        int64_t *to)
    void pfx_days_to_ms(
        const int32_t *source, const uint8_t *validity, int64_t bit_offset, int64_t length, int64_t *to)
