#include "pfx/sessions.h"

#include <string.h>

#include "pfx/calendar.h"
#include "pfx/slices.h"
#include "session_order.h"
#include "session_tree.h"

#define NONE PFX_NO_SESSION
#define MIN_SLOTS 64
/* The ring reaches as many gaps ahead. */
#define RING_GAPS 4

typedef struct merge {
    uint32_t from;
    uint32_t into;
} merge;

struct pfx_sessions_scratch {
    uint32_t ids[PFX_CHUNK];
    uint32_t slots[PFX_CHUNK];
    uint8_t *states[PFX_CHUNK];
    int64_t starts[PFX_CHUNK];
    int64_t ends[PFX_CHUNK];
    merge merges[PFX_CHUNK];
    int64_t pending; /* merges to come: their `from` is nobody's session any more, but still has its state */
    uint8_t trash[];
};

pfx_status pfx_sessions_init(pfx_sessions *sessions, pfx_agg *agg, pfx_key_index *index, int64_t gap,
                             int64_t lateness) {
    int64_t limit = PFX_TIME_LIMIT / 2;
    if (gap <= 0 || gap >= limit || lateness < 0 || lateness >= limit) {
        return PFX_INVALID_ARGUMENT;
    }
    memset(sessions, 0, sizeof *sessions);
    sessions->agg = agg;
    sessions->index = index;
    sessions->gap = gap;
    sessions->lateness = lateness;
    sessions->watermark = INT64_MIN;
    sessions->free = NONE;
    sessions->width = gap * RING_GAPS / PFX_SESSION_BUCKETS + 1;
    memset(sessions->ring, 0xff, sizeof sessions->ring);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, (int64_t)sizeof *sessions->scratch + agg->stride, &memory));
    sessions->scratch = memory;
    sessions->scratch->pending = 0;
    pfx_agg_start(agg, sessions->scratch->trash, 1);
    pfx_states_init_flat(&sessions->bounds, agg->budget, (int64_t)sizeof *sessions->slots);
    pfx_states_init(&sessions->states, agg->budget, agg->stride);
    return PFX_OK;
}

void pfx_sessions_free(pfx_sessions *sessions) {
    pfx_agg *agg = sessions->agg;
    if (agg == NULL) {
        return;
    }
    pfx_sessions_end_snapshot(sessions);
    for (int64_t slot = 0; slot < sessions->used; slot++) {
        if (sessions->slots[slot].key != PFX_NO_KEY) {
            pfx_agg_clear(agg, pfx_sessions_state(sessions, (uint32_t)slot), 1);
        }
    }
    for (int64_t i = 0; sessions->scratch != NULL && i < sessions->scratch->pending; i++) {
        pfx_agg_clear(agg, pfx_sessions_state(sessions, sessions->scratch->merges[i].from), 1);
    }
    int64_t entry = (int64_t)sizeof(pfx_session_entry);
    pfx_states_free(&sessions->bounds);
    pfx_states_free(&sessions->states);
    pfx_free(agg->budget, sessions->heads, sessions->heads_capacity * (int64_t)sizeof *sessions->heads);
    pfx_free(agg->budget, sessions->heap.entries, sessions->heap.capacity * entry);
    pfx_free(agg->budget, sessions->due.entries, sessions->due.capacity * entry);
    if (sessions->scratch != NULL) {
        pfx_agg_clear(agg, sessions->scratch->trash, 1);
        pfx_free(agg->budget, sessions->scratch, (int64_t)sizeof *sessions->scratch + agg->stride);
    }
    memset(sessions, 0, sizeof *sessions);
}

/* ---- memory ---- */

static pfx_status grow(pfx_budget *budget, void **block, int64_t size, int64_t old_room, int64_t room) {
    return *block == NULL ? pfx_alloc(budget, room * size, block)
                          : pfx_resize(budget, block, old_room * size, room * size);
}

static pfx_status reserve_list(const pfx_sessions *sessions, pfx_session_list *list, int64_t room) {
    void *memory = list->entries;
    PFX_TRY(grow(sessions->agg->budget, &memory, (int64_t)sizeof *list->entries, list->capacity, room));
    list->entries = memory;
    list->capacity = room;
    return PFX_OK;
}

static pfx_status push(pfx_sessions *sessions, pfx_session_list *list, pfx_session_entry entry) {
    if (list->count == list->capacity) {
        PFX_TRY(reserve_list(sessions, list, list->capacity == 0 ? MIN_SLOTS : list->capacity * 2));
    }
    list->entries[list->count++] = entry;
    return PFX_OK;
}

