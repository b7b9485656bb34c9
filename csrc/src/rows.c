#include "pfx/rows.h"

#include <string.h>

#include "bag.h"

/* Bytes of keys after which no further one is written before they are looked up. */
#define KEY_BYTES (1 << 16)

static int64_t bags_size(int32_t sides) {
    return sides * (int64_t)sizeof(pfx_bag);
}

void pfx_rows_init(pfx_rows *rows, pfx_budget *budget, const pfx_key_secret *secret, int32_t sides) {
    memset(rows, 0, sizeof *rows);
    rows->budget = budget;
    rows->sides = sides;
    rows->key_type = (pfx_arrow_type){.kind = PFX_KIND_BINARY, .offset_width = 8};
    pfx_key_index_init(&rows->index, budget, secret, &rows->key_type, 1);
    pfx_key_init(&rows->written, budget);
    pfx_states_init(&rows->bags, budget, bags_size(sides));
}

static void free_bags(pfx_rows *rows, int64_t key) {
    for (int side = 0; side < rows->sides; side++) {
        pfx_bag_free(pfx_rows_bag(rows, (int32_t)key, side), rows->budget);
    }
}

void pfx_rows_free(pfx_rows *rows) {
    for (int64_t key = 0; key < rows->bags.count; key++) {
        free_bags(rows, key);
    }
    pfx_states_free(&rows->bags);
    pfx_key_index_free(&rows->index);
    pfx_key_free(&rows->written);
    pfx_rows_init(rows, rows->budget, rows->index.secret, rows->sides);
}

/* ---- keys ---- */

/* Empty bags for the keys that have none yet. */
static pfx_status add_keys(pfx_rows *rows) {
    int64_t count = rows->index.count, before = rows->bags.count, length;
    if (count > INT32_MAX) {
        return PFX_OVERFLOW;
    }
    if (count == before) {
        return PFX_OK;
    }
    PFX_TRY(pfx_states_grow(&rows->bags, count));
    for (int64_t key = before; key < count; key += length) {
        uint8_t *bags = pfx_states_run(&rows->bags, key, count - key, &length);
        memset(bags, 0, (size_t)(length * rows->bags.stride));
    }
    return PFX_OK;
}

/* Write the keys of rows from `start` on, one behind the other, and where each ends: as many as the offsets and
 * KEY_BYTES allow, at least one. */
static pfx_status write_keys(pfx_rows *rows, const pfx_key_column *columns, int32_t width, int64_t start, int64_t count,
                             int64_t *written, int64_t *row) {
    pfx_key *key = &rows->written;
    int64_t i = 0;
    pfx_key_clear(key);
    rows->offsets[0] = 0;
    while (i < count && i < PFX_ROWS_KEYS && key->size < KEY_BYTES) {
        pfx_status status = pfx_key_put_row(key, columns, width, start + i);
        if (status != PFX_OK) {
            *row = start + i;
            return status;
        }
        rows->offsets[++i] = key->size;
    }
    *written = i;
    return PFX_OK;
}

/* The same for int64 without nulls, the commonest keys by far. */
static pfx_status write_longs(pfx_rows *rows, const pfx_key_column *column, int64_t start, int64_t count,
                              int64_t *written) {
    const int64_t *values = (const int64_t *)column->data + column->offset + start;
    pfx_key *key = &rows->written;
    pfx_key_clear(key);
    for (*written = 0; *written < count && *written < PFX_ROWS_KEYS; ++*written) {
        PFX_TRY(pfx_key_put_long(key, values[*written]));
        rows->offsets[*written + 1] = key->size;
    }
    return PFX_OK;
}

pfx_status pfx_rows_find_keys(pfx_rows *rows, const pfx_key_column *columns, int32_t width, int64_t count,
                              int32_t *keys, int64_t *row) {
    bool longs = width == 1 && columns[0].validity == NULL && columns[0].type->kind == PFX_KIND_INT64;
    int64_t written;
    for (int64_t done = 0; done < count; done += written) {
        if (longs) {
            PFX_TRY(write_longs(rows, columns, done, count - done, &written));
        } else {
            PFX_TRY(write_keys(rows, columns, width, done, count - done, &written, row));
        }
        pfx_key_column canonical = {.type = &rows->key_type, .offsets = rows->offsets, .data = rows->written.bytes};
        PFX_TRY(pfx_key_index_map(&rows->index, &canonical, 0, written, (uint32_t *)keys + done));
        PFX_TRY(add_keys(rows));
    }
    if (rows->written.capacity > KEY_BYTES * 2) {
        pfx_key_free(&rows->written);
    }
    return PFX_OK;
}

