/* The rows that windows and running aggregates give: key columns, perhaps the window's bounds, results, timestamps. */
#ifndef PFX_RESULTS_H
#define PFX_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_index.h"
#include "pfx/out_column.h"
#include "pfx/status.h"

/* One named result. */
typedef struct pfx_result {
    int32_t acc;
    pfx_result_kind kind;
} pfx_result;

/* Borrows everything but `scratch`; whoever set it up frees the columns. */
typedef struct pfx_results {
    const pfx_agg *agg;
    const pfx_key_index *index;
    const pfx_result *results;
    int32_t count;
    pfx_out_column *keys;   /* as many as the index has columns */
    pfx_out_column *bounds; /* start and end; NULL where there are none */
    pfx_out_column *values;
    pfx_out_column *stamps;
    int64_t rows;
    int64_t work;       /* rows that were added and states that were merged since the columns were taken */
    int64_t most_bytes; /* of one column of text or binary, which may have one value more than fits */
    int64_t expected;   /* rows, by what the last batches had */
    int64_t most;       /* rows of one of the last `batches` */
    int64_t batches;
    /* What a PFX_OUT_OF_RANGE is about. */
    int32_t failed_result;
    uint32_t failed_key;
} pfx_results;

/* The bytes that a column of text should have at most, so that a batch is sent while it is still easy to move. */
#define PFX_RESULT_BYTES ((int64_t)1 << 26)
/* How many rows may be added, or states merged, for each row of results that a batch may have. */
#define PFX_RESULT_WORK 16

/* Whether so much has been done that the columns are to be taken before there is more: there are `limit` rows, or it
 * took a lot of work, or a column of text is long. */
bool pfx_results_full(const pfx_results *results, int64_t limit);

/* How many of `count` states, the first ones, may be appended before the columns of text are too long; at least one
 * when there are no rows yet. */
int64_t pfx_results_fit(const pfx_results *results, const uint32_t *keys, uint8_t *const *states, int64_t count);

/* The same for the keys, and for the results, alone. */
int64_t pfx_results_fit_keys(const pfx_results *results, const uint32_t *keys, int64_t count);
int64_t pfx_results_fit_values(const pfx_results *results, uint8_t *const *states, int64_t count);

/* Before the first of at least `rows` rows, at most `limit`: room for them, or for as many as there were lately, so
 * that columns need not grow step by step. */
pfx_status pfx_results_reserve(pfx_results *results, int64_t rows, int64_t limit);

/* Before the columns are taken: remember how many rows there are, and that no work has been done. True when there may
 * be much room that they do not use, which pfx_out_column_trim gives back. */
bool pfx_results_are_few(pfx_results *results);

/* Append the keys and results of `count` states. */
pfx_status pfx_results_append(pfx_results *results, const uint32_t *keys, uint8_t *const *states, int64_t count);

/* The two parts of it, for rows whose keys come together and whose results one by one; `rows` grows with the results.
 */
pfx_status pfx_results_append_values(pfx_results *results, const uint32_t *keys, uint8_t *const *states, int64_t count);
pfx_status pfx_results_append_keys(pfx_results *results, const uint32_t *keys, int64_t count);

/* Append to so many rows the bounds (ms) and the timestamp that they share. */
pfx_status pfx_results_stamp(pfx_results *results, int64_t count, int64_t start, int64_t end, int64_t timestamp);

/* The same with bounds for each row; the timestamp is the end less 1. */
pfx_status pfx_results_stamp_each(pfx_results *results, int64_t count, const int64_t *starts, const int64_t *ends);

#endif
