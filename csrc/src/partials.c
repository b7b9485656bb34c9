#include "pfx/partials.h"

#include <string.h>

#include "pfx/calendar.h"
#include "pfx/key.h"
#include "pfx/key_columns.h"

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
    pfx_free(budget, rows->sorted, rows->sorted_capacity * (int64_t)sizeof *rows->sorted);
    memset(rows, 0, sizeof *rows);
}

/* Room for `count` numbers of 32 bits, by doubling. */
static pfx_status grow(pfx_budget *budget, void **block, int64_t *capacity, int64_t count) {
    if (count <= *capacity) {
        return PFX_OK;
    }
    int64_t room = *capacity * 2 > count ? *capacity * 2 : count;
    if (*block == NULL) {
        PFX_TRY(pfx_alloc(budget, room * 4, block));
    } else {
        PFX_TRY(pfx_resize(budget, block, *capacity * 4, room * 4));
    }
    *capacity = room;
    return PFX_OK;
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

/* Room for `count` rows, of keys that all have their subtask. */
static pfx_status begin(pfx_partial_rows *rows, int64_t count) {
    pfx_budget *budget = rows->agg->budget;
    void *block = rows->targets;
    PFX_TRY(grow(budget, &block, &rows->targets_capacity, rows->index->count));
    rows->targets = block;
    while (rows->known < rows->index->count) {
        int64_t keys = rows->index->count - rows->known;
        keys = keys < PFX_CHUNK ? keys : PFX_CHUNK;
        PFX_TRY(find_targets(rows, keys));
        rows->known += keys;
    }
    block = rows->sorted;
    PFX_TRY(grow(budget, &block, &rows->sorted_capacity, count));
    rows->sorted = block;
    PFX_TRY(pfx_out_column_reserve(rows->state, count));
    PFX_TRY(pfx_out_column_reserve(rows->subtask, count));
    memset(rows->places, 0, (size_t)rows->subtasks * sizeof *rows->places);
    return PFX_OK;
}

static void count_keys(pfx_partial_rows *rows, const uint32_t *keys, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        rows->places[rows->targets[keys[i]]]++;
    }
}

/* All rows have been counted: say which subtask each place has. */
static void divide(pfx_partial_rows *rows) {
    int32_t *subtask = (int32_t *)(void *)rows->subtask->data;
    int64_t place = 0;
    for (int32_t s = 0; s < rows->subtasks; s++) {
        int64_t end = place + rows->places[s];
        rows->places[s] = place;
        while (place < end) {
            subtask[place++] = s;
        }
    }
    rows->state->rows = rows->subtask->rows = rows->rows = place;
}

/* Put the keys and the states, which lie side by side, in their places; `stamps` is NULL for no timestamps. */
static void put(pfx_partial_rows *rows, const uint32_t *keys, const uint8_t *states, int64_t count, int64_t *stamps,
                int64_t stamp) {
    int64_t words = rows->agg->stride / 8;
    const uint64_t *from = (const uint64_t *)(const void *)states;
    uint64_t *to = (uint64_t *)(void *)rows->state->data;
    for (int64_t i = 0; i < count; i++) {
        int64_t place = rows->places[rows->targets[keys[i]]]++;
        rows->sorted[place] = keys[i];
        for (int64_t word = 0; word < words; word++) {
            to[place * words + word] = from[i * words + word];
        }
        if (stamps != NULL) {
            stamps[place] = stamp;
        }
    }
}

static pfx_status end(pfx_partial_rows *rows) {
    for (int32_t c = 0; c < rows->index->columns; c++) {
        PFX_TRY(pfx_key_index_write(rows->index, c, rows->sorted, rows->rows, &rows->keys[c]));
    }
    return PFX_OK;
}

/* ---- slices ---- */

struct pfx_partials_scratch {
    uint32_t ids[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
    pfx_pane *panes[PFX_CHUNK];
};

pfx_status pfx_partials_init(pfx_partials *partials, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing) {
    if (slicing->steps == 0 && slicing->whole == 0) {
        return PFX_INVALID_ARGUMENT;
    }
    memset(partials, 0, sizeof *partials);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *partials->scratch, &memory));
    partials->agg = agg;
    partials->index = index;
    partials->slicing = *slicing;
    partials->scratch = memory;
    return PFX_OK;
}