/* Room for one session more and for all keys. */
static pfx_status reserve(pfx_sessions *sessions, int64_t room, int64_t keys) {
    pfx_budget *budget = sessions->agg->budget;
    if (keys > sessions->heads_capacity) {
        int64_t wanted = keys > sessions->heads_capacity * 2 ? keys : sessions->heads_capacity * 2;
        void *heads = sessions->heads;
        PFX_TRY(grow(budget, &heads, (int64_t)sizeof *sessions->heads, sessions->heads_capacity, wanted));
        sessions->heads = heads;
        memset(sessions->heads + sessions->heads_capacity, 0xff,
               (size_t)(wanted - sessions->heads_capacity) * sizeof *sessions->heads);
        sessions->heads_capacity = wanted;
    }
    if (room > sessions->capacity) {
        if (room >= NONE) {
            return PFX_NO_MEMORY;
        }
        PFX_TRY(pfx_states_grow(&sessions->bounds, room));
        sessions->slots = (pfx_session *)(void *)pfx_states_at(&sessions->bounds, 0);
        PFX_TRY(pfx_states_grow(&sessions->states, room));
        int64_t slots = pfx_states_room(&sessions->bounds), states = pfx_states_room(&sessions->states);
        sessions->capacity = slots < states ? slots : states;
    }
    return PFX_OK;
}

/* Before what is known of a session, and before its state is changed. */
static inline void save(pfx_sessions *sessions, uint32_t slot) {
    pfx_states_save(&sessions->bounds, &slot, 1);
}

static inline void save_state(pfx_sessions *sessions, uint32_t slot) {
    pfx_states_save(&sessions->states, &slot, 1);
}

static pfx_status take_slot(pfx_sessions *sessions, uint32_t *slot) {
    if (sessions->free != NONE) {
        *slot = sessions->free;
        sessions->free = sessions->slots[*slot].left;
        return PFX_OK;
    }
    if (sessions->used == sessions->capacity) {
        PFX_TRY(reserve(sessions, sessions->used + 1, 0));
    }
    *slot = (uint32_t)sessions->used++;
    return PFX_OK;
}

static void give_slot(pfx_sessions *sessions, uint32_t slot) {
    sessions->slots[slot].left = sessions->free;
    sessions->free = slot;
}

/* ---- the queue ---- */

/* When the watermark has something to do for a session. */
static int64_t due_time(const pfx_sessions *sessions, const pfx_session *session) {
    return session->end - 1 + (session->fired == session->end ? sessions->lateness : 0);
}

