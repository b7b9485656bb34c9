#include "pfx/partials.h"

#include <string.h>

#include "pfx/calendar.h"
#include "pfx/key.h"
#include "pfx/key_columns.h"

/* So many keys have a place in every slice, however few of them are in it. */
#define FEW_KEYS 256
/* Slices that are open at once: one more is inserted among them. */
#define MOST_SLICES 4096
/* Slices that are kept for reuse, with their memory. */
#define MOST_SPARES 8

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
        keys = keys < PFX_CHUNK ? keys : PFX_CHUNK;
        PFX_TRY(find_targets(rows, keys));
        rows->known += keys;
    }
    GROW(budget, rows->found, rows->found_capacity, count);
    GROW(budget, rows->sorted, rows->sorted_capacity, count);
    memset(rows->places, 0, (size_t)rows->subtasks * sizeof *rows->places);
    rows->rows = 0;
    return PFX_OK;
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

struct pfx_partials_scratch {
    uint32_t ids[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
    const pfx_pane *panes[PFX_CHUNK]; /* NULL where the state is known */
};

pfx_status pfx_partials_init(pfx_partials *partials, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing) {
    int32_t rows = 0;
    while (rows < agg->count && agg->accs[rows].kind != PFX_ACC_ROWS) {
        rows++;
    }
    if ((slicing->steps == 0 && slicing->whole == 0) || rows == agg->count || agg->owning) {
        return PFX_INVALID_ARGUMENT;
    }
    memset(partials, 0, sizeof *partials);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *partials->scratch, &memory));
    partials->agg = agg;
    partials->index = index;
    partials->slicing = *slicing;
    partials->scratch = memory;
    partials->rows_at = agg->accs[rows].at;
    return PFX_OK;
}

static void free_slice(pfx_partials *partials, pfx_partial_slice *slice) {
    pfx_budget *budget = partials->agg->budget;
    pfx_pane_free(&slice->pane, partials->agg);
    pfx_free(budget, slice->states, slice->capacity * partials->agg->stride);
    pfx_free(budget, slice, (int64_t)sizeof *slice);
}

static void free_spares(pfx_partials *partials) {
    while (partials->spare != NULL) {
        pfx_partial_slice *spare = partials->spare;
        partials->spare = spare->next;
        free_slice(partials, spare);
    }
    partials->spares = 0;
}

void pfx_partials_free(pfx_partials *partials) {
    if (partials->agg == NULL) {
        return;
    }
    for (int64_t i = 0; i < partials->count; i++) {
        free_slice(partials, partials->slices[i]);
    }
    free_spares(partials);
    pfx_free(partials->agg->budget, partials->slices, partials->capacity * (int64_t)sizeof *partials->slices);
    pfx_free(partials->agg->budget, partials->scratch, (int64_t)sizeof *partials->scratch);
    memset(partials, 0, sizeof *partials);
}

static pfx_status new_slice(pfx_partials *partials, int64_t index, pfx_partial_slice **out) {
    bool dense = partials->index->count <= FEW_KEYS || partials->index->count <= partials->usual * 2;
    if (partials->spare != NULL) {
        *out = partials->spare;
        partials->spare = partials->spare->next;
        partials->spares--;
        (*out)->index = index;
        (*out)->dense = dense;
        return PFX_OK;
    }
    void *memory;
    PFX_TRY(pfx_alloc(partials->agg->budget, (int64_t)sizeof(pfx_partial_slice), &memory));
    *out = memory;
    **out = (pfx_partial_slice){.index = index, .dense = dense};
    pfx_pane_init(&(*out)->pane, index);
    return PFX_OK;
}

