#include "pfx/counts.h"

#include <stdbool.h>
#include <string.h>

#define NONE UINT32_MAX
#define MIN_SLOTS 64

typedef struct full_window {
    uint32_t key;
    uint32_t first; /* slot of its first slice */
    int64_t window;
} full_window;

struct pfx_counts_scratch {
    uint32_t ids[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
    full_window full[PFX_CHUNK];
    uint8_t trash[];
};

static int64_t scratch_size(const pfx_counts *counts) {
    return (int64_t)sizeof *counts->scratch + counts->agg->stride;
}

pfx_status pfx_counts_init(pfx_counts *counts, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide) {
    int64_t limit = PFX_TIME_LIMIT / 2;
    if (size <= 0 || slide <= 0 || size >= limit || slide >= limit) {
        return PFX_INVALID_ARGUMENT;
    }
    memset(counts, 0, sizeof *counts);
    counts->slicing = (pfx_slicing){.size = size, .slide = slide, .whole = size / slide, .rest = size % slide};
    counts->free = counts->next = NONE;
    counts->agg = agg;
    counts->index = index;
    void *memory;
    pfx_status status = pfx_alloc(agg->budget, scratch_size(counts), &memory);
    if (status != PFX_OK) {
        counts->agg = NULL;
        return status;
    }
    counts->scratch = memory;
    pfx_agg_start(agg, counts->scratch->trash, 1);
    pfx_states_init_flat(&counts->key_block, agg->budget, (int64_t)sizeof *counts->keys);
    pfx_states_init_flat(&counts->slice_block, agg->budget, (int64_t)sizeof *counts->slices);
    pfx_states_init(&counts->states, agg->budget, agg->stride);
    return PFX_OK;
}

void pfx_counts_free(pfx_counts *counts) {
    pfx_agg *agg = counts->agg;
    if (agg == NULL) {
        return;
    }
    pfx_counts_end_snapshot(counts);
    for (int64_t key = 0; key < counts->keys_count; key++) {
        for (uint32_t slot = counts->keys[key].first; slot != NONE; slot = counts->slices[slot].next) {
            pfx_agg_clear(agg, pfx_counts_state(counts, slot), 1);
        }
    }
    pfx_pane_free(&counts->merged, agg);
    pfx_agg_clear(agg, counts->scratch->trash, 1);
    pfx_states_free(&counts->key_block);
    pfx_states_free(&counts->slice_block);
    pfx_states_free(&counts->states);
    pfx_free(agg->budget, counts->scratch, scratch_size(counts));
    memset(counts, 0, sizeof *counts);
}

static pfx_status add_keys(pfx_counts *counts, int64_t keys) {
    if (keys > pfx_states_room(&counts->key_block)) {
        PFX_TRY(pfx_states_grow(&counts->key_block, keys + MIN_SLOTS));
        counts->keys = (pfx_count_key *)(void *)pfx_states_at(&counts->key_block, 0);
    }
    for (; counts->keys_count < keys; counts->keys_count++) {
        counts->keys[counts->keys_count] = (pfx_count_key){.first = NONE, .last = NONE, .from = NONE};
    }
    return PFX_OK;
}

/* Room for slots below `room`. */
static pfx_status reserve(pfx_counts *counts, int64_t room) {
    if (room >= NONE) {
        return PFX_NO_MEMORY;
    }
    PFX_TRY(pfx_states_grow(&counts->slice_block, room));
    counts->slices = (pfx_count_slice *)(void *)pfx_states_at(&counts->slice_block, 0);
    PFX_TRY(pfx_states_grow(&counts->states, room));
    int64_t slices = pfx_states_room(&counts->slice_block), states = pfx_states_room(&counts->states);
    counts->capacity = slices < states ? slices : states;
    return PFX_OK;
}

/* Before what is known of a slice is changed. */
static inline void save(pfx_counts *counts, uint32_t slot) {
    pfx_states_save(&counts->slice_block, &slot, 1);
}

static pfx_status take_slot(pfx_counts *counts, uint32_t *slot) {
    if (counts->free != NONE) {
        *slot = counts->free;
        counts->free = counts->slices[*slot].next;
    } else {
        if (counts->used == counts->capacity) {
            PFX_TRY(reserve(counts, counts->used + 1));
        }
        *slot = (uint32_t)counts->used++;
    }
    save(counts, *slot);
    pfx_states_save(&counts->states, slot, 1);
    counts->live++;
    counts->peak = counts->live > counts->peak ? counts->live : counts->peak;
    pfx_agg_start(counts->agg, pfx_counts_state(counts, *slot), 1);
    return PFX_OK;
}

static pfx_status open_slice(pfx_counts *counts, pfx_count_key *key, int64_t number, uint32_t *slot) {
    if (key->last != NONE && counts->slices[key->last].number == number) {
        *slot = key->last;
        return PFX_OK;
    }
    PFX_TRY(take_slot(counts, slot));
    counts->slices[*slot] = (pfx_count_slice){.number = number, .next = NONE};
    if (key->last == NONE) {
        key->first = *slot;
    } else {
        save(counts, key->last);
        counts->slices[key->last].next = *slot;
    }
    key->last = *slot;
    key->from = key->from == NONE ? *slot : key->from;
    return PFX_OK;
}

pfx_status pfx_counts_open(pfx_counts *counts, uint32_t key, int64_t rows, int64_t number, uint32_t *slot) {
    PFX_TRY(add_keys(counts, counts->index->count));
    pfx_count_key *found = &counts->keys[key];
    pfx_states_save(&counts->key_block, &key, 1);
    *slot = NONE;
    if (rows <= 0 || rows >= PFX_TIME_LIMIT || (found->rows != 0 && found->rows != rows) ||
        (found->rows != 0 && found->last == NONE)) {
        return PFX_CORRUPT;
    }
    if (number < 0) {
        if (found->rows != 0) {
            return PFX_CORRUPT;
        }
        found->rows = rows;
        return PFX_OK;
    }
    if (number > pfx_slice_of(&counts->slicing, rows - 1) ||
        (found->last != NONE && number <= counts->slices[found->last].number)) {
        return PFX_CORRUPT;
    }
    PFX_TRY(open_slice(counts, found, number, slot));
    found->rows = rows;
    return PFX_OK;
}

/* Free the slices of a key that come before `number`. */
static void drop_slices(pfx_counts *counts, pfx_count_key *key, int64_t number) {
    while (key->first != NONE && counts->slices[key->first].number < number) {
        uint32_t slot = key->first;
        key->first = counts->slices[slot].next;
        key->from = key->from == slot ? key->first : key->from;
        save(counts, slot);
        pfx_states_save(&counts->states, &slot, 1);
        pfx_agg_clear(counts->agg, pfx_counts_state(counts, slot), 1);
        counts->slices[slot].next = counts->free;
        counts->free = slot;
        counts->live--;
    }
    key->last = key->first == NONE ? NONE : key->last;
}

/* Merge the windows that the chunk has filled, until that was enough work. Their slices are still there, since rows
 * after them went to others. */
static pfx_status merge(pfx_counts *counts, int64_t limit, pfx_results *results) {
    struct pfx_counts_scratch *scratch = counts->scratch;
    pfx_agg *agg = counts->agg;
    for (; counts->ready < counts->full; counts->ready++) {
        const full_window *window = &scratch->full[counts->ready];
        uint8_t **into = &scratch->states[counts->ready];
        int64_t last = pfx_last_slice(&counts->slicing, window->window), slot;
        if (counts->next == NONE) {
            uint32_t second = counts->slices[window->first].next;
            scratch->ids[counts->ready] = window->key;
            if (second == NONE || counts->slices[second].number > last) {
                *into = pfx_counts_state(counts, window->first);
                continue;
            }
            PFX_TRY(pfx_pane_add(&counts->merged, agg, (uint32_t)counts->ready, counts->full, &slot));
            *into = pfx_pane_state(&counts->merged, agg, slot);
            counts->next = window->first;
        }
        for (; counts->next != NONE && counts->slices[counts->next].number <= last; results->work++) {
            if (results->work / PFX_RESULT_WORK >= limit) {
                return PFX_OK;
            }
            uint8_t *state = pfx_counts_state(counts, counts->next);
            PFX_TRY(pfx_agg_merge(agg, into, &state, 1));
            counts->next = counts->slices[counts->next].next;
        }
        counts->next = NONE;
    }
    return PFX_OK;
}

/* Send the windows that the chunk has filled, until the results are full. */
static pfx_status send(pfx_counts *counts, int64_t timestamp, int64_t limit, pfx_results *results) {
    struct pfx_counts_scratch *scratch = counts->scratch;
    while (counts->sent < counts->full && !pfx_results_full(results, limit)) {
        PFX_TRY(merge(counts, limit, results));
        uint32_t *ids = scratch->ids + counts->sent;
        uint8_t **states = scratch->states + counts->sent;
        int64_t ready = counts->ready - counts->sent, room = limit - results->rows;
        int64_t fitting = pfx_results_fit(results, ids, states, ready < room ? ready : room);
        if (fitting == 0) {
            break;
        }
        PFX_TRY(pfx_results_append(results, ids, states, fitting));
        PFX_TRY(pfx_results_stamp(results, fitting, 0, 0, timestamp));
        for (int64_t stop = counts->sent + fitting; counts->sent < stop; counts->sent++) {
            const full_window *window = &scratch->full[counts->sent];
            drop_slices(counts, &counts->keys[window->key], pfx_first_slice(&counts->slicing, window->window + 1));
        }
    }
    return PFX_OK;
}

/* `full` windows are to be merged and sent. */
static pfx_status begin(pfx_counts *counts, int64_t full) {
    counts->full = full;
    counts->ready = counts->sent = 0;
    counts->next = NONE;
    if (full == 0) {
        return PFX_OK;
    }
    pfx_pane_reset(&counts->merged, counts->agg);
    return pfx_pane_reserve(&counts->merged, counts->agg, full, full);
}

/* Forget the keys whose windows are all over, once they are the greater part. A key whose windows slide is in the
 * middle of one at any time. */
static pfx_status drop_keys(pfx_counts *counts) {
    int64_t known = counts->index->count;
    bool few = counts->slicing.size == counts->slicing.slide && known >= 4096 && known / 4 >= counts->live;
    if (!few || counts->snapshot != NULL) {
        return PFX_OK;
    }
    int64_t size = known * (int64_t)sizeof(uint32_t);
    void *memory;
    PFX_TRY(pfx_alloc(counts->agg->budget, size, &memory));
    uint32_t *renumbered = memory;
    for (int64_t key = 0; key < known; key++) {
        renumbered[key] = counts->keys[key].first == NONE ? PFX_NO_KEY : 0;
    }
    pfx_status status = pfx_key_index_compact(counts->index, renumbered);
    if (status == PFX_OK) {
        for (int64_t key = 0; key < known; key++) {
            if (renumbered[key] != PFX_NO_KEY) {
                counts->keys[renumbered[key]] = counts->keys[key];
            }
        }
        counts->keys_count = counts->index->count;
    }
    pfx_free(counts->agg->budget, memory, size);
    return status;
}

/* Move the live slices together once most of the memory is for what is over. */
static pfx_status compact(pfx_counts *counts) {
    /* As many as there were lately, so that what the next rows need is not given back and taken again. */
    int64_t room = counts->peak + MIN_SLOTS, keys_room = counts->keys_count + room;
    int64_t keys_capacity = pfx_states_room(&counts->key_block);
    counts->peak = counts->live;
    if (counts->snapshot != NULL) {
        return PFX_OK;
    }
    if (keys_capacity > 4096 && keys_capacity / 4 > keys_room) {
        PFX_TRY(pfx_states_shrink(&counts->key_block, keys_room));
        counts->keys = (pfx_count_key *)(void *)pfx_states_at(&counts->key_block, 0);
    }
    if (counts->capacity <= 4096 || counts->capacity / 4 <= room) {
        return PFX_OK;
    }
    pfx_counts kept = {.agg = counts->agg};
    pfx_states_init_flat(&kept.slice_block, counts->agg->budget, (int64_t)sizeof *counts->slices);
    pfx_states_init(&kept.states, counts->agg->budget, counts->agg->stride);
    pfx_status status = reserve(&kept, room);
    if (status != PFX_OK) {
        pfx_states_free(&kept.slice_block);
        pfx_states_free(&kept.states);
        return status;
    }
    for (int64_t i = 0; i < counts->keys_count; i++) {
        pfx_count_key *key = &counts->keys[i];
        for (uint32_t *link = &key->first; *link != NONE; link = &kept.slices[kept.used++].next) {
            uint32_t from = *link, to = (uint32_t)kept.used;
            kept.slices[to] = counts->slices[from];
            memcpy(pfx_counts_state(&kept, to), pfx_counts_state(counts, from), (size_t)counts->agg->stride);
            *link = to;
            key->from = key->from == from ? to : key->from;
            key->last = key->last == from ? to : key->last;
        }
    }
    pfx_states_free(&counts->slice_block);
    pfx_states_free(&counts->states);
    counts->slice_block = kept.slice_block;
    counts->slices = kept.slices;
    counts->states = kept.states;
    counts->capacity = kept.capacity;
    counts->used = kept.used;
    counts->free = NONE;
    return PFX_OK;
}

pfx_status pfx_counts_add(pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows,
                          int64_t timestamp, int64_t limit, int64_t *done, pfx_results *results, int *more) {
    struct pfx_counts_scratch *scratch = counts->scratch;
    const pfx_slicing *slicing = &counts->slicing;
    *more = 1;
    for (;;) {
        PFX_TRY(send(counts, timestamp, limit, results));
        if (counts->sent < counts->full) {
            return PFX_OK;
        }
        PFX_TRY(drop_keys(counts));
        int64_t start = *done;
        if (start >= rows) {
            break;
        }
        if (pfx_results_full(results, limit)) {
            return PFX_OK;
        }
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t full = 0;
        bool skipped = false;
        PFX_TRY(pfx_key_index_map(counts->index, keys, start, count, scratch->ids));
        PFX_TRY(add_keys(counts, counts->index->count));
        pfx_states_save(&counts->key_block, scratch->ids, count);
        for (int64_t i = 0; i < count; i++) {
            pfx_count_key *key = &counts->keys[scratch->ids[i]];
            int64_t number = pfx_slice_of(slicing, key->rows++);
            if (pfx_first_window(slicing, number) > pfx_last_window(slicing, number)) {
                scratch->slots[i] = NONE;
                skipped = true;
                continue;
            }
            PFX_TRY(open_slice(counts, key, number, &scratch->slots[i]));
            int64_t beyond = key->rows - slicing->size;
            if (beyond >= 0 && beyond % slicing->slide == 0) {
                int64_t window = beyond / slicing->slide;
                while (counts->slices[key->from].number < pfx_first_slice(slicing, window)) {
                    key->from = counts->slices[key->from].next;
                }
                scratch->full[full++] = (full_window){.key = scratch->ids[i], .first = key->from, .window = window};
            }
        }
        pfx_states_save(&counts->states, scratch->slots, count);
        for (int64_t i = 0; i < count; i++) {
            uint32_t slot = scratch->slots[i];
            scratch->states[i] = slot == NONE ? scratch->trash : pfx_counts_state(counts, slot);
        }
        int64_t sequence = counts->sequence;
        counts->sequence += count;
        PFX_TRY(pfx_agg_update(counts->agg, fields, start, count, scratch->states, sequence));
        if (skipped) {
            pfx_agg_clear(counts->agg, scratch->trash, 1);
            pfx_agg_start(counts->agg, scratch->trash, 1);
        }
        results->work += count;
        *done += count;
        PFX_TRY(begin(counts, full));
    }
    *more = 0;
    return compact(counts);
}

/* ---- snapshots ---- */

/* On failure the caller ends what has begun. */
static pfx_status begin_all(pfx_counts *counts, pfx_counts_snapshot *snapshot) {
    pfx_owned owned = pfx_agg_owned(counts->agg);
    PFX_TRY(pfx_states_begin(&counts->key_block, counts->keys_count, NULL, &snapshot->key_block));
    PFX_TRY(pfx_states_begin(&counts->slice_block, counts->used, NULL, &snapshot->slice_block));
    PFX_TRY(pfx_states_begin(&counts->states, counts->used, &owned, &snapshot->states));
    return pfx_key_index_freeze(counts->index, &snapshot->keys);
}

static void end(pfx_counts *counts) {
    pfx_states_end(&counts->key_block);
    pfx_states_end(&counts->slice_block);
    pfx_states_end(&counts->states);
}

pfx_status pfx_counts_begin_snapshot(pfx_counts *counts, pfx_counts_snapshot **out) {
    void *memory;
    if (counts->snapshot != NULL || counts->sent < counts->full) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_alloc_zero(counts->agg->budget, (int64_t)sizeof **out, &memory));
    pfx_counts_snapshot *snapshot = memory;
    pfx_status status = begin_all(counts, snapshot);
    if (status != PFX_OK) {
        end(counts);
        pfx_free(counts->agg->budget, memory, (int64_t)sizeof *snapshot);
        return status;
    }
    snapshot->view = (pfx_counts){.agg = counts->agg,
                                  .index = &snapshot->keys,
                                  .slicing = counts->slicing,
                                  .sequence = counts->sequence,
                                  .keys_count = counts->keys_count,
                                  .used = counts->used,
                                  .live = counts->live,
                                  .free = NONE};
    pfx_states_view(&counts->key_block, snapshot->key_block, &snapshot->view.key_block);
    pfx_states_view(&counts->slice_block, snapshot->slice_block, &snapshot->view.slice_block);
    pfx_states_view(&counts->states, snapshot->states, &snapshot->view.states);
    *out = counts->snapshot = snapshot;
    return PFX_OK;
}

void pfx_counts_step_snapshot(pfx_counts *counts, int64_t most, int64_t *left) {
    pfx_snapshot_step(counts->states.snapshot, counts->states.segments, most, left);
}

pfx_status pfx_counts_read_snapshot(pfx_counts_snapshot *snapshot) {
    pfx_counts *view = &snapshot->view;
    PFX_TRY(pfx_snapshot_read(snapshot->states));
    PFX_TRY(pfx_snapshot_read(snapshot->key_block));
    PFX_TRY(pfx_snapshot_read(snapshot->slice_block));
    view->keys = view->keys_count > 0 ? (pfx_count_key *)(void *)pfx_states_at(&view->key_block, 0) : NULL;
    view->slices = view->used > 0 ? (pfx_count_slice *)(void *)pfx_states_at(&view->slice_block, 0) : NULL;
    return PFX_OK;
}

void pfx_counts_end_snapshot(pfx_counts *counts) {
    if (counts->snapshot == NULL) {
        return;
    }
    end(counts);
    pfx_key_index_thaw(counts->index);
    pfx_free(counts->agg->budget, counts->snapshot, (int64_t)sizeof *counts->snapshot);
    counts->snapshot = NULL;
}
