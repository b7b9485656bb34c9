/* Holders of aggregates for C tests: rows drawn from a seed, and what a holder has as text that can be compared. A text
 * names keys and not their numbers. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stdarg.h>
#include <string.h>

#include "expect.h"
#include "pfx/counts.h"
#include "pfx/running.h"
#include "pfx/sessions.h"
#include "pfx/slices.h"

#define MOST_ROWS 4096
#define MOST_RESULTS 5

static const pfx_key_secret secret = {
    .low = {1, 3, 5}, .high = {2, 4, 7}, .fold = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9}};
static const pfx_arrow_type types[] = {{.kind = PFX_KIND_INT64, .width = 8},
                                       {.kind = PFX_KIND_UTF8, .offset_width = 4}};

/* splitmix64 */
static inline uint64_t draw(uint64_t *seed) {
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- rows: an integer, and a text made of one ---- */

typedef struct rows {
    int64_t count;
    int64_t keys[MOST_ROWS];
    int64_t values[MOST_ROWS];
    int64_t times[MOST_ROWS];
    int64_t late[MOST_ROWS];
    int32_t key_offsets[MOST_ROWS + 1];
    int32_t offsets[MOST_ROWS + 1];
    char key_texts[MOST_ROWS * 32];
    char texts[MOST_ROWS * 32];
} rows;

static inline void write_texts(const int64_t *numbers, int64_t count, int32_t *offsets, char *texts) {
    offsets[0] = 0;
    for (int64_t i = 0; i < count; i++) {
        int length = sprintf(texts + offsets[i], "%.*s%lld", (int)(numbers[i] % 3 * 8), "long long long long",
                             (long long)numbers[i]);
        offsets[i + 1] = offsets[i] + length;
    }
}

/* Once keys, values and times are set. */
static inline void write_rows(rows *rows) {
    write_texts(rows->keys, rows->count, rows->key_offsets, rows->key_texts);
    write_texts(rows->values, rows->count, rows->offsets, rows->texts);
}

/* ---- an aggregation ---- */

typedef struct aggregation {
    pfx_budget budget;
    pfx_key_index index;
    pfx_agg agg;
    bool text_keys;
    pfx_result wanted[MOST_RESULTS];
    int32_t count;
    pfx_out_column keys;
    pfx_out_column bounds[2];
    pfx_out_column values[MOST_RESULTS];
    pfx_out_column stamps;
    pfx_results results;
} aggregation;

static inline const pfx_arrow_type *type_of(const aggregation *it, int32_t result) {
    pfx_acc_kind kind = it->agg.accs[it->wanted[result].acc].kind;
    return kind == PFX_ACC_FIRST || kind == PFX_ACC_MAX_BY ? &types[1] : &types[0];
}

static inline void set_up(aggregation *it, bool owning, bool text_keys) {
    static const struct {
        pfx_acc_kind kind;
        int32_t field;
        int32_t by;
    } of[2][MOST_RESULTS] = {{{PFX_ACC_ROWS, -1, -1},
                              {PFX_ACC_SUM_INT, 0, -1},
                              {PFX_ACC_MIN, 0, -1},
                              {PFX_ACC_MAX, 0, -1},
                              {PFX_ACC_COUNT, 0, -1}},
                             {{PFX_ACC_ROWS, -1, -1},
                              {PFX_ACC_DISTINCT, 0, -1},
                              {PFX_ACC_FIRST, 1, -1},
                              {PFX_ACC_MAX_BY, 1, 1},
                              {PFX_ACC_DISTINCT, 1, -1}}};
    memset(it, 0, sizeof *it);
    pfx_budget_init(&it->budget, -1);
    it->text_keys = text_keys;
    it->count = MOST_RESULTS;
    pfx_key_index_init(&it->index, &it->budget, &secret, &types[text_keys], 1);
    pfx_agg_init(&it->agg, &it->budget, &secret, types);
    for (int32_t i = 0; i < it->count; i++) {
        EXPECT(pfx_agg_add(&it->agg, of[owning][i].kind, of[owning][i].field, of[owning][i].by, &it->wanted[i].acc) ==
               PFX_OK);
    }
    it->results = (pfx_results){.agg = &it->agg,
                                .index = &it->index,
                                .results = it->wanted,
                                .count = it->count,
                                .keys = &it->keys,
                                .bounds = it->bounds,
                                .values = it->values,
                                .stamps = &it->stamps};
}

/* Forget the results that have been written. */
static inline void clear_results(aggregation *it) {
    pfx_out_column_free(&it->keys);
    pfx_out_column_free(&it->stamps);
    pfx_out_column_init(&it->keys, &types[it->text_keys], &it->budget);
    pfx_out_column_init(&it->stamps, &types[0], &it->budget);
    for (int i = 0; i < 2; i++) {
        pfx_out_column_free(&it->bounds[i]);
        pfx_out_column_init(&it->bounds[i], &types[0], &it->budget);
    }
    for (int32_t i = 0; i < it->count; i++) {
        pfx_out_column_free(&it->values[i]);
        pfx_out_column_init(&it->values[i], type_of(it, i), &it->budget);
    }
    it->results.rows = it->results.work = 0;
    it->results.most_bytes = INT64_C(1) << 30;
}

/* What must be so at the end. */
static inline void tear_down(aggregation *it) {
    clear_results(it);
    pfx_key_index_free(&it->index);
    pfx_agg_free(&it->agg);
    EXPECT(pfx_budget_used(&it->budget) == 0);
}

/* ---- texts ---- */

typedef struct text {
    char *bytes;
    size_t size;
    size_t room;
} text;

static inline void put(text *out, const void *bytes, size_t size) {
    if (out->size + size > out->room) {
        out->room = (out->size + size) * 2;
        out->bytes = realloc(out->bytes, out->room);
        EXPECT(out->bytes != NULL);
    }
    if (size > 0) {
        memcpy(out->bytes + out->size, bytes, size);
    }
    out->size += size;
}

static inline void put_number(text *out, int64_t number) {
    put(out, &number, sizeof number);
}

static inline bool is_same(const text *left, const text *right) {
    return left->size == right->size && (left->size == 0 || memcmp(left->bytes, right->bytes, left->size) == 0);
}

static inline void put_column(text *out, const pfx_out_column *column) {
    EXPECT(column->rows == 1);
    if (column->nulls > 0) {
        put(out, "null", 4);
    } else if (column->offset_width > 0) {
        put(out, column->data, (size_t)column->data_used);
    } else {
        put(out, column->data, (size_t)column->width);
    }
    put(out, ";", 1);
}

/* The key, unless it is PFX_NO_KEY, and the results of a state. With a budget of its own, as this may be another
 * thread. */
static inline void put_state(text *out, const aggregation *it, const pfx_key_index *index, uint32_t key,
                             uint8_t *state) {
    pfx_budget budget;
    pfx_out_column column;
    int64_t failed;
    pfx_budget_init(&budget, -1);
    if (key != PFX_NO_KEY) {
        pfx_out_column_init(&column, index->types, &budget);
        EXPECT(pfx_key_index_write(index, 0, &key, 1, &column) == PFX_OK);
        put_column(out, &column);
        pfx_out_column_free(&column);
    }
    for (int32_t i = 0; i < it->count; i++) {
        pfx_out_column_init(&column, type_of(it, i), &budget);
        EXPECT(pfx_agg_finish(&it->agg, it->wanted[i].acc, it->wanted[i].kind, &state, 1, &column, &failed) == PFX_OK);
        put_column(out, &column);
        pfx_out_column_free(&column);
    }
}

static inline void put_running(text *out, const aggregation *it, const pfx_running *running) {
    put_number(out, running->sequence);
    for (int64_t key = 0; key < running->count; key++) {
        put_state(out, it, running->index, (uint32_t)key, pfx_running_state(running, key));
    }
}

static int by_bytes(const void *left, const void *right) {
    const text *one = left, *other = right;
    size_t size = one->size < other->size ? one->size : other->size;
    int order = memcmp(one->bytes, other->bytes, size);
    return order != 0 ? order : (one->size > other->size) - (one->size < other->size);
}

/* In order of their bytes, and free them. */
static inline void put_sorted(text *out, text *parts, int64_t count) {
    if (count > 0) {
        qsort(parts, (size_t)count, sizeof *parts, by_bytes);
    }
    for (int64_t i = 0; i < count; i++) {
        put(out, parts[i].bytes, parts[i].size);
        free(parts[i].bytes);
    }
    free(parts);
}

static inline void put_sessions(text *out, const aggregation *it, const pfx_sessions *sessions) {
    text *parts = calloc((size_t)sessions->used + 1, sizeof *parts);
    int64_t count = 0;
    put_number(out, sessions->watermark);
    put_number(out, sessions->sequence);
    for (uint32_t slot = 0; slot < sessions->used; slot++) {
        const pfx_session *session = &sessions->slots[slot];
        if (session->key != PFX_NO_KEY) {
            text *part = &parts[count++];
            put_state(part, it, sessions->index, session->key, pfx_sessions_state(sessions, slot));
            put_number(part, session->start);
            put_number(part, session->end);
            put_number(part, session->fired);
        }
    }
    EXPECT(count == sessions->live);
    put_sorted(out, parts, count);
}

static inline void put_counts(text *out, const aggregation *it, const pfx_counts *counts) {
    put_number(out, counts->sequence);
    int64_t slices = 0;
    for (int64_t key = 0; key < counts->keys_count; key++) {
        if (counts->keys[key].first == UINT32_MAX) {
            continue;
        }
        put_number(out, counts->keys[key].rows);
        for (uint32_t slot = counts->keys[key].first; slot != UINT32_MAX; slot = counts->slices[slot].next) {
            put_number(out, counts->slices[slot].number);
            put_state(out, it, counts->index, (uint32_t)key, pfx_counts_state(counts, slot));
            slices++;
        }
    }
    EXPECT(slices == counts->live);
}

static inline void put_panes(text *out, const aggregation *it, const pfx_panes *panes) {
    for (int64_t i = 0; i < panes->count; i++) {
        const pfx_pane *pane = panes->list[i];
        put_number(out, pane->index);
        for (int64_t at = 0; at < pane->count; at++) {
            uint8_t *state;
            pfx_pane_states(pane, &it->agg, at, 1, &state);
            put_state(out, it, panes->index, pane->keys[at], state);
            EXPECT(pane->present == NULL || pane->present[pane->keys[at]]);
        }
    }
}

/* ---- any holder ---- */

typedef enum holder_kind { RUNNING, SESSIONS, COUNTS, SLICES, HOLDERS } holder_kind;

typedef struct holder {
    holder_kind kind;
    aggregation it;
    pfx_running running;
    pfx_sessions sessions;
    pfx_counts counts;
    pfx_slices slices;
} holder;

#define GAP 20

static inline void open_holder(holder *holder, holder_kind kind, bool owning, bool text_keys, bool sliding,
                               int64_t lateness) {
    aggregation *it = &holder->it;
    holder->kind = kind;
    set_up(it, owning, text_keys);
    clear_results(it);
    switch (kind) {
    case RUNNING:
        it->results.bounds = NULL;
        EXPECT(pfx_running_init(&holder->running, &it->agg, &it->index) == PFX_OK);
        break;
    case SESSIONS:
        EXPECT(pfx_sessions_init(&holder->sessions, &it->agg, &it->index, GAP, lateness) == PFX_OK);
        break;
    case COUNTS:
        EXPECT(pfx_counts_init(&holder->counts, &it->agg, &it->index, 6, sliding ? 2 : 6) == PFX_OK);
        break;
    default:
        EXPECT(pfx_slices_init(&holder->slices, &it->agg, &it->index, sliding ? 50 : 10, 10, 0, false, lateness) ==
               PFX_OK);
    }
}

static inline void close_holder(holder *holder) {
    if (holder->kind == RUNNING) {
        pfx_running_free(&holder->running);
    } else if (holder->kind == SESSIONS) {
        pfx_sessions_free(&holder->sessions);
    } else if (holder->kind == COUNTS) {
        pfx_counts_free(&holder->counts);
    } else {
        pfx_slices_free(&holder->slices);
    }
    tear_down(&holder->it);
}

static inline pfx_status add_rows(holder *holder, rows *rows) {
    aggregation *it = &holder->it;
    const pfx_key_column keys = {.type = &types[it->text_keys],
                                 .data = it->text_keys ? (const uint8_t *)rows->key_texts : (const uint8_t *)rows->keys,
                                 .offsets = it->text_keys ? (const uint8_t *)rows->key_offsets : NULL};
    const pfx_key_column fields[2] = {
        {.type = &types[0], .data = (const uint8_t *)rows->values},
        {.type = &types[1], .data = (const uint8_t *)rows->texts, .offsets = (const uint8_t *)rows->offsets}};
    int64_t late, row, done = 0;
    int more = 1;
    pfx_status status = PFX_OK;
    while (more && status == PFX_OK) {
        more = 0;
        if (holder->kind == RUNNING) {
            status = pfx_running_add(&holder->running, &keys, fields, rows->count, 0, 1000, &done, &it->results);
            more = done < rows->count;
        } else if (holder->kind == SESSIONS) {
            status = pfx_sessions_add(&holder->sessions, &keys, fields, rows->times, rows->count, 1000, &done,
                                      rows->late, &late, &it->results, &row, &more);
        } else if (holder->kind == COUNTS) {
            status = pfx_counts_add(&holder->counts, &keys, fields, rows->count, 0, 1000, &done, &it->results, &more);
        } else {
            status = pfx_slices_add(&holder->slices, &keys, fields, rows->times, rows->count, 1000, &done, rows->late,
                                    &late, &it->results, &row, &more);
        }
        clear_results(it);
    }
    return status;
}

/* A session that comes from elsewhere, of a key that there is none of. */
static inline void open_session(holder *holder, rows *rows, int64_t key, int64_t start) {
    aggregation *it = &holder->it;
    uint32_t id, slot;
    rows->count = 1;
    rows->keys[0] = key;
    write_rows(rows);
    const pfx_key_column keys = {.type = &types[it->text_keys],
                                 .data = it->text_keys ? (const uint8_t *)rows->key_texts : (const uint8_t *)rows->keys,
                                 .offsets = it->text_keys ? (const uint8_t *)rows->key_offsets : NULL};
    EXPECT(pfx_key_index_map(&it->index, &keys, 0, 1, &id) == PFX_OK);
    EXPECT(pfx_sessions_open(&holder->sessions, id, start, start + GAP, INT64_MIN, &slot) == PFX_OK);
}

/* Work a watermark off. */
static inline pfx_status fire(holder *holder, int64_t watermark) {
    int more = holder->kind == SESSIONS || holder->kind == SLICES;
    pfx_status status = PFX_OK;
    while (more && status == PFX_OK) {
        status = holder->kind == SESSIONS
                     ? pfx_sessions_fire(&holder->sessions, watermark, 1000, &holder->it.results, &more)
                     : pfx_slices_fire(&holder->slices, watermark, 1000, &holder->it.results, &more);
        clear_results(&holder->it);
    }
    return status;
}

static inline text text_of(holder *holder) {
    text out = {0};
    if (holder->kind == RUNNING) {
        put_running(&out, &holder->it, &holder->running);
    } else if (holder->kind == SESSIONS) {
        put_sessions(&out, &holder->it, &holder->sessions);
    } else if (holder->kind == COUNTS) {
        put_counts(&out, &holder->it, &holder->counts);
    } else {
        EXPECT(pfx_panes_sort(&holder->slices.panes) == PFX_OK);
        put_panes(&out, &holder->it, &holder->slices.panes);
    }
    return out;
}

#endif
