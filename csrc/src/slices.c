#include "pfx/slices.h"

#include <string.h>

#include "pfx/calendar.h"

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
    return pfx_window_end(&slices->panes.slicing, window) - 1 + slices->lateness <= watermark;
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
    slices->lateness = lateness;
    slices->watermark = INT64_MIN;
    pfx_suffixes_init(&slices->suffixes);
    return pfx_panes_init(&slices->panes, agg, index, &slicing);
}

static void free_again(pfx_slices *slices) {
    pfx_agg *agg = slices->panes.agg;
    pfx_free(agg->budget, slices->again.block, (slices->again.count + 2) * agg->stride);
    slices->again = (pfx_again){0};
}

void pfx_slices_free(pfx_slices *slices) {
    pfx_agg *agg = slices->panes.agg;
    if (agg == NULL) {
        return;
    }
    pfx_pane_free(&slices->trash, agg);
    pfx_pane_free(&slices->one, agg);
    free_again(slices);
    pfx_pane_free(&slices->merged, agg);
    pfx_suffixes_free(&slices->suffixes, agg);
    pfx_panes_free(&slices->panes);
    memset(slices, 0, sizeof *slices);
}

/* ---- adding ---- */

static pfx_status open_trash(pfx_slices *slices) {
    int64_t slot;
    return slices->trash.count > 0 ? PFX_OK : pfx_pane_add(&slices->trash, slices->panes.agg, 0, 1, &slot);
}

static pfx_status send_again(const pfx_slices *slices, uint8_t *state, pfx_results *results) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    int64_t window = slices->again.window, end = pfx_window_end(slicing, window);
    PFX_TRY(pfx_results_append(results, &slices->again.key, &state, 1));
    return pfx_results_stamp(results, 1, pfx_window_start(slicing, window), end, end - 1);
}

static pfx_status add_pane(const pfx_slices *slices, int64_t position, uint32_t key, uint8_t *state,
                           pfx_results *results) {
    const pfx_pane *pane = slices->panes.list[position];
    int64_t slot = pfx_pane_find(pane, slices->panes.agg, key);
    results->work++;
    if (slot < 0) {
        return PFX_OK;
    }
    uint8_t *from = pfx_pane_state(pane, slices->panes.agg, slot);
    return pfx_agg_merge(slices->panes.agg, &state, &from, 1);
}

/* Windows whose states own memory: each is merged from all its slices. */
static pfx_status fire_owning(pfx_slices *slices, int64_t limit, pfx_results *results) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    pfx_again *again = &slices->again;
    for (; again->window >= again->first; again->window--, again->position = -1) {
        int64_t last = pfx_last_slice(slicing, again->window), slot;
        if (again->position < 0) {
            pfx_pane_reset(&slices->one, slices->panes.agg);
            PFX_TRY(pfx_pane_add(&slices->one, slices->panes.agg, 0, 1, &slot));
            again->position = pfx_panes_position(&slices->panes, pfx_first_slice(slicing, again->window));
        }
        while (again->position < slices->panes.count && slices->panes.list[again->position]->index <= last) {
            if (pfx_results_full(results, limit)) {
                return PFX_OK;
            }
            PFX_TRY(add_pane(slices, again->position++, again->key, slices->one.states, results));
        }
        uint8_t *state = slices->one.states;
        if (pfx_results_full(results, limit) || pfx_results_fit(results, &again->key, &state, 1) == 0) {
            return PFX_OK;
        }
        PFX_TRY(send_again(slices, state, results));
    }
    again->pending = false;
    return PFX_OK;
}

/* All windows have the row's slice, at `middle` in the list. What lies from there on shrinks from window to window, so
 * it is merged once for each end, in block[2 ..]; what lies before grows, in block[0]. So a slice is merged twice in
 * all, however many windows it belongs to. */
