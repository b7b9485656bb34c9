#include "pfx/agg.h"

#include <math.h>
#include <string.h>

#include "agg_distinct.h"
#include "agg_kept.h"
#include "agg_states.h"

void pfx_agg_init(pfx_agg *agg, pfx_budget *budget, const pfx_key_secret *secret, const pfx_arrow_type *types) {
    memset(agg, 0, sizeof *agg);
    agg->budget = budget;
    agg->secret = secret;
    agg->types = types;
    agg->zeros = true;
}

void pfx_agg_free(pfx_agg *agg) {
    pfx_free(agg->budget, agg->accs, agg->capacity * (int64_t)sizeof *agg->accs);
    pfx_free(agg->budget, agg->steps, agg->steps_capacity * (int64_t)sizeof *agg->steps);
    pfx_free(agg->budget, agg->scratch, 2 * PFX_CHUNK * (int64_t)sizeof *agg->scratch);
    pfx_agg_init(agg, agg->budget, agg->secret, agg->types);
}

static int64_t size_of(const pfx_agg *agg, const pfx_acc *acc) {
    switch (acc->kind) {
    case PFX_ACC_ROWS:
    case PFX_ACC_COUNT:
        return (int64_t)sizeof(count_state);
    case PFX_ACC_SUM_INT:
        return (int64_t)sizeof(sum_int_state);
    case PFX_ACC_SUM_REAL:
        return (int64_t)sizeof(sum_real_state);
    case PFX_ACC_MIN:
    case PFX_ACC_MAX:
        return (int64_t)sizeof(extreme_state);
    case PFX_ACC_MOMENTS:
        return (int64_t)sizeof(moments_state);
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        return pfx_kept_size(acc);
    case PFX_ACC_DISTINCT:
        break;
    }
    return pfx_distinct_size(agg, acc);
}

/* Whether an empty state is nothing but zeros. */
static bool starts_with_zeros(pfx_acc_kind kind) {
    switch (kind) {
    case PFX_ACC_MIN:
    case PFX_ACC_MAX:
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        return false;
    default:
        return true;
    }
}

static bool owns(const pfx_agg *agg, const pfx_acc *acc) {
    switch (acc->kind) {
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
        return !pfx_kind_is_narrow(agg->types[acc->field].kind);
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        return !pfx_kind_is_narrow(agg->types[acc->field].kind) || !pfx_kind_is_narrow(agg->types[acc->by].kind);
    default:
        return acc->kind == PFX_ACC_DISTINCT;
    }
}

pfx_status pfx_agg_add(pfx_agg *agg, pfx_acc_kind kind, int32_t field, int32_t by, int32_t *number) {
    for (int32_t i = 0; i < agg->count; i++) {
        if (agg->accs[i].kind == kind && agg->accs[i].field == field && agg->accs[i].by == by) {
            *number = i;
            return PFX_OK;
        }
    }
    if (agg->scratch == NULL) {
        void *memory;
        PFX_TRY(pfx_alloc(agg->budget, 2 * PFX_CHUNK * (int64_t)sizeof *agg->scratch, &memory));
        agg->scratch = memory;
    }
    if (agg->count == agg->capacity) {
        void *memory = agg->accs;
        int32_t room = agg->capacity == 0 ? 8 : agg->capacity * 2;
        int64_t size = (int64_t)sizeof *agg->accs;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(agg->budget, room * size, &memory));
        } else {
            PFX_TRY(pfx_resize(agg->budget, &memory, agg->capacity * size, room * size));
        }
        agg->accs = memory;
        agg->capacity = room;
    }
    pfx_acc *acc = &agg->accs[agg->count];
    *acc = (pfx_acc){.kind = kind, .field = field, .by = by, .at = (int32_t)agg->stride};
    agg->stride += size_of(agg, acc);
    agg->owning = agg->owning || owns(agg, acc);
    agg->zeros = agg->zeros && starts_with_zeros(kind);
    *number = agg->count++;
    return pfx_agg_plan(agg);
}

