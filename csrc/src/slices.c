#include "pfx/slices.h"

#include <string.h>

#include "pfx/calendar.h"

struct pfx_slices_scratch {
    uint32_t ids[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
    uint8_t *others[PFX_CHUNK];
    pfx_pane *panes[PFX_CHUNK];
};

/* ---- windows, by number ---- */

static int64_t clamped(int64_t time) {
    int64_t limit = PFX_TIME_LIMIT * 4;
    return time > limit ? limit : time < -limit ? -limit : time;
}

/* The first window that `watermark` does not fire. */
static int64_t first_unfired(const pfx_slicing *slicing, int64_t watermark) {
    int64_t span = slicing->steps > 0 ? slicing->slide : slicing->size;
    return pfx_floor_div(clamped(watermark) - slicing->offset - span + 1, slicing->slide) + 1;
}

/* Whether the watermark has taken a window away. */
static bool is_gone(const pfx_slices *slices, int64_t window, int64_t watermark) {
    return pfx_window_end(&slices->slicing, window) - 1 + slices->lateness <= watermark;
}

/* ---- life ---- */

pfx_status pfx_slices_init(pfx_slices *slices, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide,
                           int64_t offset, bool cumulative, int64_t lateness) {
    pfx_slicing slicing;
    PFX_TRY(pfx_slicing_init(&slicing, size, slide, offset, cumulative));
    if (lateness < 0 || lateness >= PFX_TIME_LIMIT / 2) {
        return PFX_INVALID_ARGUMENT;
    }
    memset(slices, 0, sizeof *slices);
    slices->agg = agg;
    slices->index = index;
    slices->slicing = slicing;
    slices->lateness = lateness;
    slices->watermark = INT64_MIN;
    pfx_suffixes_init(&slices->suffixes);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *slices->scratch, &memory));
    slices->scratch = memory;
    return PFX_OK;
}

static void free_pane(pfx_slices *slices, pfx_pane *pane) {
    pfx_pane_free(pane, slices->agg);
    pfx_free(slices->agg->budget, pane, (int64_t)sizeof *pane);
}

void pfx_slices_free(pfx_slices *slices) {
    if (slices->agg == NULL) {
        return;
    }
    for (int64_t i = 0; i < slices->count; i++) {
        free_pane(slices, slices->panes[i]);
    }
    pfx_pane_free(&slices->trash, slices->agg);
    pfx_pane_free(&slices->merged, slices->agg);
    pfx_suffixes_free(&slices->suffixes, slices->agg);
    pfx_free(slices->agg->budget, slices->panes, slices->capacity * (int64_t)sizeof *slices->panes);
    pfx_free(slices->agg->budget, slices->scratch, (int64_t)sizeof *slices->scratch);
    memset(slices, 0, sizeof *slices);
}

/* ---- adding ---- */

/* The position of the first pane whose index is `index` or more. */
static int64_t position_of(const pfx_slices *slices, int64_t index) {
    int64_t low = 0, high = slices->count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (slices->panes[middle]->index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static pfx_status open_pane(pfx_slices *slices, int64_t index, pfx_pane **out) {
    int64_t position = position_of(slices, index);
    if (position < slices->count && slices->panes[position]->index == index) {
        *out = slices->panes[position];
        return PFX_OK;
    }
    pfx_budget *budget = slices->agg->budget;
    void *memory = slices->panes;
    if (slices->count == slices->capacity) {
        int64_t room = slices->capacity == 0 ? 16 : slices->capacity * 2;
        int64_t size = (int64_t)sizeof *slices->panes;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(budget, room * size, &memory));
        } else {
            PFX_TRY(pfx_resize(budget, &memory, slices->capacity * size, room * size));
        }
        slices->panes = memory;
        slices->capacity = room;
    }
    PFX_TRY(pfx_alloc(budget, (int64_t)sizeof(pfx_pane), &memory));
    pfx_pane *pane = memory;
    pfx_pane_init(pane, index);
    pfx_status status = pfx_pane_reserve(pane, slices->agg, slices->expected / 2 + 1, slices->index->count);
    if (status != PFX_OK) {
        free_pane(slices, pane);
        return status;
    }
    memmove(&slices->panes[position + 1], &slices->panes[position],
            (size_t)(slices->count - position) * sizeof *slices->panes);
    slices->panes[position] = pane;
    slices->count++;
    *out = pane;
    return PFX_OK;
}

