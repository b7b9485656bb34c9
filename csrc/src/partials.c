#include "pfx/partials.h"

#include <string.h>

#include "pfx/calendar.h"
#include "pfx/key.h"
#include "pfx/key_columns.h"
#include "pfx/results.h"

/* Slices that are open at once: one more is inserted among them. */
#define MOST_SLICES 4096

/* ---- rows ---- */

pfx_status pfx_partial_rows_init(pfx_partial_rows *rows, const pfx_agg *agg, const pfx_key_index *index,
                                 int32_t max_parallelism, int32_t subtasks) {
    if (agg->owning || subtasks < 1 || subtasks > max_parallelism || max_parallelism > PFX_MAX_KEY_GROUPS) {
        return PFX_INVALID_ARGUMENT;
    }
    memset(rows, 0, sizeof *rows);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, subtasks * (int64_t)sizeof *rows->places, &memory));
    rows->agg = agg;
    rows->index = index;
    rows->max_parallelism = max_parallelism;
    rows->subtasks = subtasks;
    rows->most_bytes = PFX_RESULT_BYTES;
    rows->places = memory;
    return PFX_OK;
}

void pfx_partial_rows_free(pfx_partial_rows *rows) {
    if (rows->agg == NULL) {
        return;
    }
    pfx_budget *budget = rows->agg->budget;
    pfx_free(budget, rows->places, rows->subtasks * (int64_t)sizeof *rows->places);
    pfx_free(budget, rows->targets, rows->targets_capacity * (int64_t)sizeof *rows->targets);
    pfx_free(budget, rows->found, rows->found_capacity * (int64_t)sizeof *rows->found);
    pfx_free(budget, rows->sorted, rows->sorted_capacity * (int64_t)sizeof *rows->sorted);
    memset(rows, 0, sizeof *rows);
}

/* Room for `count` items, by doubling. */
static pfx_status grow(pfx_budget *budget, void **block, int64_t *capacity, int64_t count, int64_t size) {
    int64_t room = *capacity * 2 > count ? *capacity * 2 : count;
    if (*block == NULL) {
        PFX_TRY(pfx_alloc(budget, room * size, block));
    } else {
        PFX_TRY(pfx_resize(budget, block, *capacity * size, room * size));
    }
    *capacity = room;
    return PFX_OK;
}

#define GROW(budget, array, capacity, count)                                                 \
    do {                                                                                     \
        if ((count) > (capacity)) {                                                          \
            void *block = (array);                                                           \
            PFX_TRY(grow((budget), &block, &(capacity), (count), (int64_t)sizeof *(array))); \
            (array) = block;                                                                 \
        }                                                                                    \
    } while (0)

/* The bytes of the texts of a key. */
static int64_t text_bytes(const pfx_key_index *index, uint32_t key) {
    int64_t bytes = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        bytes += index->types[c].offset_width > 0 ? pfx_key_index_size(index, c, key) : 0;
    }
    return bytes;
}

/* How many of `count` keys from number `known` on, at least one, are written as columns that are not too long. */
static int64_t fitting_keys(const pfx_partial_rows *rows, int64_t count) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < count; i++) {
        bytes += text_bytes(rows->index, (uint32_t)(rows->known + i));
        if (i > 0 && bytes > rows->most_bytes) {
            return i;
        }
    }
    return count;
}

/* Find the subtasks of `count` keys, at most PFX_CHUNK, from number `known` on: they are written as columns, which
 * are hashed as those of the rows would be. */
static pfx_status find_targets(pfx_partial_rows *rows, int64_t count) {
    const pfx_key_index *index = rows->index;
    int32_t columns = index->columns;
    uint32_t ids[PFX_CHUNK];
    for (int64_t i = 0; i < count; i++) {
        ids[i] = (uint32_t)(rows->known + i);
    }
    int64_t size = columns * (int64_t)(sizeof(pfx_out_column) + sizeof(pfx_key_column));
    void *memory;
    PFX_TRY(pfx_alloc(index->budget, size, &memory));
    pfx_out_column *written = memory;
    pfx_key_column *keys = (pfx_key_column *)(void *)(written + columns);
    pfx_status status = PFX_OK;
    int64_t failed;
    for (int32_t c = 0; c < columns; c++) {
        pfx_out_column_init(&written[c], &index->types[c], index->budget);
    }
    for (int32_t c = 0; c < columns && status == PFX_OK; c++) {
        status = pfx_key_index_write(index, c, ids, count, &written[c]);
        keys[c] = (pfx_key_column){.type = &index->types[c],
                                   .validity = written[c].nulls > 0 ? written[c].validity : NULL,
                                   .offsets = written[c].offsets,
                                   .data = written[c].data};
    }
    int32_t *targets = rows->targets + rows->known;
    if (status == PFX_OK) {
        status = pfx_column_key_groups(keys, columns, count, rows->max_parallelism, index->budget, targets, &failed);
    }
    for (int64_t i = 0; i < count && status == PFX_OK; i++) {
        targets[i] = pfx_subtask(targets[i], rows->max_parallelism, rows->subtasks);
    }
    for (int32_t c = 0; c < columns; c++) {
        pfx_out_column_free(&written[c]);
    }
    pfx_free(index->budget, memory, size);
    return status;
}

