#include "pfx/timers.h"

#include <stdbool.h>

#define CHILDREN 4
#define MIN_CAPACITY 16

static bool before(const pfx_timer_entry *left, const pfx_timer_entry *right) {
    return left->timestamp != right->timestamp ? left->timestamp < right->timestamp : left->sequence < right->sequence;
}

static void place(pfx_timers *timers, int64_t position, pfx_timer_entry entry) {
    timers->entries[position] = entry;
    entry.timer->position = position;
}

static void sift_up(pfx_timers *timers, int64_t position, pfx_timer_entry entry) {
    while (position > 0) {
        int64_t parent = (position - 1) / CHILDREN;
        if (!before(&entry, &timers->entries[parent])) {
            break;
        }
        place(timers, position, timers->entries[parent]);
        position = parent;
    }
    place(timers, position, entry);
}

static void sift_down(pfx_timers *timers, int64_t position, pfx_timer_entry entry) {
    for (;;) {
        int64_t first = position * CHILDREN + 1;
        if (first >= timers->count) {
            break;
        }
        int64_t end = timers->count - first < CHILDREN ? timers->count : first + CHILDREN;
        int64_t least = first;
        for (int64_t child = first + 1; child < end; child++) {
            if (before(&timers->entries[child], &timers->entries[least])) {
                least = child;
            }
        }
        if (!before(&timers->entries[least], &entry)) {
            break;
        }
        place(timers, position, timers->entries[least]);
        position = least;
    }
    place(timers, position, entry);
}

static pfx_status resize(pfx_timers *timers, int64_t capacity) {
    void *entries = timers->entries;
    int64_t entry_size = (int64_t)sizeof(pfx_timer_entry);
    if (entries == NULL) {
        PFX_TRY(pfx_alloc(timers->budget, capacity * entry_size, &entries));
    } else {
        PFX_TRY(pfx_resize(timers->budget, &entries, timers->capacity * entry_size, capacity * entry_size));
    }
    timers->entries = entries;
    timers->capacity = capacity;
    return PFX_OK;
}

void pfx_timers_init(pfx_timers *timers, pfx_budget *budget) {
    timers->budget = budget;
    timers->entries = NULL;
    timers->count = 0;
    timers->capacity = 0;
    timers->next_sequence = 0;
}

void pfx_timers_reset(pfx_timers *timers) {
    pfx_free(timers->budget, timers->entries, timers->capacity * (int64_t)sizeof(pfx_timer_entry));
    pfx_timers_init(timers, timers->budget);
}

void pfx_timer_init(pfx_timer *timer, void *owner) {
    timer->position = -1;
    timer->owner = owner;
}

pfx_status pfx_timers_add(pfx_timers *timers, int64_t timestamp, pfx_timer *timer) {
    if (timer->position >= 0) {
        return PFX_WRONG_STATE;
    }
    if (timers->count == timers->capacity) {
        PFX_TRY(resize(timers, timers->capacity == 0 ? MIN_CAPACITY : timers->capacity * 2));
    }
    pfx_timer_entry entry = {.timestamp = timestamp, .sequence = timers->next_sequence++, .timer = timer};
    sift_up(timers, timers->count++, entry);
    return PFX_OK;
}

pfx_status pfx_timers_remove(pfx_timers *timers, pfx_timer *timer) {
    int64_t position = timer->position;
    if (position < 0) {
        return PFX_WRONG_STATE;
    }
    timer->position = -1;
    timers->count--;
    if (position < timers->count) {
        pfx_timer_entry last = timers->entries[timers->count];
        if (before(&last, &timers->entries[position])) {
            sift_up(timers, position, last);
        } else {
            sift_down(timers, position, last);
        }
    }
    if (timers->capacity > MIN_CAPACITY && timers->count < timers->capacity / 4) {
        /* Where there is no memory for the smaller array, the larger one serves until the next removal. */
        (void)resize(timers, timers->capacity / 2);
    }
    return PFX_OK;
}

pfx_timer *pfx_timers_first(const pfx_timers *timers, int64_t *timestamp) {
    if (timers->count == 0) {
        return NULL;
    }
    *timestamp = timers->entries[0].timestamp;
    return timers->entries[0].timer;
}
