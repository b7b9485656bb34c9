/* Threads exchange frames and control elements through one arena, by plans drawn from seeds: every producer sends to
 * every consumer, to one or to several at once. The consumers check each byte. In one seed of four the arena is
 * cancelled at some moment, and everybody must end. Run under ThreadSanitizer by ci/tsan.sh:  exchange_stress FIRST
 * COUNT */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "pfx/exchange.h"

#define MAX_PRODUCERS 2
#define MAX_CONSUMERS 3
#define SENDS 200
#define SIZE 4096
#define LONGEST (6 * SIZE)

typedef struct send_plan {
    uint32_t consumers; /* bit i: to consumer i */
    uint32_t kind;      /* 0: a frame */
    int64_t size;       /* of the frame; or the control element's value */
} send_plan;

typedef struct world {
    pfx_arena arena;
    pfx_budget budget;
    uint32_t producers;
    uint32_t consumers;
    bool cancels;
    bool tight; /* one segment for each producer: every send waits for the one before to be received */
    uint64_t seed;
    send_plan plan[MAX_PRODUCERS][SENDS];
} world;

typedef struct actor {
    world *world;
    uint32_t id;
} actor;

/* splitmix64 */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(uint64_t *state, uint32_t limit) {
    return (uint32_t)(draw(state) % limit);
}

static void fill_frame(uint8_t *frame, uint32_t producer, uint32_t number, int64_t size) {
    uint8_t base = (uint8_t)(producer * 101 + number * 7);
    for (int64_t i = 0; i < size; i++) {
        frame[i] = (uint8_t)(base + i + (i >> 8));
    }
}

static bool over(const world *all, pfx_status status) {
    EXPECT(status == PFX_OK || (status == PFX_CLOSED && all->cancels));
    return status == PFX_CLOSED;
}

static pfx_channel *channel(const world *all, uint32_t producer, uint32_t consumer) {
    return &all->arena.channels[producer * all->consumers + consumer];
}

static void *produce(void *argument) {
    actor *self = argument;
    world *all = self->world;
    pfx_event *event = all->arena.pools[self->id].event;
    uint8_t frame[LONGEST];
    pfx_sender senders[1 << MAX_CONSUMERS];
    pfx_channel *targets[1 << MAX_CONSUMERS][MAX_CONSUMERS];
    for (uint32_t mask = 1; mask < 1u << all->consumers; mask++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < all->consumers; i++) {
            if (mask >> i & 1) {
                targets[mask][count++] = channel(all, self->id, i);
            }
        }
        pfx_sender_init(&senders[mask], &all->arena, targets[mask], count);
    }
    for (uint32_t number = 0; number < SENDS; number++) {
        const send_plan *plan = &all->plan[self->id][number];
        pfx_sender *sender = &senders[plan->consumers];
        pfx_part parts[2] = {{frame, plan->size / 3}, {frame + plan->size / 3, plan->size - plan->size / 3}};
        pfx_status status = PFX_OK;
        if (plan->kind == 0) {
            fill_frame(frame, self->id, number, plan->size);
            status = pfx_sender_begin(sender, parts, 2);
            if (over(all, status)) {
                return NULL;
            }
        }
        for (;;) {
            uint32_t sequence = pfx_event_prepare(event);
            status = plan->kind == 0 ? pfx_sender_send(sender) : pfx_sender_control(sender, plan->kind, plan->size);
            if (status != PFX_TIMEOUT) {
                break;
            }
            pfx_event_wait(event, sequence, INT64_MAX);
        }
        memset(frame, 0xEE, sizeof frame); /* the bytes were copied, or this is a race */
        if (over(all, status)) {
            return NULL;
        }
    }
    return NULL;
}

static void check_item(world *all, pfx_receiver *receiver, uint32_t producer, uint32_t number, pfx_received item) {
    const send_plan *plan = &all->plan[producer][number];
    EXPECT(item.value == plan->size);
    if (plan->kind != 0) {
        EXPECT(item.kind == plan->kind);
        return;
    }
    EXPECT(item.kind == PFX_ENTRY_DATA);
    uint8_t expected[LONGEST];
    int64_t size = 0;
    uint8_t *frame = pfx_receiver_take(receiver, &size);
    fill_frame(expected, producer, number, size);
    EXPECT(size == plan->size && memcmp(frame, expected, (size_t)size) == 0);
    pfx_free(&all->budget, frame, size);
}

