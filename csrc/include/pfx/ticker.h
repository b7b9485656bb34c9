/* A number that a thread of its own moves on every few milliseconds, so that a loop finds out by one load from memory
 * that it is worth looking at the clock.
 *
 *     uint32_t seen = pfx_ticker_now(ticker);
 *     while (work()) {
 *         if (pfx_ticker_now(ticker) != seen) {
 *             seen = pfx_ticker_now(ticker);
 *             (look at the clock)
 *         }
 *     }
 *
 * The thread runs while somebody wants it: it ends, and moves the number once more, when pfx_ticker_want was not called
 * for a second. So a loop in which one call takes longer than that finds the number moved, too. It handles no signals.
 * A process that is a copy of another by fork() has no such thread until it wants one.
 *
 * Ownership. There is one ticker for each module that this is linked into; nobody frees it. */
#ifndef PFX_TICKER_H
#define PFX_TICKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct pfx_ticker {
    _Atomic uint32_t ticks;
    _Atomic uint32_t wanted;
    _Atomic uint32_t running;
} pfx_ticker;

/* The ticker; its thread does not run before somebody wants it. */
pfx_ticker *pfx_ticker_shared(void);

/* See that the number moves in the second that follows. False when the system gives no thread: then it does not move.
 */
bool pfx_ticker_want(pfx_ticker *ticker);

/* The number as it is now. */
static inline uint32_t pfx_ticker_now(const pfx_ticker *ticker) {
    return atomic_load_explicit(&ticker->ticks, memory_order_relaxed);
}

#endif
