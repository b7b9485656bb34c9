/* Eight threads want three segments; run under ThreadSanitizer by test_segment_native.py. */
#include <pthread.h>
#include <stdio.h>

#include "expect.h"
#include "pfx/segment.h"
#include "pfx/segment_access.h"

#define THREADS 8
#define SEGMENTS 3
#define ROUNDS 2000
#define SIZE 4096

static pfx_budget budget;
static pfx_segment_pool pool;

static void *holder(void *argument) {
    int64_t id = (int64_t)(intptr_t)argument;
    for (int64_t round = 0; round < ROUNDS; round++) {
        pfx_segment *segment = NULL;
        /* All ways to wait: without end, with an end that does not come, not at all. */
        int64_t timeout = round % 3 == 0 ? -1 : round % 3 == 1 ? INT64_C(60000000000) : 0;
        pfx_status status = pfx_segment_pool_request(&pool, timeout, &segment);
        if (timeout == 0 && status == PFX_TIMEOUT) {
            continue;
        }
        EXPECT(status == PFX_OK);
        int64_t value = 0;
        EXPECT(pfx_segment_put_i64(segment, 8, id << 32 | round) == PFX_OK);
        EXPECT(pfx_segment_retain(segment) == PFX_OK);
        EXPECT(pfx_segment_release(segment) == PFX_OK);
        EXPECT(pfx_segment_get_i64(segment, 8, &value) == PFX_OK);
        EXPECT(value == (id << 32 | round)); /* nobody else has it */
        EXPECT(pfx_segment_release(segment) == PFX_OK);
    }
    return NULL;
}

static void *refused(void *argument) {
    pfx_segment *segment = NULL;
    (void)argument;
    EXPECT(pfx_segment_pool_request(&pool, -1, &segment) == PFX_WRONG_STATE);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    pfx_segment *all[SEGMENTS];
    pfx_budget_init(&budget, -1);
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, SEGMENTS) == PFX_OK);
    uint8_t *base = pool.base;
    for (intptr_t i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, holder, (void *)i) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    EXPECT(pfx_segment_pool_in_use(&pool) == 0);
    EXPECT(pfx_segment_pool_peak(&pool) <= SEGMENTS); /* as many as ran at a time */

    /* The segments that went in came out, each once. */
    int seen[SEGMENTS] = {0};
    for (int i = 0; i < SEGMENTS; i++) {
        EXPECT(pfx_segment_pool_request(&pool, 0, &all[i]) == PFX_OK);
        EXPECT((all[i]->data - base) % SIZE == 0 && (all[i]->data - base) / SIZE < SEGMENTS);
        seen[(all[i]->data - base) / SIZE]++;
    }
    for (int i = 0; i < SEGMENTS; i++) {
        EXPECT(seen[i] == 1);
    }
    EXPECT(pfx_segment_pool_peak(&pool) == SEGMENTS);

    /* All are out: closing wakes whoever waits, then waits for those that are out itself. */
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, refused, NULL) == 0);
    }
    EXPECT(pfx_segment_pool_close(&pool, 1000000) == PFX_TIMEOUT);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    for (int i = 0; i < SEGMENTS; i++) {
        EXPECT(pfx_segment_release(all[i]) == PFX_OK);
    }
    EXPECT(pfx_segment_pool_close(&pool, -1) == PFX_OK);
    EXPECT(pfx_budget_used(&budget) == 0);
    pfx_segment_pool_destroy(&pool);
    return 0;
}
