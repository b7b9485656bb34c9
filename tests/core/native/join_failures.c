/* A join whose memory runs out at any point while it looks keys up or takes rows, and which then goes on. */
#include "expect.h"

#include <string.h>

#include "pfx/interval_join.h"

#define ROWS 1000
#define HELD 20

static const pfx_key_secret secret = {.low = {1}, .high = {2}};
static const pfx_arrow_type type = {.kind = PFX_KIND_INT64, .width = 8};
static pfx_join join;
static int64_t values[ROWS], times[ROWS];
static int32_t keys[ROWS];
static const pfx_key_column column = {.type = &type, .data = (const uint8_t *)values};

/* A join that holds rows 0 .. HELD - 1, each of a key of its own. */
static void begin(pfx_budget *budget) {
    int64_t row = -1;
    pfx_budget_init(budget, -1);
    pfx_join_init(&join, budget, &secret, 0, 10, 0, 0);
    for (int64_t i = 0; i < ROWS; i++) {
        values[i] = times[i] = i;
    }
    EXPECT(pfx_rows_find_keys(&join.rows, &column, 1, HELD, keys, &row) == PFX_OK);
    EXPECT(pfx_rows_add(&join.rows, 0, keys, times, HELD, 0) == PFX_OK);
}

/* Set held[number] for each row of side 0. */
static void mark(uint8_t *held) {
    for (int32_t key = 0; key < join.rows.bags.count; key++) {
        const pfx_bag *bag = pfx_rows_bag(&join.rows, key, 0), *run;
        for (int32_t r = 0; (run = pfx_bag_run(bag, r)) != NULL; r++) {
            for (int32_t at = run->start; at < run->end; at++) {
                held[run->rows[at].number] = 1;
            }
        }
    }
}

static void end(pfx_budget *budget) {
    for (int64_t watermark = 0; watermark <= ROWS + 20; watermark += 20) {
        int64_t left = 1;
        pfx_join_advance(&join, watermark);
        while (left > 0) {
            EXPECT(pfx_join_expire(&join, 7, &left) == PFX_OK);
            EXPECT(join.rows.index.count == join.rows.bags.count);
        }
    }
    EXPECT(join.rows.bags.count == 0);
    EXPECT(join.rows.held[0] == 0);
    pfx_join_free(&join);
    EXPECT(pfx_budget_used(budget) == 0);
}

static bool fails_to_find_keys(int64_t more) {
    pfx_budget budget;
    int64_t row = -1;
    begin(&budget);
    for (int64_t i = 0; i < ROWS; i++) {
        values[i] = -i;
    }
    budget.limit = pfx_budget_used(&budget) + more;
    pfx_status status = pfx_rows_find_keys(&join.rows, &column, 1, ROWS, keys, &row);
    budget.limit = -1;
    end(&budget);
    return status != PFX_OK;
}

static bool fails_to_add(int64_t more) {
    static uint8_t held[HELD + ROWS];
    pfx_budget budget;
    int64_t row = -1, found = 0;
    begin(&budget);
    for (int64_t i = 0; i < ROWS; i++) {
        values[i] = i % (HELD * 2);
    }
    EXPECT(pfx_rows_find_keys(&join.rows, &column, 1, ROWS, keys, &row) == PFX_OK);
    budget.limit = pfx_budget_used(&budget) + more;
    pfx_status status = pfx_rows_add(&join.rows, 0, keys, times, ROWS, HELD);
    budget.limit = -1;
    memset(held, 0, sizeof held);
    mark(held);
    for (int64_t i = 0; i < HELD + ROWS; i++) {
        EXPECT(held[i] == (i < HELD || status == PFX_OK));
        found += held[i];
    }
    EXPECT(join.rows.held[0] == found);
    end(&budget);
    return status != PFX_OK;
}

int main(void) {
    int no_keys = 0, no_rows = 0;
    for (int64_t more = 0; more < 200000; more += 512) {
        no_keys += fails_to_find_keys(more);
        no_rows += fails_to_add(more);
    }
    EXPECT(no_keys > 10 && no_rows > 10);
    return 0;
}