static pfx_status fire_from(pfx_slices *slices, int64_t limit, pfx_results *results) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    pfx_agg *agg = slices->panes.agg;
    pfx_pane *const *list = slices->panes.list;
    pfx_again *again = &slices->again;
    int64_t stride = agg->stride;
    uint8_t *before = again->block, *state = before + stride, *behind = state + stride;
    for (; again->built < again->count; again->built++) {
        int64_t i = again->built;
        if (pfx_results_full(results, limit)) {
            return PFX_OK;
        }
        if (i > 0) {
            memcpy(behind + i * stride, behind + (i - 1) * stride, (size_t)stride);
        }
        PFX_TRY(add_pane(slices, again->middle + i, again->key, behind + i * stride, results));
    }
    for (; again->window >= again->first; again->window--) {
        while (again->right > 0 && list[again->middle + again->right]->index > pfx_last_slice(slicing, again->window)) {
            again->right--;
        }
        for (; again->left > 0 && list[again->left - 1]->index >= pfx_first_slice(slicing, again->window);
             again->left--) {
            if (pfx_results_full(results, limit)) {
                return PFX_OK;
            }
            PFX_TRY(add_pane(slices, again->left - 1, again->key, before, results));
        }
        uint8_t *from = behind + again->right * stride;
        memcpy(state, before, (size_t)stride);
        PFX_TRY(pfx_agg_merge(agg, &state, &from, 1));
        if (pfx_results_full(results, limit) || pfx_results_fit(results, &again->key, &state, 1) == 0) {
            return PFX_OK;
        }
        PFX_TRY(send_again(slices, state, results));
    }
    again->pending = false;
    return PFX_OK;
}

/* Send windows that fire again, until the results are full. */
static pfx_status send_pending(pfx_slices *slices, int64_t limit, pfx_results *results) {
    PFX_TRY(slices->panes.agg->owning ? fire_owning(slices, limit, results) : fire_from(slices, limit, results));
    if (!slices->again.pending) {
        free_again(slices);
    }
    return PFX_OK;
}

/* Fire the windows again, the latest first, that a late row of a key has been added to. */
static pfx_status fire_again(pfx_slices *slices, int64_t slice, uint32_t key, int64_t limit, pfx_results *results) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    pfx_agg *agg = slices->panes.agg;
    int64_t first = pfx_first_window(slicing, slice), last = pfx_last_window(slicing, slice);
    int64_t unfired = first_unfired(slicing, slices->watermark);
    last = last < unfired - 1 ? last : unfired - 1;
    int64_t kept = first_unfired(slicing, clamped(slices->watermark) - slices->lateness);
    first = first > kept ? first : kept;
    if (first > last) {
        return PFX_OK;
    }
    if (slices->panes.sorted < slices->panes.count) {
        results->work += slices->panes.count / PFX_RESULT_WORK; /* the list may be moved */
        PFX_TRY(pfx_panes_sort(&slices->panes));
    }
    pfx_again *again = &slices->again;
    *again = (pfx_again){.pending = true, .key = key, .window = last, .first = first, .position = -1};
    if (!agg->owning) {
        int64_t middle = pfx_panes_position(&slices->panes, slice), count = 1;
        while (middle + count < slices->panes.count &&
               slices->panes.list[middle + count]->index <= pfx_last_slice(slicing, last)) {
            count++;
        }
        void *block;
        PFX_TRY(pfx_alloc(agg->budget, (count + 2) * agg->stride, &block));
        again->block = block;
        again->middle = again->left = middle;
        again->count = count;
        again->right = count - 1;
        pfx_agg_start(agg, block, 3);
    }
    return send_pending(slices, limit, results);
}

/* Add rows from .. to - 1 of the chunk at `start` to the states that have been found for them. */
static pfx_status update(pfx_slices *slices, const pfx_key_column *fields, int64_t start, int64_t from, int64_t to) {
    pfx_panes_resolve(&slices->panes);
    int64_t sequence = slices->sequence;
    slices->sequence += to - from;
    return pfx_agg_update(slices->panes.agg, fields, start + from, to - from, slices->panes.chunk->states + from,
                          sequence);
}