/* The pane of a slice for what is to be added to it; NULL when all its windows are gone, or it has none. */
static pfx_status pane_for(pfx_slices *slices, int64_t slice, pfx_pane **pane) {
    int64_t last = pfx_last_window(&slices->slicing, slice);
    *pane = NULL;
    if (slice < slices->suffixes.covered) {
        pfx_suffixes_spoil(&slices->suffixes);
    }
    if (pfx_first_window(&slices->slicing, slice) <= last && !is_gone(slices, last, slices->watermark)) {
        return open_pane(slices, slice, pane);
    }
    return PFX_OK;
}

static pfx_status open_trash(pfx_slices *slices) {
    int64_t slot;
    return slices->trash.count > 0 ? PFX_OK : pfx_pane_add(&slices->trash, slices->agg, 0, 1, &slot);
}

/* Fire the windows again, the latest first, that a late row of a key has been added to. */
static pfx_status fire_again(pfx_slices *slices, int64_t slice, uint32_t key, pfx_results *results) {
    const pfx_slicing *slicing = &slices->slicing;
    int64_t last = pfx_last_window(slicing, slice);
    int64_t unfired = first_unfired(slicing, slices->watermark);
    last = last < unfired - 1 ? last : unfired - 1;
    for (int64_t window = last;
         window >= pfx_first_window(slicing, slice) && !is_gone(slices, window, slices->watermark); window--) {
        pfx_pane_reset(&slices->merged, slices->agg);
        int64_t slot;
        PFX_TRY(pfx_pane_add(&slices->merged, slices->agg, key, slices->index->count, &slot));
        uint8_t *state = slices->merged.states;
        for (int64_t i = position_of(slices, pfx_first_slice(slicing, window));
             i < slices->count && slices->panes[i]->index <= pfx_last_slice(slicing, window); i++) {
            int64_t there = pfx_pane_find(slices->panes[i], key);
            if (there >= 0) {
                uint8_t *from = pfx_pane_state(slices->panes[i], slices->agg, there);
                PFX_TRY(pfx_agg_merge(slices->agg, &state, &from, 1));
            }
        }
        int64_t end = pfx_window_end(slicing, window);
        PFX_TRY(pfx_results_append(results, &key, &state, 1));
        PFX_TRY(pfx_results_stamp(results, 1, pfx_window_start(slicing, window), end, end - 1));
    }
    return PFX_OK;
}

/* Add rows from .. to - 1 of the chunk at `start` to the states that have been found for them. */
static pfx_status update(pfx_slices *slices, const pfx_key_column *fields, int64_t start, int64_t from, int64_t to) {
    struct pfx_slices_scratch *scratch = slices->scratch;
    int64_t stride = slices->agg->stride;
    for (int64_t i = from; i < to; i++) {
        scratch->states[i] = scratch->panes[i]->states + (int64_t)scratch->slots[i] * stride;
    }
    int64_t sequence = slices->sequence;
    slices->sequence += to - from;
    return pfx_agg_update(slices->agg, fields, start + from, to - from, scratch->states + from, sequence);
}

pfx_status pfx_slices_add(pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *fields,
                          const int64_t *timestamps, int64_t rows, int64_t *late, int64_t *late_count,
                          pfx_results *results, int64_t *row) {
    const pfx_slicing *slicing = &slices->slicing;
    struct pfx_slices_scratch *scratch = slices->scratch;
    int64_t watermark = slices->watermark;
    pfx_pane *pane = NULL;
    int64_t pane_start = 0, pane_end = 0; /* `pane` is that of times in between */
    bool again = false;
    *late_count = 0;
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t done = 0;
        *row = start;
        PFX_TRY(pfx_key_index_map(slices->index, keys, start, count, scratch->ids));
        int64_t known = slices->index->count;
        for (int64_t i = 0; i < count; i++) {
            int64_t time = timestamps[start + i];
            uint32_t key = scratch->ids[i];
            if (time < pane_start || time >= pane_end) {
                *row = start + i;
                if (time <= -PFX_TIME_LIMIT || time >= PFX_TIME_LIMIT) {
                    return PFX_OVERFLOW;
                }
                int64_t slice = pfx_slice_of(slicing, time);
                pane_start = pfx_slice_start(slicing, slice);
                pane_end = pfx_slice_start(slicing, slice + 1);
                PFX_TRY(pane_for(slices, slice, &pane));
                again =
                    pfx_window_end(slicing, pfx_first_window(slicing, slice)) - 1 <= watermark && slices->lateness > 0;
            }
            if (pane == NULL) {
                /* In a gap between windows a row is not late before its time. */
                if (watermark >= -PFX_TIME_LIMIT * 2 && time + slices->lateness <= watermark) {
                    late[(*late_count)++] = start + i;
                }
                PFX_TRY(open_trash(slices));
                scratch->panes[i] = &slices->trash;
                scratch->slots[i] = 0;
                continue;
            }
            int64_t slot = pfx_pane_find(pane, key);
            if (slot < 0) {
                PFX_TRY(pfx_pane_add(pane, slices->agg, key, known, &slot));
            }
            scratch->panes[i] = pane;
            scratch->slots[i] = (uint32_t)slot;
            if (again) {
                *row = start + i;
                PFX_TRY(update(slices, fields, start, done, i + 1));
                done = i + 1;
                PFX_TRY(fire_again(slices, pane->index, key, results));
            }
        }
        *row = start;
        PFX_TRY(update(slices, fields, start, done, count));
    }
    if (slices->trash.count > 0) {
        pfx_pane_reset(&slices->trash, slices->agg);
    }
    return PFX_OK;
}

