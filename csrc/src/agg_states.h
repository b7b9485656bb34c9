/* What states of accumulators of narrow values are made of. Private to agg*.c. */
#ifndef PFX_AGG_STATES_H
#define PFX_AGG_STATES_H

#include <math.h>
#include <string.h>

#include "pfx/agg.h"

typedef struct count_state {
    int64_t n;
} count_state;

typedef struct sum_int_state {
    uint64_t low;
    int64_t high;
    int64_t n;
} sum_int_state;

typedef struct sum_real_state {
    double sum;
    double compensation;
    int64_t n;
} sum_real_state;

typedef struct extreme_state {
    int64_t order;
    int64_t seen;
} extreme_state;

typedef struct moments_state {
    int64_t n;
    double mean;
    double squares;
} moments_state;

static inline void add_int(sum_int_state *state, uint64_t low, int64_t high, int64_t n) {
    uint64_t sum = state->low + low;
    state->high = (int64_t)((uint64_t)state->high + (uint64_t)high + (sum < low));
    state->low = sum;
    state->n += n;
}

static inline void add_real(sum_real_state *state, double value) {
    double sum = state->sum + value;
    double part = sum - state->sum;
    state->compensation += (state->sum - (sum - part)) + (value - part);
    state->sum = sum;
}

/* What an infinity leaves in the compensation is no number, and nor is the error of a sum that is infinite. */
static inline double real_sum(const sum_real_state *state) {
    return isfinite(state->sum) ? state->sum + state->compensation : state->sum;
}

static inline void add_moment(moments_state *state, double value) {
    state->n++;
    double distance = value - state->mean;
    state->mean += distance / (double)state->n;
    state->squares += distance * (value - state->mean);
}

static inline double as_real(int64_t word) {
    double value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* Say anew which accumulators are updated together; before there are any states. */
pfx_status pfx_agg_plan(pfx_agg *agg);

#endif