/* What a slice's rows are to be added to. */
static pfx_status open_slice(pfx_slices *slices, int64_t number, pfx_recent *out) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    int64_t first = pfx_first_window(slicing, number), last = pfx_last_window(slicing, number);
    out->number = INT64_MIN;
    out->pane = NULL;
    if (number < slices->suffixes.covered) {
        pfx_suffixes_spoil(&slices->suffixes);
    }
    if (first <= last && !is_gone(slices, last, slices->watermark)) {
        PFX_TRY(pfx_panes_open(&slices->panes, number, &out->pane));
    }
    out->again = slices->lateness > 0 && pfx_window_end(slicing, first) - 1 <= slices->watermark;
    out->number = number;
    return PFX_OK;
}

static pfx_status recent_slice(pfx_slices *slices, int64_t number, pfx_recent **slice) {
    *slice = pfx_panes_recent(&slices->panes, number);
    return (*slice)->number == number ? PFX_OK : open_slice(slices, number, *slice);
}

pfx_status pfx_slices_add(pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *fields,
                          const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late,
                          int64_t *late_count, pfx_results *results, int64_t *row, int *more) {
    pfx_chunk *chunk = slices->panes.chunk;
    int64_t watermark = slices->watermark;
    *late_count = 0;
    *more = 1;
    if (slices->again.pending) {
        PFX_TRY(send_pending(slices, limit, results));
    }
    pfx_panes_begin(&slices->panes);
    while (*done < rows) {
        int64_t start = *done;
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t updated = 0;
        if (slices->again.pending || pfx_results_full(results, limit)) {
            return PFX_OK;
        }
        results->work += count;
        PFX_TRY(pfx_panes_begin_chunk(&slices->panes, keys, timestamps, start, count, row));
        for (int64_t i = 0; i < count; i++) {
            pfx_recent *slice;
            PFX_TRY(recent_slice(slices, pfx_panes_slice(&slices->panes, i), &slice));
            pfx_pane *pane = slice->pane;
            if (pane == NULL) {
                /* In a gap between windows a row is not late before its time. */
                if (watermark >= -PFX_TIME_LIMIT * 2 && timestamps[start + i] + slices->lateness <= watermark) {
                    late[(*late_count)++] = start + i;
                }
                PFX_TRY(open_trash(slices));
                chunk->states[i] = slices->trash.states;
                continue;
            }
            if (chunk->one && !slice->again && pane->present != NULL) {
                pfx_pane_touch(pane, slices->panes.agg, chunk->ids + i, count - i, chunk->states + i);
                break;
            }
            PFX_TRY(pfx_panes_find(&slices->panes, pane, i));
            if (slice->again) {
                *row = start + i;
                PFX_TRY(update(slices, fields, start, updated, i + 1));
                updated = i + 1;
                PFX_TRY(fire_again(slices, slice->number, chunk->ids[i], limit, results));
                if (slices->again.pending || pfx_results_full(results, limit)) {
                    count = i + 1;
                }
            }
        }
        *row = start;
        PFX_TRY(update(slices, fields, start, updated, count));
        *done += count;
    }
    if (slices->trash.count > 0) {
        pfx_pane_reset(&slices->trash, slices->panes.agg);
    }
    *more = slices->again.pending;
    return PFX_OK;
}

pfx_status pfx_slices_merge(pfx_slices *slices, const pfx_key_column *keys, const uint8_t *states,
                            const int64_t *timestamps, int64_t rows, int64_t *late_rows, int64_t *row) {
    pfx_agg *agg = slices->panes.agg;
    pfx_chunk *chunk = slices->panes.chunk;
    *late_rows = 0;
    pfx_panes_begin(&slices->panes);
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        PFX_TRY(pfx_panes_begin_chunk(&slices->panes, keys, timestamps, start, count, row));
        for (int64_t i = 0; i < count; i++) {
            pfx_recent *slice;
            chunk->others[i] = (uint8_t *)(uintptr_t)(states + (start + i) * agg->stride);
            PFX_TRY(recent_slice(slices, pfx_panes_slice(&slices->panes, i), &slice));
            if (slice->pane == NULL) {
                *late_rows += pfx_agg_rows(agg, chunk->others[i]);
                PFX_TRY(open_trash(slices));
                chunk->states[i] = slices->trash.states;
                continue;
            }
            PFX_TRY(pfx_panes_find(&slices->panes, slice->pane, i));
        }
        *row = start;
        pfx_panes_resolve(&slices->panes);
        PFX_TRY(pfx_agg_merge(agg, slices->panes.chunk->states, slices->panes.chunk->others, count));
    }
    if (slices->trash.count > 0) {
        pfx_pane_reset(&slices->trash, agg);
    }
    return PFX_OK;
}

