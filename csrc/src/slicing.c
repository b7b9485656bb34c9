#include "pfx/slicing.h"

/* Times less than that apart are divided by multiplying with a reciprocal of 32 bits, which gives one too much at most.
 */
#define NEAR INT32_MAX

pfx_status pfx_slices_of(const pfx_slicing *slicing, const int64_t *times, int64_t count, int64_t *numbers, bool *one,
                         int64_t *row) {
    *one = false;
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (int64_t i = 0; i < count; i++) {
        least = times[i] < least ? times[i] : least;
        greatest = times[i] > greatest ? times[i] : greatest;
    }
    if (count > 0 && (least <= -PFX_TIME_LIMIT || greatest >= PFX_TIME_LIMIT)) {
        while (times[0] > -PFX_TIME_LIMIT && times[0] < PFX_TIME_LIMIT) {
            times++;
            ++*row;
        }
        return PFX_OVERFLOW;
    }
    int64_t slide = slicing->slide, rest = slicing->rest;
    int64_t first = count > 0 ? pfx_floor_div(least - slicing->offset, slide) : 0;
    int64_t start = first * slide + slicing->offset;
    if (greatest - start >= NEAR) {
        for (int64_t i = 0; i < count; i++) {
            numbers[i] = pfx_slice_of(slicing, times[i]);
        }
        return PFX_OK;
    }
    if (rest == 0 && greatest - start < slide) {
        *one = true;
        for (int64_t i = 0; i < count; i++) {
            numbers[i] = first;
        }
        return PFX_OK;
    }
    int64_t reciprocal = (INT64_C(1) << 32) / slide + 1;
    int64_t scale = rest == 0 ? 1 : 2, second = rest == 0 ? slide : rest;
    for (int64_t i = 0; i < count; i++) {
        int64_t since = times[i] - start;
        int64_t slides = (since * reciprocal) >> 32;
        int64_t left = since - slides * slide;
        int64_t wrong = left < 0;
        left += wrong * slide;
        numbers[i] = (first + slides - wrong) * scale + (left >= second);
    }
    return PFX_OK;
}
