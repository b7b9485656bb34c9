#include "pfx/agg_columns.h"

#include <math.h>
#include <string.h>

#include "agg_distinct.h"
#include "agg_kept.h"
#include "agg_states.h"

/* States that are written at a time, so that they are in the first cache when the next column's turn comes. */
#define FEW 128

int32_t pfx_acc_columns(pfx_acc_kind kind) {
    switch (kind) {
    case PFX_ACC_ROWS:
    case PFX_ACC_COUNT:
    case PFX_ACC_MIN:
    case PFX_ACC_MAX:
        return 1;
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
    case PFX_ACC_DISTINCT:
        return 2;
    case PFX_ACC_SUM_INT:
    case PFX_ACC_SUM_REAL:
    case PFX_ACC_MOMENTS:
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        break;
    }
    return 3;
}

/* ---- writing ---- */

static uint64_t *end_of(const pfx_out_column *column) {
    return (uint64_t *)(void *)column->data + column->rows;
}

/* Append the words of accumulators that are nothing else, one or three; there is room. */
static void put_words(pfx_out_column *columns, uint8_t *const *states, int64_t count, int32_t at, int32_t width) {
    uint64_t *first = end_of(&columns[0]);
    columns[0].rows += count;
    if (width == 1) {
        for (int64_t i = 0; i < count; i++) {
            first[i] = *(const uint64_t *)(const void *)(states[i] + at);
        }
        return;
    }
    uint64_t *second = end_of(&columns[1]), *third = end_of(&columns[2]);
    columns[1].rows += count;
    columns[2].rows += count;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t *words = (const uint64_t *)(const void *)(states[i] + at);
        first[i] = words[0];
        second[i] = words[1];
        third[i] = words[2];
    }
}

static void put_extremes(const pfx_agg *agg, const pfx_acc *acc, uint8_t *const *states, int64_t count,
                         pfx_out_column *column) {
    const pfx_arrow_type *type = &agg->types[acc->field];
    for (int64_t i = 0; i < count; i++) {
        const extreme_state *state = (const extreme_state *)(const void *)(states[i] + acc->at);
        if (state->seen) {
            pfx_out_column_put_word(column, pfx_word_raw(type, PFX_WORD_ORDER, state->order));
        } else {
            pfx_out_column_put_null(column);
        }
    }
}

/* Room for `count` states in all columns, but for the items of lists. */
static pfx_status reserve(const pfx_agg *agg, int64_t count, pfx_out_column *columns) {
    for (int32_t a = 0; a < agg->count; a++) {
        int32_t width = pfx_acc_columns(agg->accs[a].kind);
        for (int32_t c = 0; c < (agg->accs[a].kind == PFX_ACC_DISTINCT ? 1 : width); c++) {
            PFX_TRY(pfx_out_column_reserve(&columns[c], count));
        }
        columns += width;
    }
    return PFX_OK;
}

static pfx_status export_acc(const pfx_agg *agg, const pfx_acc *acc, uint8_t *const *states, int64_t count,
                             pfx_out_column *columns) {
    switch (acc->kind) {
    case PFX_ACC_MIN:
    case PFX_ACC_MAX:
        put_extremes(agg, acc, states, count, columns);
        return PFX_OK;
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        for (int64_t i = 0; i < count; i++) {
            PFX_TRY(pfx_kept_write(agg, acc, states[i] + acc->at, columns));
        }
        return PFX_OK;
    case PFX_ACC_DISTINCT:
        for (int64_t i = 0; i < count; i++) {
            PFX_TRY(pfx_distinct_write(agg, acc, states[i] + acc->at, &columns[1]));
            pfx_out_column_put_end(&columns[0], columns[1].rows);
        }
        return PFX_OK;
    default:
        break;
    }
    put_words(columns, states, count, acc->at, pfx_acc_columns(acc->kind));
    return PFX_OK;
}

pfx_status pfx_agg_export(const pfx_agg *agg, uint8_t *const *states, int64_t count, pfx_out_column *columns) {
    PFX_TRY(reserve(agg, count, columns));
    for (int64_t done = 0; done < count; done += FEW) {
        int64_t few = count - done < FEW ? count - done : FEW;
        int32_t at = 0;
        for (int32_t a = 0; a < agg->count; a++) {
            PFX_TRY(export_acc(agg, &agg->accs[a], states + done, few, columns + at));
            at += pfx_acc_columns(agg->accs[a].kind);
        }
    }
    return PFX_OK;
}

