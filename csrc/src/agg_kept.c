#include "agg_kept.h"

#include <string.h>

static bool has_by(const pfx_acc *acc) {
    return acc->kind == PFX_ACC_MIN_BY || acc->kind == PFX_ACC_MAX_BY;
}

static bool is_narrow(const pfx_agg *agg, int32_t field) {
    return pfx_kind_is_narrow(agg->types[field].kind);
}

int64_t pfx_kept_size(const pfx_acc *acc) {
    return has_by(acc) ? (int64_t)sizeof(pfx_kept) : (int64_t)offsetof(pfx_kept, by);
}

void pfx_kept_start(uint8_t *state) {
    ((pfx_kept *)(void *)state)->sequence = -1;
}

static void clear_cell(const pfx_agg *agg, int32_t field, pfx_cell *cell) {
    if (!is_narrow(agg, field)) {
        pfx_free(agg->budget, cell->wide.bytes, cell->wide.capacity);
        cell->wide.bytes = NULL;
    }
}

void pfx_kept_clear(const pfx_agg *agg, const pfx_acc *acc, uint8_t *state) {
    pfx_kept *kept = (pfx_kept *)(void *)state;
    clear_cell(agg, acc->field, &kept->value);
    if (has_by(acc)) {
        clear_cell(agg, acc->by, &kept->by);
    }
}

static pfx_status set_wide(const pfx_agg *agg, pfx_cell *cell, const uint8_t *bytes, int64_t size) {
    if (size > UINT32_MAX / 2) {
        return PFX_OVERFLOW;
    }
    if (cell->wide.bytes == NULL || size > cell->wide.capacity) {
        void *memory;
        int64_t room = size < 16 ? 16 : size;
        PFX_TRY(pfx_alloc(agg->budget, room, &memory));
        pfx_free(agg->budget, cell->wide.bytes, cell->wide.capacity);
        cell->wide.bytes = memory;
        cell->wide.capacity = (uint32_t)room;
    }
    if (size > 0) {
        memcpy(cell->wide.bytes, bytes, (size_t)size);
    }
    cell->wide.size = (uint32_t)size;
    return PFX_OK;
}

static int64_t compare_decimals(const uint8_t *left, const uint8_t *right) {
    int64_t high[2];
    uint64_t low[2];
    memcpy(&low[0], left, 8);
    memcpy(&low[1], right, 8);
    memcpy(&high[0], left + 8, 8);
    memcpy(&high[1], right + 8, 8);
    if (high[0] != high[1]) {
        return high[0] < high[1] ? -1 : 1;
    }
    return low[0] < low[1] ? -1 : low[0] > low[1];
}

static int64_t compare_wide(const pfx_arrow_type *type, const uint8_t *left, int64_t left_size, const uint8_t *right,
                            int64_t right_size) {
    if (type->kind == PFX_KIND_DECIMAL128) {
        return compare_decimals(left, right);
    }
    int64_t common = left_size < right_size ? left_size : right_size;
    int order = common > 0 ? memcmp(left, right, (size_t)common) : 0;
    return order != 0 ? order : left_size - right_size;
}

/* A value that is looked at: of a row, or of another state. */
typedef struct candidate {
    int64_t word;
    const uint8_t *bytes;
    int64_t size;
} candidate;

static candidate of_cell(const pfx_cell *cell, bool narrow) {
    if (narrow) {
        return (candidate){.word = cell->word};
    }
    return (candidate){.bytes = cell->wide.bytes, .size = cell->wide.size};
}

static candidate of_row(const pfx_key_column *column, const int64_t *words, int64_t start, int64_t i) {
    candidate result = {0};
    if (words != NULL) {
        result.word = words[i];
    } else {
        pfx_wide_value(column, start + i, &result.bytes, &result.size);
    }
    return result;
}

static pfx_status set_cell(const pfx_agg *agg, int32_t field, pfx_cell *cell, candidate value) {
    if (is_narrow(agg, field)) {
        cell->word = value.word;
        return PFX_OK;
    }
    return set_wide(agg, cell, value.bytes, value.size);
}