static void start_one(const pfx_agg *agg, uint8_t *state) {
    memset(state, 0, (size_t)agg->stride);
    for (int32_t a = 0; a < agg->count; a++) {
        const pfx_acc *acc = &agg->accs[a];
        switch (acc->kind) {
        case PFX_ACC_MIN:
            ((extreme_state *)(void *)(state + acc->at))->order = INT64_MAX;
            break;
        case PFX_ACC_MAX:
            ((extreme_state *)(void *)(state + acc->at))->order = INT64_MIN;
            break;
        case PFX_ACC_FIRST:
        case PFX_ACC_LAST:
        case PFX_ACC_MIN_BY:
        case PFX_ACC_MAX_BY:
            pfx_kept_start(state + acc->at);
            break;
        default:
            break;
        }
    }
}

void pfx_agg_start(const pfx_agg *agg, uint8_t *states, int64_t count) {
    if (agg->zeros) {
        memset(states, 0, (size_t)(count * agg->stride));
        return;
    }
    if (count > 0) {
        start_one(agg, states);
    }
    for (int64_t done = 1; done < count; done *= 2) {
        int64_t more = done < count - done ? done : count - done;
        memcpy(states + done * agg->stride, states, (size_t)(more * agg->stride));
    }
}

void pfx_agg_clear(const pfx_agg *agg, uint8_t *states, int64_t count) {
    for (int32_t a = 0; agg->owning && a < agg->count; a++) {
        const pfx_acc *acc = &agg->accs[a];
        if (!owns(agg, acc)) {
            continue;
        }
        for (int64_t i = 0; i < count; i++) {
            uint8_t *state = states + i * agg->stride + acc->at;
            if (acc->kind == PFX_ACC_DISTINCT) {
                pfx_distinct_clear(agg, acc, state);
            } else {
                pfx_kept_clear(agg, acc, state);
            }
        }
    }
}

int64_t pfx_agg_rows(const pfx_agg *agg, const uint8_t *state) {
    for (int32_t a = 0; a < agg->count; a++) {
        if (agg->accs[a].kind == PFX_ACC_ROWS) {
            return ((const count_state *)(const void *)(state + agg->accs[a].at))->n;
        }
    }
    return 0;
}

static void merge_moments(moments_state *into, const moments_state *from) {
    int64_t n = into->n + from->n;
    if (from->n == 0) {
        return;
    }
    if (into->n == 0) {
        /* Below, the square of a large mean would be infinite, and no number times 0. */
        *into = *from;
        return;
    }
    double distance = from->mean - into->mean;
    double share = (double)from->n / (double)n;
    into->squares += from->squares + distance * distance * share * (double)into->n;
    into->mean += distance * share;
    into->n = n;
}

static void merge_sum_real(sum_real_state *into, const sum_real_state *from) {
    add_real(into, from->sum);
    into->compensation += from->compensation;
    into->n += from->n;
}

static void merge_extreme(extreme_state *into, const extreme_state *from, bool least) {
    bool other = least ? from->order < into->order : from->order > into->order;
    into->order = other ? from->order : into->order;
    into->seen |= from->seen;
}

/* Run `body` for each pair of states. In what is called by pointers these are into[i] and from[i]; in blocks the states
 * lie one after the other, and each becomes a copy of its `base` first. */
#define EACH_PAIR(state_type, body)                                                                     \
    for (int64_t i = 0; i < count; i++) {                                                               \
        int64_t place = i * stride + acc->at;                                                           \
        uint8_t *into_at = base == NULL ? into[i] + acc->at : *into + place;                            \
        const uint8_t *from_at = base == NULL ? from[i] + acc->at : *from + place;                      \
        state_type *state = (state_type *)(void *)into_at;                                              \
        const state_type *other = (const state_type *)(const void *)from_at;                            \
        state_type result = *(base == NULL ? state : (const state_type *)(const void *)(base + place)); \
        body;                                                                                           \
        *state = result;                                                                                \
    }                                                                                                   \
    break
#define EACH_KEPT(size, body)                                                    \
    for (int64_t i = 0; i < count; i++) {                                        \
        int64_t place = i * stride + acc->at;                                    \
        uint8_t *state = base == NULL ? into[i] + acc->at : *into + place;       \
        const uint8_t *other = base == NULL ? from[i] + acc->at : *from + place; \
        if (base != NULL && base + place != state) {                             \
            memcpy(state, base + place, (size_t)(size));                         \
        }                                                                        \
        PFX_TRY(body);                                                           \
    }                                                                            \
    break

