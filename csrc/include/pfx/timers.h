/* Timers in order of (timestamp, order of adding): a 4-ary heap that knows where each of its timers lies.
 *
 * Ownership. The caller owns the pfx_timers, and every pfx_timer, which must stay where it is while it is in the heap;
 * the heap only owns its own array. One thread at a time.
 *
 * A timer is removed at once, not marked and skipped later: session windows move their clean-up timer with every
 * record, often days before it is due, and marked timers would pile up. So every timer carries its position in the
 * heap. Memory follows the number of timers down as well as up. Four children a node: half the levels of a binary heap,
 * and the children share one or two cache lines. */
#ifndef PFX_TIMERS_H
#define PFX_TIMERS_H

#include <stdint.h>

#include "pfx/memory.h"
#include "pfx/status.h"

typedef struct pfx_timer {
    int64_t position; /* where the heap has it; -1 when it is in none */
    void *owner;      /* the caller's */
} pfx_timer;

typedef struct pfx_timer_entry {
    int64_t timestamp;
    int64_t sequence;
    pfx_timer *timer;
} pfx_timer_entry;

typedef struct pfx_timers {
    pfx_budget *budget;
    pfx_timer_entry *entries;
    int64_t count;
    int64_t capacity;
    int64_t next_sequence;
} pfx_timers;

/* Set up an empty heap, whose array is charged to `budget` (which must outlive it). */
void pfx_timers_init(pfx_timers *timers, pfx_budget *budget);

/* Free the array; the timers that were in it are forgotten, not changed. The heap is empty and can be used again. */
void pfx_timers_reset(pfx_timers *timers);

/* Set up a timer that is in no heap. */
void pfx_timer_init(pfx_timer *timer, void *owner);

/* Add a timer. PFX_WRONG_STATE when it is in a heap already; PFX_NO_MEMORY and PFX_OVER_BUDGET leave all as it was. */
pfx_status pfx_timers_add(pfx_timers *timers, int64_t timestamp, pfx_timer *timer);

/* Take a timer out, wherever it lies. PFX_WRONG_STATE when it is in no heap. */
pfx_status pfx_timers_remove(pfx_timers *timers, pfx_timer *timer);

/* The timer that is due first, which stays in, and its timestamp; NULL when there is none (*timestamp untouched). */
pfx_timer *pfx_timers_first(const pfx_timers *timers, int64_t *timestamp);

#endif
