#include "bag.h"

#include <string.h>

enum { FIRST_ROWS = 4, FIRST_RUNS = 4, MOST_KEPT = 64 };

static int64_t item_size(const pfx_bag *bag) {
    return bag->many ? (int64_t)sizeof(pfx_bag) : (int64_t)sizeof(pfx_row);
}

static bool is_empty(const pfx_bag *bag) {
    return bag->start == bag->end;
}

static int64_t last_order(const pfx_bag *run) {
    return run->rows[run->end - 1].order;
}

void pfx_bag_free(pfx_bag *bag, pfx_budget *budget) {
    for (int32_t i = bag->start; bag->many && i < bag->end; i++) {
        pfx_free(budget, bag->runs[i].rows, bag->runs[i].room * (int64_t)sizeof(pfx_row));
    }
    pfx_free(budget, bag->rows, bag->room * item_size(bag));
    memset(bag, 0, sizeof *bag);
}

int64_t pfx_bag_count(const pfx_bag *bag) {
    int64_t count = 0;
    const pfx_bag *run;
    for (int32_t i = 0; (run = pfx_bag_run(bag, i)) != NULL; i++) {
        count += run->end - run->start;
    }
    return count;
}

/* ---- looking ---- */

/* The first position of a run whose row's place is at least `order`. */
static int32_t first_from(const pfx_bag *run, int64_t order) {
    const pfx_row *rows = run->rows + run->start;
    int32_t count = run->end - run->start;
    if (count == 0 || rows[count - 1].order < order) {
        return run->end;
    }
    /* Where it lies is a matter of chance, so no branch depends on it. */
    while (count > 1) {
        int32_t half = count / 2;
        rows += rows[half - 1].order < order ? half : 0;
        count -= half;
    }
    return (int32_t)(rows - run->rows);
}

/* The first run, counted from 0, that has a row whose place is at least `order`; the number of runs when none has. */
static int32_t first_run(const pfx_bag *bag, int64_t order) {
    const pfx_bag *runs = bag->runs + bag->start;
    int32_t low = 0, high = bag->end - bag->start;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (last_order(&runs[middle]) < order) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

pfx_bag_place pfx_bag_find(const pfx_bag *bag, int64_t order) {
    if (!bag->many) {
        return (pfx_bag_place){.run = 0, .at = first_from(bag, order)};
    }
    pfx_bag_place place = {.run = first_run(bag, order), .at = 0};
    const pfx_bag *run = pfx_bag_run(bag, place.run);
    place.at = run == NULL ? 0 : first_from(run, order);
    return place;
}

int32_t pfx_run_until(const pfx_bag *run, int64_t order) {
    return order == INT64_MAX ? run->end : first_from(run, order + 1);
}

/* ---- adding ---- */

/* Room for one item more: those that are there move to the front, or to memory twice as large. */
static pfx_status make_room(pfx_bag *bag, pfx_budget *budget, int32_t first) {
    int64_t size = item_size(bag);
    if (bag->start > 0 && bag->start >= bag->room / 2) {
        int32_t kept = bag->end - bag->start;
        memmove(bag->rows, (uint8_t *)bag->rows + bag->start * size, (size_t)(kept * size));
        bag->start = 0;
        bag->end = kept;
        return PFX_OK;
    }
    if (bag->room > INT32_MAX / 2) {
        return PFX_OVERFLOW;
    }
    int32_t room = bag->room == 0 ? first : bag->room * 2;
    void *memory = bag->rows;
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(budget, room * size, &memory));
    } else {
        PFX_TRY(pfx_resize(budget, &memory, bag->room * size, room * size));
    }
    bag->rows = memory;
    bag->room = room;
    return PFX_OK;
}

/* Put a row into a run that has room behind its last one. */
static void put(pfx_bag *run, int64_t order, int64_t number) {
    int32_t at = run->end;
    if (at > run->start && run->rows[at - 1].order > order) {
        at = pfx_run_until(run, order);
        memmove(&run->rows[at + 1], &run->rows[at], (size_t)(run->end - at) * sizeof(pfx_row));
    }
    run->rows[at] = (pfx_row){.order = order, .number = number};
    run->end++;
}

static pfx_status new_run(pfx_bag *run, pfx_budget *budget) {
    void *memory;
    PFX_TRY(pfx_alloc(budget, PFX_RUN_ROWS * (int64_t)sizeof(pfx_row), &memory));
    *run = (pfx_bag){.rows = memory, .room = PFX_RUN_ROWS};
    return PFX_OK;
}

/* Make a run the first one of a list of them. */
static pfx_status make_many(pfx_bag *bag, pfx_budget *budget) {
    void *memory;
    PFX_TRY(pfx_alloc(budget, FIRST_RUNS * (int64_t)sizeof(pfx_bag), &memory));
    pfx_bag run = *bag;
    *bag = (pfx_bag){.runs = memory, .end = 1, .room = FIRST_RUNS, .many = true};
    bag->runs[0] = run;
    return PFX_OK;
}

/* Put a run, which takes the rows from `from` on of the run at `at`, behind that. */
static pfx_status divide(pfx_bag *bag, pfx_budget *budget, int32_t at, int32_t from) {
    pfx_bag run;
    int32_t before = at - bag->start;
    if (bag->end == bag->room) {
        PFX_TRY(make_room(bag, budget, FIRST_RUNS));
    }
    at = bag->start + before;
    PFX_TRY(new_run(&run, budget));
    pfx_bag *runs = bag->runs, *divided = &runs[at];
    run.end = divided->end - from;
    memcpy(run.rows, divided->rows + from, (size_t)run.end * sizeof(pfx_row));
    divided->end = from;
    memmove(&runs[at + 2], &runs[at + 1], (size_t)(bag->end - at - 1) * sizeof *runs);
    runs[at + 1] = run;
    bag->end++;
    return PFX_OK;
}