static void *consume(void *argument) {
    actor *self = argument;
    world *all = self->world;
    pfx_event *event = pfx_arena_event(&all->arena, all->producers + self->id);
    uint64_t state = all->seed ^ (UINT64_C(77) << self->id);
    pfx_receiver receivers[MAX_PRODUCERS];
    uint32_t next[MAX_PRODUCERS] = {0};
    uint32_t left = all->producers;
    bool closed = false;
    for (uint32_t i = 0; i < all->producers; i++) {
        pfx_receiver_init(&receivers[i], &all->arena, channel(all, i, self->id), LONGEST, &all->budget);
    }
    while (left > 0 && !closed) {
        uint32_t sequence = pfx_event_prepare(event);
        bool idle = true;
        left = 0;
        for (uint32_t i = 0; i < all->producers && !closed; i++) {
            while (next[i] < SENDS && (all->plan[i][next[i]].consumers >> self->id & 1) == 0) {
                next[i]++;
            }
            if (next[i] == SENDS) {
                continue;
            }
            left++;
            pfx_received item;
            pfx_status status = pfx_receiver_next(&receivers[i], &item);
            if (status != PFX_TIMEOUT) {
                idle = false;
                closed = over(all, status);
            }
            if (status == PFX_OK) {
                check_item(all, &receivers[i], i, next[i]++, item);
            }
            if (below(&state, 20) == 0) {
                pfx_channel_set_credit(receivers[i].channel, below(&state, 4 * SIZE));
            }
        }
        if (idle && left > 0 && !closed) {
            pfx_event_wait(event, sequence, INT64_MAX);
        }
    }
    for (uint32_t i = 0; i < all->producers; i++) {
        pfx_receiver_reset(&receivers[i]);
    }
    return NULL;
}

static void make_arena(world *all, uint64_t *state) {
    pfx_pool_spec pools[MAX_PRODUCERS];
    pfx_channel_spec channels[MAX_PRODUCERS * MAX_CONSUMERS];
    for (uint32_t i = 0; i < all->producers; i++) {
        pools[i] = (pfx_pool_spec){.segments = all->tight ? 1 : 1 + below(state, 8), .event = i};
        for (uint32_t j = 0; j < all->consumers; j++) {
            channels[i * all->consumers + j] =
                (pfx_channel_spec){.pool = i, .producer = i, .consumer = all->producers + j};
        }
    }
    pfx_arena_spec spec = {.events = all->producers + all->consumers,
                           .pools = all->producers,
                           .channels = all->producers * all->consumers,
                           .ring_capacity = 2u << below(state, 3),
                           .segment_size = SIZE,
                           .credit = all->tight || below(state, 2) ? -1 : (int64_t)below(state, 4 * SIZE),
                           .pool = pools,
                           .channel = channels};
    EXPECT(pfx_arena_create(&all->arena, &spec, &all->budget) == PFX_OK);
}

static void run(uint64_t seed) {
    uint64_t state = seed;
    world *all = calloc(1, sizeof(world));
    pthread_t threads[MAX_PRODUCERS + MAX_CONSUMERS];
    actor actors[MAX_PRODUCERS + MAX_CONSUMERS];
    EXPECT(all != NULL);
    pfx_budget_init(&all->budget, -1);
    all->seed = seed;
    all->producers = 1 + below(&state, MAX_PRODUCERS);
    all->consumers = 1 + below(&state, MAX_CONSUMERS);
    all->cancels = seed % 4 == 3;
    all->tight = seed % 4 == 2;
    make_arena(all, &state);
    for (uint32_t i = 0; i < all->producers; i++) {
        for (uint32_t number = 0; number < SENDS; number++) {
            send_plan *plan = &all->plan[i][number];
            plan->consumers = 1 + below(&state, (1u << all->consumers) - 1);
            plan->kind = below(&state, 4) == 0 ? 1 + below(&state, PFX_ENTRY_MAX_CONTROL) : 0;
            plan->size = plan->kind != 0          ? (int64_t)draw(&state)
                         : below(&state, 10) == 0 ? (int64_t)below(&state, LONGEST)
                                                  : (int64_t)below(&state, 300);
        }
    }
    uint32_t count = all->producers + all->consumers;
    for (uint32_t i = 0; i < count; i++) {
        actors[i] = (actor){.world = all, .id = i < all->producers ? i : i - all->producers};
        EXPECT(pthread_create(&threads[i], NULL, i < all->producers ? produce : consume, &actors[i]) == 0);
    }
    if (all->cancels) {
        int64_t until = pfx_deadline(below(&state, 5000000));
        while (pfx_monotonic_ns() < until) {
        }
        pfx_arena_cancel(&all->arena);
    }
    for (uint32_t i = 0; i < count; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    for (uint32_t i = 0; i < all->producers && !all->cancels; i++) {
        EXPECT(pfx_pool_in_use(&all->arena.pools[i]) == 0);
    }
    pfx_arena_close(&all->arena);
    EXPECT(pfx_budget_used(&all->budget) == 0);
    free(all);
}

int main(int count, char **arguments) {
    EXPECT(count == 3);
    uint64_t first = strtoull(arguments[1], NULL, 10);
    uint64_t seeds = strtoull(arguments[2], NULL, 10);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        if (getenv("VERBOSE") != NULL) {
            printf("seed %llu\n", (unsigned long long)seed);
            fflush(stdout);
        }
        run(seed);
    }
    return 0;
}
