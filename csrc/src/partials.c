#include "pfx/partials.h"

#include <string.h>

#include "pfx/calendar.h"
#include "pfx/key.h"
#include "pfx/key_columns.h"
#include "pfx/results.h"

/* Slices that are open at once: one more is inserted among them. */
#define MOST_SLICES 4096

/* ---- rows ---- */

pfx_status pfx_partial_rows_init(pfx_partial_rows *partials, const pfx_agg *agg, const pfx_key_index *index,
                                 int32_t max_parallelism, int32_t subtasks, pfx_out_column *columns, int32_t spaces) {
    memset(partials, 0, sizeof *partials);
    if (subtasks < 1 || subtasks > max_parallelism) {
        return PFX_INVALID_ARGUMENT;
    }
    PFX_TRY(pfx_state_rows_init(&partials->rows, agg, index, max_parallelism, columns, spaces));
    partials->subtasks = subtasks;
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, subtasks * (int64_t)sizeof *partials->places, &memory));
    partials->places = memory;
    partials->most_bytes = PFX_RESULT_BYTES;
    PFX_TRY(pfx_alloc(agg->budget, max_parallelism * (int64_t)sizeof *partials->owners, &memory));
    partials->owners = memory;
    for (int32_t group = 0; group < max_parallelism; group++) {
        partials->owners[group] = pfx_subtask(group, max_parallelism, subtasks);
    }
    return PFX_OK;
}

void pfx_partial_rows_free(pfx_partial_rows *partials) {
    if (partials->rows.agg == NULL) {
        return;
    }
    pfx_budget *budget = partials->rows.agg->budget;
    pfx_free(budget, partials->places, partials->subtasks * (int64_t)sizeof *partials->places);
    pfx_free(budget, partials->owners, partials->rows.max_parallelism * (int64_t)sizeof *partials->owners);
    pfx_free(budget, partials->found, partials->found_capacity * (int64_t)sizeof *partials->found);
    pfx_free(budget, partials->keys, partials->sorted_capacity * (int64_t)sizeof *partials->keys);
    pfx_free(budget, partials->states, partials->sorted_capacity * (int64_t)sizeof *partials->states);
    pfx_state_rows_free(&partials->rows);
    memset(partials, 0, sizeof *partials);
}

/* Room for `count` states, of keys that all have their group. */
static pfx_status begin(pfx_partial_rows *partials, int64_t count) {
    pfx_budget *budget = partials->rows.agg->budget;
    PFX_TRY(pfx_state_rows_begin(&partials->rows));
    if (count > partials->found_capacity) {
        int64_t room = partials->found_capacity * 2 > count ? partials->found_capacity * 2 : count;
        void *found;
        PFX_TRY(pfx_alloc(budget, room * (int64_t)sizeof *partials->found, &found));
        pfx_free(budget, partials->found, partials->found_capacity * (int64_t)sizeof *partials->found);
        partials->found = found;
        partials->found_capacity = room;
    }
    if (count > partials->sorted_capacity) {
        int64_t room = partials->found_capacity;
        void *keys, *states;
        PFX_TRY(pfx_alloc(budget, room * (int64_t)sizeof *partials->keys, &keys));
        pfx_status status = pfx_alloc(budget, room * (int64_t)sizeof *partials->states, &states);
        if (status != PFX_OK) {
            pfx_free(budget, keys, room * (int64_t)sizeof *partials->keys);
            return status;
        }
        pfx_free(budget, partials->keys, partials->sorted_capacity * (int64_t)sizeof *partials->keys);
        pfx_free(budget, partials->states, partials->sorted_capacity * (int64_t)sizeof *partials->states);
        partials->keys = keys;
        partials->states = states;
        partials->sorted_capacity = room;
    }
    memset(partials->places, 0, (size_t)partials->subtasks * sizeof *partials->places);
    partials->count = partials->bytes = 0;
    return PFX_OK;
}

