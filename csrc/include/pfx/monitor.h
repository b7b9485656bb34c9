/* A mutex with one condition and monotonic deadlines, over POSIX threads or the Windows primitives.
 *
 * The caller owns a pfx_monitor, which must not be moved or copied between init and destroy. */
#ifndef PFX_MONITOR_H
#define PFX_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/status.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
typedef struct pfx_monitor {
    SRWLOCK lock;
    CONDITION_VARIABLE condition;
} pfx_monitor;
#else
#include <pthread.h>
typedef struct pfx_monitor {
    pthread_mutex_t lock;
    pthread_cond_t condition;
} pfx_monitor;
#endif

/* Set up a monitor that nobody is in. PFX_NO_MEMORY when the system has none left. */
pfx_status pfx_monitor_init(pfx_monitor *monitor);

/* Give back what init took; nobody may be in the monitor or wait for it. */
void pfx_monitor_destroy(pfx_monitor *monitor);

void pfx_monitor_enter(pfx_monitor *monitor);
void pfx_monitor_leave(pfx_monitor *monitor);

/* The caller is in the monitor: leave it, wait for a wake-up, enter again. False when `deadline` (of
 * pfx_monotonic_ns; INT64_MAX: none) passed. Wake-ups can be spurious, so the caller looks again either way. */
bool pfx_monitor_wait(pfx_monitor *monitor, int64_t deadline);

/* Wake one waiter, or all of them. */
void pfx_monitor_wake_one(pfx_monitor *monitor);
void pfx_monitor_wake_all(pfx_monitor *monitor);

/* Nanoseconds of a clock that is never set back. */
int64_t pfx_monotonic_ns(void);

/* The moment `timeout` nanoseconds from now; a negative timeout means no deadline (INT64_MAX). */
int64_t pfx_deadline(int64_t timeout);

#endif