static void free_pane(pfx_partials *partials, pfx_pane *pane) {
    if (pane != NULL) {
        pfx_pane_free(pane, partials->agg);
        pfx_free(partials->agg->budget, pane, (int64_t)sizeof *pane);
    }
}

void pfx_partials_free(pfx_partials *partials) {
    if (partials->agg == NULL) {
        return;
    }
    for (int64_t i = 0; i < partials->count; i++) {
        free_pane(partials, partials->panes[i]);
    }
    free_pane(partials, partials->spare);
    pfx_free(partials->agg->budget, partials->panes, partials->capacity * (int64_t)sizeof *partials->panes);
    pfx_free(partials->agg->budget, partials->scratch, (int64_t)sizeof *partials->scratch);
    memset(partials, 0, sizeof *partials);
}

static pfx_status new_pane(pfx_partials *partials, int64_t index, pfx_pane **out) {
    if (partials->spare != NULL) {
        *out = partials->spare;
        partials->spare = NULL;
        (*out)->index = index;
        return PFX_OK;
    }
    void *memory;
    PFX_TRY(pfx_alloc(partials->agg->budget, (int64_t)sizeof(pfx_pane), &memory));
    *out = memory;
    pfx_pane_init(*out, index);
    return PFX_OK;
}

static pfx_status open_pane(pfx_partials *partials, int64_t index, pfx_pane **out) {
    /* Rows come more or less in order of time, and few slices are open. */
    int64_t position = partials->count;
    while (position > 0 && partials->panes[position - 1]->index >= index) {
        position--;
    }
    if (position < partials->count && partials->panes[position]->index == index) {
        *out = partials->panes[position];
        return PFX_OK;
    }
    if (partials->count == partials->capacity) {
        void *memory = partials->panes;
        int64_t room = partials->capacity == 0 ? 16 : partials->capacity * 2;
        int64_t size = (int64_t)sizeof *partials->panes;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(partials->agg->budget, room * size, &memory));
        } else {
            PFX_TRY(pfx_resize(partials->agg->budget, &memory, partials->capacity * size, room * size));
        }
        partials->panes = memory;
        partials->capacity = room;
    }
    PFX_TRY(new_pane(partials, index, out));
    memmove(&partials->panes[position + 1], &partials->panes[position],
            (size_t)(partials->count - position) * sizeof *partials->panes);
    partials->panes[position] = *out;
    partials->count++;
    return PFX_OK;
}

pfx_status pfx_partials_add(pfx_partials *partials, const pfx_key_column *keys, const pfx_key_column *fields,
                            const int64_t *timestamps, int64_t rows, int64_t *row) {
    const pfx_slicing *slicing = &partials->slicing;
    struct pfx_partials_scratch *scratch = partials->scratch;
    int64_t stride = partials->agg->stride;
    pfx_pane *pane = NULL;
    int64_t pane_start = 0, pane_end = 0; /* `pane` is that of times in between */
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        *row = start;
        PFX_TRY(pfx_key_index_map(partials->index, keys, start, count, scratch->ids));
        int64_t known = partials->index->count;
        for (int64_t i = 0; i < count; i++) {
            int64_t time = timestamps[start + i];
            if (time < pane_start || time >= pane_end) {
                *row = start + i;
                if (time <= -PFX_TIME_LIMIT || time >= PFX_TIME_LIMIT) {
                    return PFX_OVERFLOW;
                }
                int64_t slice = pfx_slice_of(slicing, time);
                PFX_TRY(open_pane(partials, slice, &pane));
                pane_start = pfx_slice_start(slicing, slice);
                pane_end = pfx_slice_start(slicing, slice + 1);
            }
            int64_t slot = pfx_pane_find(pane, scratch->ids[i]);
            if (slot < 0) {
                PFX_TRY(pfx_pane_add(pane, partials->agg, scratch->ids[i], known, &slot));
                partials->held++;
            }
            scratch->panes[i] = pane;
            scratch->slots[i] = (uint32_t)slot;
        }
        for (int64_t i = 0; i < count; i++) {
            scratch->states[i] = scratch->panes[i]->states + (int64_t)scratch->slots[i] * stride;
        }
        *row = start;
        PFX_TRY(pfx_agg_update(partials->agg, fields, start, count, scratch->states, partials->sequence));
        partials->sequence += count;
    }
    return PFX_OK;
}

