#include "pfx/states.h"

#include <string.h>

#define MIN_STATES 64
/* Blocks of so many bytes lie in pages that are huge (see memory.c). */
#ifndef PFX_STATES_SEGMENT
#define PFX_STATES_SEGMENT (INT64_C(32) << 20)
#endif
#define FLAT_SHIFT 31

static int64_t segment_states(const pfx_states *states) {
    return INT64_C(1) << states->shift;
}

void pfx_states_init(pfx_states *states, pfx_budget *budget, int64_t stride) {
    memset(states, 0, sizeof *states);
    states->budget = budget;
    states->stride = stride;
    while (states->shift < FLAT_SHIFT && (INT64_C(2) << states->shift) * stride <= PFX_STATES_SEGMENT) {
        states->shift++;
    }
    states->mask = (uint32_t)(segment_states(states) - 1);
}

void pfx_states_init_flat(pfx_states *states, pfx_budget *budget, int64_t stride) {
    pfx_states_init(states, budget, stride);
    states->shift = FLAT_SHIFT;
    states->mask = (uint32_t)(segment_states(states) - 1);
}

static int64_t segment_bytes(const pfx_states *states, int64_t segment) {
    return (segment == 0 ? states->first_room : segment_states(states)) * states->stride;
}

static void free_segments(pfx_states *states) {
    for (int64_t i = 0; i < states->segments_count; i++) {
        pfx_free(states->budget, states->segments[i], segment_bytes(states, i));
    }
    pfx_free(states->budget, states->segments, states->segments_room * (int64_t)sizeof *states->segments);
    states->segments = NULL;
    states->count = states->segments_count = states->segments_room = states->first_room = 0;
}

void pfx_states_free(pfx_states *states) {
    if (states->budget == NULL) {
        return;
    }
    pfx_states_end(states);
    free_segments(states);
}

pfx_status pfx_states_forget(pfx_states *states) {
    if (states->snapshot != NULL) {
        return PFX_WRONG_STATE;
    }
    free_segments(states);
    return PFX_OK;
}

static pfx_status add_pointer(pfx_states *states, uint8_t *segment) {
    if (states->segments_count == states->segments_room) {
        int64_t room = states->segments_room == 0 ? 4 : states->segments_room * 2;
        int64_t size = (int64_t)sizeof *states->segments;
        void *memory = states->segments;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(states->budget, room * size, &memory));
        } else {
            PFX_TRY(pfx_resize(states->budget, &memory, states->segments_room * size, room * size));
        }
        states->segments = memory;
        states->segments_room = room;
    }
    states->segments[states->segments_count++] = segment;
    return PFX_OK;
}

/* Whether the snapshot reads the first segment where it is. */
static bool is_read(const pfx_states *states) {
    return states->snapshot != NULL && states->snapshot->from_room > 0 && states->retired == NULL;
}

/* The first segment begins small, and moves when it grows; a snapshot goes on reading where it was. */
static pfx_status grow_first(pfx_states *states, int64_t count) {
    int64_t room = states->first_room == 0 ? MIN_STATES : states->first_room * 2;
    room = room < count ? count : room;
    room = room > segment_states(states) ? segment_states(states) : room;
    if (room > INT64_MAX / states->stride) {
        return PFX_NO_MEMORY;
    }
    int64_t size = room * states->stride;
    void *memory;
    if (states->segments_count > 0 && !is_read(states)) {
        memory = states->segments[0];
        PFX_TRY(pfx_resize(states->budget, &memory, segment_bytes(states, 0), size));
        states->segments[0] = memory;
        states->first_room = room;
        return PFX_OK;
    }
    PFX_TRY(pfx_alloc(states->budget, size, &memory));
    if (states->segments_count == 0) {
        pfx_status status = add_pointer(states, memory);
        if (status != PFX_OK) {
            pfx_free(states->budget, memory, size);
            return status;
        }
    } else {
        memcpy(memory, states->segments[0], (size_t)segment_bytes(states, 0));
        states->retired = states->segments[0];
        states->retired_room = states->first_room;
        states->segments[0] = memory;
    }
    states->first_room = room;
    return PFX_OK;
}

pfx_status pfx_states_grow(pfx_states *states, int64_t count) {
    int64_t each = segment_states(states);
    if (states->shift == FLAT_SHIFT && count > each) {
        return PFX_NO_MEMORY;
    }
    if (states->first_room < each && count > states->first_room) {
        PFX_TRY(grow_first(states, count));
    }
    while (count > each && count > states->segments_count * each) {
        void *memory;
        PFX_TRY(pfx_alloc(states->budget, each * states->stride, &memory));
        pfx_status status = add_pointer(states, memory);
        if (status != PFX_OK) {
            pfx_free(states->budget, memory, each * states->stride);
            return status;
        }
    }
    states->count = count > states->count ? count : states->count;
    return PFX_OK;
}

pfx_status pfx_states_shrink(pfx_states *states, int64_t room) {
    if (states->snapshot != NULL) {
        return PFX_WRONG_STATE;
    }
    if (room >= states->first_room) {
        return PFX_OK;
    }
    void *memory = states->segments[0];
    PFX_TRY(pfx_resize(states->budget, &memory, segment_bytes(states, 0), room * states->stride));
    states->segments[0] = memory;
    states->first_room = room;
    states->count = room < states->count ? room : states->count;
    return PFX_OK;
}

uint8_t *pfx_states_run(const pfx_states *states, int64_t number, int64_t limit, int64_t *length) {
    int64_t left = segment_states(states) - (number & states->mask);
    *length = limit < left ? limit : left;
    return pfx_states_at(states, (uint32_t)number);
}

pfx_status pfx_states_begin(pfx_states *states, int64_t count, const pfx_owned *owned, pfx_snapshot **out) {
    if (states->snapshot != NULL) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_snapshot_make(states->budget, owned, states->stride, count, states->segments, states->segments_count,
                              states->shift, &states->snapshot));
    *out = states->snapshot;
    return PFX_OK;
}

void pfx_states_end(pfx_states *states) {
    if (states->snapshot == NULL) {
        return;
    }
    pfx_snapshot_free(states->snapshot);
    states->snapshot = NULL;
    pfx_free(states->budget, states->retired, states->retired_room * states->stride);
    states->retired = NULL;
}

void pfx_states_view(const pfx_states *states, const pfx_snapshot *snapshot, pfx_states *view) {
    memset(view, 0, sizeof *view);
    view->budget = states->budget;
    view->stride = states->stride;
    view->count = snapshot->count;
    view->segments = snapshot->from;
    view->segments_count = snapshot->from_room;
    view->shift = states->shift;
    view->mask = states->mask;
}
