#if defined(__linux__)
#define _GNU_SOURCE /* syscall */
#endif

#include "pfx/event.h"

#if PFX_SHARED_EVENTS

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL

/* Of the kernel's interface, futex(2); its own header is not everywhere where this is compiled. */
#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9 /* unlike FUTEX_WAIT it takes a moment, not a duration */
#define FUTEX_BITSET_MATCH_ANY UINT32_MAX

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a lock of one process means nothing to another");

pfx_status pfx_event_init(pfx_event *event) {
    atomic_init(&event->sequence, 0);
    atomic_init(&event->waiters, 0);
    return PFX_OK;
}

void pfx_event_destroy(pfx_event *event) {
    (void)event;
}

bool pfx_event_wait(pfx_event *event, uint32_t sequence, int64_t deadline) {
    struct timespec when = {.tv_sec = (time_t)(deadline / NANOSECONDS), .tv_nsec = (long)(deadline % NANOSECONDS)};
    const struct timespec *until = deadline == INT64_MAX ? NULL : &when;
    atomic_fetch_add(&event->waiters, 1);
    bool in_time = true;
    /* The kernel compares the sequence under its own lock before it lets this thread sleep. */
    if (atomic_load(&event->sequence) == sequence) {
        long result =
            syscall(SYS_futex, &event->sequence, FUTEX_WAIT_BITSET, sequence, until, NULL, FUTEX_BITSET_MATCH_ANY);
        in_time = result == 0 || errno != ETIMEDOUT;
    }
    atomic_fetch_sub(&event->waiters, 1);
    return in_time;
}

void pfx_event_signal(pfx_event *event) {
    atomic_fetch_add(&event->sequence, 1);
    if (atomic_load(&event->waiters) != 0) {
        syscall(SYS_futex, &event->sequence, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    }
}

#else

pfx_status pfx_event_init(pfx_event *event) {
    atomic_init(&event->sequence, 0);
    atomic_init(&event->waiters, 0);
    return pfx_monitor_init(&event->monitor);
}

void pfx_event_destroy(pfx_event *event) {
    pfx_monitor_destroy(&event->monitor);
}

bool pfx_event_wait(pfx_event *event, uint32_t sequence, int64_t deadline) {
    bool in_time = true;
    pfx_monitor_enter(&event->monitor);
    atomic_fetch_add(&event->waiters, 1);
    while (in_time && atomic_load(&event->sequence) == sequence) {
        in_time = pfx_monitor_wait(&event->monitor, deadline);
    }
    atomic_fetch_sub(&event->waiters, 1);
    pfx_monitor_leave(&event->monitor);
    return in_time;
}

void pfx_event_signal(pfx_event *event) {
    atomic_fetch_add(&event->sequence, 1);
    if (atomic_load(&event->waiters) != 0) {
        /* In the monitor, so that no waiter is between its look at the sequence and its sleep. */
        pfx_monitor_enter(&event->monitor);
        pfx_monitor_wake_all(&event->monitor);
        pfx_monitor_leave(&event->monitor);
    }
}

#endif

uint32_t pfx_event_prepare(const pfx_event *event) {
    return atomic_load_explicit(&event->sequence, memory_order_acquire);
}
