#include "pfx/results.h"

#include <string.h>

/* How many batches say what is to be expected: they may be full and small in turn. */
#define BATCHES 16

static pfx_status reserve(pfx_out_column *columns, int32_t count, int64_t rows) {
    for (int32_t i = 0; columns != NULL && i < count; i++) {
        PFX_TRY(pfx_out_column_reserve(&columns[i], rows));
    }
    return PFX_OK;
}

pfx_status pfx_results_reserve(pfx_results *results, int64_t rows, int64_t limit) {
    if (results->rows > 0) {
        return PFX_OK;
    }
    rows = rows > results->expected ? rows : results->expected;
    rows = rows < limit ? rows : limit;
    PFX_TRY(reserve(results->keys, results->index->columns, rows));
    PFX_TRY(reserve(results->bounds, 2, rows));
    PFX_TRY(reserve(results->values, results->count, rows));
    return reserve(results->stamps, 1, rows);
}

bool pfx_results_full(const pfx_results *results, int64_t limit) {
    if (results->rows >= limit || results->work / PFX_RESULT_WORK >= limit) {
        return true;
    }
    for (int32_t i = 0; i < results->index->columns; i++) {
        if (results->keys[i].data_used >= results->most_bytes) {
            return true;
        }
    }
    for (int32_t i = 0; i < results->count; i++) {
        if (results->values[i].data_used >= results->most_bytes) {
            return true;
        }
    }
    return false;
}

/* Fewer of `count` rows, if the texts of a column would be too long. */
static int64_t fit_keys(const pfx_results *results, int32_t column, const uint32_t *keys, int64_t count) {
    int64_t used = results->keys[column].data_used;
    for (int64_t i = 0; i < count; i++) {
        int64_t size = pfx_key_index_size(results->index, column, keys[i]);
        if (size > results->most_bytes - used) {
            return i;
        }
        used += size;
    }
    return count;
}

static int64_t fit_values(const pfx_results *results, int32_t number, uint8_t *const *states, int64_t count) {
    int64_t used = results->values[number].data_used;
    for (int64_t i = 0; i < count; i++) {
        int64_t size = pfx_agg_result_size(results->agg, results->results[number].acc, states[i]);
        if (size > results->most_bytes - used) {
            return i;
        }
        used += size;
    }
    return count;
}

int64_t pfx_results_fit_keys(const pfx_results *results, const uint32_t *keys, int64_t count) {
    int64_t fitting = count;
    for (int32_t i = 0; i < results->index->columns; i++) {
        if (results->keys[i].offset_width > 0) {
            fitting = fit_keys(results, i, keys, fitting);
        }
    }
    return fitting == 0 && count > 0 && results->rows == 0 ? 1 : fitting;
}

int64_t pfx_results_fit_values(const pfx_results *results, uint8_t *const *states, int64_t count) {
    int64_t fitting = count;
    for (int32_t i = 0; i < results->count; i++) {
        if (results->values[i].offset_width > 0) {
            fitting = fit_values(results, i, states, fitting);
        }
    }
    return fitting == 0 && count > 0 && results->rows == 0 ? 1 : fitting;
}

int64_t pfx_results_fit(const pfx_results *results, const uint32_t *keys, uint8_t *const *states, int64_t count) {
    return pfx_results_fit_values(results, states, pfx_results_fit_keys(results, keys, count));
}

bool pfx_results_are_few(pfx_results *results) {
    results->most = results->rows > results->most ? results->rows : results->most;
    results->work = 0;
    results->expected = results->most > results->expected ? results->most : results->expected;
    if (++results->batches == BATCHES) {
        results->expected = results->most;
        results->most = results->batches = 0;
    }
    return results->rows <= results->expected / 2;
}

pfx_status pfx_results_append_values(pfx_results *results, const uint32_t *keys, uint8_t *const *states,
                                     int64_t count) {
    for (int32_t i = 0; i < results->count; i++) {
        int64_t failed = 0;
        pfx_status status = pfx_agg_finish(results->agg, results->results[i].acc, results->results[i].kind, states,
                                           count, &results->values[i], &failed);
        if (status != PFX_OK) {
            results->failed_result = i;
            results->failed_key = keys[failed];
            return status;
        }
    }
    results->rows += count;
    return PFX_OK;
}

pfx_status pfx_results_append_keys(pfx_results *results, const uint32_t *keys, int64_t count) {
    for (int32_t i = 0; i < results->index->columns; i++) {
        PFX_TRY(pfx_key_index_write(results->index, i, keys, count, &results->keys[i]));
    }
    return PFX_OK;
}

pfx_status pfx_results_append(pfx_results *results, const uint32_t *keys, uint8_t *const *states, int64_t count) {
    PFX_TRY(pfx_results_append_values(results, keys, states, count));
    return pfx_results_append_keys(results, keys, count);
}

static pfx_status fill(pfx_out_column *column, int64_t count, int64_t value) {
    PFX_TRY(pfx_out_column_reserve(column, count));
    int64_t *to = (int64_t *)(void *)column->data + column->rows;
    for (int64_t i = 0; i < count; i++) {
        to[i] = value;
    }
    column->rows += count;
    return PFX_OK;
}

pfx_status pfx_results_stamp(pfx_results *results, int64_t count, int64_t start, int64_t end, int64_t timestamp) {
    if (results->bounds != NULL) {
        PFX_TRY(fill(&results->bounds[0], count, start));
        PFX_TRY(fill(&results->bounds[1], count, end));
    }
    return fill(results->stamps, count, timestamp);
}

pfx_status pfx_results_stamp_each(pfx_results *results, int64_t count, const int64_t *starts, const int64_t *ends) {
    size_t size = (size_t)count * sizeof *starts;
    if (results->bounds != NULL) {
        for (int32_t i = 0; i < 2; i++) {
            pfx_out_column *column = &results->bounds[i];
            PFX_TRY(pfx_out_column_reserve(column, count));
            memcpy(column->data + column->rows * 8, i == 0 ? starts : ends, size);
            column->rows += count;
        }
    }
    PFX_TRY(pfx_out_column_reserve(results->stamps, count));
    int64_t *to = (int64_t *)(void *)results->stamps->data + results->stamps->rows;
    for (int64_t i = 0; i < count; i++) {
        to[i] = ends[i] - 1;
    }
    results->stamps->rows += count;
    return PFX_OK;
}
