/* Holders of aggregates that move together what is left of many keys, with memory that runs out at any point: then
 * nothing has changed, and they go on as one with memory enough does. */
#include <stdint.h>
#include <stdio.h>

#include "holders.h"

#define FEW 100
#define FEW_KEYS 4 /* a variant of sessions */
#define MANY 6000
#define LATE 1000

static rows some;

/* Rows of keys first .. first + count - 1 at `time`, each key `times` times. */
static void add(holder *holder, int64_t first, int64_t count, int64_t times, int64_t time) {
    some.count = count * times;
    EXPECT(some.count <= MOST_ROWS);
    for (int64_t i = 0; i < some.count; i++) {
        some.keys[i] = first + i % count;
        some.values[i] = i % 7;
        some.times[i] = time + i % 5;
    }
    write_rows(&some);
    EXPECT(add_rows(holder, &some) == PFX_OK);
}

/* Some keys with something that stays, many without, and some more; all of that is still there. */
static void prepare(holder *holder, holder_kind kind, int variant) {
    pfx_sessions_snapshot *sessions;
    pfx_counts_snapshot *counts;
    pfx_panes_snapshot *panes;
    int64_t watermark, sequence;
    open_holder(holder, kind, variant & 1, variant & 2, false, 0);
    add(holder, 0, FEW, 2, LATE);
    /* While a snapshot runs everything stays where it is. */
    if (kind == SESSIONS) {
        EXPECT(pfx_sessions_begin_snapshot(&holder->sessions, &sessions) == PFX_OK);
    } else if (kind == COUNTS) {
        EXPECT(pfx_counts_begin_snapshot(&holder->counts, &counts) == PFX_OK);
    } else {
        EXPECT(pfx_slices_begin_snapshot(&holder->slices, &panes, &watermark, &sequence) == PFX_OK);
    }
    /* Or few keys with many sessions, and many that are queued for later. */
    for (int64_t i = 0; variant & FEW_KEYS && i < 240; i++) {
        add(holder, 0, FEW, 3, -40 * i);
        add(holder, 30000, FEW, 3, LATE + 3000 + 100 * (i % 40));
    }
    for (int64_t first = variant & FEW_KEYS ? 2 * MANY : 0; first < 2 * MANY; first += MANY / 5) {
        add(holder, FEW + first % MANY, MANY / 5, 3, 0);
    }
    add(holder, 30000, FEW, 3, LATE + 3000);
    EXPECT(fire(holder, LATE - 100) == PFX_OK);
    /* The most that were there lately is no more what they were. */
    EXPECT(fire(holder, LATE - 100) == PFX_OK);
    if (kind == SESSIONS) {
        pfx_sessions_end_snapshot(&holder->sessions);
    } else if (kind == COUNTS) {
        add(holder, 30000, 1, 1, 0);
        add(holder, 30000, 1, 1, 0);
        pfx_counts_end_snapshot(&holder->counts);
    } else {
        pfx_panes_end_snapshot(&holder->slices.panes);
    }
    EXPECT(variant & FEW_KEYS ? holder->sessions.used > MANY : holder->it.index.count > MANY);
}

/* What makes a holder move things together. */
static pfx_status compact(holder *holder) {
    some.count = 0;
    return holder->kind == COUNTS ? add_rows(holder, &some) : fire(holder, LATE - 50);
}

static text go_on(holder *holder) {
    add(holder, 30000 - FEW, 2 * FEW, 3, LATE + 50);
    EXPECT(fire(holder, LATE + 60) == PFX_OK);
    text out = text_of(holder);
    EXPECT(fire(holder, LATE + 10000) == PFX_OK);
    text rest = text_of(holder);
    put(&out, rest.bytes, rest.size);
    free(rest.bytes);
    return out;
}

static void run(holder_kind kind, int variant) {
    static holder holder;
    int failures = 0;
    prepare(&holder, kind, variant);
    EXPECT(compact(&holder) == PFX_OK);
    EXPECT(variant & FEW_KEYS ? holder.sessions.used < MANY : holder.it.index.count < 1000);
    text expected = text_of(&holder);
    text at_last = go_on(&holder);
    close_holder(&holder);
    for (int64_t more = 0;; more += more / (variant & FEW_KEYS ? 10 : 3) + 512) {
        prepare(&holder, kind, variant);
        holder.it.budget.limit = pfx_budget_used(&holder.it.budget) + more;
        pfx_status status = compact(&holder);
        holder.it.budget.limit = -1;
        EXPECT(status == PFX_OK || status == PFX_OVER_BUDGET);
        text found = text_of(&holder), later = go_on(&holder);
        EXPECT(is_same(&found, &expected));
        EXPECT(is_same(&later, &at_last));
        free(found.bytes);
        free(later.bytes);
        close_holder(&holder);
        failures += status != PFX_OK;
        if (status == PFX_OK) {
            break;
        }
    }
    EXPECT(failures > 5);
    free(expected.bytes);
    free(at_last.bytes);
}

int main(void) {
    for (holder_kind kind = SESSIONS; kind < HOLDERS; kind++) {
        for (int variant = 0; variant < 4; variant++) {
            run(kind, variant);
        }
    }
    run(SESSIONS, FEW_KEYS);
    return 0;
}
