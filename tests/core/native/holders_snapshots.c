/* A task adds rows to a holder of aggregates, fires its windows and lets keys come and go, while another thread reads
 * snapshots of it; each must be what the holder was when it began. Plans come from seeds: which holder, accumulators
 * that own memory or none, texts or integers as keys, skew, lateness: holders_snapshots FIRST COUNT */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "holders.h"

#define ROUNDS 3
/* Keys from here on come from elsewhere. */
#define FOREIGN 1000000

typedef struct reading {
    holder *holder;
    pfx_running_snapshot *running;
    pfx_sessions_snapshot *sessions;
    pfx_counts_snapshot *counts;
    pfx_panes_snapshot *panes;
    text found;
    _Atomic bool done;
} reading;

static pfx_status begin(holder *holder, reading *reading) {
    int64_t watermark, sequence;
    reading->holder = holder;
    switch (holder->kind) {
    case RUNNING:
        return pfx_running_begin_snapshot(&holder->running, &reading->running);
    case SESSIONS:
        return pfx_sessions_begin_snapshot(&holder->sessions, &reading->sessions);
    case COUNTS:
        return pfx_counts_begin_snapshot(&holder->counts, &reading->counts);
    default:
        return pfx_slices_begin_snapshot(&holder->slices, &reading->panes, &watermark, &sequence);
    }
}

static int64_t step(holder *holder, int64_t most) {
    int64_t left;
    if (holder->kind == RUNNING) {
        pfx_running_step_snapshot(&holder->running, most, &left);
    } else if (holder->kind == SESSIONS) {
        pfx_sessions_step_snapshot(&holder->sessions, most, &left);
    } else if (holder->kind == COUNTS) {
        pfx_counts_step_snapshot(&holder->counts, most, &left);
    } else {
        pfx_panes_step_snapshot(&holder->slices.panes, most, &left);
    }
    return left;
}

static void end(holder *holder) {
    if (holder->kind == RUNNING) {
        pfx_running_end_snapshot(&holder->running);
    } else if (holder->kind == SESSIONS) {
        pfx_sessions_end_snapshot(&holder->sessions);
    } else if (holder->kind == COUNTS) {
        pfx_counts_end_snapshot(&holder->counts);
    } else {
        pfx_panes_end_snapshot(&holder->slices.panes);
    }
}

static void *read_it(void *argument) {
    reading *reading = argument;
    const aggregation *it = &reading->holder->it;
    if (reading->running != NULL) {
        EXPECT(pfx_running_read_snapshot(reading->running) == PFX_OK);
        put_running(&reading->found, it, &reading->running->view);
    } else if (reading->sessions != NULL) {
        EXPECT(pfx_sessions_read_snapshot(reading->sessions) == PFX_OK);
        put_sessions(&reading->found, it, &reading->sessions->view);
    } else if (reading->counts != NULL) {
        EXPECT(pfx_counts_read_snapshot(reading->counts) == PFX_OK);
        put_counts(&reading->found, it, &reading->counts->view);
    } else {
        EXPECT(pfx_panes_read_snapshot(reading->panes) == PFX_OK);
        put_panes(&reading->found, it, &reading->panes->view);
    }
    atomic_store_explicit(&reading->done, true, memory_order_release);
    return NULL;
}

typedef struct plan {
    uint64_t seed;
    int64_t skew;
    int64_t keys; /* that there are by now; more come */
    int64_t time;
    int64_t foreign; /* sessions that have come from elsewhere */
} plan;

static void go_on(holder *holder, plan *plan, rows *rows, int64_t most) {
    rows->count = 1 + (int64_t)(draw(&plan->seed) % (uint64_t)most);
    for (int64_t i = 0; i < rows->count; i++) {
        int64_t range = draw(&plan->seed) % 3 == 0 ? plan->keys : plan->skew;
        rows->keys[i] = (int64_t)(draw(&plan->seed) % (uint64_t)range);
        rows->values[i] = (int64_t)(draw(&plan->seed) % 500);
        plan->time += draw(&plan->seed) % 64 == 0;
        rows->times[i] = plan->time - (int64_t)(draw(&plan->seed) % 60);
    }
    plan->keys += (int64_t)(draw(&plan->seed) % 100);
    write_rows(rows);
    EXPECT(add_rows(holder, rows) == PFX_OK);
    for (uint64_t opened = draw(&plan->seed) % 8; holder->kind == SESSIONS && opened > 0; opened--) {
        open_session(holder, rows, FOREIGN + plan->foreign++, plan->time);
    }
    if (draw(&plan->seed) % 3 == 0) {
        EXPECT(fire(holder, plan->time - (int64_t)(draw(&plan->seed) % 80)) == PFX_OK);
    }
}

static int64_t snapshots[HOLDERS];

static void run(uint64_t seed) {
    static rows rows;
    static holder holder;
    plan plan = {.seed = seed};
    holder_kind kind = (holder_kind)(seed % HOLDERS);
    bool owning = draw(&plan.seed) % 3 == 0, text_keys = draw(&plan.seed) % 2 == 0;
    open_holder(&holder, kind, owning, text_keys, draw(&plan.seed) % 2 == 0, draw(&plan.seed) % 2 == 0 ? 30 : 0);
    plan.keys = 1 + (int64_t)(draw(&plan.seed) % (draw(&plan.seed) % 3 == 0 ? 10000 : 300));
    plan.skew = 1 + (int64_t)(draw(&plan.seed) % (uint64_t)plan.keys);
    int64_t size = draw(&plan.seed) % 2 == 0 ? 3000 : 100;
    for (uint64_t before = draw(&plan.seed) % 8; before > 0; before--) {
        go_on(&holder, &plan, &rows, size);
    }
    for (int round = 0; round < ROUNDS; round++) {
        reading reading = {0};
        pthread_t thread;
        bool reads = draw(&plan.seed) % 8 != 0;
        EXPECT(begin(&holder, &reading) == PFX_OK);
        text expected = text_of(&holder);
        EXPECT(begin(&holder, &(struct reading){0}) == PFX_WRONG_STATE);
        for (uint64_t before = draw(&plan.seed) % 4; before > 0; before--) {
            go_on(&holder, &plan, &rows, size);
        }
        while (reads && step(&holder, 1 + (int64_t)(draw(&plan.seed) % 500)) > 0) {
            go_on(&holder, &plan, &rows, size);
        }
        if (reads) {
            EXPECT(pthread_create(&thread, NULL, read_it, &reading) == 0);
            for (int i = 0; i < 200 && !atomic_load_explicit(&reading.done, memory_order_acquire); i++) {
                go_on(&holder, &plan, &rows, size);
            }
            EXPECT(pthread_join(thread, NULL) == 0);
            EXPECT(is_same(&reading.found, &expected));
            snapshots[kind]++;
        }
        free(reading.found.bytes);
        free(expected.bytes);
        if (round < ROUNDS - 1 || draw(&plan.seed) % 2 == 0) {
            end(&holder);
            go_on(&holder, &plan, &rows, size);
        }
    }
    close_holder(&holder);
}

int main(int count, char **arguments) {
    uint64_t first = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    uint64_t seeds = count > 2 ? strtoull(arguments[2], NULL, 10) : 100;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        run(seed);
    }
    for (int kind = 0; kind < HOLDERS; kind++) {
        EXPECT(snapshots[kind] > 0);
    }
    printf("%d seeds\n", (int)seeds);
    return 0;
}