/* ---- rows ---- */

pfx_status pfx_rows_add(pfx_rows *rows, int side, const int32_t *keys, const int64_t *orders, int64_t count,
                        int64_t first) {
    for (int64_t i = 0; i < count; i++) {
        pfx_rows_prefetch(rows, side, keys, i, count);
        pfx_status status = pfx_bag_add(pfx_rows_bag(rows, keys[i], side), rows->budget, orders[i], first + i);
        while (status != PFX_OK && --i >= 0) {
            pfx_bag_remove(pfx_rows_bag(rows, keys[i], side), rows->budget, orders[i], first + i);
        }
        PFX_TRY(status);
    }
    rows->held[side] += count;
    return PFX_OK;
}

bool pfx_rows_remove(pfx_rows *rows, int side, pfx_bag *bag, int64_t order, int64_t number) {
    bool removed = pfx_bag_remove(bag, rows->budget, order, number);
    rows->held[side] -= removed;
    return removed;
}

void pfx_rows_pass(pfx_rows *rows, int side, pfx_bag *bag, int64_t until) {
    rows->held[side] -= pfx_bag_pass(bag, rows->budget, until);
}

/* ---- forgetting ---- */

static bool has_rows(const pfx_rows *rows, int64_t key) {
    bool some = false;
    for (int side = 0; side < rows->sides; side++) {
        const pfx_bag *bag = pfx_rows_bag(rows, (int32_t)key, side);
        some = some || bag->start < bag->end;
    }
    return some;
}

/* Forget the keys without rows; `renumbered` has room for all. */
static pfx_status drop_keys(pfx_rows *rows, uint32_t *renumbered) {
    int64_t kept = 0, count = rows->bags.count;
    pfx_states bags;
    for (int64_t key = 0; key < count; key++) {
        bool some = has_rows(rows, key);
        renumbered[key] = some ? 0 : PFX_NO_KEY;
        kept += some;
    }
    pfx_states_init(&bags, rows->budget, rows->bags.stride);
    pfx_status status = pfx_states_grow(&bags, kept);
    if (status == PFX_OK) {
        status = pfx_key_index_compact(&rows->index, renumbered);
    }
    if (status != PFX_OK) {
        pfx_states_free(&bags);
        return status;
    }
    for (int64_t key = 0; key < count; key++) {
        if (renumbered[key] == PFX_NO_KEY) {
            free_bags(rows, key);
        } else {
            memcpy(pfx_states_at(&bags, renumbered[key]), pfx_states_at(&rows->bags, (uint32_t)key),
                   (size_t)bags.stride);
        }
    }
    pfx_states_free(&rows->bags);
    rows->bags = bags;
    return PFX_OK;
}

static pfx_status end_round(pfx_rows *rows) {
    int64_t count = rows->bags.count, empty = rows->empty;
    rows->looked = rows->empty = 0;
    if (count == 0 || empty <= count / 2) {
        return PFX_OK;
    }
    int64_t size = count * (int64_t)sizeof(uint32_t);
    void *renumbered;
    PFX_TRY(pfx_alloc(rows->budget, size, &renumbered));
    pfx_status status = drop_keys(rows, renumbered);
    pfx_free(rows->budget, renumbered, size);
    return status;
}

pfx_status pfx_rows_expire(pfx_rows *rows, const int64_t *until, int64_t most, int64_t *left) {
    /* A call that has failed may have numbered keys without room for their rows. */
    PFX_TRY(add_keys(rows));
    int64_t count = rows->bags.count, stop = count - rows->looked > most ? rows->looked + most : count;
    for (; rows->looked < stop; rows->looked++) {
        for (int side = 0; side < rows->sides; side++) {
            pfx_bag *bag = pfx_rows_bag(rows, (int32_t)rows->looked, side);
            pfx_rows_pass(rows, side, bag, until[side]);
            pfx_bag_trim(bag, rows->budget);
        }
        rows->empty += !has_rows(rows, rows->looked);
    }
    *left = count - rows->looked;
    return *left == 0 ? end_round(rows) : PFX_OK;
}
