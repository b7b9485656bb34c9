#include "pfx/state_export.h"

#include <string.h>

/* The rows of an import that are worked on. */
typedef struct chunk {
    uint32_t ids[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
} chunk;

/* The value of an int64 column, `missing` for null. */
static int64_t word_of(const pfx_key_column *column, int64_t row, int64_t missing) {
    int64_t word;
    if (!pfx_has_value(column, row)) {
        return missing;
    }
    memcpy(&word, column->data + (column->offset + row) * 8, sizeof word);
    return word;
}

static pfx_status fail(pfx_agg_import *states, int64_t row) {
    states->failed_row = row;
    states->failed_acc = -1;
    return PFX_CORRUPT;
}

/* Whether these are last milliseconds of slices. */
static pfx_status check_slices(const pfx_slicing *slicing, const pfx_key_column *lasts, pfx_agg_import *states,
                               int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        int64_t number, at = 0, last = word_of(lasts, row, INT64_MIN);
        bool one;
        if (pfx_slices_of(slicing, &last, 1, &number, &one, &at) != PFX_OK ||
            pfx_slice_start(slicing, number + 1) - 1 != last) {
            return fail(states, row);
        }
    }
    return PFX_OK;
}

pfx_status pfx_slices_import(pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *spaces,
                             pfx_agg_import *states, int64_t rows) {
    int64_t late_rows, row = 0;
    if (slices->firing != NULL || slices->merging || slices->again.pending) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(check_slices(&slices->panes.slicing, spaces, states, rows));
    const int64_t *lasts = (const int64_t *)(const void *)spaces->data + spaces->offset;
    return pfx_slices_merge(slices, keys, states, lasts, NULL, rows, &late_rows, &row);
}

/* Read the states of a chunk and add them to those of its slots, which are `states[i]`. */
static pfx_status take_states(pfx_agg_import *states, chunk *chunk, int64_t start, int64_t count) {
    PFX_TRY(pfx_agg_import_read(states, start, count));
    return pfx_agg_import_merge(states, chunk->states);
}

static pfx_status import_sessions(pfx_sessions *sessions, const pfx_key_column *spaces, pfx_agg_import *states,
                                  chunk *chunk, int64_t start, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        int64_t row = start + i;
        int64_t fired = word_of(&spaces[2], row, INT64_MIN);
        pfx_status status = pfx_sessions_open(sessions, chunk->ids[i], word_of(&spaces[0], row, INT64_MIN),
                                              word_of(&spaces[1], row, INT64_MIN), fired, &chunk->slots[i]);
        PFX_TRY(status == PFX_CORRUPT ? fail(states, row) : status);
    }
    for (int64_t i = 0; i < count; i++) {
        chunk->states[i] = pfx_sessions_state(sessions, chunk->slots[i]);
    }
    return take_states(states, chunk, start, count);
}

static pfx_status import_counts(pfx_counts *counts, const pfx_key_column *spaces, pfx_agg_import *states, chunk *chunk,
                                uint8_t *rest, int64_t start, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        int64_t row = start + i, number = word_of(&spaces[1], row, -1);
        bool missing = !pfx_has_value(&spaces[1], row);
        pfx_status status = PFX_CORRUPT;
        if (missing == (number < 0)) {
            status = pfx_counts_open(counts, chunk->ids[i], word_of(&spaces[0], row, -1), number, &chunk->slots[i]);
        }
        PFX_TRY(status == PFX_CORRUPT ? fail(states, row) : status);
    }
    for (int64_t i = 0; i < count; i++) {
        chunk->states[i] = chunk->slots[i] == UINT32_MAX ? rest : pfx_counts_state(counts, chunk->slots[i]);
    }
    return take_states(states, chunk, start, count);
}

/* Into either of the two; the other one is NULL. `rest` takes the empty states of keys without a slice. */
static pfx_status import_chunks(pfx_sessions *sessions, pfx_counts *counts, pfx_key_index *index,
                                const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
                                int64_t rows, chunk *chunk, uint8_t *rest) {
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        PFX_TRY(pfx_key_index_map(index, keys, start, count, chunk->ids));
        PFX_TRY(sessions != NULL ? import_sessions(sessions, spaces, states, chunk, start, count)
                                 : import_counts(counts, spaces, states, chunk, rest, start, count));
    }
    return PFX_OK;
}

static pfx_status import_slots(pfx_sessions *sessions, pfx_counts *counts, pfx_key_index *index,
                               const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
                               int64_t rows) {
    pfx_agg *agg = states->agg;
    int64_t size = (int64_t)sizeof(chunk) + agg->stride;
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, size, &memory));
    uint8_t *rest = (uint8_t *)memory + sizeof(chunk);
    pfx_agg_start(agg, rest, 1);
    pfx_status status = import_chunks(sessions, counts, index, keys, spaces, states, rows, memory, rest);
    pfx_agg_clear(agg, rest, 1);
    pfx_free(agg->budget, memory, size);
    return status;
}

pfx_status pfx_sessions_import(pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *spaces,
                               pfx_agg_import *states, int64_t rows) {
    if (sessions->sent < sessions->due.count) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(import_slots(sessions, NULL, sessions->index, keys, spaces, states, rows));
    sessions->sequence = sessions->sequence > states->next_sequence ? sessions->sequence : states->next_sequence;
    return PFX_OK;
}

pfx_status pfx_counts_import(pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *spaces,
                             pfx_agg_import *states, int64_t rows) {
    /* Windows that are still to be sent know where states are, which move when there are more. */
    if (counts->sent < counts->full) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(import_slots(NULL, counts, counts->index, keys, spaces, states, rows));
    counts->sequence = counts->sequence > states->next_sequence ? counts->sequence : states->next_sequence;
    return PFX_OK;
}