/* The bytes of the texts of a key. */
static int64_t text_bytes(const pfx_key_index *index, uint32_t key) {
    int64_t bytes = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        bytes += index->types[c].offset_width > 0 ? pfx_key_index_size(index, c, key) : 0;
    }
    return bytes;
}

/* Whether the state of a key may be written to the batch; the first one may. */
static inline bool takes(pfx_partial_rows *partials, uint32_t key, int64_t limit) {
    int64_t bytes = partials->bytes + text_bytes(partials->rows.index, key);
    if (partials->count >= limit || (partials->count > 0 && bytes > partials->most_bytes)) {
        return false;
    }
    partials->bytes = bytes;
    return true;
}

static inline void find(pfx_partial_rows *partials, uint32_t key, uint8_t *state, int64_t last) {
    int32_t subtask = partials->owners[partials->rows.known_groups[key]];
    partials->places[subtask]++;
    partials->found[partials->count++] = (pfx_partial){.state = state, .last = last, .key = key, .subtask = subtask};
}

/* Write what was found in order of the subtasks. */
static pfx_status write_found(pfx_partial_rows *partials, bool sliced) {
    int64_t count = partials->count, place = 0, *lasts = NULL;
    if (sliced) {
        PFX_TRY(pfx_out_column_reserve(partials->rows.spaces, count));
        lasts = (int64_t *)(void *)partials->rows.spaces->data;
        partials->rows.spaces->rows = count;
    }
    for (int32_t s = 0; s < partials->subtasks; s++) {
        int64_t rows = partials->places[s];
        partials->places[s] = place;
        place += rows;
    }
    for (int64_t i = 0; i < count; i++) {
        const pfx_partial *partial = &partials->found[i];
        place = partials->places[partial->subtask]++;
        partials->keys[place] = partial->key;
        partials->states[place] = partial->state;
        if (sliced) {
            lasts[place] = partial->last;
        }
    }
    return pfx_state_rows_append(&partials->rows, partials->keys, partials->states, count);
}

/* ---- slices ---- */

static bool counts_rows(const pfx_agg *agg) {
    for (int32_t a = 0; a < agg->count; a++) {
        if (agg->accs[a].kind == PFX_ACC_ROWS) {
            return true;
        }
    }
    return false;
}

pfx_status pfx_partials_init(pfx_partials *partials, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing) {
    if ((slicing->steps == 0 && slicing->whole == 0) || !counts_rows(agg)) {
        return PFX_INVALID_ARGUMENT;
    }
    partials->sequence = partials->sent = 0;
    return pfx_panes_init(&partials->panes, agg, index, slicing);
}

void pfx_partials_free(pfx_partials *partials) {
    pfx_panes_free(&partials->panes);
}

static int64_t last_time(const pfx_partials *partials, int64_t slice) {
    return pfx_slice_start(&partials->panes.slicing, slice + 1) - 1;
}

pfx_status pfx_partials_add(pfx_partials *partials, const pfx_key_column *keys, const pfx_key_column *fields,
                            const int64_t *timestamps, int64_t start, int64_t rows, int64_t watermark, int64_t *row) {
    pfx_panes *panes = &partials->panes;
    pfx_chunk *chunk = panes->chunk;
    *row = start;
    pfx_panes_begin(panes);
    while (start < rows) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t i = 0;
        PFX_TRY(pfx_panes_begin_chunk(panes, keys, timestamps, start, count, row));
        for (; i < count; i++) {
            int64_t number = pfx_panes_slice(panes, i);
            pfx_recent *slice = pfx_panes_recent(panes, number);
            if (slice->number != number) {
                if (last_time(partials, number) <= watermark) {
                    break;
                }
                if (panes->count >= MOST_SLICES && pfx_panes_at(panes, number) == NULL) {
                    break;
                }
                slice->number = INT64_MIN;
                PFX_TRY(pfx_panes_open(panes, number, &slice->pane));
                slice->number = number;
            }
            if (chunk->one && slice->pane->present != NULL) {
                pfx_pane_touch(slice->pane, panes->agg, chunk->ids + i, count - i, chunk->states + i);
                i = count;
                break;
            }
            PFX_TRY(pfx_panes_find(panes, slice->pane, i));
        }
        pfx_panes_resolve(panes);
        pfx_panes_save(panes, 0, i);
        PFX_TRY(pfx_agg_update(panes->agg, fields, start, i, chunk->states, partials->sequence));
        partials->sequence += i;
        start += i;
        if (i < count) {
            break;
        }
    }
    *row = start;
    return PFX_OK;
}

