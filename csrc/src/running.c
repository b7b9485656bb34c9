#include "pfx/running.h"

#include <string.h>

#define MIN_STATES 64
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
    uint8_t *others[PFX_CHUNK];
};

pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index) {
    memset(running, 0, sizeof *running);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *running->scratch, &memory));
    running->agg = agg;
    running->index = index;
    running->scratch = memory;
    return PFX_OK;
}

void pfx_running_free(pfx_running *running) {
    if (running->agg == NULL) {
        return;
    }
    pfx_agg_clear(running->agg, running->states, running->count);
    pfx_free(running->agg->budget, running->states, running->capacity * running->agg->stride);
    pfx_free(running->agg->budget, running->scratch, (int64_t)sizeof *running->scratch);
    memset(running, 0, sizeof *running);
}

static pfx_status add_states(pfx_running *running, int64_t keys) {
    pfx_agg *agg = running->agg;
    if (keys > running->capacity) {
        int64_t room = running->capacity == 0 ? MIN_STATES : running->capacity * 2;
        room = room < keys ? keys : room;
        void *memory = running->states;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(agg->budget, room * agg->stride, &memory));
        } else {
            PFX_TRY(pfx_resize(agg->budget, &memory, running->capacity * agg->stride, room * agg->stride));
        }
        running->states = memory;
        running->capacity = room;
    }
    for (; running->count < keys; running->count++) {
        pfx_agg_start(agg, running->states + running->count * agg->stride, 1);
    }
    return PFX_OK;
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
    int64_t stride = running->agg->stride;
    while (*done < rows && !pfx_results_full(results, limit)) {
        int64_t start = *done;
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        if (each && count > limit - results->rows) {
            count = limit - results->rows;
        }
        PFX_TRY(pfx_key_index_map(running->index, keys, start, count, scratch->ids));
        PFX_TRY(add_states(running, running->index->count));
        results->work += count;
        uint8_t *states = running->states;
        if (running->count * stride > CACHED_BYTES) {
            for (int64_t i = 0; i < count; i++) {
                scratch->states[i] = states + (int64_t)scratch->ids[i] * stride;
                PREFETCH(scratch->states[i]);
                PREFETCH(scratch->states[i] + stride - 1);
            }
        } else {
            for (int64_t i = 0; i < count; i++) {
                scratch->states[i] = states + (int64_t)scratch->ids[i] * stride;
            }
        }
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

pfx_status pfx_running_merge(pfx_running *running, const pfx_key_column *keys, const uint8_t *states, int64_t rows) {
    struct pfx_running_scratch *scratch = running->scratch;
    int64_t stride = running->agg->stride;
    for (int64_t start = 0; start < rows; start += PFX_CHUNK) {
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        PFX_TRY(pfx_key_index_map(running->index, keys, start, count, scratch->ids));
        PFX_TRY(add_states(running, running->index->count));
        for (int64_t i = 0; i < count; i++) {
            scratch->states[i] = running->states + (int64_t)scratch->ids[i] * stride;
            scratch->others[i] = (uint8_t *)(uintptr_t)(states + (start + i) * stride);
            PREFETCH(scratch->states[i]);
        }
        PFX_TRY(pfx_agg_merge(running->agg, scratch->states, scratch->others, count));
    }
    return PFX_OK;
}

pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results) {
    struct pfx_running_scratch *scratch = running->scratch;
    int64_t end = running->count - first < limit ? running->count : first + limit;
    while (first < end) {
        int64_t count = end - first < PFX_CHUNK ? end - first : PFX_CHUNK, fitting;
        for (int64_t i = 0; i < count; i++) {
            scratch->ids[i] = (uint32_t)(first + i);
            scratch->states[i] = running->states + (first + i) * running->agg->stride;
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
