#include "agg_distinct.h"
#include "agg_kept.h"
#include "agg_states.h"

static bool is_float(pfx_kind kind) {
    return kind == PFX_KIND_FLOAT32 || kind == PFX_KIND_FLOAT64;
}

/* Where in a step the offset of an accumulator is kept that can be updated together with others of its field; NULL for
 * one that cannot. */
static int32_t *place_in(pfx_agg_step *step, const pfx_agg *agg, const pfx_acc *acc) {
    if (acc->field < 0 || !pfx_kind_is_narrow(agg->types[acc->field].kind)) {
        return NULL;
    }
    bool real = is_float(agg->types[acc->field].kind);
    switch (acc->kind) {
    case PFX_ACC_COUNT:
        return &step->count;
    case PFX_ACC_SUM_INT:
        return real ? NULL : &step->sum;
    case PFX_ACC_SUM_REAL:
        return real ? &step->sum : NULL;
    case PFX_ACC_MIN:
        return &step->least;
    case PFX_ACC_MAX:
        return &step->greatest;
    default:
        return NULL;
    }
}

static pfx_agg_step *step_of(pfx_agg *agg, int32_t field) {
    for (int32_t i = 0; i < agg->steps_count; i++) {
        if (agg->steps[i].acc < 0 && agg->steps[i].field == field) {
            return &agg->steps[i];
        }
    }
    return NULL;
}

pfx_status pfx_agg_plan(pfx_agg *agg) {
    const pfx_agg_step none = {.acc = -1, .field = -1, .rows = -1, .count = -1, .sum = -1, .least = -1, .greatest = -1};
    const pfx_acc *counted = NULL;
    if (agg->steps_capacity < agg->count) {
        int64_t size = (int64_t)sizeof *agg->steps;
        void *memory;
        PFX_TRY(pfx_alloc(agg->budget, agg->capacity * size, &memory));
        pfx_free(agg->budget, agg->steps, agg->steps_capacity * size);
        agg->steps = memory;
        agg->steps_capacity = agg->capacity;
    }
    agg->steps_count = 0;
    for (int32_t a = 0; a < agg->count; a++) {
        const pfx_acc *acc = &agg->accs[a];
        pfx_agg_step step = none;
        counted = acc->kind == PFX_ACC_ROWS ? acc : counted;
        if (acc->kind == PFX_ACC_ROWS) {
            continue;
        }
        if (place_in(&step, agg, acc) == NULL) {
            step.acc = a;
            agg->steps[agg->steps_count++] = step;
            continue;
        }
        pfx_agg_step *together = step_of(agg, acc->field);
        if (together == NULL) {
            together = &agg->steps[agg->steps_count++];
            *together = step;
            together->field = acc->field;
        }
        *place_in(together, agg, acc) = acc->at;
    }
    if (counted == NULL) {
        return PFX_OK;
    }
    for (int32_t i = 0; i < agg->steps_count; i++) {
        if (agg->steps[i].acc < 0 && agg->steps[i].count < 0) {
            agg->steps[i].rows = counted->at;
            return PFX_OK;
        }
    }
    agg->steps[agg->steps_count] = none;
    agg->steps[agg->steps_count++].rows = counted->at;
    return PFX_OK;
}

static void count_rows(uint8_t *const *states, int64_t rows, int32_t at) {
    for (int64_t i = 0; i < rows; i++) {
        ((count_state *)(void *)(states[i] + at))->n++;
    }
}

/* The rows of one field, and what is to be done with each. */
typedef struct fused {
    const int64_t *words; /* doubles of floats, raw words of others */
    const pfx_key_column *column;
    int64_t start;
    int64_t rows;
    uint8_t *const *states;
    int32_t tally; /* offsets of accumulators */
    int32_t sum;
    int32_t least;
    int32_t greatest;
    int64_t flip; /* of uint64: what makes a word's order that of int64 */
} fused;

enum { TALLY = 1, SUM = 2, LEAST = 4, GREATEST = 8, REAL = 16, NULLS = 32 };

/* One pass over the rows for all accumulators, whose states are then in the first cache only once. `what` is a constant
 * wherever this is called. */
