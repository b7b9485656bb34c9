#include "pfx/snapshot.h"

#include <string.h>

#define PIECE_BYTES (INT64_C(1) << 20)

/* The sanitizer for threads does not know what fences say. */
#if defined(__SANITIZE_THREAD__) && __GNUC__ >= 11
#pragma GCC diagnostic ignored "-Wtsan"
#endif
#if defined(__GNUC__)
#define UNWATCHED __attribute__((no_sanitize("thread"), noinline))
#else
#define UNWATCHED
#endif

static int64_t record_bytes(const pfx_snapshot *snapshot) {
    return snapshot->stride + (int64_t)sizeof(int64_t);
}

static int64_t piece_records(const pfx_snapshot *snapshot) {
    int64_t records = PIECE_BYTES / record_bytes(snapshot);
    records = records < snapshot->count ? records : snapshot->count;
    return records > 0 ? records : 1;
}

static int64_t bitmap_bytes(const pfx_snapshot *snapshot) {
    return (snapshot->count + 63) / 64 * (int64_t)sizeof *snapshot->saved;
}

static bool by_task(const pfx_snapshot *snapshot) {
    return snapshot->owned.copy != NULL;
}

static bool is_saved(const pfx_snapshot *snapshot, int64_t number) {
    return snapshot->saved[number / 64] >> (number % 64) & 1;
}

static uint8_t *copy_of(const pfx_snapshot *snapshot, int64_t number) {
    return snapshot->copy + number * snapshot->stride;
}