/* Inlined with `base` a constant NULL, or none. */
static inline pfx_status merge_pairs(pfx_agg *agg, uint8_t *const *into, const uint8_t *base, uint8_t *const *from,
                                     int64_t count) {
    int64_t stride = agg->stride;
    for (int32_t a = 0; a < agg->count; a++) {
        const pfx_acc *acc = &agg->accs[a];
        switch (acc->kind) {
        case PFX_ACC_ROWS:
        case PFX_ACC_COUNT:
            EACH_PAIR(count_state, result.n += other->n);
        case PFX_ACC_SUM_INT:
            EACH_PAIR(sum_int_state, add_int(&result, other->low, other->high, other->n));
        case PFX_ACC_SUM_REAL:
            EACH_PAIR(sum_real_state, merge_sum_real(&result, other));
        case PFX_ACC_MIN:
            EACH_PAIR(extreme_state, merge_extreme(&result, other, true));
        case PFX_ACC_MAX:
            EACH_PAIR(extreme_state, merge_extreme(&result, other, false));
        case PFX_ACC_MOMENTS:
            EACH_PAIR(moments_state, merge_moments(&result, other));
        case PFX_ACC_FIRST:
        case PFX_ACC_LAST:
        case PFX_ACC_MIN_BY:
        case PFX_ACC_MAX_BY:
            EACH_KEPT(pfx_kept_size(acc), pfx_kept_merge(agg, acc, state, other));
        case PFX_ACC_DISTINCT:
            EACH_KEPT(pfx_distinct_size(agg, acc), pfx_distinct_merge(agg, acc, state, other));
        }
    }
    return PFX_OK;
}

pfx_status pfx_agg_merge(pfx_agg *agg, uint8_t *const *into, uint8_t *const *from, int64_t count) {
    return merge_pairs(agg, into, NULL, from, count);
}

pfx_status pfx_agg_absorb(pfx_agg *agg, uint8_t *into, uint8_t *from) {
    for (int32_t a = 0; agg->owning && a < agg->count; a++) {
        if (agg->accs[a].kind == PFX_ACC_DISTINCT) {
            pfx_distinct_swap(agg, &agg->accs[a], into + agg->accs[a].at, from + agg->accs[a].at);
        }
    }
    pfx_status status = pfx_agg_merge(agg, &into, &from, 1);
    pfx_agg_clear(agg, from, 1);
    return status;
}

pfx_status pfx_agg_combine(pfx_agg *agg, uint8_t *into, const uint8_t *base, uint8_t *from, int64_t count) {
    /* Few at a time, so that they are in the first cache when the next accumulator's turn comes. */
    const int64_t few = 128;
    for (int64_t done = 0; done < count; done += few) {
        int64_t at = done * agg->stride;
        uint8_t *into_here = into + at, *from_here = from + at;
        PFX_TRY(merge_pairs(agg, &into_here, base + at, &from_here, count - done < few ? count - done : few));
    }
    return PFX_OK;
}

static void put_real(pfx_out_column *out, double value) {
    int64_t word;
    memcpy(&word, &value, sizeof word);
    pfx_out_column_put_word(out, word);
}

#define TWO_64 18446744073709551616.0

static double wide_int(const sum_int_state *state) {
    if (state->high >= 0) {
        return (double)state->high * TWO_64 + (double)state->low;
    }
    /* Of the magnitude, or digits would cancel each other. */
    uint64_t low = ~state->low + 1;
    uint64_t high = ~(uint64_t)state->high + (low == 0);
    return -((double)high * TWO_64 + (double)low);
}

