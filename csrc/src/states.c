#include "pfx/states.h"

#include <string.h>

#define MIN_STATES 64
#define SEGMENT_BYTES (INT64_C(2) << 20)
#define PIECE_BYTES (INT64_C(1) << 20)

static int64_t segment_states(const pfx_states *states) {
    return INT64_C(1) << states->shift;
}

void pfx_states_init(pfx_states *states, pfx_budget *budget, int64_t stride) {
    memset(states, 0, sizeof *states);
    states->budget = budget;
    states->stride = stride;
    while ((INT64_C(2) << states->shift) * stride <= SEGMENT_BYTES) {
        states->shift++;
    }
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

/* The first segment begins small, and moves when it grows; a snapshot goes on reading where it was. */
static pfx_status grow_first(pfx_states *states, int64_t count) {
    int64_t room = states->first_room == 0 ? MIN_STATES : states->first_room * 2;
    room = room < count ? count : room;
    room = room > segment_states(states) ? segment_states(states) : room;
    void *memory;
    PFX_TRY(pfx_alloc(states->budget, room * states->stride, &memory));
    if (states->segments_count == 0) {
        pfx_status status = add_pointer(states, memory);
        if (status != PFX_OK) {
            pfx_free(states->budget, memory, room * states->stride);
            return status;
        }
    } else {
        int64_t used = states->count < states->first_room ? states->count : states->first_room;
        memcpy(memory, states->segments[0], (size_t)(used * states->stride));
        if (states->snapshot != NULL) {
            states->retired[states->retired_count] = states->segments[0];
            states->retired_room[states->retired_count++] = states->first_room;
        } else {
            pfx_free(states->budget, states->segments[0], states->first_room * states->stride);
        }
        states->segments[0] = memory;
    }
    states->first_room = room;
    return PFX_OK;
}

pfx_status pfx_states_grow(pfx_states *states, int64_t count) {
    int64_t each = segment_states(states);
    if (states->first_room < each && count > states->first_room) {
        PFX_TRY(grow_first(states, count));
    }
    while (count > states->segments_count * each) {
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

uint8_t *pfx_states_run(const pfx_states *states, int64_t number, int64_t limit, int64_t *length) {
    int64_t left = segment_states(states) - (number & states->mask);
    *length = limit < left ? limit : left;
    return pfx_states_at(states, (uint32_t)number);
}

/* ---- snapshots ---- */

static int64_t record_bytes(const pfx_snapshot *snapshot) {
    return snapshot->stride + (int64_t)sizeof(int64_t);
}

static int64_t piece_records(const pfx_snapshot *snapshot) {
    int64_t records = PIECE_BYTES / record_bytes(snapshot);
    return records > 0 ? records : 1;
}

static int64_t bitmap_bytes(const pfx_snapshot *snapshot) {
    return (snapshot->count + 63) / 64 * (int64_t)sizeof *snapshot->saved;
}

static void free_snapshot(pfx_budget *budget, pfx_snapshot *snapshot) {
    int64_t pieces = (snapshot->written + piece_records(snapshot) - 1) / piece_records(snapshot);
    for (int64_t i = 0; snapshot->pieces != NULL && i < pieces; i++) {
        pfx_free(budget, snapshot->pieces[i], piece_records(snapshot) * record_bytes(snapshot));
    }
    pfx_free(budget, snapshot->pieces, snapshot->pieces_room * (int64_t)sizeof *snapshot->pieces);
    pfx_free(budget, snapshot->saved, bitmap_bytes(snapshot));
    pfx_free(budget, snapshot->from, snapshot->from_room * (int64_t)sizeof *snapshot->from);
    pfx_free(budget, snapshot->copy, snapshot->count * snapshot->stride);
    pfx_free(budget, snapshot, (int64_t)sizeof *snapshot);
}

static pfx_status prepare(const pfx_states *states, pfx_snapshot *snapshot) {
    void *memory;
    PFX_TRY(pfx_alloc(states->budget, snapshot->count * snapshot->stride, &memory));
    snapshot->copy = memory;
    snapshot->from_room = states->segments_count;
    PFX_TRY(pfx_alloc(states->budget, snapshot->from_room * (int64_t)sizeof *snapshot->from, &memory));
    snapshot->from = memory;
    if (states->segments_count > 0) {
        memcpy(snapshot->from, states->segments, (size_t)states->segments_count * sizeof *snapshot->from);
    }
    PFX_TRY(pfx_alloc_zero(states->budget, bitmap_bytes(snapshot), &memory));
    snapshot->saved = memory;
    snapshot->pieces_room = (snapshot->count + piece_records(snapshot) - 1) / piece_records(snapshot);
    PFX_TRY(pfx_alloc(states->budget, snapshot->pieces_room * (int64_t)sizeof *snapshot->pieces, &memory));
    snapshot->pieces = memory;
    return PFX_OK;
}

pfx_status pfx_states_begin(pfx_states *states, pfx_snapshot **out) {
    void *memory;
    if (states->snapshot != NULL) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_alloc_zero(states->budget, (int64_t)sizeof(pfx_snapshot), &memory));
    pfx_snapshot *snapshot = memory;
    snapshot->count = states->count;
    snapshot->stride = states->stride;
    snapshot->shift = states->shift;
    atomic_init(&snapshot->tail, 0);
    atomic_init(&snapshot->phase, PFX_SNAPSHOT_RUNS);
    pfx_status status = prepare(states, snapshot);
    if (status != PFX_OK) {
        free_snapshot(states->budget, snapshot);
        return status;
    }
    *out = states->snapshot = snapshot;
    return PFX_OK;
}

static uint8_t *record_at(const pfx_snapshot *snapshot, int64_t record) {
    int64_t each = piece_records(snapshot);
    return snapshot->pieces[record / each] + record % each * record_bytes(snapshot);
}

void pfx_states_log(pfx_states *states, const uint32_t *numbers, int64_t count) {
    pfx_snapshot *snapshot = states->snapshot;
    if (atomic_load_explicit(&snapshot->phase, memory_order_acquire) != PFX_SNAPSHOT_RUNS) {
        return;
    }
    int64_t each = piece_records(snapshot), before = snapshot->written;
    for (int64_t i = 0; i < count; i++) {
        int64_t number = numbers[i];
        if (number >= snapshot->count || snapshot->saved[number / 64] >> (number % 64) & 1) {
            continue;
        }
        if (snapshot->written % each == 0) {
            void *memory;
            if (pfx_alloc(states->budget, each * record_bytes(snapshot), &memory) != PFX_OK) {
                atomic_store_explicit(&snapshot->phase, PFX_SNAPSHOT_FAILED, memory_order_relaxed);
                atomic_thread_fence(memory_order_release); /* as below: before what was not logged is changed */
                return;
            }
            snapshot->pieces[snapshot->written / each] = memory;
        }
        uint8_t *record = record_at(snapshot, snapshot->written);
        memcpy(record, &number, sizeof number);
        memcpy(record + sizeof number, pfx_states_at(states, (uint32_t)number), (size_t)snapshot->stride);
        snapshot->saved[number / 64] |= UINT64_C(1) << (number % 64);
        snapshot->written++;
    }
    if (snapshot->written > before) {
        atomic_store_explicit(&snapshot->tail, snapshot->written, memory_order_release);
        atomic_thread_fence(memory_order_release);
    }
}

pfx_status pfx_snapshot_read(pfx_snapshot *snapshot) {
    int64_t each = INT64_C(1) << snapshot->shift, words = snapshot->stride / (int64_t)sizeof(uint64_t);
    for (int64_t number = 0; number < snapshot->count; number += each) {
        int64_t here = snapshot->count - number < each ? snapshot->count - number : each;
        uint64_t *from = (uint64_t *)(void *)snapshot->from[number >> snapshot->shift];
        uint64_t *to = (uint64_t *)(void *)(snapshot->copy + number * snapshot->stride);
        for (int64_t i = 0; i < here * words; i++) {
            to[i] = atomic_load_explicit((_Atomic uint64_t *)(void *)&from[i], memory_order_relaxed);
        }
    }
    atomic_thread_fence(memory_order_acquire);
    int64_t tail = atomic_load_explicit(&snapshot->tail, memory_order_acquire);
    int phase = PFX_SNAPSHOT_RUNS;
    if (!atomic_compare_exchange_strong_explicit(&snapshot->phase, &phase, PFX_SNAPSHOT_COPIED, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        return PFX_OVER_BUDGET;
    }
    for (int64_t i = 0; i < tail; i++) {
        const uint8_t *record = record_at(snapshot, i);
        int64_t number;
        memcpy(&number, record, sizeof number);
        memcpy(snapshot->copy + number * snapshot->stride, record + sizeof number, (size_t)snapshot->stride);
    }
    return PFX_OK;
}

void pfx_states_end(pfx_states *states) {
    if (states->snapshot == NULL) {
        return;
    }
    free_snapshot(states->budget, states->snapshot);
    states->snapshot = NULL;
    for (int i = 0; i < states->retired_count; i++) {
        pfx_free(states->budget, states->retired[i], states->retired_room[i] * states->stride);
    }
    states->retired_count = 0;
}
