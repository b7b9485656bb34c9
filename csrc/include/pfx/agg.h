/* Aggregates over columns: states of a fixed size, side by side in one block, that rows are added to, that are merged
 * with each other, and whose results are written as columns.
 *
 * A pfx_agg says what a state consists of: accumulators, each at an offset of its own. Equal accumulators are one:
 * count, sum and avg of a field share theirs. Rows with a null in the field (or in the `by` field) are skipped.
 *
 * Sums of integers are exact: 128 bits hold those of 2^64 rows, so that only a result can overflow. Sums of floats are
 * compensated: the error of each addition is added up on its own (Neumaier 1974, "Rundungsfehleranalyse einiger
 * Verfahren zur Summation endlicher Summen", with Knuth's branch-free TwoSum), so the result differs from the exact sum
 * S of n values by at most u|S| + O(n^2 u^2) sum|x|, u = 2^-53. The standard deviation is Welford's (1962), merged by
 * Chan, Golub and LeVeque (1979). */
#ifndef PFX_AGG_H
#define PFX_AGG_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/key_hash.h"
#include "pfx/key_index.h"
#include "pfx/memory.h"
#include "pfx/out_column.h"
#include "pfx/status.h"
#include "pfx/words.h"

typedef enum pfx_acc_kind {
    PFX_ACC_ROWS,     /* how many rows */
    PFX_ACC_COUNT,    /* how many values */
    PFX_ACC_SUM_INT,  /* sum of integers, and how many */
    PFX_ACC_SUM_REAL, /* sum of floats, and how many */
    PFX_ACC_MIN,      /* of narrow values (see pfx/words.h) */
    PFX_ACC_MAX,
    PFX_ACC_MOMENTS, /* number, mean, sum of squared distances from it */
    PFX_ACC_FIRST,   /* by order of arrival */
    PFX_ACC_LAST,
    PFX_ACC_MIN_BY,  /* the value of the first row whose `by` is least, and greatest; of wide values the minimum, by */
    PFX_ACC_MAX_BY,  /* themselves */
    PFX_ACC_DISTINCT /* the different values */
} pfx_acc_kind;

/* What is read off an accumulator. */
typedef enum pfx_result_kind {
    PFX_RESULT_VALUE, /* a count, a sum, a minimum, ...; null when there was none */
    PFX_RESULT_COUNT, /* how many values */
    PFX_RESULT_MEAN,
    PFX_RESULT_STDDEV /* of a sample; null below two values */
} pfx_result_kind;

typedef struct pfx_acc {
    pfx_acc_kind kind;
    int32_t field; /* number of the input column; -1 for none */
    int32_t by;
    int32_t at; /* its offset in a state, in bytes */
} pfx_acc;

/* A part of the work on a row: an accumulator (its number), or those of one narrow field together (their offsets in a
 * state, -1 for none), and the count of rows with them. */
typedef struct pfx_agg_step {
    int32_t acc; /* -1 for those of a field */
    int32_t field;
    int32_t rows;
    int32_t count;
    int32_t sum;
    int32_t least;
    int32_t greatest;
} pfx_agg_step;

/* Owns all but `types` (of the input columns) and `secret` (what sets of different values hash under), which the caller
 * keeps alive. */
typedef struct pfx_agg {
    pfx_budget *budget;
    const pfx_key_secret *secret;
    const pfx_arrow_type *types;
    pfx_acc *accs;
    int32_t count;
    int32_t capacity;
    int64_t stride; /* bytes of a state */
    bool owning;    /* states own memory, and are to be cleared */
    bool zeros;     /* empty states are nothing but zeros */
    pfx_agg_step *steps;
    int32_t steps_count;
    int32_t steps_capacity;
    int64_t *scratch;
} pfx_agg;

void pfx_agg_init(pfx_agg *agg, pfx_budget *budget, const pfx_key_secret *secret, const pfx_arrow_type *types);
void pfx_agg_free(pfx_agg *agg);

/* The number of the accumulator of that kind, made if there is none; before there are any states. */
pfx_status pfx_agg_add(pfx_agg *agg, pfx_acc_kind kind, int32_t field, int32_t by, int32_t *number);

/* Make empty states of the bytes of `count` states in one block. */
void pfx_agg_start(const pfx_agg *agg, uint8_t *states, int64_t count);

/* Give back what `count` states in one block own. */
void pfx_agg_clear(const pfx_agg *agg, uint8_t *states, int64_t count);

/* How many rows were added to a state that has PFX_ACC_ROWS; else 0. */
int64_t pfx_agg_rows(const pfx_agg *agg, const uint8_t *state);

/* Add rows start .. start + rows - 1 (at most PFX_CHUNK), each to the state that `states` has for it. `sequence` is the
 * number of the first row in order of arrival. */
pfx_status pfx_agg_update(pfx_agg *agg, const pfx_key_column *columns, int64_t start, int64_t rows,
                          uint8_t *const *states, int64_t sequence);

/* Add each of `count` states in `from`, which stay as they are, to that in `into`. */
pfx_status pfx_agg_merge(pfx_agg *agg, uint8_t *const *into, uint8_t *const *from, int64_t count);

/* Add the state `from` to `into` and give back what it owns. The larger one of two sets is kept and the smaller one
 * added to it, so that a state that is added to others again and again costs no more than its values once each and a
 * logarithm. */
pfx_status pfx_agg_absorb(pfx_agg *agg, uint8_t *into, uint8_t *from);

/* Make each of `count` states in the block `into` that of `base` (the same block, or another where states own nothing)
 * with that of `from` added. */
pfx_status pfx_agg_combine(pfx_agg *agg, uint8_t *into, const uint8_t *base, uint8_t *from, int64_t count);

/* The bytes that the result of a state has in a column of text or binary. */
int64_t pfx_agg_result_size(const pfx_agg *agg, int32_t number, const uint8_t *state);

/* Append the results of `count` states. PFX_OUT_OF_RANGE when a sum of integers does not fit 64 bits; *failed is the
 * number of that state. */
pfx_status pfx_agg_finish(const pfx_agg *agg, int32_t number, pfx_result_kind result, uint8_t *const *states,
                          int64_t count, pfx_out_column *out, int64_t *failed);

#endif
