/* Bags of rows by key: which rows each key has, in order.
 *
 * What is in a row stays with the caller, in columns that are written once; here a row is a number (int64) and its
 * place in the order, a time or a sequence. Numbers only ever grow, so rows of one place are in the order of their
 * arrival. A key has a bag on each of one or two sides.
 *
 * No call takes long, however many rows a bag has: a bag is a run of rows, sorted from the first on, and beyond
 * PFX_RUN_ROWS of them a list of such runs, so a row that comes out of order moves the rest of one run. Bags that lose
 * their rows are looked through some keys at a time (pfx_rows_expire). The bags of all keys lie in segments that do not
 * move (pfx/states.h). */
#ifndef PFX_ROWS_H
#define PFX_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/key.h"
#include "pfx/key_columns.h"
#include "pfx/key_hash.h"
#include "pfx/key_index.h"
#include "pfx/memory.h"
#include "pfx/states.h"
#include "pfx/status.h"

/* The most rows of a run. */
#ifndef PFX_RUN_ROWS
#define PFX_RUN_ROWS 512
#endif
#define PFX_ROWS_SIDES 2
#define PFX_ROWS_AHEAD 8
/* Keys that are written before they are looked up. */
#define PFX_ROWS_KEYS 1024

typedef struct pfx_row {
    int64_t order;
    int64_t number;
} pfx_row;

/* Rows start .. end - 1, in order; or, where there are `many`, runs of them, none of which is empty or has runs itself.
 * All zeros is an empty one. */
typedef struct pfx_bag {
    union {
        pfx_row *rows;
        struct pfx_bag *runs;
    };
    int32_t start;
    int32_t end;
    int32_t room;
    bool many;
} pfx_bag;

/* Owns its tables, charged to the budget; borrows the budget and the secret. Must not be moved. Keys are numbered by
 * their canonical bytes (pfx/key.h), as two sides' columns may be of different types. */
typedef struct pfx_rows {
    pfx_budget *budget;
    int32_t sides;
    pfx_arrow_type key_type;
    pfx_key_index index;
    pfx_key written; /* keys, one behind the other, and where they end */
    int64_t offsets[PFX_ROWS_KEYS + 1];
    pfx_states bags;              /* of each key, a bag for each side */
    int64_t held[PFX_ROWS_SIDES]; /* rows of each side */
    int64_t looked;               /* keys that pfx_rows_expire has looked at in its present round */
    int64_t empty;                /* those of them without rows */
} pfx_rows;

/* Where a walk through a bag stands. */
typedef struct pfx_bag_place {
    int32_t run;
    int32_t at;
} pfx_bag_place;

void pfx_rows_init(pfx_rows *rows, pfx_budget *budget, const pfx_key_secret *secret, int32_t sides);

/* Free everything; there are no rows then. */
void pfx_rows_free(pfx_rows *rows);

/* Write the number of the key of each of `count` rows, adding keys that are new. They are good until pfx_rows_expire.
 * On PFX_OVERFLOW *row is the row whose key cannot be written (see pfx_key_put_row). */
pfx_status pfx_rows_find_keys(pfx_rows *rows, const pfx_key_column *columns, int32_t width, int64_t count,
                              int32_t *keys, int64_t *row);

static inline pfx_bag *pfx_rows_bag(const pfx_rows *rows, int32_t key, int side) {
    return (pfx_bag *)(void *)pfx_states_at(&rows->bags, (uint32_t)key) + side;
}

/* Have the bag of row `i` of those keys, and what it has first, in the processor's cache when it is its turn.
 */
static inline void pfx_rows_prefetch(const pfx_rows *rows, int side, const int32_t *keys, int64_t i, int64_t count) {
    if (i + 2 * PFX_ROWS_AHEAD < count) {
        __builtin_prefetch(pfx_rows_bag(rows, keys[i + 2 * PFX_ROWS_AHEAD], side));
    }
    if (i + PFX_ROWS_AHEAD < count) {
        const pfx_bag *bag = pfx_rows_bag(rows, keys[i + PFX_ROWS_AHEAD], side);
        __builtin_prefetch(bag->many ? (const void *)&bag->runs[bag->start] : (const void *)&bag->rows[bag->start]);
    }
}

/* Add `count` rows to bags of a side, numbered from `first` on. On failure none of them is added. */
pfx_status pfx_rows_add(pfx_rows *rows, int side, const int32_t *keys, const int64_t *orders, int64_t count,
                        int64_t first);

/* Take a row out of a bag of a side; whether it was there. */
bool pfx_rows_remove(pfx_rows *rows, int side, pfx_bag *bag, int64_t order, int64_t number);

/* Take the first rows out of a bag of a side: those whose place is `until` or an earlier one. */
void pfx_rows_pass(pfx_rows *rows, int side, pfx_bag *bag, int64_t until);

/* Do so, up to until[side], with the bags of the next keys, at most `most`, and give memory back. *left says how many
 * keys are left of this round; at its end the keys without rows go, if these are most of them. */
pfx_status pfx_rows_expire(pfx_rows *rows, const int64_t *until, int64_t most, int64_t *left);

/* How many rows a bag has. */
int64_t pfx_bag_count(const pfx_bag *bag);

/* Where the first row is whose place is at least `order`; in an empty run behind all when there is none. */
pfx_bag_place pfx_bag_find(const pfx_bag *bag, int64_t order);

/* The run of that number (0 for a bag that is one itself), NULL when there is none. */
static inline const pfx_bag *pfx_bag_run(const pfx_bag *bag, int32_t run) {
    if (!bag->many) {
        return run == 0 ? bag : NULL;
    }
    return run < bag->end - bag->start ? &bag->runs[bag->start + run] : NULL;
}

/* Behind the last row of a run whose place is `order` or an earlier one. */
int32_t pfx_run_until(const pfx_bag *run, int64_t order);

#endif
