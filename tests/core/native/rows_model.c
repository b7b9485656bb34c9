/* Bags of rows against plain arrays, by random steps from seeds: rows in order and out of it, of one place, taken out
 * one by one, from the front and by rounds, and additions for which there is no memory:  rows_model FIRST COUNT */
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "pfx/rows.h"

#define KEYS 40
#define MOST 400
#define STEPS 120

static const pfx_key_secret secret = {.low = {1}, .high = {2}};
static const pfx_arrow_type type = {.kind = PFX_KIND_INT64, .width = 8};

/* splitmix64 */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

typedef struct plain {
    pfx_row rows[MOST * STEPS];
    int64_t count;
} plain;

static plain held[2][KEYS];
static uint64_t seed;
static int64_t next_number, clock_, many_seen;

static int by_place(const void *a, const void *b) {
    const pfx_row *one = a, *other = b;
    if (one->order != other->order) {
        return one->order < other->order ? -1 : 1;
    }
    return one->number < other->number ? -1 : one->number > other->number;
}

static void plain_pass(plain *bag, int64_t until) {
    int64_t kept = 0;
    for (int64_t i = 0; i < bag->count; i++) {
        if (bag->rows[i].order > until) {
            bag->rows[kept++] = bag->rows[i];
        }
    }
    bag->count = kept;
}

static int32_t key_of(pfx_rows *rows, int64_t value) {
    pfx_key_column column = {.type = &type, .data = (const uint8_t *)&value};
    int32_t key;
    int64_t row;
    EXPECT(pfx_rows_find_keys(rows, &column, 1, 1, &key, &row) == PFX_OK);
    return key;
}

static void check(pfx_rows *rows) {
    for (int side = 0; side < 2; side++) {
        int64_t total = 0;
        for (int64_t value = 0; value < KEYS; value++) {
            plain *bag = &held[side][value];
            if (bag->count > 0) {
                qsort(bag->rows, (size_t)bag->count, sizeof(pfx_row), by_place);
            }
            const pfx_bag *found = pfx_rows_bag(rows, key_of(rows, value), side), *run;
            int64_t at = 0;
            for (int32_t r = 0; (run = pfx_bag_run(found, r)) != NULL; r++) {
                EXPECT(!found->many || run->start < run->end);
                for (int32_t i = run->start; i < run->end; i++, at++) {
                    EXPECT(at < bag->count);
                    EXPECT(memcmp(&run->rows[i], &bag->rows[at], sizeof(pfx_row)) == 0);
                }
            }
            many_seen += found->many;
            EXPECT(at == bag->count);
            EXPECT(pfx_bag_count(found) == at);
            total += at;
            /* The walk from a place on. */
            int64_t order = clock_ - (int64_t)(draw(&seed) % 60);
            int64_t before = 0;
            while (before < bag->count && bag->rows[before].order < order) {
                before++;
            }
            pfx_bag_place place = pfx_bag_find(found, order);
            run = pfx_bag_run(found, place.run);
            bool none = run == NULL || place.at == run->end;
            EXPECT(none == (before == bag->count));
            EXPECT(none || memcmp(&run->rows[place.at], &bag->rows[before], sizeof(pfx_row)) == 0);
        }
        EXPECT(rows->held[side] == total);
    }
}