/* ---- reading ---- */

pfx_status pfx_agg_import_init(pfx_agg_import *import, pfx_agg *agg, const pfx_key_column *columns, int64_t rows) {
    memset(import, 0, sizeof *import);
    import->agg = agg;
    import->columns = columns;
    import->failed_acc = -1;
    import->room = rows < 1 ? 1 : rows < PFX_CHUNK ? rows : PFX_CHUNK;
    for (int32_t a = 0; a < agg->count; a++) {
        pfx_acc_kind kind = agg->accs[a].kind;
        import->starts = import->starts || kind == PFX_ACC_DISTINCT || kind == PFX_ACC_FIRST || kind == PFX_ACC_LAST ||
                         kind == PFX_ACC_MIN_BY || kind == PFX_ACC_MAX_BY;
    }
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, import->room * agg->stride, &memory));
    import->states = memory;
    return PFX_OK;
}

void pfx_agg_import_free(pfx_agg_import *import) {
    if (import->states != NULL) {
        pfx_agg_clear(import->agg, import->states, import->count);
        pfx_free(import->agg->budget, import->states, import->room * import->agg->stride);
        import->states = NULL;
        import->count = 0;
    }
}

/* Whether a column has a value in each of these rows. */
static bool is_full(const pfx_key_column *column, int64_t start, int64_t rows) {
    for (int64_t i = 0; column->validity != NULL && i < rows; i++) {
        if (!pfx_has_value(column, start + i)) {
            return false;
        }
    }
    return true;
}

/* Whether a count can be one; `rest` has bits where a state of no rows would hold something all the same. */
static inline bool is_count(int64_t n, uint64_t rest) {
    return ((uint64_t)n < (uint64_t)PFX_MOST_ROWS) & ((n > 0) | (rest == 0));
}

static inline bool is_sound(pfx_acc_kind kind, const uint8_t *at) {
    switch (kind) {
    case PFX_ACC_ROWS:
    case PFX_ACC_COUNT:
        return is_count(((const count_state *)(const void *)at)->n, 0);
    case PFX_ACC_SUM_INT: {
        const sum_int_state *state = (const sum_int_state *)(const void *)at;
        /* A value has 64 bits and a sign, so the upper half counts no further than the values do. */
        return is_count(state->n, state->low | (uint64_t)state->high) && state->high <= state->n &&
               state->high >= -state->n;
    }
    case PFX_ACC_SUM_REAL: {
        const sum_real_state *state = (const sum_real_state *)(const void *)at;
        return is_count(state->n, state->sum != 0 || state->compensation != 0);
    }
    default: {
        const moments_state *state = (const moments_state *)(const void *)at;
        return is_count(state->n, state->mean != 0 || state->squares != 0) && !(state->squares < 0);
    }
    }
}

static const uint8_t *words_at(const pfx_key_column *column, int64_t start) {
    return column->data + (column->offset + start) * 8;
}

/* Accumulators that are nothing but words, one or three: write them, and say whether all are sound. `kind` is a
 * constant wherever this is called. */
static inline bool copy_words(pfx_agg_import *import, const pfx_acc *acc, const pfx_key_column *columns, int64_t start,
                              int64_t rows, pfx_acc_kind kind) {
    int32_t width = pfx_acc_columns(kind);
    const uint8_t *first = words_at(&columns[0], start);
    const uint8_t *second = width == 1 ? NULL : words_at(&columns[1], start);
    const uint8_t *third = width == 1 ? NULL : words_at(&columns[2], start);
    int64_t stride = import->agg->stride;
    uint8_t *to = import->states + acc->at;
    bool sound = true;
    for (int64_t i = 0; i < rows; i++, to += stride) {
        memcpy(to, first + i * 8, 8);
        if (width > 1) {
            memcpy(to + 8, second + i * 8, 8);
            memcpy(to + 16, third + i * 8, 8);
        }
        sound &= is_sound(kind, to);
    }
    return sound;
}