/* Whether the value was written; false stands for null. */
static bool put_result(const pfx_agg *agg, const pfx_acc *acc, pfx_result_kind result, const uint8_t *at,
                       pfx_out_column *out, pfx_status *status) {
    if (acc->kind == PFX_ACC_ROWS || acc->kind == PFX_ACC_COUNT) {
        pfx_out_column_put_word(out, ((const count_state *)(const void *)at)->n);
        return true;
    }
    if (acc->kind == PFX_ACC_DISTINCT) {
        pfx_out_column_put_word(out, pfx_distinct_count(at));
        return true;
    }
    if (acc->kind == PFX_ACC_SUM_INT || acc->kind == PFX_ACC_SUM_REAL) {
        const sum_int_state *ints = (const sum_int_state *)(const void *)at;
        const sum_real_state *reals = (const sum_real_state *)(const void *)at;
        bool is_int = acc->kind == PFX_ACC_SUM_INT;
        int64_t n = is_int ? ints->n : reals->n;
        if (result == PFX_RESULT_COUNT) {
            pfx_out_column_put_word(out, n);
        } else if (n == 0) {
            return false;
        } else if (result == PFX_RESULT_MEAN) {
            put_real(out, (is_int ? wide_int(ints) : real_sum(reals)) / (double)n);
        } else if (!is_int) {
            put_real(out, real_sum(reals));
        } else if (ints->high != ((int64_t)ints->low < 0 ? -1 : 0)) {
            *status = PFX_OUT_OF_RANGE;
        } else {
            pfx_out_column_put_word(out, (int64_t)ints->low);
        }
        return true;
    }
    if (acc->kind == PFX_ACC_MOMENTS) {
        const moments_state *moments = (const moments_state *)(const void *)at;
        if (moments->n >= 2) {
            put_real(out, sqrt(moments->squares / (double)(moments->n - 1)));
        }
        return moments->n >= 2;
    }
    const extreme_state *extreme = (const extreme_state *)(const void *)at;
    if (extreme->seen) {
        pfx_out_column_put_word(out, pfx_word_raw(&agg->types[acc->field], PFX_WORD_ORDER, extreme->order));
    }
    return extreme->seen;
}

static bool all_have_reals(uint8_t *const *states, int64_t count, int32_t at) {
    bool all = true;
    for (int64_t i = 0; i < count; i++) {
        all &= ((const sum_real_state *)(const void *)(states[i] + at))->n > 0;
    }
    return all;
}

int64_t pfx_agg_result_size(const pfx_agg *agg, int32_t number, const uint8_t *state) {
    /* Only values that are kept are texts. */
    return pfx_kept_bytes(state + agg->accs[number].at);
}

pfx_status pfx_agg_finish(const pfx_agg *agg, int32_t number, pfx_result_kind result, uint8_t *const *states,
                          int64_t count, pfx_out_column *out, int64_t *failed) {
    const pfx_acc *acc = &agg->accs[number];
    pfx_status status = PFX_OK;
    PFX_TRY(pfx_out_column_reserve(out, count));
    switch (acc->kind) {
    case PFX_ACC_FIRST:
    case PFX_ACC_LAST:
    case PFX_ACC_MIN_BY:
    case PFX_ACC_MAX_BY:
        for (int64_t i = 0; i < count; i++) {
            PFX_TRY(pfx_kept_put(agg, acc, states[i] + acc->at, out));
        }
        return PFX_OK;
    case PFX_ACC_ROWS:
        if (out->nulls == 0) {
            int64_t *to = (int64_t *)(void *)out->data + out->rows;
            for (int64_t i = 0; i < count; i++) {
                to[i] = ((const count_state *)(const void *)(states[i] + acc->at))->n;
            }
            out->rows += count;
            return PFX_OK;
        }
        break;
    case PFX_ACC_SUM_REAL:
        if (out->nulls == 0 && result == PFX_RESULT_VALUE && all_have_reals(states, count, acc->at)) {
            double *to = (double *)(void *)out->data + out->rows;
            for (int64_t i = 0; i < count; i++) {
                to[i] = real_sum((const sum_real_state *)(const void *)(states[i] + acc->at));
            }
            out->rows += count;
            return PFX_OK;
        }
        break;
    default:
        break;
    }
    for (int64_t i = 0; i < count; i++) {
        if (!put_result(agg, acc, result, states[i] + acc->at, out, &status)) {
            pfx_out_column_put_null(out);
        }
        if (status != PFX_OK) {
            *failed = i;
            return status;
        }
    }
    return PFX_OK;
}
