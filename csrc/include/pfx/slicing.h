/* Windows as runs of slices: of time, or of the positions of a key's rows.
 *
 * The axis is cut into slices so that every window is a run of whole ones. Where the slide does not divide the size,
 * there are two slices a slide (the "paired windows" of Krishnamurthy, Wu and Franklin, "On-the-fly sharing for
 * streamed aggregation", 2006), so a window never has more than about twice size / slide of them. Slices are numbered
 * along the axis, windows by their ends. */
#ifndef PFX_SLICING_H
#define PFX_SLICING_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/calendar.h"
#include "pfx/status.h"

/* Times (ms) must lie within, and sizes and latenesses below half of it. */
#define PFX_TIME_LIMIT (INT64_C(1) << 60)

typedef struct pfx_slicing {
    int64_t size;
    int64_t slide; /* of cumulative windows: the step */
    int64_t offset;
    int64_t steps; /* of cumulative windows: in the largest one; else 0 */
    int64_t whole; /* slides in a window */
    int64_t rest;  /* size - whole * slide */
} pfx_slicing;

/* Windows of `size` every `slide` from `offset` on; with `cumulative`, windows of slide, 2 slide, ... size that start
 * every `size`. PFX_INVALID_ARGUMENT when they make no sense. */
pfx_status pfx_slicing_init(pfx_slicing *slicing, int64_t size, int64_t slide, int64_t offset, bool cumulative);

static inline int64_t pfx_slice_of(const pfx_slicing *slicing, int64_t time) {
    int64_t slide = pfx_floor_div(time - slicing->offset, slicing->slide);
    if (slicing->rest == 0) {
        return slide;
    }
    return slide * 2 + (time - slicing->offset - slide * slicing->slide >= slicing->rest);
}

/* Write the slices of `count` times; where *one is true, they are all the same, and only the first is written.
 * PFX_OVERFLOW when a time lies outside of PFX_TIME_LIMIT; *row grows by its position. */
pfx_status pfx_slices_of(const pfx_slicing *slicing, const int64_t *times, int64_t count, int64_t *numbers, bool *one,
                         int64_t *row);

static inline int64_t pfx_slice_start(const pfx_slicing *slicing, int64_t slice) {
    if (slicing->rest == 0) {
        return slice * slicing->slide + slicing->offset;
    }
    return pfx_floor_div(slice, 2) * slicing->slide + slicing->offset + (slice % 2 != 0 ? slicing->rest : 0);
}

/* The windows that a slice belongs to; none when the first exceeds the last. */
static inline int64_t pfx_first_window(const pfx_slicing *slicing, int64_t slice) {
    if (slicing->steps > 0) {
        return slice;
    }
    if (slicing->rest == 0) {
        return slice - slicing->whole + 1;
    }
    return pfx_floor_div(slice, 2) - slicing->whole + (slice % 2 != 0);
}

static inline int64_t pfx_last_window(const pfx_slicing *slicing, int64_t slice) {
    if (slicing->steps > 0) {
        return (pfx_floor_div(slice, slicing->steps) + 1) * slicing->steps - 1;
    }
    return slicing->rest == 0 ? slice : pfx_floor_div(slice, 2);
}

static inline int64_t pfx_first_slice(const pfx_slicing *slicing, int64_t window) {
    if (slicing->steps > 0) {
        return pfx_floor_div(window, slicing->steps) * slicing->steps;
    }
    return slicing->rest == 0 ? window : window * 2;
}

static inline int64_t pfx_last_slice(const pfx_slicing *slicing, int64_t window) {
    if (slicing->steps > 0) {
        return window;
    }
    return slicing->rest == 0 ? window + slicing->whole - 1 : (window + slicing->whole) * 2;
}

static inline int64_t pfx_window_start(const pfx_slicing *slicing, int64_t window) {
    int64_t slide = slicing->steps > 0 ? pfx_first_slice(slicing, window) : window;
    return slide * slicing->slide + slicing->offset;
}

static inline int64_t pfx_window_end(const pfx_slicing *slicing, int64_t window) {
    return slicing->steps > 0 ? (window + 1) * slicing->slide + slicing->offset
                              : pfx_window_start(slicing, window) + slicing->size;
}

#endif
