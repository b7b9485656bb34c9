#include "pfx/state_export.h"

#include <string.h>

/* Rows that are found before they are written: few, as texts and sets may be large. */
#define FEW 128

typedef struct found {
    uint32_t keys[FEW];
    uint8_t *states[FEW];
    int64_t count;
} found;

static int64_t least(int64_t one, int64_t other) {
    return one < other ? one : other;
}

static pfx_status write(pfx_state_rows *rows, found *found) {
    int64_t count = found->count;
    found->count = 0;
    return count > 0 ? pfx_state_rows_append(rows, found->keys, found->states, count) : PFX_OK;
}

static bool has_room(const pfx_state_rows *rows, const found *found, int64_t limit) {
    return rows->rows + found->count < limit && !(found->count == 0 && pfx_state_rows_are_large(rows));
}

/* A row whose namespace has been written. */
static pfx_status add(pfx_state_rows *rows, found *found, uint32_t key, uint8_t *state) {
    found->keys[found->count] = key;
    found->states[found->count++] = state;
    return found->count == FEW ? write(rows, found) : PFX_OK;
}

pfx_status pfx_running_export(const pfx_running *running, pfx_state_rows *rows, pfx_export_place *place,
                              int64_t limit) {
    found found = {.count = 0};
    if (running->added) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_state_rows_begin(rows));
    for (; place->at < running->count && has_room(rows, &found, limit); place->at++) {
        PFX_TRY(add(rows, &found, (uint32_t)place->at, pfx_running_state(running, (uint32_t)place->at)));
    }
    return write(rows, &found);
}

pfx_status pfx_slices_export(const pfx_slices *slices, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) {
    if (slices->firing != NULL || slices->merging || slices->again.pending) {
        return PFX_WRONG_STATE;
    }
    return pfx_panes_export(&slices->panes, rows, place, limit);
}

pfx_status pfx_panes_export(const pfx_panes *panes, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) {
    found found = {.count = 0};
    PFX_TRY(pfx_state_rows_begin(rows));
    PFX_TRY(pfx_out_column_reserve(rows->spaces, least(limit, pfx_panes_held(panes))));
    while (place->at < panes->count && has_room(rows, &found, limit)) {
        const pfx_pane *pane = panes->list[place->at];
        int64_t last = pfx_slice_start(&panes->slicing, pane->index + 1) - 1;
        for (; place->within < pane->count && has_room(rows, &found, limit); place->within++) {
            uint32_t key = pane->keys[place->within];
            uint8_t *state = pfx_pane_state(pane, panes->agg, pane->present != NULL ? (int64_t)key : place->within);
            pfx_out_column_put_word(rows->spaces, last);
            PFX_TRY(add(rows, &found, key, state));
        }
        if (place->within == pane->count) {
            place->within = 0;
            place->at++;
        }
    }
    return write(rows, &found);
}

pfx_status pfx_sessions_export(const pfx_sessions *sessions, pfx_state_rows *rows, pfx_export_place *place,
                               int64_t limit) {
    found found = {.count = 0};
    PFX_TRY(pfx_state_rows_begin(rows));
    for (int32_t c = 0; c < 3; c++) {
        PFX_TRY(pfx_out_column_reserve(&rows->spaces[c], least(limit, sessions->used)));
    }
    for (; place->at < sessions->used && has_room(rows, &found, limit); place->at++) {
        const pfx_session *session = &sessions->slots[place->at];
        if (session->key == PFX_NO_KEY) {
            continue;
        }
        pfx_out_column_put_word(&rows->spaces[0], session->start);
        pfx_out_column_put_word(&rows->spaces[1], session->end);
        if (session->fired == INT64_MIN) {
            pfx_out_column_put_null(&rows->spaces[2]);
        } else {
            pfx_out_column_put_word(&rows->spaces[2], session->fired);
        }
        PFX_TRY(add(rows, &found, session->key, pfx_sessions_state(sessions, (uint32_t)place->at)));
    }
    return write(rows, &found);
}

static pfx_status export_counts(const pfx_counts *counts, pfx_state_rows *rows, pfx_export_place *place, int64_t limit,
                                uint8_t *empty) {
    found found = {.count = 0};
    while (place->at < counts->keys_count && has_room(rows, &found, limit)) {
        const pfx_count_key *key = &counts->keys[place->at];
        uint32_t slot = place->within == 0 ? key->first : (uint32_t)(place->within - 1);
        if (key->rows > 0) {
            pfx_out_column_put_word(&rows->spaces[0], key->rows);
            if (slot == UINT32_MAX) {
                pfx_out_column_put_null(&rows->spaces[1]);
            } else {
                pfx_out_column_put_word(&rows->spaces[1], counts->slices[slot].number);
            }
            PFX_TRY(
                add(rows, &found, (uint32_t)place->at, slot == UINT32_MAX ? empty : pfx_counts_state(counts, slot)));
        }
        uint32_t next = slot == UINT32_MAX ? UINT32_MAX : counts->slices[slot].next;
        place->within = next == UINT32_MAX ? 0 : (int64_t)next + 1;
        place->at += next == UINT32_MAX;
    }
    return write(rows, &found);
}

pfx_status pfx_counts_export(const pfx_counts *counts, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) {
    if (counts->sent < counts->full) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_state_rows_begin(rows));
    for (int32_t c = 0; c < 2; c++) {
        PFX_TRY(pfx_out_column_reserve(&rows->spaces[c], least(limit, counts->keys_count + counts->live)));
    }
    void *empty;
    PFX_TRY(pfx_alloc(counts->agg->budget, counts->agg->stride, &empty));
    pfx_agg_start(counts->agg, empty, 1);
    pfx_status status = export_counts(counts, rows, place, limit, empty);
    pfx_free(counts->agg->budget, empty, counts->agg->stride);
    return status;
}