pfx_status pfx_slices_merge(pfx_slices *slices, const pfx_key_column *keys, const uint8_t *states,
                            const int64_t *timestamps, int64_t rows, int64_t *late_rows, int64_t *row) {
    struct pfx_slices_scratch *scratch = slices->scratch;
    const pfx_slicing *slicing = &slices->slicing;
    pfx_agg *agg = slices->agg;
    pfx_pane *pane = NULL;
    int64_t pane_start = 0, pane_end = 0; /* `pane` is that of times in between */
    *late_rows = 0;
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t shared = 0;
        *row = start;
        PFX_TRY(pfx_key_index_map(slices->index, keys, start, count, scratch->ids));
        int64_t known = slices->index->count;
        for (int64_t i = 0; i < count; i++) {
            int64_t time = timestamps[start + i];
            const uint8_t *state = states + (start + i) * agg->stride;
            uint32_t key = scratch->ids[i];
            if (time < pane_start || time >= pane_end) {
                *row = start + i;
                if (time <= -PFX_TIME_LIMIT || time >= PFX_TIME_LIMIT) {
                    return PFX_OVERFLOW;
                }
                int64_t slice = pfx_slice_of(slicing, time);
                pane_start = pfx_slice_start(slicing, slice);
                pane_end = pfx_slice_start(slicing, slice + 1);
                PFX_TRY(pane_for(slices, slice, &pane));
            }
            if (pane == NULL) {
                *late_rows += pfx_agg_rows(agg, state);
                continue;
            }
            int64_t slot = pfx_pane_find(pane, key);
            if (slot < 0) {
                PFX_TRY(pfx_pane_reserve(pane, agg, pane->count + 1, known));
                pfx_pane_copy(pane, agg, key, state);
                continue;
            }
            scratch->panes[shared] = pane;
            scratch->slots[shared] = (uint32_t)slot;
            scratch->others[shared++] = (uint8_t *)(uintptr_t)state;
        }
        /* Panes have grown for the last time. */
        for (int64_t i = 0; i < shared; i++) {
            scratch->states[i] = pfx_pane_state(scratch->panes[i], agg, scratch->slots[i]);
        }
        PFX_TRY(pfx_agg_merge(agg, scratch->states, scratch->others, shared));
    }
    return PFX_OK;
}

/* ---- firing ---- */

static void drop_first_panes(pfx_slices *slices, int64_t watermark, int64_t before_window) {
    int64_t gone = 0;
    while (gone < slices->count) {
        int64_t last = pfx_last_window(&slices->slicing, slices->panes[gone]->index);
        if (last >= before_window || !is_gone(slices, last, watermark)) {
            break;
        }
        slices->expected = slices->panes[gone]->count;
        free_pane(slices, slices->panes[gone++]);
    }
    if (gone > 0) {
        slices->count -= gone;
        memmove(slices->panes, slices->panes + gone, (size_t)slices->count * sizeof *slices->panes);
    }
}

/* Forget keys that no pane holds, once they are the greater part. */
static pfx_status drop_keys(pfx_slices *slices) {
    int64_t known = slices->index->count, held = 0;
    for (int64_t i = 0; i < slices->count; i++) {
        held += slices->panes[i]->count;
    }
    if (known < 4096 || known / 4 < held) {
        return PFX_OK;
    }
    pfx_budget *budget = slices->agg->budget;
    int64_t size = known * (int64_t)sizeof(uint32_t);
    void *memory;
    PFX_TRY(pfx_alloc(budget, size, &memory));
    uint32_t *renumbered = memory;
    memset(renumbered, 0xff, (size_t)size);
    for (int64_t i = 0; i < slices->count; i++) {
        for (int64_t slot = 0; slot < slices->panes[i]->count; slot++) {
            renumbered[slices->panes[i]->keys[slot]] = 0;
        }
    }
    pfx_suffixes_free(&slices->suffixes, slices->agg);
    pfx_status status = pfx_key_index_compact(slices->index, renumbered);
    for (int64_t i = 0; i < slices->count && status == PFX_OK; i++) {
        status = pfx_pane_renumber(slices->panes[i], slices->agg, renumbered, slices->index->count);
    }
    pfx_free(budget, memory, size);
    return status;
}

