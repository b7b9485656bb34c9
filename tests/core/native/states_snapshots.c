/* A task changes states at random while another thread reads snapshots of them; each must be what the states were when
 * it began, word for word. Plans come from seeds: strides, numbers of states, skew, growth while a snapshot runs,
 * budgets that are too small for the log. Run under ThreadSanitizer too, so states are changed by relaxed atomic
 * stores: states_snapshots FIRST COUNT */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "pfx/states.h"

#define CHUNK 64
#define ROUNDS 4

typedef struct reading {
    pfx_snapshot *snapshot;
    pfx_status status;
    _Atomic bool done;
} reading;

/* splitmix64 */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void *read_it(void *argument) {
    reading *reading = argument;
    reading->status = pfx_snapshot_read(reading->snapshot);
    atomic_store_explicit(&reading->done, true, memory_order_release);
    return NULL;
}

static void change(pfx_states *states, uint64_t *seed, int64_t skew) {
    uint32_t numbers[CHUNK];
    for (int i = 0; i < CHUNK; i++) {
        numbers[i] = (uint32_t)(draw(seed) % (uint64_t)(draw(seed) % 4 == 0 ? states->count : skew));
    }
    pfx_states_save(states, numbers, CHUNK);
    for (int i = 0; i < CHUNK; i++) {
        _Atomic uint64_t *words = (_Atomic uint64_t *)(void *)pfx_states_at(states, numbers[i]);
        for (int64_t w = 0; w < states->stride / 8; w++) {
            uint64_t word = atomic_load_explicit(&words[w], memory_order_relaxed);
            atomic_store_explicit(&words[w], word * 3 + (uint64_t)w + 1, memory_order_relaxed);
        }
    }
}

static void grow(pfx_states *states, uint64_t *seed, int64_t count) {
    int64_t before = states->count, length = 0;
    EXPECT(pfx_states_grow(states, count) == PFX_OK);
    for (int64_t number = before; number < count; number += length) {
        uint64_t *words = (uint64_t *)(void *)pfx_states_run(states, number, count - number, &length);
        for (int64_t i = 0; i < length * states->stride / 8; i++) {
            words[i] = draw(seed);
        }
    }
}

static uint8_t *copied(const pfx_states *states) {
    uint8_t *copy = malloc((size_t)(states->count * states->stride + 1));
    for (int64_t i = 0; i < states->count; i++) {
        memcpy(copy + i * states->stride, pfx_states_at(states, (uint32_t)i), (size_t)states->stride);
    }
    return copy;
}

static int lost = 0, kept = 0;

static void run(uint64_t seed) {
    pfx_budget budget;
    pfx_states states;
    pfx_budget_init(&budget, -1);
    int64_t stride = 8 * (int64_t)(1 + draw(&seed) % 9);
    int64_t first = 1 + (int64_t)(draw(&seed) % (draw(&seed) % 3 == 0 ? 100000 : 300));
    int64_t skew = 1 + (int64_t)(draw(&seed) % (uint64_t)first);
    if (draw(&seed) % 4 == 0) {
        pfx_states_init_flat(&states, &budget, stride);
    } else {
        pfx_states_init(&states, &budget, stride);
    }
    grow(&states, &seed, first);
    for (int round = 0; round < ROUNDS; round++) {
        reading reading = {0};
        pthread_t thread;
        bool tight = draw(&seed) % 5 == 0;
        EXPECT(pfx_states_begin(&states, states.count, NULL, &reading.snapshot) == PFX_OK);
        pfx_snapshot *other;
        EXPECT(pfx_states_begin(&states, states.count, NULL, &other) == PFX_WRONG_STATE);
        EXPECT(pfx_states_forget(&states) == PFX_WRONG_STATE);
        uint8_t *expected = copied(&states);
        int64_t count = states.count;
        if (tight) {
            budget.limit = pfx_budget_used(&budget) + (int64_t)(draw(&seed) % 2) * (INT64_C(1) << 20);
        }
        for (uint64_t before = draw(&seed) % 4; before > 0; before--) {
            change(&states, &seed, skew);
        }
        EXPECT(pthread_create(&thread, NULL, read_it, &reading) == 0);
        for (int step = 0; step < 2000 && !atomic_load_explicit(&reading.done, memory_order_acquire); step++) {
            change(&states, &seed, skew);
            if (!tight && draw(&seed) % 64 == 0) {
                grow(&states, &seed, states.count + (int64_t)(draw(&seed) % 500));
            }
        }
        EXPECT(pthread_join(thread, NULL) == 0);
        budget.limit = -1;
        EXPECT(reading.status == PFX_OK || (tight && reading.status == PFX_OVER_BUDGET));
        if (reading.status == PFX_OK) {
            EXPECT(reading.snapshot->count == count);
            EXPECT(memcmp(reading.snapshot->copy, expected, (size_t)(count * stride)) == 0);
            kept++;
        } else {
            lost++;
        }
        free(expected);
        pfx_states_end(&states);
        change(&states, &seed, skew);
    }
    if (draw(&seed) % 2 == 0) {
        EXPECT(pfx_states_forget(&states) == PFX_OK);
        EXPECT(pfx_budget_used(&budget) == 0);
        grow(&states, &seed, 1);
    }
    pfx_states_free(&states);
    EXPECT(pfx_budget_used(&budget) == 0);
}

int main(int count, char **arguments) {
    uint64_t first = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    uint64_t seeds = count > 2 ? strtoull(arguments[2], NULL, 10) : 100;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        run(seed);
    }
    printf("%d snapshots equal, %d lost for want of memory\n", kept, lost);
    return kept > 0 ? 0 : 1;
}
