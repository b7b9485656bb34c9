#include "pfx/panes.h"

/* Thaw the first `count` panes, and free all. */
static void free_snapshot(pfx_panes *panes, pfx_panes_snapshot *snapshot, int64_t count) {
    pfx_budget *budget = panes->agg->budget;
    for (int64_t i = 0; i < count; i++) {
        pfx_pane_thaw(&snapshot->panes[i], panes->agg);
    }
    pfx_free(budget, snapshot->panes, snapshot->room * (int64_t)sizeof *snapshot->panes);
    pfx_free(budget, snapshot->view.list, snapshot->room * (int64_t)sizeof *snapshot->view.list);
    pfx_free(budget, snapshot, (int64_t)sizeof *snapshot);
}

/* *begun panes are frozen, also on failure. */
static pfx_status begin(pfx_panes *panes, pfx_panes_snapshot *snapshot, int64_t *begun) {
    void *memory;
    PFX_TRY(pfx_panes_sort(panes));
    snapshot->room = panes->count;
    PFX_TRY(pfx_alloc(panes->agg->budget, snapshot->room * (int64_t)sizeof *snapshot->panes, &memory));
    snapshot->panes = memory;
    PFX_TRY(pfx_alloc(panes->agg->budget, snapshot->room * (int64_t)sizeof *snapshot->view.list, &memory));
    snapshot->view.list = memory;
    for (; *begun < panes->count; ++*begun) {
        PFX_TRY(pfx_pane_freeze(panes->list[*begun], panes->agg, &snapshot->panes[*begun]));
        snapshot->view.list[*begun] = &snapshot->panes[*begun].view;
    }
    return pfx_key_index_freeze(panes->index, &snapshot->keys);
}

pfx_status pfx_panes_begin_snapshot(pfx_panes *panes, pfx_panes_snapshot **out) {
    void *memory;
    int64_t begun = 0;
    if (panes->snapshot != NULL) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_alloc_zero(panes->agg->budget, (int64_t)sizeof **out, &memory));
    pfx_panes_snapshot *snapshot = memory;
    pfx_status status = begin(panes, snapshot, &begun);
    if (status != PFX_OK) {
        free_snapshot(panes, snapshot, begun);
        return status;
    }
    pfx_panes *view = &snapshot->view;
    view->agg = panes->agg;
    view->index = &snapshot->keys;
    view->slicing = panes->slicing;
    view->count = view->sorted = begun;
    view->least = panes->least;
    view->expected = panes->expected;
    *out = panes->snapshot = snapshot;
    return PFX_OK;
}

void pfx_panes_step_snapshot(pfx_panes *panes, int64_t most, int64_t *left) {
    pfx_panes_snapshot *snapshot = panes->snapshot;
    *left = 0;
    while (snapshot->next < snapshot->view.count && most > 0) {
        pfx_frozen_pane *frozen = &snapshot->panes[snapshot->next];
        int64_t before = frozen->snapshot->next;
        pfx_snapshot_step(frozen->snapshot, &frozen->states, most, left);
        most -= frozen->snapshot->next - before;
        snapshot->next += *left == 0;
    }
    for (int64_t i = snapshot->next + (*left > 0); i < snapshot->view.count; i++) {
        *left += snapshot->panes[i].snapshot->count;
    }
}

pfx_status pfx_panes_read_snapshot(pfx_panes_snapshot *snapshot) {
    for (int64_t i = 0; i < snapshot->view.count; i++) {
        PFX_TRY(pfx_pane_read(&snapshot->panes[i]));
    }
    return PFX_OK;
}

void pfx_panes_end_snapshot(pfx_panes *panes) {
    if (panes->snapshot == NULL) {
        return;
    }
    pfx_key_index_thaw(panes->index);
    free_snapshot(panes, panes->snapshot, panes->snapshot->view.count);
    panes->snapshot = NULL;
}