/* The first window with rows from `window` on; false when there is none. */
static bool next_window(const pfx_slices *slices, int64_t window, int64_t *next) {
    const pfx_slicing *slicing = &slices->slicing;
    for (int64_t i = position_of(slices, pfx_first_slice(slicing, window)); i < slices->count; i++) {
        int64_t slice = slices->panes[i]->index;
        if (pfx_last_window(slicing, slice) >= window) {
            int64_t first = pfx_first_window(slicing, slice);
            *next = first > window ? first : window;
            return true;
        }
    }
    return false;
}

static pfx_status merge_window(pfx_slices *slices, int64_t window) {
    struct pfx_slices_scratch *scratch = slices->scratch;
    pfx_agg *agg = slices->agg;
    pfx_pane *merged = &slices->merged;
    int64_t first = position_of(slices, pfx_first_slice(&slices->slicing, window));
    int64_t last = pfx_last_slice(&slices->slicing, window);
    if (first + 1 == slices->count || slices->panes[first + 1]->index > last) {
        slices->firing = slices->panes[first];
        return PFX_OK;
    }
    int64_t count = 2;
    while (first + count < slices->count && slices->panes[first + count]->index <= last) {
        count++;
    }
    pfx_pane *const *panes = slices->panes + first;
    int64_t keys = slices->index->count;
    bool spoilt = slices->suffixes.spoilt;
    slices->suffixes.spoilt = false;
    /* Where rows come for what is covered again and again, suffixes would be built for nothing. */
    if (!spoilt && pfx_suffixes_pay(&slices->suffixes, agg, panes, count)) {
        PFX_TRY(pfx_suffixes_merge(&slices->suffixes, agg, panes, count, keys, scratch->states, scratch->others, merged,
                                   &slices->firing));
    } else {
        pfx_suffixes_spoil(&slices->suffixes);
        slices->suffixes.spoilt = false;
        pfx_pane_reset(merged, agg);
        for (int64_t i = 0; i < count; i++) {
            PFX_TRY(pfx_pane_merge(merged, agg, panes[i], keys, scratch->states, scratch->others));
        }
        slices->firing = merged;
    }
    slices->suffixes.keys = slices->firing->count;
    return PFX_OK;
}

bool pfx_slices_next_end(const pfx_slices *slices, int64_t *end) {
    int64_t window = first_unfired(&slices->slicing, slices->watermark);
    if (!next_window(slices, window, &window)) {
        return false;
    }
    *end = pfx_window_end(&slices->slicing, window);
    return true;
}

pfx_status pfx_slices_fire(pfx_slices *slices, int64_t watermark, int64_t limit, pfx_results *results, int *more) {
    const pfx_slicing *slicing = &slices->slicing;
    struct pfx_slices_scratch *scratch = slices->scratch;
    *more = 1;
    while (results->rows < limit) {
        if (slices->firing == NULL) {
            int64_t window = first_unfired(slicing, slices->watermark);
            if (!next_window(slices, window, &window) || pfx_window_end(slicing, window) - 1 > watermark) {
                slices->watermark = watermark;
                drop_first_panes(slices, watermark, INT64_MAX);
                if (slices->count == 0) {
                    pfx_suffixes_free(&slices->suffixes, slices->agg);
                }
                *more = 0;
                return drop_keys(slices);
            }
            PFX_TRY(merge_window(slices, window));
            slices->window = window;
            slices->sent = 0;
        }
        const pfx_pane *pane = slices->firing;
        int64_t count = pane->count - slices->sent;
        count = count < PFX_CHUNK ? count : PFX_CHUNK;
        count = count < limit - results->rows ? count : limit - results->rows;
        for (int64_t i = 0; i < count; i++) {
            scratch->states[i] = pfx_pane_state(pane, slices->agg, slices->sent + i);
        }
        int64_t end = pfx_window_end(slicing, slices->window);
        PFX_TRY(pfx_results_reserve(results, pane->count - slices->sent, limit));
        PFX_TRY(pfx_results_append(results, pane->keys + slices->sent, scratch->states, count));
        PFX_TRY(pfx_results_stamp(results, count, pfx_window_start(slicing, slices->window), end, end - 1));
        slices->sent += count;
        if (slices->sent == pane->count) {
            slices->firing = NULL;
            slices->watermark = end - 1;
            drop_first_panes(slices, watermark, slices->window + 1);
        }
    }
    return PFX_OK;
}
