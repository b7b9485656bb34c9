#include "pfx/sessions.h"

/* Of bounds and states, and the keys; on failure the caller ends what has begun. */
static pfx_status begin(pfx_sessions *sessions, pfx_sessions_snapshot *snapshot) {
    pfx_owned owned = pfx_agg_owned(sessions->agg);
    PFX_TRY(pfx_states_begin(&sessions->bounds, sessions->used, NULL, &snapshot->bounds));
    PFX_TRY(pfx_states_begin(&sessions->states, sessions->used, &owned, &snapshot->states));
    return pfx_key_index_freeze(sessions->index, &snapshot->keys);
}

pfx_status pfx_sessions_begin_snapshot(pfx_sessions *sessions, pfx_sessions_snapshot **out) {
    void *memory;
    if (sessions->snapshot != NULL || sessions->sent != sessions->due.count) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_alloc_zero(sessions->agg->budget, (int64_t)sizeof **out, &memory));
    pfx_sessions_snapshot *snapshot = memory;
    pfx_status status = begin(sessions, snapshot);
    if (status != PFX_OK) {
        pfx_states_end(&sessions->bounds);
        pfx_states_end(&sessions->states);
        pfx_free(sessions->agg->budget, memory, (int64_t)sizeof *snapshot);
        return status;
    }
    pfx_sessions *view = &snapshot->view;
    view->agg = sessions->agg;
    view->index = &snapshot->keys;
    view->gap = sessions->gap;
    view->lateness = sessions->lateness;
    view->watermark = sessions->watermark;
    view->sequence = sessions->sequence;
    view->used = sessions->used;
    view->live = sessions->live;
    pfx_states_view(&sessions->bounds, snapshot->bounds, &view->bounds);
    pfx_states_view(&sessions->states, snapshot->states, &view->states);
    *out = sessions->snapshot = snapshot;
    return PFX_OK;
}

void pfx_sessions_step_snapshot(pfx_sessions *sessions, int64_t most, int64_t *left) {
    pfx_snapshot_step(sessions->states.snapshot, sessions->states.segments, most, left);
}

pfx_status pfx_sessions_read_snapshot(pfx_sessions_snapshot *snapshot) {
    PFX_TRY(pfx_snapshot_read(snapshot->states));
    PFX_TRY(pfx_snapshot_read(snapshot->bounds));
    pfx_sessions *view = &snapshot->view;
    view->slots = view->used > 0 ? (pfx_session *)(void *)pfx_states_at(&view->bounds, 0) : NULL;
    return PFX_OK;
}

void pfx_sessions_end_snapshot(pfx_sessions *sessions) {
    if (sessions->snapshot == NULL) {
        return;
    }
    pfx_states_end(&sessions->bounds);
    pfx_states_end(&sessions->states);
    pfx_key_index_thaw(sessions->index);
    pfx_free(sessions->agg->budget, sessions->snapshot, (int64_t)sizeof *sessions->snapshot);
    sessions->snapshot = NULL;
}