static pfx_status add_to_many(pfx_bag *bag, pfx_budget *budget, int64_t order, int64_t number) {
    int32_t last = bag->end - 1, at = last;
    bool behind = last_order(&bag->runs[last]) <= order;
    if (!behind) {
        /* The first run that has a later row: what is not behind all has one. */
        at = bag->start + first_run(bag, order + 1);
    }
    pfx_bag *run = &bag->runs[at];
    if (run->end < run->room) {
        put(run, order, number);
        return PFX_OK;
    }
    if (run->room < PFX_RUN_ROWS || run->start >= run->room / 2) {
        PFX_TRY(make_room(run, budget, FIRST_ROWS));
        put(run, order, number);
        return PFX_OK;
    }
    int32_t before = at - bag->start, from = behind ? run->end : run->start + (run->end - run->start) / 2;
    int64_t end_of_first = run->rows[from - 1].order;
    PFX_TRY(divide(bag, budget, at, from));
    at = bag->start + before;
    put(&bag->runs[order < end_of_first ? at : at + 1], order, number);
    return PFX_OK;
}

pfx_status pfx_bag_add(pfx_bag *bag, pfx_budget *budget, int64_t order, int64_t number) {
    if (!bag->many) {
        if (bag->end == bag->room) {
            if (bag->room >= PFX_RUN_ROWS && bag->start < bag->room / 2) {
                PFX_TRY(make_many(bag, budget));
                return add_to_many(bag, budget, order, number);
            }
            PFX_TRY(make_room(bag, budget, FIRST_ROWS));
        }
        put(bag, order, number);
        return PFX_OK;
    }
    return add_to_many(bag, budget, order, number);
}

/* ---- taking out ---- */

/* Take run `at` out of a list, which becomes an empty bag with its last one. */
static void drop_run(pfx_bag *bag, pfx_budget *budget, int32_t at) {
    pfx_free(budget, bag->runs[at].rows, bag->runs[at].room * (int64_t)sizeof(pfx_row));
    if (at == bag->start) {
        bag->start++;
    } else {
        memmove(&bag->runs[at], &bag->runs[at + 1], (size_t)(bag->end - at - 1) * sizeof *bag->runs);
        bag->end--;
    }
    if (is_empty(bag)) {
        pfx_bag_free(bag, budget);
    }
}

/* Whether a row stands before the one of that place and number. */
static bool is_before(const pfx_row *row, int64_t order, int64_t number) {
    return row->order < order || (row->order == order && row->number < number);
}

bool pfx_bag_remove(pfx_bag *bag, pfx_budget *budget, int64_t order, int64_t number) {
    pfx_bag *run = bag;
    int32_t low = bag->start, high = bag->end;
    if (is_empty(bag)) {
        return false;
    }
    if (bag->many) {
        high--; /* when it is in none before the last */
        while (low < high) {
            int32_t middle = low + (high - low) / 2;
            if (is_before(&bag->runs[middle].rows[bag->runs[middle].end - 1], order, number)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        run = &bag->runs[low];
        low = run->start;
        high = run->end;
    }
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (is_before(&run->rows[middle], order, number)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == run->end || run->rows[low].order != order || run->rows[low].number != number) {
        return false;
    }
    memmove(&run->rows[low], &run->rows[low + 1], (size_t)(run->end - low - 1) * sizeof(pfx_row));
    run->end--;
    if (bag->many && is_empty(run)) {
        drop_run(bag, budget, (int32_t)(run - bag->runs));
    }
    return true;
}

int64_t pfx_bag_pass(pfx_bag *bag, pfx_budget *budget, int64_t until) {
    int64_t passed = 0;
    while (bag->many && last_order(&bag->runs[bag->start]) <= until) {
        passed += bag->runs[bag->start].end - bag->runs[bag->start].start;
        drop_run(bag, budget, bag->start);
    }
    pfx_bag *run = bag->many ? &bag->runs[bag->start] : bag;
    if (is_empty(run) || run->rows[run->start].order > until) {
        return passed;
    }
    int32_t start = pfx_run_until(run, until);
    passed += start - run->start;
    run->start = start;
    if (is_empty(run)) {
        run->start = run->end = 0;
    }
    return passed;
}

void pfx_bag_trim(pfx_bag *bag, pfx_budget *budget) {
    int32_t kept = bag->end - bag->start;
    if (kept == 0) {
        if (bag->room > MOST_KEPT) {
            pfx_bag_free(bag, budget);
        }
        return;
    }
    if (bag->many && kept == 1) {
        pfx_bag run = bag->runs[bag->start];
        pfx_free(budget, bag->runs, bag->room * (int64_t)sizeof(pfx_bag));
        *bag = run;
        kept = bag->end - bag->start;
    }
    if (bag->room <= MOST_KEPT || bag->room / 4 < kept) {
        return;
    }
    int64_t size = item_size(bag);
    memmove(bag->rows, (uint8_t *)bag->rows + bag->start * size, (size_t)(kept * size));
    bag->start = 0;
    bag->end = kept;
    void *memory = bag->rows;
    if (pfx_resize(budget, &memory, bag->room * size, kept * 2 * size) == PFX_OK) {
        bag->rows = memory;
        bag->room = kept * 2;
    }
}