/* Keep the candidate if it comes before what is kept: by `by`, then by arrival. */
static pfx_status offer(const pfx_agg *agg, const pfx_acc *acc, pfx_kept *kept, int64_t sequence, candidate value,
                        candidate by) {
    if (kept->sequence >= 0) {
        int64_t order = 0;
        if (has_by(acc)) {
            if (is_narrow(agg, acc->by)) {
                order = by.word < kept->by.word ? -1 : by.word > kept->by.word;
            } else {
                order = compare_wide(&agg->types[acc->by], by.bytes, by.size, kept->by.wide.bytes, kept->by.wide.size);
            }
            order = acc->kind == PFX_ACC_MAX_BY ? -order : order;
        }
        if (order == 0) {
            bool earlier = sequence < kept->sequence;
            order = earlier == (acc->kind != PFX_ACC_LAST) ? -1 : 1;
        }
        if (order > 0) {
            return PFX_OK;
        }
    }
    if (has_by(acc)) {
        PFX_TRY(set_cell(agg, acc->by, &kept->by, by));
    }
    PFX_TRY(set_cell(agg, acc->field, &kept->value, value));
    kept->sequence = sequence;
    return PFX_OK;
}

pfx_status pfx_kept_update(pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *columns, int64_t start, int64_t rows,
                           uint8_t *const *states, int64_t sequence) {
    const pfx_key_column *column = &columns[acc->field];
    const pfx_key_column *by_column = has_by(acc) ? &columns[acc->by] : NULL;
    const int64_t *words = NULL, *by_words = NULL;
    if (column->type->kind == PFX_KIND_NULL || (by_column != NULL && by_column->type->kind == PFX_KIND_NULL)) {
        return PFX_OK;
    }
    if (is_narrow(agg, acc->field)) {
        words = pfx_words_load(column, PFX_WORD_RAW, start, rows, agg->scratch);
    }
    if (by_column != NULL && is_narrow(agg, acc->by)) {
        by_words = pfx_words_load(by_column, PFX_WORD_ORDER, start, rows, agg->scratch + PFX_CHUNK);
    }
    for (int64_t i = 0; i < rows; i++) {
        if (!pfx_has_value(column, start + i) || (by_column != NULL && !pfx_has_value(by_column, start + i))) {
            continue;
        }
        candidate by = by_column != NULL ? of_row(by_column, by_words, start, i) : (candidate){0};
        pfx_kept *kept = (pfx_kept *)(void *)(states[i] + acc->at);
        PFX_TRY(offer(agg, acc, kept, sequence + i, of_row(column, words, start, i), by));
    }
    return PFX_OK;
}

pfx_status pfx_kept_merge(const pfx_agg *agg, const pfx_acc *acc, uint8_t *into, const uint8_t *from) {
    pfx_kept *kept = (pfx_kept *)(void *)into;
    const pfx_kept *other = (const pfx_kept *)(const void *)from;
    if (other->sequence < 0) {
        return PFX_OK;
    }
    candidate by = {0};
    if (has_by(acc)) {
        by = of_cell(&other->by, is_narrow(agg, acc->by));
    }
    return offer(agg, acc, kept, other->sequence, of_cell(&other->value, is_narrow(agg, acc->field)), by);
}

int64_t pfx_kept_bytes(const uint8_t *state) {
    const pfx_kept *kept = (const pfx_kept *)(const void *)state;
    return kept->sequence < 0 ? 0 : kept->value.wide.size;
}

pfx_status pfx_kept_put(const pfx_agg *agg, const pfx_acc *acc, const uint8_t *state, pfx_out_column *out) {
    const pfx_kept *kept = (const pfx_kept *)(const void *)state;
    if (kept->sequence < 0) {
        pfx_out_column_put_null(out);
        return PFX_OK;
    }
    if (is_narrow(agg, acc->field)) {
        pfx_out_column_put_word(out, kept->value.word);
        return PFX_OK;
    }
    return pfx_out_column_put_bytes(out, kept->value.wide.bytes, kept->value.wide.size);
}