/* ---- firing ---- */

static void drop_first_panes(pfx_slices *slices, int64_t watermark, int64_t before_window) {
    int64_t gone = 0;
    while (gone < slices->panes.count) {
        int64_t last = pfx_last_window(&slices->panes.slicing, slices->panes.list[gone]->index);
        if (last >= before_window || !is_gone(slices, last, watermark)) {
            break;
        }
        gone++;
    }
    pfx_panes_drop(&slices->panes, gone);
}

/* Give back what is only kept because it will soon be wanted again. */
static void free_room(pfx_slices *slices) {
    pfx_suffixes_free(&slices->suffixes, slices->panes.agg);
    pfx_pane_free(&slices->merged, slices->panes.agg);
    pfx_panes_free_spares(&slices->panes);
}

/* Forget keys that no pane holds, once they are the greater part. */
static pfx_status drop_keys(pfx_slices *slices) {
    int64_t known = slices->panes.index->count;
    if (known < 4096 || known / 4 < pfx_panes_held(&slices->panes)) {
        return PFX_OK;
    }
    pfx_budget *budget = slices->panes.agg->budget;
    int64_t size = known * (int64_t)sizeof(uint32_t);
    void *memory;
    PFX_TRY(pfx_alloc(budget, size, &memory));
    uint32_t *renumbered = memory;
    memset(renumbered, 0xff, (size_t)size);
    for (int64_t i = 0; i < slices->panes.count; i++) {
        for (int64_t slot = 0; slot < slices->panes.list[i]->count; slot++) {
            renumbered[slices->panes.list[i]->keys[slot]] = 0;
        }
    }
    free_room(slices);
    pfx_status status = pfx_key_index_compact(slices->panes.index, renumbered);
    for (int64_t i = 0; i < slices->panes.count && status == PFX_OK; i++) {
        status = pfx_pane_renumber(slices->panes.list[i], slices->panes.agg, renumbered, slices->panes.index->count);
    }
    pfx_free(budget, memory, size);
    return status;
}

/* The first window with rows from `window` on; false when there is none. */
static bool next_window(const pfx_slices *slices, int64_t window, int64_t *next) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    for (int64_t i = pfx_panes_position(&slices->panes, pfx_first_slice(slicing, window)); i < slices->panes.count;
         i++) {
        int64_t slice = slices->panes.list[i]->index;
        if (pfx_last_window(slicing, slice) >= window) {
            int64_t first = pfx_first_window(slicing, slice);
            *next = first > window ? first : window;
            return true;
        }
    }
    return false;
}

