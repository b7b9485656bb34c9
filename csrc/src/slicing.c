#include "pfx/slicing.h"

/* Times less than that apart are divided by multiplying with a reciprocal of 32 bits, which gives one too much at most.
 */
#define NEAR INT32_MAX

pfx_status pfx_slicing_init(pfx_slicing *slicing, int64_t size, int64_t slide, int64_t offset, bool cumulative) {
    int64_t limit = PFX_TIME_LIMIT / 2;
    if (size <= 0 || slide <= 0 || size >= limit || slide >= limit || offset <= -limit || offset >= limit ||
        (cumulative && size % slide != 0)) {
        return PFX_INVALID_ARGUMENT;
    }
    /* Larger shifts are the same windows. */
    int64_t period = cumulative ? size : slide;
    *slicing = (pfx_slicing){.size = size, .slide = slide, .offset = pfx_floor_mod(offset, period)};
    if (cumulative) {
        slicing->steps = size / slide;
    } else {
        slicing->whole = size / slide;
        slicing->rest = size % slide;
    }
    return PFX_OK;
}

/* Whether all times lie from `start` to `last`, which are less than 2^63 apart: where both differences are positive,
 * they add up to that distance and not to 2^64 more. */
static bool all_within(const int64_t *times, int64_t count, int64_t start, int64_t last) {
    uint64_t signs = 0;
    for (int64_t i = 0; i < count; i++) {
        signs |= ((uint64_t)times[i] - (uint64_t)start) | ((uint64_t)last - (uint64_t)times[i]);
    }
    return (int64_t)signs >= 0;
}

pfx_status pfx_slices_of(const pfx_slicing *slicing, const int64_t *times, int64_t count, int64_t *numbers, bool *one,
                         int64_t *row) {
    *one = false;
    if (count > 0 && times[0] > -PFX_TIME_LIMIT && times[0] < PFX_TIME_LIMIT) {
        numbers[0] = pfx_slice_of(slicing, times[0]);
        int64_t last = pfx_slice_start(slicing, numbers[0] + 1) - 1;
        *one = last < PFX_TIME_LIMIT && all_within(times, count, pfx_slice_start(slicing, numbers[0]), last);
        if (*one) {
            return PFX_OK;
        }
    }
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