static inline void add_rows(const fused *task, int what) {
    const int64_t *words = task->words;
    uint8_t *const *states = task->states;
    int64_t flip = task->flip, negative = flip == 0 ? -1 : 0;
    for (int64_t i = 0; i < task->rows; i++) {
        if (what & NULLS && !pfx_has_value(task->column, task->start + i)) {
            continue;
        }
        uint8_t *state = states[i];
        int64_t word = words[i];
        if (what & TALLY) {
            ((count_state *)(void *)(state + task->tally))->n++;
        }
        if (what & SUM && what & REAL) {
            sum_real_state *sum = (sum_real_state *)(void *)(state + task->sum);
            add_real(sum, as_real(word));
            sum->n++;
        } else if (what & SUM) {
            add_int((sum_int_state *)(void *)(state + task->sum), (uint64_t)word, word < 0 ? negative : 0, 1);
        }
        int64_t order = what & REAL ? pfx_word_ordered(as_real(word)) : word ^ flip;
        if (what & LEAST) {
            extreme_state *least = (extreme_state *)(void *)(state + task->least);
            least->order = order < least->order ? order : least->order;
            least->seen = 1;
        }
        if (what & GREATEST) {
            extreme_state *greatest = (extreme_state *)(void *)(state + task->greatest);
            greatest->order = order > greatest->order ? order : greatest->order;
            greatest->seen = 1;
        }
    }
}

#define CASE(what)            \
    case what:                \
        add_rows(task, what); \
        break;
#define FOUR(what) CASE(what) CASE((what) + 1) CASE((what) + 2) CASE((what) + 3)
#define SIXTEEN(what) FOUR(what) FOUR((what) + 4) FOUR((what) + 8) FOUR((what) + 12)

static void add_field(const fused *task, int what) {
    switch (what) {
        SIXTEEN(0)
        SIXTEEN(REAL)
        SIXTEEN(NULLS)
        SIXTEEN(NULLS + REAL)
    default:
        break;
    }
}

static void update_field(const pfx_agg *agg, const pfx_agg_step *step, const pfx_key_column *columns, int64_t start,
                         int64_t rows, uint8_t *const *states) {
    if (step->field < 0) {
        count_rows(states, rows, step->rows);
        return;
    }
    const pfx_key_column *column = &columns[step->field];
    bool real = is_float(column->type->kind), nulls = column->validity != NULL;
    /* Where every row has a value, its count is that of the rows. */
    int32_t tally = step->count >= 0 ? step->count : nulls ? -1 : step->rows;
    if (step->rows >= 0 && tally != step->rows) {
        count_rows(states, rows, step->rows);
    }
    fused task = {.words = pfx_words_load(column, real ? PFX_WORD_REAL : PFX_WORD_RAW, start, rows, agg->scratch),
                  .column = column,
                  .start = start,
                  .rows = rows,
                  .states = states,
                  .tally = tally,
                  .sum = step->sum,
                  .least = step->least,
                  .greatest = step->greatest,
                  .flip = column->type->kind == PFX_KIND_UINT64 ? INT64_MIN : 0};
    add_field(&task, (tally >= 0 ? TALLY : 0) | (step->sum >= 0 ? SUM : 0) | (step->least >= 0 ? LEAST : 0) |
                         (step->greatest >= 0 ? GREATEST : 0) | (real ? REAL : 0) | (nulls ? NULLS : 0));
}

static void count_values(const pfx_key_column *column, int64_t start, int64_t rows, uint8_t *const *states,
                         int32_t at) {
    for (int64_t i = 0; i < rows; i++) {
        ((count_state *)(void *)(states[i] + at))->n += pfx_has_value(column, start + i);
    }
}

static void add_moments(const pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *column, int64_t start,
                        int64_t rows, uint8_t *const *states) {
    const int64_t *words = pfx_words_load(column, PFX_WORD_REAL, start, rows, agg->scratch);
    for (int64_t i = 0; i < rows; i++) {
        if (pfx_has_value(column, start + i)) {
            add_moment((moments_state *)(void *)(states[i] + acc->at), as_real(words[i]));
        }
    }
}

pfx_status pfx_agg_update(pfx_agg *agg, const pfx_key_column *columns, int64_t start, int64_t rows,
                          uint8_t *const *states, int64_t sequence) {
    for (int32_t i = 0; i < agg->steps_count; i++) {
        const pfx_agg_step *step = &agg->steps[i];
        if (step->acc < 0) {
            update_field(agg, step, columns, start, rows, states);
            continue;
        }
        const pfx_acc *acc = &agg->accs[step->acc];
        const pfx_key_column *column = &columns[acc->field];
        switch (acc->kind) {
        case PFX_ACC_COUNT:
            count_values(column, start, rows, states, acc->at);
            break;
        case PFX_ACC_MOMENTS:
            add_moments(agg, acc, column, start, rows, states);
            break;
        case PFX_ACC_DISTINCT:
            PFX_TRY(pfx_distinct_update(agg, acc, column, start, rows, states));
            break;
        default:
            PFX_TRY(pfx_kept_update(agg, acc, columns, start, rows, states, sequence));
            break;
        }
    }
    return PFX_OK;
}