static void add(pfx_rows *rows, pfx_budget *budget) {
    static int64_t values[MOST], orders[MOST];
    static int32_t keys[MOST];
    int64_t count = 1 + (int64_t)(draw(&seed) % MOST), row;
    int side = (int)(draw(&seed) % 2);
    int64_t few = 1 + (int64_t)(draw(&seed) % (draw(&seed) % 2 == 0 ? 2 : KEYS));
    bool backwards = draw(&seed) % 4 == 0, equal = draw(&seed) % 5 == 0, tight = draw(&seed) % 6 == 0;
    for (int64_t i = 0; i < count; i++) {
        values[i] = (int64_t)(draw(&seed) % (uint64_t)few);
        orders[i] = equal ? clock_ : backwards ? clock_ - i : clock_ + i / 8 - (int64_t)(draw(&seed) % 20);
    }
    clock_ += equal || backwards ? 0 : count / 8;
    pfx_key_column column = {.type = &type, .data = (const uint8_t *)values};
    EXPECT(pfx_rows_find_keys(rows, &column, 1, count, keys, &row) == PFX_OK);
    if (tight) {
        budget->limit = pfx_budget_used(budget) + (int64_t)(draw(&seed) % 4096);
    }
    pfx_status status = pfx_rows_add(rows, side, keys, orders, count, next_number);
    budget->limit = -1;
    EXPECT(status == PFX_OK || (tight && status == PFX_OVER_BUDGET));
    for (int64_t i = 0; i < count && status == PFX_OK; i++) {
        plain *bag = &held[side][values[i]];
        bag->rows[bag->count++] = (pfx_row){.order = orders[i], .number = next_number + i};
    }
    next_number += count;
}

static void take_out(pfx_rows *rows) {
    int side = (int)(draw(&seed) % 2);
    int64_t value = (int64_t)(draw(&seed) % KEYS);
    plain *bag = &held[side][value];
    pfx_bag *found = pfx_rows_bag(rows, key_of(rows, value), side);
    for (int64_t left = (int64_t)(draw(&seed) % 50); left > 0 && bag->count > 0; left--) {
        int64_t at = (int64_t)(draw(&seed) % (uint64_t)bag->count);
        pfx_row row = bag->rows[at];
        EXPECT(!pfx_rows_remove(rows, side, found, row.order, next_number));
        EXPECT(pfx_rows_remove(rows, side, found, row.order, row.number));
        EXPECT(!pfx_rows_remove(rows, side, found, row.order, row.number));
        bag->rows[at] = bag->rows[--bag->count];
    }
}

static void run(uint64_t first) {
    pfx_budget budget;
    pfx_rows rows;
    seed = first;
    memset(held, 0, sizeof held);
    next_number = clock_ = 0;
    pfx_budget_init(&budget, -1);
    pfx_rows_init(&rows, &budget, &secret, 2);
    for (int step = 0; step < STEPS; step++) {
        int64_t until[2] = {clock_ - 5 - (int64_t)(draw(&seed) % 40), clock_ - (int64_t)(draw(&seed) % 90)}, left = 0;
        int64_t value = (int64_t)(draw(&seed) % KEYS);
        switch (draw(&seed) % 8) {
        case 0:
            take_out(&rows);
            break;
        case 1:
            pfx_rows_pass(&rows, 0, pfx_rows_bag(&rows, key_of(&rows, value), 0), until[0]);
            plain_pass(&held[0][value], until[0]);
            break;
        case 2:
            /* A whole round, from the middle of one on. */
            for (int round = 0; round < 2; round++) {
                do {
                    EXPECT(pfx_rows_expire(&rows, until, 1 + (int64_t)(draw(&seed) % 9), &left) == PFX_OK);
                } while (left > 0);
            }
            for (int side = 0; side < 2; side++) {
                for (int64_t key = 0; key < KEYS; key++) {
                    plain_pass(&held[side][key], until[side]);
                }
            }
            break;
        default:
            add(&rows, &budget);
        }
        if (step % 4 == 0) {
            check(&rows);
        }
    }
    int64_t all[2] = {INT64_MAX, INT64_MAX}, left;
    EXPECT(pfx_rows_expire(&rows, all, INT64_MAX, &left) == PFX_OK);
    EXPECT(rows.bags.count == 0 && rows.index.count == 0 && rows.held[0] + rows.held[1] == 0);
    pfx_rows_free(&rows);
    EXPECT(pfx_budget_used(&budget) == 0);
}

int main(int count, char **arguments) {
    uint64_t first = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    uint64_t runs = count > 2 ? strtoull(arguments[2], NULL, 10) : 4;
    for (uint64_t i = first; i < first + runs; i++) {
        run(i);
    }
    EXPECT(many_seen > 100);
    return 0;
}
