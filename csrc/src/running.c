#include "pfx/running.h"

#include <string.h>

/* States beyond so many bytes are in none of the nearer caches, so they are asked for before they are needed. */
#define CACHED_BYTES (1 << 19)

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address, 1)
#else
#define PREFETCH(address) ((void)(address))
#endif

struct pfx_running_scratch {
    uint32_t ids[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
};

pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index) {
    memset(running, 0, sizeof *running);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *running->scratch, &memory));
    running->agg = agg;
    running->index = index;
    running->scratch = memory;
    pfx_states_init(&running->states, agg->budget, agg->stride);
    return PFX_OK;
}

void pfx_running_free(pfx_running *running) {
    if (running->agg == NULL) {
        return;
    }
    int64_t length;
    pfx_running_end_snapshot(running);
    for (int64_t key = 0; running->agg->owning && key < running->count; key += length) {
        uint8_t *states = pfx_states_run(&running->states, key, running->count - key, &length);
        pfx_agg_clear(running->agg, states, length);
    }
    pfx_states_free(&running->states);
    pfx_free(running->agg->budget, running->scratch, (int64_t)sizeof *running->scratch);
    memset(running, 0, sizeof *running);
}

static pfx_status add_states(pfx_running *running, int64_t keys) {
    if (keys == running->count) {
        return PFX_OK;
    }
    int64_t length;
    PFX_TRY(pfx_states_grow(&running->states, keys));
    for (; running->count < keys; running->count += length) {
        uint8_t *states = pfx_states_run(&running->states, running->count, keys - running->count, &length);
        pfx_agg_start(running->agg, states, length);
    }
    return PFX_OK;
}

/* The states of a chunk's rows, which are about to be changed. */
static void find_states(pfx_running *running, int64_t count) {
    struct pfx_running_scratch *scratch = running->scratch;
    int64_t stride = running->agg->stride;
    pfx_states_find(&running->states, scratch->ids, count, scratch->states);
    if (running->count * stride > CACHED_BYTES) {
        for (int64_t i = 0; i < count; i++) {
            PREFETCH(scratch->states[i]);
            PREFETCH(scratch->states[i] + stride - 1);
        }
    }
    pfx_states_save(&running->states, scratch->ids, count);
}

/* Add rows of the chunk one by one, each with its results, as long as these fit; *sent is how many. */
static pfx_status add_each(pfx_running *running, const pfx_key_column *fields, int64_t start, int64_t count,
                           int64_t *sent, pfx_results *results) {
    struct pfx_running_scratch *scratch = running->scratch;
    int64_t i = 0;
    bool texts = false;
    for (int32_t r = 0; r < results->count; r++) {
        texts = texts || results->values[r].offset_width > 0;
    }
    count = pfx_results_fit_keys(results, scratch->ids, count);
    for (; i < count; i++) {
        if (!running->added) {
            PFX_TRY(pfx_agg_update(running->agg, fields, start + i, 1, scratch->states + i, running->sequence++));
        }
        running->added = texts && pfx_results_fit_values(results, scratch->states + i, 1) == 0;
        if (running->added) {
            break;
        }
        PFX_TRY(pfx_results_append_values(results, scratch->ids + i, scratch->states + i, 1));
    }
    *sent = i;
    return pfx_results_append_keys(results, scratch->ids, i);
}

pfx_status pfx_running_add(pfx_running *running, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows,
                           int each, int64_t limit, int64_t *done, pfx_results *results) {
    struct pfx_running_scratch *scratch = running->scratch;
    while (*done < rows && !pfx_results_full(results, limit)) {
        int64_t start = *done;
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        if (each && count > limit - results->rows) {
            count = limit - results->rows;
        }
        PFX_TRY(pfx_key_index_map(running->index, keys, start, count, scratch->ids));
        PFX_TRY(add_states(running, running->index->count));
        results->work += count;
        find_states(running, count);
        int64_t sent = count;
        if (each) {
            PFX_TRY(add_each(running, fields, start, count, &sent, results));
        } else {
            PFX_TRY(pfx_agg_update(running->agg, fields, start, count, scratch->states, running->sequence));
            running->sequence += count;
        }
        *done += sent;
        if (sent < count) {
            break;
        }
    }
    return PFX_OK;
}

pfx_status pfx_running_merge(pfx_running *running, const pfx_key_column *keys, pfx_agg_import *states, int64_t rows) {
    struct pfx_running_scratch *scratch = running->scratch;
    if (running->added) {
        return PFX_WRONG_STATE;
    }
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        PFX_TRY(pfx_key_index_map(running->index, keys, start, count, scratch->ids));
        PFX_TRY(add_states(running, running->index->count));
        find_states(running, count);
        PFX_TRY(pfx_agg_import_read(states, start, count));
        PFX_TRY(pfx_agg_import_merge(states, scratch->states));
    }
    running->sequence = running->sequence > states->next_sequence ? running->sequence : states->next_sequence;
    return PFX_OK;
}

pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results) {
    struct pfx_running_scratch *scratch = running->scratch;
    int64_t end = running->count - first < limit ? running->count : first + limit;
    while (first < end) {
        int64_t count = end - first < PFX_CHUNK ? end - first : PFX_CHUNK, fitting;
        for (int64_t i = 0; i < count; i++) {
            scratch->ids[i] = (uint32_t)(first + i);
            scratch->states[i] = pfx_running_state(running, first + i);
        }
        fitting = pfx_results_fit(results, scratch->ids, scratch->states, count);
        PFX_TRY(pfx_results_append(results, scratch->ids, scratch->states, fitting));
        first += fitting;
        if (fitting < count) {
            break;
        }
    }
    return PFX_OK;
}

/* ---- snapshots ---- */

pfx_status pfx_running_begin_snapshot(pfx_running *running, pfx_running_snapshot **out) {
    pfx_agg *agg = running->agg;
    void *memory;
    if (running->snapshot != NULL || running->added) {
        return PFX_WRONG_STATE;
    }
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof **out, &memory));
    pfx_running_snapshot *snapshot = memory;
    pfx_owned owned = pfx_agg_owned(agg);
    pfx_status status = pfx_key_index_freeze(running->index, &snapshot->keys);
    if (status == PFX_OK) {
        status = pfx_states_begin(&running->states, running->count, &owned, &snapshot->states);
        if (status != PFX_OK) {
            pfx_key_index_thaw(running->index);
        }
    }
    if (status != PFX_OK) {
        pfx_free(agg->budget, memory, (int64_t)sizeof *snapshot);
        return status;
    }
    snapshot->view =
        (pfx_running){.agg = agg, .index = &snapshot->keys, .sequence = running->sequence, .count = running->count};
    pfx_states_view(&running->states, snapshot->states, &snapshot->view.states);
    *out = running->snapshot = snapshot;
    return PFX_OK;
}

void pfx_running_step_snapshot(pfx_running *running, int64_t most, int64_t *left) {
    pfx_snapshot_step(running->states.snapshot, running->states.segments, most, left);
}

pfx_status pfx_running_read_snapshot(pfx_running_snapshot *snapshot) {
    return pfx_snapshot_read(snapshot->states);
}

void pfx_running_end_snapshot(pfx_running *running) {
    if (running->snapshot == NULL) {
        return;
    }
    pfx_states_end(&running->states);
    pfx_key_index_thaw(running->index);
    pfx_free(running->agg->budget, running->snapshot, (int64_t)sizeof *running->snapshot);
    running->snapshot = NULL;
}