/* The position of the first slice whose index is `index` or more: mostly one of the last. */
static int64_t position_of(const pfx_partials *partials, int64_t index) {
    int64_t low = 0, high = partials->count;
    for (int64_t near = 0; near < 4 && high > 0 && partials->slices[high - 1]->index >= index; near++) {
        high--;
    }
    if (high == 0 || partials->slices[high - 1]->index < index) {
        return high;
    }
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (partials->slices[middle]->index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* *out is NULL when there are too many slices already. */
static pfx_status open_slice(pfx_partials *partials, int64_t index, pfx_partial_slice **out) {
    int64_t position = position_of(partials, index);
    if (position < partials->count && partials->slices[position]->index == index) {
        *out = partials->slices[position];
        return PFX_OK;
    }
    *out = NULL;
    if (partials->count == MOST_SLICES) {
        return PFX_OK;
    }
    GROW(partials->agg->budget, partials->slices, partials->capacity, partials->count + 1);
    PFX_TRY(new_slice(partials, index, out));
    memmove(&partials->slices[position + 1], &partials->slices[position],
            (size_t)(partials->count - position) * sizeof *partials->slices);
    partials->slices[position] = *out;
    partials->count++;
    return PFX_OK;
}

static bool has_rows(const pfx_partials *partials, const uint8_t *state) {
    int64_t n;
    memcpy(&n, state + partials->rows_at, sizeof n);
    return n != 0;
}

/* Move the states of a dense slice into a pane. */
static pfx_status make_sparse(pfx_partials *partials, pfx_partial_slice *slice, int64_t count) {
    const pfx_agg *agg = partials->agg;
    PFX_TRY(pfx_pane_reserve(&slice->pane, agg, count, partials->index->count));
    for (int64_t key = 0; key < slice->started; key++) {
        const uint8_t *state = slice->states + key * agg->stride;
        if (has_rows(partials, state)) {
            pfx_pane_copy(&slice->pane, agg, (uint32_t)key, state);
        }
    }
    pfx_free(agg->budget, slice->states, slice->capacity * agg->stride);
    slice->states = NULL;
    slice->started = slice->capacity = 0;
    slice->dense = false;
    return PFX_OK;
}

/* Start the states of all keys that are known, unless the slice has few of them. */
static pfx_status start_states(pfx_partials *partials, pfx_partial_slice *slice) {
    const pfx_agg *agg = partials->agg;
    int64_t keys = partials->index->count;
    if (keys > slice->capacity) {
        int64_t count = 0;
        for (int64_t key = 0; key < slice->started; key++) {
            count += has_rows(partials, slice->states + key * agg->stride);
        }
        if (slice->started > 0 && keys > FEW_KEYS && keys > count * 4) {
            return make_sparse(partials, slice, count);
        }
        int64_t room = slice->capacity * 2 > keys ? slice->capacity * 2 : keys;
        void *block = slice->states;
        if (block == NULL) {
            PFX_TRY(pfx_alloc(agg->budget, room * agg->stride, &block));
        } else {
            PFX_TRY(pfx_resize(agg->budget, &block, slice->capacity * agg->stride, room * agg->stride));
        }
        slice->states = block;
        slice->capacity = room;
    }
    for (; slice->started < keys; slice->started++) {
        pfx_agg_start(agg, slice->states + slice->started * agg->stride);
    }
    return PFX_OK;
}

pfx_status pfx_partials_add(pfx_partials *partials, const pfx_key_column *keys, const pfx_key_column *fields,
                            const int64_t *timestamps, int64_t start, int64_t rows, int64_t watermark, int64_t *row) {
    const pfx_slicing *slicing = &partials->slicing;
    struct pfx_partials_scratch *scratch = partials->scratch;
    int64_t stride = partials->agg->stride;
    while (start < rows) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t i = 0;
        pfx_partial_slice *slice = NULL;
        int64_t slice_start = 0, slice_end = 0; /* `slice` is that of times in between */
        bool all_dense = true;
        *row = start;
        PFX_TRY(pfx_key_index_map(partials->index, keys, start, count, scratch->ids));
        int64_t known = partials->index->count;
        for (; i < count; i++) {
            int64_t time = timestamps[start + i];
            if (time < slice_start || time >= slice_end) {
                *row = start + i;
                if (time <= -PFX_TIME_LIMIT || time >= PFX_TIME_LIMIT) {
                    return PFX_OVERFLOW;
                }
                int64_t index = pfx_slice_of(slicing, time);
                slice_start = pfx_slice_start(slicing, index);
                slice_end = pfx_slice_start(slicing, index + 1);
                if (slice_end - 1 <= watermark) {
                    break;
                }
                PFX_TRY(open_slice(partials, index, &slice));
                if (slice == NULL) {
                    break;
                }
                if (slice->dense) {
                    PFX_TRY(start_states(partials, slice));
                }
                all_dense = all_dense && slice->dense;
            }
            if (slice->dense) {
                scratch->panes[i] = NULL;
                scratch->states[i] = slice->states + (int64_t)scratch->ids[i] * stride;
                continue;
            }
            int64_t slot = pfx_pane_find(&slice->pane, scratch->ids[i]);
            if (slot < 0) {
                PFX_TRY(pfx_pane_add(&slice->pane, partials->agg, scratch->ids[i], known, &slot));
            }
            scratch->panes[i] = &slice->pane;
            scratch->slots[i] = (uint32_t)slot;
        }
        /* Panes have grown for the last time. */
        for (int64_t j = 0; !all_dense && j < i; j++) {
            if (scratch->panes[j] != NULL) {
                scratch->states[j] = pfx_pane_state(scratch->panes[j], partials->agg, scratch->slots[j]);
            }
        }
        PFX_TRY(pfx_agg_update(partials->agg, fields, start, i, scratch->states, partials->sequence));
        partials->sequence += i;
        start += i;
        if (i < count) {
            break;
        }
    }
    *row = start;
    return PFX_OK;
}

static int64_t places_of(const pfx_partial_slice *slice) {
    return slice->dense ? slice->started : slice->pane.count;
}

int64_t pfx_partials_held(const pfx_partials *partials) {
    int64_t held = 0;
    for (int64_t i = 0; i < partials->count; i++) {
        held += places_of(partials->slices[i]);
    }
    return held;
}

/* Forget the first slices, and as many places of the one behind them. */
static void drop(pfx_partials *partials, int64_t slices, int64_t places) {
    for (int64_t i = 0; i < slices; i++) {
        pfx_partial_slice *slice = partials->slices[i];
        pfx_pane_reset(&slice->pane, partials->agg);
        slice->started = 0;
        if (partials->spares == MOST_SPARES) {
            free_slice(partials, slice);
            continue;
        }
        slice->next = partials->spare;
        partials->spare = slice;
        partials->spares++;
    }
    if (slices > 0) {
        partials->count -= slices;
        memmove(partials->slices, partials->slices + slices, (size_t)partials->count * sizeof *partials->slices);
    }
    partials->sent = places;
}

/* Find the states of a slice from place `place` on, until there are `limit` rows; the place behind the last. */
static int64_t find_states(const pfx_partials *partials, pfx_partial_rows *rows, const pfx_partial_slice *slice,
                           int64_t place, int64_t limit) {
    int64_t stride = partials->agg->stride;
    int64_t stamp = pfx_slice_start(&partials->slicing, slice->index + 1) - 1;
    if (!slice->dense) {
        for (; place < slice->pane.count && rows->rows < limit; place++) {
            find(rows, slice->pane.keys[place], pfx_pane_state(&slice->pane, partials->agg, place), stamp);
        }
        return place;
    }
    for (; place < slice->started && rows->rows < limit; place++) {
        const uint8_t *state = slice->states + place * stride;
        if (has_rows(partials, state)) {
            find(rows, (uint32_t)place, state, stamp);
        }
    }
    return place;
}

static bool is_due(const pfx_partials *partials, int64_t slice, int64_t watermark) {
    return slice < partials->count &&
           pfx_slice_start(&partials->slicing, partials->slices[slice]->index + 1) - 1 <= watermark;
}

pfx_status pfx_partials_send(pfx_partials *partials, pfx_partial_rows *rows, int64_t watermark, int64_t limit,
                             int *more) {
    int64_t slices = 0, place = partials->sent, most = 0;
    *more = 0;
    for (int64_t i = 0; is_due(partials, i, watermark) && most < limit; i++) {
        most += places_of(partials->slices[i]);
    }
    if (most == 0) {
        return PFX_OK;
    }
    PFX_TRY(begin(rows, most < limit ? most : limit));
    while (is_due(partials, slices, watermark) && rows->rows < limit) {
        const pfx_partial_slice *slice = partials->slices[slices];
        int64_t before = rows->rows;
        place = find_states(partials, rows, slice, place, limit);
        if (place < places_of(slice)) {
            break;
        }
        int64_t count = rows->rows - before;
        partials->usual = count > partials->usual ? count : (partials->usual * 3 + count) / 4;
        slices++;
        place = 0;
    }
    PFX_TRY(write_found(rows, true));
    drop(partials, slices, place);
    *more = is_due(partials, 0, watermark);
    return PFX_OK;
}

void pfx_partials_forget_keys(pfx_partials *partials, pfx_partial_rows *rows) {
    pfx_key_index_free(partials->index);
    free_spares(partials);
    partials->usual = 0;
    rows->known = 0;
}

/* ---- running aggregates ---- */

pfx_status pfx_partials_send_running(const pfx_running *running, pfx_partial_rows *rows, int64_t first, int64_t limit) {
    int64_t end = running->count - first < limit ? running->count : first + limit;
    PFX_TRY(begin(rows, end - first));
    for (int64_t key = first; key < end; key++) {
        find(rows, (uint32_t)key, running->states + key * running->agg->stride, 0);
    }
    return write_found(rows, false);
}

void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows) {
    running->count = 0;
    pfx_key_index_free(running->index);
    rows->known = 0;
}