static pfx_status push_heap(pfx_sessions *sessions, pfx_session_entry entry) {
    PFX_TRY(push(sessions, &sessions->heap, entry));
    pfx_session_entry *entries = sessions->heap.entries;
    int64_t at = sessions->heap.count - 1;
    while (at > 0 && pfx_session_before(&entry, &entries[(at - 1) / 2])) {
        entries[at] = entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    entries[at] = entry;
    return PFX_OK;
}

static pfx_session_entry pop_heap(pfx_sessions *sessions) {
    pfx_session_entry *entries = sessions->heap.entries;
    pfx_session_entry popped = entries[0];
    int64_t count = --sessions->heap.count;
    pfx_session_entry last = entries[count];
    int64_t at = 0;
    for (int64_t child = 1; child < count; child = at * 2 + 1) {
        child += child + 1 < count && pfx_session_before(&entries[child + 1], &entries[child]);
        if (!pfx_session_before(&entries[child], &last)) {
            break;
        }
        entries[at] = entries[child];
        at = child;
    }
    if (count > 0) {
        entries[at] = last;
    }
    return popped;
}

static pfx_status enqueue(pfx_sessions *sessions, uint32_t slot) {
    pfx_session *session = &sessions->slots[slot];
    int64_t time = due_time(sessions, session);
    int64_t bucket = pfx_floor_div(time, sessions->width);
    if (sessions->in_ring == 0 && sessions->heap.count == 0) {
        sessions->base = bucket - PFX_SESSION_BUCKETS / 4;
    }
    int64_t ahead = bucket - sessions->base;
    /* A session is in the ring once only, as its link there is its own. */
    if (ahead >= 0 && ahead < PFX_SESSION_BUCKETS && session->queued == 0) {
        uint32_t *head = &sessions->ring[bucket & (PFX_SESSION_BUCKETS - 1)];
        session->queue_next = *head;
        *head = slot;
        sessions->in_ring++;
    } else {
        PFX_TRY(push_heap(sessions, (pfx_session_entry){.time = time, .key = session->key, .slot = slot}));
    }
    session->queued++;
    session->at = time;
    return PFX_OK;
}

/* A session has come up in the queue where it was queued for `time` at the latest: list it if it is due by `horizon`,
 * else queue it anew. */
static pfx_status come_up(pfx_sessions *sessions, uint32_t slot, int64_t time, int64_t horizon) {
    pfx_session *session = &sessions->slots[slot];
    session->queued--;
    if (session->key == PFX_NO_KEY) {
        if (session->queued == 0) {
            give_slot(sessions, slot);
        }
        return PFX_OK;
    }
    /* It is in a list already, or queued for a later time than this, which was before it fired last. */
    if (session->due || session->at > time) {
        return PFX_OK;
    }
    session->at = INT64_MAX;
    if (due_time(sessions, session) > horizon) {
        return enqueue(sessions, slot);
    }
    session->due = 1;
    return push(sessions, &sessions->due, (pfx_session_entry){.time = session->end, .key = session->key, .slot = slot});
}

/* List the next sessions that are due, in order, from as many buckets as give a chunk; none when there are no more. */
static pfx_status list_due(pfx_sessions *sessions, int64_t watermark) {
    sessions->due.count = sessions->sent = 0;
    int64_t last = pfx_floor_div(watermark, sessions->width);
    bool whole = true;
    while (whole && sessions->due.count < PFX_CHUNK) {
        int64_t listed = sessions->due.count;
        if (sessions->in_ring == 0 && sessions->heap.count == 0) {
            return PFX_OK;
        }
        int64_t bucket = sessions->base;
        int64_t next = sessions->heap.count > 0 ? sessions->heap.entries[0].time : INT64_MAX;
        if (next > watermark && (sessions->in_ring == 0 || bucket > last)) {
            /* Buckets that are skipped here are empty. */
            sessions->base = sessions->in_ring == 0 && last > bucket ? last : bucket;
            return PFX_OK;
        }
        whole = bucket < last;
        if (sessions->in_ring == 0) {
            int64_t first = pfx_floor_div(next, sessions->width);
            bucket = sessions->base = first > bucket ? first : bucket;
            whole = bucket < last;
        }
        /* What has grown into a later bucket is due after those that are in it. */
        int64_t horizon = whole ? bucket * sessions->width + sessions->width - 1 : watermark;
        if (bucket <= last) {
            uint32_t *head = &sessions->ring[bucket & (PFX_SESSION_BUCKETS - 1)];
            uint32_t slot = *head;
            *head = NONE;
            /* What is taken out here and not due must come into a later place. */
            sessions->base += whole;
            while (slot != NONE) {
                uint32_t following = sessions->slots[slot].queue_next;
                sessions->in_ring--;
                PFX_TRY(come_up(sessions, slot, bucket * sessions->width + sessions->width - 1, horizon));
                slot = following;
            }
        }
        while (sessions->heap.count > 0 && sessions->heap.entries[0].time <= watermark &&
               pfx_floor_div(sessions->heap.entries[0].time, sessions->width) <= bucket) {
            pfx_session_entry popped = pop_heap(sessions);
            PFX_TRY(come_up(sessions, popped.slot, popped.time, horizon));
        }
        if (sessions->due.count > listed) {
            pfx_session_sort(sessions->due.entries + listed, sessions->due.count - listed);
        }
    }
    return PFX_OK;
}

/* ---- adding ---- */

static void link_session(pfx_sessions *sessions, uint32_t slot) {
    pfx_session_link(sessions->slots, &sessions->heads[sessions->slots[slot].key], slot, sessions->agg->secret);
    sessions->live++;
}

static uint32_t find(pfx_sessions *sessions, uint32_t key, int64_t time) {
    return pfx_session_at(sessions->slots, sessions->heads[key], time, sessions->agg->secret);
}

static inline void unlink_session(pfx_sessions *sessions, uint32_t slot) {
    save(sessions, slot);
    pfx_session_unlink(sessions->slots, &sessions->heads[sessions->slots[slot].key], slot, sessions->agg->secret);
    sessions->slots[slot].key = PFX_NO_KEY;
    sessions->live--;
}

/* Find or make the session of a row, NONE when it is late; *merged is the one that has become part of it, or NONE. */
static pfx_status place(pfx_sessions *sessions, uint32_t key, int64_t time, uint32_t *found, uint32_t *merged) {
    int64_t end = time + sessions->gap;
    uint32_t slot = find(sessions, key, end);
    *found = *merged = NONE;
    if (slot == NONE || sessions->slots[slot].end < time) {
        if (end - 1 + sessions->lateness <= sessions->watermark) {
            return PFX_OK;
        }
        PFX_TRY(take_slot(sessions, &slot));
        save(sessions, slot);
        save_state(sessions, slot);
        sessions->slots[slot] =
            (pfx_session){.start = time, .end = end, .fired = INT64_MIN, .at = INT64_MAX, .key = key};
        link_session(sessions, slot);
        sessions->peak = sessions->live > sessions->peak ? sessions->live : sessions->peak;
        pfx_agg_start(sessions->agg, pfx_sessions_state(sessions, slot), 1);
    }
    save(sessions, slot);
    pfx_session *session = &sessions->slots[slot];
    session->end = end > session->end ? end : session->end;
    if (time < session->start) {
        /* One may touch the row from before; no third one can, as each is at least as long as the gap. */
        uint32_t other = find(sessions, key, session->start - 1);
        if (other != NONE && sessions->slots[other].end >= time) {
            unlink_session(sessions, other);
            *merged = other;
        }
        session->start = *merged == NONE ? time : sessions->slots[other].start;
    }
    if (session->end - 1 <= sessions->watermark) {
        /* A row in the lateness makes its session fire at once. */
        session->fired = session->end;
    } else if (session->fired == session->end) {
        /* It had fired by a watermark that was ahead of the one that it was imported under, and is to fire again. */
        session->fired = INT64_MIN;
    }
    *found = slot;
    return due_time(sessions, session) < session->at ? enqueue(sessions, slot) : PFX_OK;
}

/* Add rows from .. to - 1 of the chunk at `start` to their sessions, and then the sessions that have merged. */
static pfx_status update(pfx_sessions *sessions, const pfx_key_column *fields, int64_t start, int64_t from,
                         int64_t to) {
    struct pfx_sessions_scratch *scratch = sessions->scratch;
    pfx_states_save(&sessions->states, scratch->slots + from, to - from);
    const pfx_states states = sessions->states; /* where no store that follows can change it */
    for (int64_t i = from; i < to; i++) {
        scratch->states[i] = scratch->slots[i] == NONE ? scratch->trash : pfx_states_at(&states, scratch->slots[i]);
    }
    int64_t sequence = sessions->sequence;
    sessions->sequence += to - from;
    pfx_status status =
        pfx_agg_update(sessions->agg, fields, start + from, to - from, scratch->states + from, sequence);
    /* Whatever has failed: nobody would see to what is left over, nor to how much there is of it. */
    for (int64_t i = 0; i < scratch->pending; i++) {
        save_state(sessions, scratch->merges[i].from);
        save_state(sessions, scratch->merges[i].into);
        uint8_t *into = pfx_sessions_state(sessions, scratch->merges[i].into);
        pfx_status absorbed =
            pfx_agg_absorb(sessions->agg, into, pfx_sessions_state(sessions, scratch->merges[i].from));
        status = status == PFX_OK ? absorbed : status;
    }
    scratch->pending = 0;
    return status;
}

static pfx_status send(pfx_results *results, const pfx_sessions *sessions, uint32_t slot) {
    const pfx_session *session = &sessions->slots[slot];
    uint8_t *state = pfx_sessions_state(sessions, slot);
    PFX_TRY(pfx_results_append(results, &session->key, &state, 1));
    return pfx_results_stamp(results, 1, session->start, session->end, session->end - 1);
}

pfx_status pfx_sessions_add(pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *fields,
                            const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late,
                            int64_t *late_count, pfx_results *results, int64_t *row, int *more) {
    struct pfx_sessions_scratch *scratch = sessions->scratch;
    *late_count = 0;
    while (*done < rows && !pfx_results_full(results, limit)) {
        int64_t start = *done;
        int64_t count = rows - start < PFX_CHUNK ? rows - start : PFX_CHUNK;
        int64_t updated = 0;
        *row = start;
        PFX_TRY(pfx_key_index_map(sessions->index, keys, start, count, scratch->ids));
        PFX_TRY(reserve(sessions, 0, sessions->index->count));
        pfx_status status = PFX_OK;
        bool full = false;
        int64_t i = 0;
        for (; i < count && !full; i++) {
            int64_t time = timestamps[start + i];
            uint32_t slot = NONE, merged = NONE;
            if (time <= -PFX_TIME_LIMIT || time >= PFX_TIME_LIMIT) {
                *row = start + i;
                status = PFX_OVERFLOW;
            } else {
                status = place(sessions, scratch->ids[i], time, &slot, &merged);
            }
            scratch->slots[i] = slot;
            if (merged != NONE) {
                scratch->merges[scratch->pending++] = (merge){.from = merged, .into = slot};
            }
            if (status != PFX_OK) {
                break;
            }
            if (slot == NONE) {
                late[(*late_count)++] = start + i;
            } else if (sessions->slots[slot].end - 1 <= sessions->watermark) {
                PFX_TRY(update(sessions, fields, start, updated, i + 1));
                updated = i + 1;
                PFX_TRY(send(results, sessions, slot));
                full = pfx_results_full(results, limit);
            }
        }
        pfx_status added = update(sessions, fields, start, updated, i);
        PFX_TRY(status != PFX_OK ? status : added);
        *done += i;
        results->work += i;
    }
    *more = *done < rows;
    if (*late_count > 0) {
        pfx_agg_clear(sessions->agg, scratch->trash, 1);
        pfx_agg_start(sessions->agg, scratch->trash, 1);
    }
    return PFX_OK;
}

pfx_status pfx_sessions_open(pfx_sessions *sessions, uint32_t key, int64_t start, int64_t end, int64_t fired,
                             uint32_t *slot) {
    PFX_TRY(reserve(sessions, 0, sessions->index->count));
    if (start <= -PFX_TIME_LIMIT || start >= PFX_TIME_LIMIT || end >= PFX_TIME_LIMIT + sessions->gap ||
        end < start + sessions->gap || fired > end) {
        return PFX_CORRUPT;
    }
    uint32_t other = pfx_session_at(sessions->slots, sessions->heads[key], end, sessions->agg->secret);
    if (other != NONE && sessions->slots[other].end >= start) {
        return PFX_CORRUPT;
    }
    PFX_TRY(take_slot(sessions, slot));
    save(sessions, *slot);
    save_state(sessions, *slot);
    sessions->slots[*slot] = (pfx_session){.start = start, .end = end, .fired = fired, .at = INT64_MAX, .key = key};
    link_session(sessions, *slot);
    sessions->peak = sessions->live > sessions->peak ? sessions->live : sessions->peak;
    pfx_agg_start(sessions->agg, pfx_sessions_state(sessions, *slot), 1);
    return enqueue(sessions, *slot);
}

/* ---- firing ---- */

/* Move all sessions to `kept`, where there is room for them, in order of their keys and the last one of each first. */
static void move(pfx_sessions *sessions, pfx_sessions *kept, const uint32_t *renumbered, int64_t keys) {
    kept->watermark = sessions->watermark;
    kept->sequence = sessions->sequence;
    kept->peak = sessions->peak;
    for (int64_t key = 0; key < keys; key++) {
        uint32_t later = NONE;
        while (sessions->heads[key] != NONE) {
            uint32_t from = sessions->heads[key], slot = (uint32_t)kept->used++;
            pfx_session_unlink(sessions->slots, &sessions->heads[key], from, sessions->agg->secret);
            kept->slots[slot] = sessions->slots[from];
            kept->slots[slot].key = renumbered[key];
            kept->slots[slot].queued = 0;
            pfx_session_append(kept->slots, &kept->heads[renumbered[key]], slot, later);
            memcpy(pfx_sessions_state(kept, slot), pfx_sessions_state(sessions, from), (size_t)kept->agg->stride);
            sessions->slots[from].key = PFX_NO_KEY; /* its state has moved */
            (void)enqueue(kept, slot);
            later = slot;
        }
    }
    kept->live = kept->used;
}

/* Move the live sessions together, and forget keys without one, once most of the memory is for what is over. */
static pfx_status compact(pfx_sessions *sessions) {
    /* As many as there were lately, so that what the next rows need is not given back and taken again. */
    int64_t keys = sessions->index->count, wanted = sessions->peak;
    sessions->peak = sessions->live;
    bool few_slots = sessions->capacity > 4096 && sessions->capacity / 4 > wanted;
    bool few_keys = keys > 4096 && keys / 4 > wanted;
    if ((!few_slots && !few_keys) || sessions->snapshot != NULL) {
        return PFX_OK;
    }
    pfx_agg *agg = sessions->agg;
    int64_t size = keys * (int64_t)sizeof(uint32_t);
    void *memory;
    PFX_TRY(pfx_alloc(agg->budget, size, &memory));
    uint32_t *renumbered = memory;
    for (int64_t key = 0; key < keys; key++) {
        renumbered[key] = sessions->heads[key] == NONE ? PFX_NO_KEY : 0;
    }
    pfx_sessions kept;
    pfx_status status = pfx_sessions_init(&kept, agg, sessions->index, sessions->gap, sessions->lateness);
    if (status == PFX_OK) {
        status = reserve(&kept, wanted + MIN_SLOTS, wanted + MIN_SLOTS);
    }
    if (status == PFX_OK) {
        status = reserve_list(&kept, &kept.heap, sessions->live);
    }
    /* The last thing that can fail: from here on there is room for everything. */
    if (status == PFX_OK) {
        status = pfx_key_index_compact(sessions->index, renumbered);
    }
    if (status == PFX_OK) {
        move(sessions, &kept, renumbered, keys);
        pfx_sessions_free(sessions);
        *sessions = kept;
    } else {
        pfx_sessions_free(&kept);
    }
    pfx_free(agg->budget, memory, size);
    return status;
}

/* After a session's time has come: it is over, or waits for late rows. */
static pfx_status settle(pfx_sessions *sessions, uint32_t slot, int64_t watermark) {
    save(sessions, slot);
    pfx_session *session = &sessions->slots[slot];
    session->due = 0;
    session->fired = session->end;
    if (due_time(sessions, session) > watermark) {
        return enqueue(sessions, slot);
    }
    unlink_session(sessions, slot);
    save_state(sessions, slot);
    pfx_agg_clear(sessions->agg, pfx_sessions_state(sessions, slot), 1);
    if (session->queued == 0) {
        give_slot(sessions, slot);
    }
    return PFX_OK;
}

/* The position in the list of those that are due, from `position` on, of the first one after `count` to be sent. */
static int64_t after_unfired(const pfx_sessions *sessions, int64_t position, int64_t count) {
    for (; count > 0; position++) {
        const pfx_session *session = &sessions->slots[sessions->due.entries[position].slot];
        count -= session->fired != session->end;
    }
    return position;
}

pfx_status pfx_sessions_fire(pfx_sessions *sessions, int64_t watermark, int64_t limit, pfx_results *results,
                             int *more) {
    struct pfx_sessions_scratch *scratch = sessions->scratch;
    *more = 1;
    while (results->rows < limit) {
        if (sessions->sent == sessions->due.count) {
            PFX_TRY(list_due(sessions, watermark));
            if (sessions->due.count == 0) {
                sessions->watermark = watermark;
                *more = 0;
                return compact(sessions);
            }
        }
        int64_t room = limit - results->rows;
        room = room < PFX_CHUNK ? room : PFX_CHUNK;
        int64_t count = 0, first = sessions->sent, last = first;
        for (; last < sessions->due.count && count < room; last++) {
            uint32_t slot = sessions->due.entries[last].slot;
            const pfx_session *session = &sessions->slots[slot];
            if (session->fired != session->end) {
                scratch->starts[count] = session->start;
                scratch->ends[count] = session->end;
                scratch->ids[count] = session->key;
                scratch->states[count++] = pfx_sessions_state(sessions, slot);
            }
        }
        PFX_TRY(pfx_results_reserve(results, sessions->due.count - first < limit ? sessions->due.count - first : limit,
                                    limit));
        int64_t fitting = pfx_results_fit(results, scratch->ids, scratch->states, count);
        bool full = fitting < count;
        if (full) {
            last = after_unfired(sessions, first, fitting);
            count = fitting;
        }
        PFX_TRY(pfx_results_append(results, scratch->ids, scratch->states, count));
        PFX_TRY(pfx_results_stamp_each(results, count, scratch->starts, scratch->ends));
        for (; first < last; first++) {
            PFX_TRY(settle(sessions, sessions->due.entries[first].slot, watermark));
        }
        sessions->sent = last;
        if (full) {
            break;
        }
    }
    return PFX_OK;
}