static bool is_due(const pfx_partials *partials, int64_t position, int64_t watermark) {
    return position < partials->panes.count && last_time(partials, partials->panes.list[position]->index) <= watermark;
}

/* Find the states of a pane from place `place` on, until there are `limit` rows; the place behind the last, -1 when
 * that was the last of all. States of a dense pane come as they lie in memory. */
static int64_t find_states(const pfx_partials *partials, pfx_partial_rows *rows, const pfx_pane *pane, int64_t place,
                           int64_t limit) {
    const pfx_agg *agg = partials->panes.agg;
    int64_t last = last_time(partials, pane->index);
    int64_t places = pane->present != NULL ? pane->capacity : pane->count;
    for (; place < places; place++) {
        if (pane->present != NULL && !pane->present[place]) {
            continue;
        }
        uint32_t key = pane->present == NULL ? pane->keys[place] : (uint32_t)place;
        if (!takes(rows, key, limit)) {
            break;
        }
        find(rows, key, pfx_pane_state(pane, agg, place), last);
    }
    return place < places ? place : -1;
}

pfx_status pfx_partials_send(pfx_partials *partials, pfx_partial_rows *rows, int64_t watermark, int64_t limit,
                             int *more) {
    pfx_panes *panes = &partials->panes;
    int64_t slices = 0, most = 0;
    *more = 0;
    PFX_TRY(pfx_panes_sort(panes));
    for (int64_t i = 0; is_due(partials, i, watermark) && most < limit; i++) {
        most += panes->list[i]->count;
    }
    if (most == 0) {
        return PFX_OK;
    }
    PFX_TRY(begin(rows, most < limit ? most : limit));
    int64_t place = partials->sent;
    while (is_due(partials, slices, watermark) && rows->count < limit) {
        place = find_states(partials, rows, panes->list[slices], place, limit);
        if (place >= 0) {
            break;
        }
        slices++;
        place = 0;
    }
    PFX_TRY(write_found(rows, true));
    pfx_panes_drop(panes, slices);
    partials->sent = place;
    *more = is_due(partials, 0, watermark);
    return PFX_OK;
}

void pfx_partials_forget_keys(pfx_partials *partials, pfx_partial_rows *rows) {
    pfx_key_index_free(partials->panes.index);
    pfx_panes_free_spares(&partials->panes);
    partials->panes.expected = 0;
    pfx_state_rows_forget(&rows->rows);
}

/* ---- running aggregates ---- */

pfx_status pfx_partials_send_running(const pfx_running *running, pfx_partial_rows *rows, int64_t first, int64_t limit) {
    int64_t end = running->count - first < limit ? running->count : first + limit;
    PFX_TRY(begin(rows, end - first));
    for (int64_t key = first; key < end && takes(rows, (uint32_t)key, limit); key++) {
        find(rows, (uint32_t)key, pfx_running_state(running, key), 0);
    }
    return write_found(rows, false);
}

void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows) {
    for (int64_t key = 0, length; key < running->count; key += length) {
        uint8_t *states = pfx_states_run(&running->states, key, running->count - key, &length);
        pfx_agg_clear(running->agg, states, length);
    }
    running->count = 0;
    pfx_key_index_free(running->index);
    pfx_state_rows_forget(&rows->rows);
}