/* Merge a window, or some more of it: until there was enough work, or `firing` is set. */
static pfx_status merge_window(pfx_slices *slices, int64_t window, int64_t limit, pfx_results *results) {
    pfx_agg *agg = slices->panes.agg;
    pfx_pane *merged = &slices->merged;
    int64_t first = pfx_panes_position(&slices->panes, pfx_first_slice(&slices->panes.slicing, window));
    int64_t last = pfx_last_slice(&slices->panes.slicing, window);
    if (first + 1 == slices->panes.count || slices->panes.list[first + 1]->index > last) {
        slices->firing = slices->panes.list[first];
        return PFX_OK;
    }
    int64_t count = 2;
    while (first + count < slices->panes.count && slices->panes.list[first + count]->index <= last) {
        count++;
    }
    pfx_pane *const *panes = slices->panes.list + first;
    int64_t keys = slices->panes.index->count;
    bool begun = slices->merging, spoilt = slices->suffixes.spoilt;
    int64_t most = limit > INT64_MAX / PFX_RESULT_WORK ? INT64_MAX : limit * PFX_RESULT_WORK;
    slices->merging = true;
    slices->suffixes.spoilt = false;
    results->work += begun ? 0 : count / PFX_RESULT_WORK; /* they have been looked at */
    /* Where rows come for what is covered again and again, suffixes would be built for nothing. */
    if (slices->joined == 0 && !spoilt && pfx_suffixes_pay(agg, panes, count, keys)) {
        int more;
        PFX_TRY(pfx_suffixes_merge(&slices->suffixes, agg, panes, count, keys, slices->panes.chunk->states,
                                   slices->panes.chunk->others, merged, &results->work, most, &more));
        slices->firing = more ? NULL : merged;
        return PFX_OK;
    }
    if (!begun) {
        pfx_suffixes_spoil(&slices->suffixes);
        slices->suffixes.spoilt = false;
        pfx_pane_reset(merged, agg);
    }
    for (; slices->joined < count; slices->joined++) {
        const pfx_pane *pane = panes[slices->joined];
        if (results->work >= most) {
            return PFX_OK;
        }
        results->work += pane->count + 1;
        PFX_TRY(pfx_pane_merge(merged, agg, pane, keys, slices->panes.chunk->states, slices->panes.chunk->others));
    }
    slices->firing = merged;
    return PFX_OK;
}

pfx_status pfx_slices_next_end(pfx_slices *slices, int64_t *end, int *found) {
    int64_t window = first_unfired(&slices->panes.slicing, slices->watermark);
    PFX_TRY(pfx_panes_sort(&slices->panes));
    *found = next_window(slices, window, &window);
    *end = *found ? pfx_window_end(&slices->panes.slicing, window) : 0;
    return PFX_OK;
}

/* Whether the watermark neither fires a window nor takes one away. */
static bool is_early(const pfx_slices *slices, int64_t watermark) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    return slices->firing == NULL && !slices->merging && slices->panes.count > 0 &&
           pfx_window_end(slicing, pfx_first_window(slicing, slices->panes.least)) - 1 > watermark;
}

pfx_status pfx_slices_fire(pfx_slices *slices, int64_t watermark, int64_t limit, pfx_results *results, int *more) {
    const pfx_slicing *slicing = &slices->panes.slicing;
    *more = 1;
    if (is_early(slices, watermark)) {
        slices->watermark = watermark;
        *more = 0;
        return drop_keys(slices);
    }
    PFX_TRY(pfx_panes_sort(&slices->panes));
    while (!pfx_results_full(results, limit)) {
        if (slices->firing == NULL) {
            int64_t window = slices->merging ? slices->window : first_unfired(slicing, slices->watermark);
            if (!slices->merging &&
                (!next_window(slices, window, &window) || pfx_window_end(slicing, window) - 1 > watermark)) {
                slices->watermark = watermark;
                drop_first_panes(slices, watermark, INT64_MAX);
                if (slices->panes.count == 0) {
                    free_room(slices);
                }
                *more = 0;
                return drop_keys(slices);
            }
            slices->window = window;
            slices->sent = 0;
            PFX_TRY(merge_window(slices, window, limit, results));
            if (slices->firing == NULL) {
                return PFX_OK;
            }
            slices->merging = false;
            slices->joined = 0;
        }
        const pfx_pane *pane = slices->firing;
        int64_t count = pane->count - slices->sent;
        count = count < PFX_CHUNK ? count : PFX_CHUNK;
        count = count < limit - results->rows ? count : limit - results->rows;
        pfx_pane_states(pane, slices->panes.agg, slices->sent, count, slices->panes.chunk->states);
        count = pfx_results_fit(results, pane->keys + slices->sent, slices->panes.chunk->states, count);
        if (count == 0) {
            return PFX_OK;
        }
        int64_t end = pfx_window_end(slicing, slices->window);
        PFX_TRY(pfx_results_reserve(results, pane->count - slices->sent, limit));
        PFX_TRY(pfx_results_append(results, pane->keys + slices->sent, slices->panes.chunk->states, count));
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