/* Room for `count` states, of keys that all have their subtask. */
static pfx_status begin(pfx_partial_rows *rows, int64_t count) {
    pfx_budget *budget = rows->agg->budget;
    GROW(budget, rows->targets, rows->targets_capacity, (int64_t)rows->index->count);
    while (rows->known < rows->index->count) {
        int64_t keys = rows->index->count - rows->known;
        keys = fitting_keys(rows, keys < PFX_CHUNK ? keys : PFX_CHUNK);
        PFX_TRY(find_targets(rows, keys));
        rows->known += keys;
    }
    GROW(budget, rows->found, rows->found_capacity, count);
    GROW(budget, rows->sorted, rows->sorted_capacity, count);
    memset(rows->places, 0, (size_t)rows->subtasks * sizeof *rows->places);
    rows->rows = rows->bytes = 0;
    return PFX_OK;
}

/* Whether the state of a key may be written to the batch; the first one may. */
static inline bool takes(pfx_partial_rows *rows, uint32_t key, int64_t limit) {
    int64_t bytes = rows->bytes + text_bytes(rows->index, key);
    if (rows->rows >= limit || (rows->rows > 0 && bytes > rows->most_bytes)) {
        return false;
    }
    rows->bytes = bytes;
    return true;
}

static inline void find(pfx_partial_rows *rows, uint32_t key, const uint8_t *state, int64_t stamp) {
    int32_t subtask = rows->targets[key];
    rows->places[subtask]++;
    rows->found[rows->rows++] = (pfx_partial){.state = state, .stamp = stamp, .key = key, .subtask = subtask};
}

/* Write what was found in order of the subtasks. */
static pfx_status write_found(pfx_partial_rows *rows, bool stamped) {
    int64_t count = rows->rows, place = 0;
    PFX_TRY(pfx_out_column_reserve(rows->state, count));
    PFX_TRY(pfx_out_column_reserve(rows->subtask, count));
    if (stamped) {
        PFX_TRY(pfx_out_column_reserve(rows->stamps, count));
        rows->stamps->rows = count;
    }
    rows->state->rows = rows->subtask->rows = count;
    int32_t *subtask = (int32_t *)(void *)rows->subtask->data;
    for (int32_t s = 0; s < rows->subtasks; s++) {
        int64_t end = place + rows->places[s];
        rows->places[s] = place;
        while (place < end) {
            subtask[place++] = s;
        }
    }
    int64_t words = rows->agg->stride / 8;
    uint64_t *states = (uint64_t *)(void *)rows->state->data;
    int64_t *stamps = (int64_t *)(void *)rows->stamps->data;
    for (int64_t i = 0; i < count; i++) {
        const pfx_partial *partial = &rows->found[i];
        const uint64_t *from = (const uint64_t *)(const void *)partial->state;
        place = rows->places[partial->subtask]++;
        rows->sorted[place] = partial->key;
        for (int64_t word = 0; word < words; word++) {
            states[place * words + word] = from[word];
        }
        if (stamped) {
            stamps[place] = partial->stamp;
        }
    }
    for (int32_t c = 0; c < rows->index->columns; c++) {
        PFX_TRY(pfx_key_index_write(rows->index, c, rows->sorted, count, &rows->keys[c]));
    }
    return PFX_OK;
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
    if ((slicing->steps == 0 && slicing->whole == 0) || agg->owning || !counts_rows(agg)) {
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
    int64_t stamp = last_time(partials, pane->index);
    int64_t places = pane->present != NULL ? pane->capacity : pane->count;
    for (; place < places; place++) {
        if (pane->present != NULL && !pane->present[place]) {
            continue;
        }
        uint32_t key = pane->present == NULL ? pane->keys[place] : (uint32_t)place;
        if (!takes(rows, key, limit)) {
            break;
        }
        find(rows, key, pfx_pane_state(pane, agg, place), stamp);
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
    while (is_due(partials, slices, watermark) && rows->rows < limit) {
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
    rows->known = 0;
}

/* ---- running aggregates ---- */

pfx_status pfx_partials_send_running(const pfx_running *running, pfx_partial_rows *rows, int64_t first, int64_t limit) {
    int64_t end = running->count - first < limit ? running->count : first + limit;
    PFX_TRY(begin(rows, end - first));
    for (int64_t key = first; key < end && takes(rows, (uint32_t)key, limit); key++) {
        find(rows, (uint32_t)key, running->states + key * running->agg->stride, 0);
    }
    return write_found(rows, false);
}

void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows) {
    running->count = 0;
    pfx_key_index_free(running->index);
    rows->known = 0;
}