static pfx_status read_words(pfx_agg_import *import, const pfx_acc *acc, const pfx_key_column *columns, int64_t start,
                             int64_t rows) {
    bool sound;
    switch (acc->kind) {
    case PFX_ACC_SUM_INT:
        sound = copy_words(import, acc, columns, start, rows, PFX_ACC_SUM_INT);
        break;
    case PFX_ACC_SUM_REAL:
        sound = copy_words(import, acc, columns, start, rows, PFX_ACC_SUM_REAL);
        break;
    case PFX_ACC_MOMENTS:
        sound = copy_words(import, acc, columns, start, rows, PFX_ACC_MOMENTS);
        break;
    default:
        sound = copy_words(import, acc, columns, start, rows, PFX_ACC_COUNT);
        break;
    }
    import->failed_row = start;
    for (int32_t c = 0; c < pfx_acc_columns(acc->kind); c++) {
        if (!is_full(&columns[c], start, rows)) {
            return PFX_CORRUPT;
        }
    }
    if (sound) {
        return PFX_OK;
    }
    while (is_sound(acc->kind, import->states + (import->failed_row - start) * import->agg->stride + acc->at)) {
        import->failed_row++;
    }
    return PFX_CORRUPT;
}

static void read_extremes(pfx_agg_import *import, const pfx_acc *acc, const pfx_key_column *column, int64_t start,
                          int64_t rows) {
    pfx_agg *agg = import->agg;
    const int64_t *words = pfx_words_load(column, PFX_WORD_ORDER, start, rows, agg->scratch);
    int64_t none = acc->kind == PFX_ACC_MIN ? INT64_MAX : INT64_MIN;
    for (int64_t i = 0; i < rows; i++) {
        extreme_state *state = (extreme_state *)(void *)(import->states + i * agg->stride + acc->at);
        bool seen = pfx_has_value(column, start + i);
        state->order = seen ? words[i] : none;
        state->seen = seen;
    }
}

static pfx_status read_acc(pfx_agg_import *import, const pfx_acc *acc, const pfx_key_column *columns, int64_t start,
                           int64_t rows) {
    pfx_agg *agg = import->agg;
    uint8_t *states = import->states + acc->at;
    switch (acc->kind) {
    case PFX_ACC_MIN:
    case PFX_ACC_MAX:
        read_extremes(import, acc, columns, start, rows);
        return PFX_OK;
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        return pfx_kept_read(agg, acc, columns, start, rows, states, &import->next_sequence, &import->failed_row);
    case PFX_ACC_DISTINCT:
        for (int64_t i = 0; i < rows; i++) {
            import->failed_row = start + i;
            PFX_TRY(pfx_distinct_read(agg, acc, columns, start + i, states + i * agg->stride));
        }
        return PFX_OK;
    default:
        return read_words(import, acc, columns, start, rows);
    }
}

pfx_status pfx_agg_import_read(pfx_agg_import *import, int64_t start, int64_t rows) {
    pfx_agg *agg = import->agg;
    int32_t at = 0;
    if (rows > import->room || import->count != 0) {
        return PFX_INVALID_ARGUMENT;
    }
    if (import->starts) {
        pfx_agg_start(agg, import->states, rows);
    }
    import->count = rows;
    for (int32_t a = 0; a < agg->count; a++) {
        const pfx_acc *acc = &agg->accs[a];
        pfx_status status = read_acc(import, acc, import->columns + at, start, rows);
        if (status != PFX_OK) {
            import->failed_acc = a;
            return status;
        }
        at += pfx_acc_columns(acc->kind);
    }
    return PFX_OK;
}

pfx_status pfx_agg_import_merge(pfx_agg_import *import, uint8_t *const *into) {
    pfx_agg *agg = import->agg;
    pfx_status status = PFX_OK;
    if (agg->owning) {
        for (int64_t i = 0; i < import->count && status == PFX_OK; i++) {
            uint8_t *from = import->states + i * agg->stride;
            status = pfx_agg_absorb(agg, into[i], from);
            pfx_agg_start(agg, from, 1); /* it owns nothing any more */
        }
    } else {
        uint8_t *from[PFX_CHUNK];
        for (int64_t i = 0; i < import->count; i++) {
            from[i] = import->states + i * agg->stride;
        }
        status = pfx_agg_merge(agg, into, from, import->count);
    }
    pfx_agg_clear(agg, import->states, import->count);
    import->count = 0;
    return status;
}
