/* Two threads hand a turn to and fro, and a third waits for all turns; run under ThreadSanitizer by
 * test_exchange_native.py, with futexes and with the monitor of other platforms. */
#include <pthread.h>
#include <stdint.h>

#include "expect.h"
#include "pfx/event.h"

#define TURNS 20000

static pfx_event events[3];
static int64_t turn;              /* guarded by nothing but the order that events give */
static _Atomic int64_t published; /* as `turn`, so that a thread may look when it is not its turn */

static void await(pfx_event *event, int64_t from, int64_t step) {
    for (;;) {
        uint32_t sequence = pfx_event_prepare(event);
        int64_t now = atomic_load_explicit(&published, memory_order_acquire);
        if (now >= from && (now - from) % step == 0) {
            return;
        }
        EXPECT(pfx_event_wait(event, sequence, pfx_deadline(INT64_C(60000000000))));
    }
}

static void *player(void *argument) {
    int64_t self = (int64_t)(intptr_t)argument;
    for (int64_t mine = self; mine < TURNS; mine += 2) {
        await(&events[self], mine, TURNS);
        EXPECT(turn == mine);
        turn++;
        atomic_store_explicit(&published, turn, memory_order_release);
        pfx_event_signal(&events[1 - self]);
        pfx_event_signal(&events[2]);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[2];
    for (int i = 0; i < 3; i++) {
        EXPECT(pfx_event_init(&events[i]) == PFX_OK);
    }
    uint32_t sequence = pfx_event_prepare(&events[2]);
    EXPECT(!pfx_event_wait(&events[2], sequence, pfx_deadline(1000000)));
    for (intptr_t i = 0; i < 2; i++) {
        EXPECT(pthread_create(&threads[i], NULL, player, (void *)i) == 0);
    }
    await(&events[2], TURNS, TURNS);
    EXPECT(turn == TURNS);
    for (int i = 0; i < 2; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
        pfx_event_destroy(&events[i]);
    }
    EXPECT(pfx_event_wait(&events[2], sequence, INT64_MAX));
    pfx_event_destroy(&events[2]);
    return 0;
}
