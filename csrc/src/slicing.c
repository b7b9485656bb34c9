#include "pfx/slicing.h"

/* Times less than that apart are divided as doubles, where an error of one is all that can be, and where compilers know
 * how to do several at once. */
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
    double length = (double)slide, share = 1.0 / length;
    int64_t scale = rest == 0 ? 1 : 2;
    double second = rest == 0 ? length : (double)rest;
    for (int64_t i = 0; i < count; i++) {
        double since = (double)(int32_t)(times[i] - start);
        double slides = (double)(int32_t)(since * share);
        double left = since - slides * length;
        double wrong = (left >= length ? 1.0 : 0.0) - (left < 0 ? 1.0 : 0.0);
        slides += wrong;
        left -= wrong * length;
        numbers[i] = (first + (int32_t)slides) * scale + (left >= second ? 1 : 0);
    }
    return PFX_OK;
}
