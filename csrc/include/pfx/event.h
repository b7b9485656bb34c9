/* Eventcounts: how a task sleeps until something that it waits for has changed, without losing a change.
 *
 *     for (;;) {
 *         uint32_t sequence = pfx_event_prepare(event);
 *         if (what_is_waited_for()) {
 *             break;
 *         }
 *         pfx_event_wait(event, sequence, deadline);
 *     }
 *
 * Whoever changes what is waited for does so first and signals then. A change that the waiter did not see when it
 * looked moves the sequence after prepare, so the wait ends at once. Several things may share one event: a waiter looks
 * at all of them. (D. P. Reed and R. K. Kanodia, "Synchronization with eventcounts and sequencers", 1979.)
 *
 * Ownership. The caller owns the pfx_event and must not move it. On 64-bit Linux it is two words that may lie in memory
 * shared between processes, which wait on its futex; a process that dies in a wait leaves a count too high, which costs
 * a system call per signal and nothing else. Elsewhere it is a monitor, for the threads of one process.
 *
 * Memory order. Signal releases: what was written before it is seen by whoever's prepare returns its sequence. Between
 * the waiter's count and the sequence there is the order of Dekker's algorithm: each side writes its word and reads the
 * other's, all sequentially consistent, so that not both miss. */
#ifndef PFX_EVENT_H
#define PFX_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pfx/monitor.h"
#include "pfx/status.h"

#if defined(__linux__) && UINTPTR_MAX > UINT32_MAX
#define PFX_SHARED_EVENTS 1
#else
#define PFX_SHARED_EVENTS 0
#endif

typedef struct pfx_event {
    _Atomic uint32_t sequence; /* moved by each signal */
    _Atomic uint32_t waiters;  /* how many sleep, or are about to */
#if !PFX_SHARED_EVENTS
    pfx_monitor monitor;
#endif
} pfx_event;

/* Set up an event that nobody waits for. PFX_NO_MEMORY when the system has none left. */
pfx_status pfx_event_init(pfx_event *event);

/* Give back what init took; nobody may wait. */
void pfx_event_destroy(pfx_event *event);

/* The sequence now, to be taken before looking at what is waited for. */
uint32_t pfx_event_prepare(const pfx_event *event);

/* Sleep until the sequence is not `sequence` any more. False when `deadline` (of pfx_monotonic_ns; INT64_MAX: none)
 * passed. True otherwise, also when a signal handler of this thread ran, so the caller looks again either way. */
bool pfx_event_wait(pfx_event *event, uint32_t sequence, int64_t deadline);

/* Move the sequence and wake whoever sleeps; no system call when nobody does. */
void pfx_event_signal(pfx_event *event);

#endif
