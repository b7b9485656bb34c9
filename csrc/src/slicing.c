#include "pfx/slicing.h"

/* Times that far apart at most are divided as doubles, where an error of one is all that can be. */
#define NEAR (INT64_C(1) << 40)

pfx_status pfx_slices_of(const pfx_slicing *slicing, const int64_t *times, int64_t count, int64_t *numbers,
                         int64_t *row) {
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
        for (int64_t i = 0; i < count; i++) {
            numbers[i] = first;
        }
        return PFX_OK;
    }
    double share = 1.0 / (double)slide;
    for (int64_t i = 0; i < count; i++) {
        int64_t since = times[i] - start;
        int64_t slides = (int64_t)((double)since * share);
        int64_t left = since - slides * slide;
        int64_t wrong = (left >= slide) - (left < 0);
        slides += wrong;
        left -= wrong * slide;
        numbers[i] = rest == 0 ? first + slides : (first + slides) * 2 + (left >= rest);
    }
    return PFX_OK;
}