void pfx_snapshot_free(pfx_snapshot *snapshot) {
    pfx_budget *budget = snapshot->budget;
    for (int64_t i = 0; snapshot->saved != NULL && by_task(snapshot) && i < snapshot->count; i++) {
        if (is_saved(snapshot, i)) {
            snapshot->owned.clear(snapshot->owned.context, copy_of(snapshot, i), 1);
        }
    }
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

static pfx_status prepare(pfx_snapshot *snapshot, uint8_t *const *segments) {
    pfx_budget *budget = snapshot->budget;
    void *memory;
    PFX_TRY(pfx_alloc(budget, snapshot->count * snapshot->stride, &memory));
    snapshot->copy = memory;
    PFX_TRY(pfx_alloc(budget, snapshot->from_room * (int64_t)sizeof *snapshot->from, &memory));
    snapshot->from = memory;
    if (snapshot->from_room > 0) {
        memcpy(snapshot->from, segments, (size_t)snapshot->from_room * sizeof *snapshot->from);
    }
    PFX_TRY(pfx_alloc_zero(budget, bitmap_bytes(snapshot), &memory));
    snapshot->saved = memory;
    if (by_task(snapshot)) {
        return PFX_OK;
    }
    snapshot->pieces_room = (snapshot->count + piece_records(snapshot) - 1) / piece_records(snapshot);
    PFX_TRY(pfx_alloc(budget, snapshot->pieces_room * (int64_t)sizeof *snapshot->pieces, &memory));
    snapshot->pieces = memory;
    return PFX_OK;
}

pfx_status pfx_snapshot_make(pfx_budget *budget, const pfx_owned *owned, int64_t stride, int64_t count,
                             uint8_t *const *segments, int64_t segments_count, int shift, pfx_snapshot **out) {
    void *memory;
    PFX_TRY(pfx_alloc_zero(budget, (int64_t)sizeof(pfx_snapshot), &memory));
    pfx_snapshot *snapshot = memory;
    snapshot->budget = budget;
    snapshot->count = count;
    snapshot->stride = stride;
    snapshot->shift = shift;
    snapshot->from_room = segments_count;
    if (owned != NULL) {
        snapshot->owned = *owned;
    }
    atomic_init(&snapshot->tail, 0);
    atomic_init(&snapshot->phase, by_task(snapshot) && count == 0 ? PFX_SNAPSHOT_COPIED : PFX_SNAPSHOT_RUNS);
    pfx_status status = prepare(snapshot, segments);
    if (status != PFX_OK) {
        pfx_snapshot_free(snapshot);
        return status;
    }
    *out = snapshot;
    return PFX_OK;
}

/* ---- the task ---- */

static uint8_t *state_at(const pfx_snapshot *snapshot, uint8_t *const *segments, int64_t number) {
    int64_t within = number & ((INT64_C(1) << snapshot->shift) - 1);
    return segments[number >> snapshot->shift] + within * snapshot->stride;
}

static void fail(pfx_snapshot *snapshot) {
    atomic_store_explicit(&snapshot->phase, PFX_SNAPSHOT_FAILED, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* as for a record: before what was not logged is changed */
}

/* Copy a state with what it owns. */
static pfx_status copy_owned(pfx_snapshot *snapshot, uint8_t *const *segments, int64_t number) {
    uint8_t *copy = copy_of(snapshot, number);
    memcpy(copy, state_at(snapshot, segments, number), (size_t)snapshot->stride);
    PFX_TRY(snapshot->owned.copy(snapshot->owned.context, copy));
    snapshot->saved[number / 64] |= UINT64_C(1) << (number % 64);
    return PFX_OK;
}

static pfx_status append(pfx_snapshot *snapshot, uint8_t *const *segments, int64_t number) {
    int64_t each = piece_records(snapshot), piece = snapshot->written / each, place = snapshot->written % each;
    if (place == 0) {
        void *memory;
        PFX_TRY(pfx_alloc(snapshot->budget, each * record_bytes(snapshot), &memory));
        snapshot->pieces[piece] = memory;
    }
    uint8_t *record = snapshot->pieces[piece] + place * record_bytes(snapshot);
    memcpy(record, &number, sizeof number);
    memcpy(record + sizeof number, state_at(snapshot, segments, number), (size_t)snapshot->stride);
    snapshot->saved[number / 64] |= UINT64_C(1) << (number % 64);
    snapshot->written++;
    return PFX_OK;
}

void pfx_snapshot_log(pfx_snapshot *snapshot, uint8_t *const *segments, const uint32_t *numbers, int64_t count) {
    if (atomic_load_explicit(&snapshot->phase, memory_order_acquire) != PFX_SNAPSHOT_RUNS) {
        return;
    }
    int64_t before = snapshot->written;
    bool owning = by_task(snapshot);
    for (int64_t i = 0; i < count; i++) {
        int64_t number = numbers[i];
        if (number >= snapshot->count || is_saved(snapshot, number)) {
            continue;
        }
        if ((owning ? copy_owned(snapshot, segments, number) : append(snapshot, segments, number)) != PFX_OK) {
            fail(snapshot);
            return;
        }
    }
    if (snapshot->written > before) {
        atomic_store_explicit(&snapshot->tail, snapshot->written, memory_order_release);
        atomic_thread_fence(memory_order_release);
    }
}

void pfx_snapshot_step(pfx_snapshot *snapshot, uint8_t *const *segments, int64_t most, int64_t *left) {
    *left = 0;
    if (!by_task(snapshot) || atomic_load_explicit(&snapshot->phase, memory_order_relaxed) != PFX_SNAPSHOT_RUNS) {
        return;
    }
    for (; snapshot->next < snapshot->count && most > 0; snapshot->next++, most--) {
        if (!is_saved(snapshot, snapshot->next) && copy_owned(snapshot, segments, snapshot->next) != PFX_OK) {
            fail(snapshot);
            return;
        }
    }
    *left = snapshot->count - snapshot->next;
    if (*left == 0) {
        atomic_store_explicit(&snapshot->phase, PFX_SNAPSHOT_COPIED, memory_order_release);
    }
}

/* ---- the reader ---- */

/* Word by word, while the task changes them. */
UNWATCHED static void load_words(uint64_t *to, uint8_t *from, int64_t words) {
    _Atomic uint64_t *shared = (_Atomic uint64_t *)(void *)from;
    for (int64_t i = 0; i < words; i++) {
        to[i] = atomic_load_explicit(&shared[i], memory_order_relaxed);
    }
}

static void show_copy(pfx_snapshot *snapshot) {
    for (int64_t i = 0; i < snapshot->from_room; i++) {
        snapshot->from[i] = copy_of(snapshot, i << snapshot->shift);
    }
}

pfx_status pfx_snapshot_read(pfx_snapshot *snapshot) {
    if (by_task(snapshot)) {
        int phase = atomic_load_explicit(&snapshot->phase, memory_order_acquire);
        if (phase == PFX_SNAPSHOT_COPIED) {
            show_copy(snapshot);
        }
        return phase == PFX_SNAPSHOT_COPIED ? PFX_OK : phase == PFX_SNAPSHOT_FAILED ? PFX_OVER_BUDGET : PFX_WRONG_STATE;
    }
    int64_t each = INT64_C(1) << snapshot->shift, words = snapshot->stride / (int64_t)sizeof(uint64_t);
    for (int64_t number = 0; number < snapshot->count; number += each) {
        int64_t here = snapshot->count - number < each ? snapshot->count - number : each;
        load_words((uint64_t *)(void *)copy_of(snapshot, number), snapshot->from[number >> snapshot->shift],
                   here * words);
    }
    atomic_thread_fence(memory_order_acquire);
    int64_t tail = atomic_load_explicit(&snapshot->tail, memory_order_acquire);
    int phase = PFX_SNAPSHOT_RUNS;
    if (!atomic_compare_exchange_strong_explicit(&snapshot->phase, &phase, PFX_SNAPSHOT_COPIED, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        return PFX_OVER_BUDGET;
    }
    int64_t records = piece_records(snapshot), size = record_bytes(snapshot);
    for (int64_t i = 0; i < tail; i++) {
        const uint8_t *record = snapshot->pieces[i / records] + i % records * size;
        int64_t number;
        memcpy(&number, record, sizeof number);
        memcpy(copy_of(snapshot, number), record + sizeof number, (size_t)snapshot->stride);
    }
    show_copy(snapshot);
    return PFX_OK;
}