/* Forget the first panes, and `sent` states of the one behind them. */
static void drop(pfx_partials *partials, int64_t panes, int64_t sent) {
    for (int64_t i = 0; i < panes; i++) {
        pfx_pane *pane = partials->panes[i];
        if (partials->spare == NULL) {
            pfx_pane_reset(pane, partials->agg);
            partials->spare = pane;
        } else {
            free_pane(partials, pane);
        }
    }
    if (panes > 0) {
        partials->count -= panes;
        memmove(partials->panes, partials->panes + panes, (size_t)partials->count * sizeof *partials->panes);
    }
    partials->sent = sent;
}

static int64_t last_millisecond(const pfx_partials *partials, const pfx_pane *pane) {
    return pfx_slice_start(&partials->slicing, pane->index + 1) - 1;
}

pfx_status pfx_partials_send(pfx_partials *partials, pfx_partial_rows *rows, int64_t watermark, int64_t limit,
                             int *more) {
    int64_t panes = 0, total = 0;
    *more = 0;
    while (panes < partials->count && total < limit && last_millisecond(partials, partials->panes[panes]) <= watermark) {
        total += partials->panes[panes]->count - (panes == 0 ? partials->sent : 0);
        panes++;
    }
    if (panes == 0) {
        return PFX_OK;
    }
    /* The last of them may go in part. */
    int64_t kept = total > limit ? total - limit : 0;
    total -= kept;
    PFX_TRY(begin(rows, total));
    PFX_TRY(pfx_out_column_reserve(rows->stamps, total));
    for (int64_t i = 0; i < panes; i++) {
        const pfx_pane *pane = partials->panes[i];
        int64_t first = i == 0 ? partials->sent : 0;
        count_keys(rows, pane->keys + first, pane->count - first - (i == panes - 1 ? kept : 0));
    }
    divide(rows);
    for (int64_t i = 0; i < panes; i++) {
        const pfx_pane *pane = partials->panes[i];
        int64_t first = i == 0 ? partials->sent : 0;
        put(rows, pane->keys + first, pfx_pane_state(pane, partials->agg, first),
            pane->count - first - (i == panes - 1 ? kept : 0), (int64_t *)(void *)rows->stamps->data,
            last_millisecond(partials, pane));
    }
    rows->stamps->rows = total;
    PFX_TRY(end(rows));
    partials->held -= total;
    const pfx_pane *last = partials->panes[panes - 1];
    drop(partials, kept > 0 ? panes - 1 : panes, kept > 0 ? last->count - kept : 0);
    *more = partials->count > 0 && last_millisecond(partials, partials->panes[0]) <= watermark;
    return PFX_OK;
}

void pfx_partials_forget_keys(pfx_partials *partials, pfx_partial_rows *rows) {
    pfx_key_index_free(partials->index);
    free_pane(partials, partials->spare);
    partials->spare = NULL;
    rows->known = 0;
}

/* ---- running aggregates ---- */

pfx_status pfx_partials_send_running(const pfx_running *running, pfx_partial_rows *rows, int64_t first,
                                     int64_t limit) {
    int64_t count = running->count - first < limit ? running->count - first : limit;
    uint32_t keys[PFX_CHUNK];
    int64_t stride = running->agg->stride;
    PFX_TRY(begin(rows, count));
    for (int64_t i = 0; i < count; i++) {
        rows->places[rows->targets[first + i]]++;
    }
    divide(rows);
    for (int64_t start = 0; start < count; start += PFX_CHUNK) {
        int64_t chunk = count - start < PFX_CHUNK ? count - start : PFX_CHUNK;
        for (int64_t i = 0; i < chunk; i++) {
            keys[i] = (uint32_t)(first + start + i);
        }
        put(rows, keys, running->states + (first + start) * stride, chunk, NULL, 0);
    }
    return end(rows);
}

void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows) {
    running->count = 0;
    pfx_key_index_free(running->index);
    rows->known = 0;
}
