#include "pfx/interval_join.h"

#include <string.h>

static int64_t plus(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum;
}

static int64_t negative(int64_t value) {
    return value == INT64_MIN ? INT64_MAX : -value;
}

void pfx_join_init(pfx_join *join, pfx_budget *budget, const pfx_key_secret *secret, int64_t lower, int64_t upper,
                   int64_t window_size, int64_t window_offset) {
    memset(join, 0, sizeof(*join));
    pfx_rows_init(&join->rows, budget, secret, 2);
    join->lower = lower;
    join->upper = upper;
    join->window_size = window_size;
    join->window_offset = window_offset;
    join->watermark = INT64_MIN;
}

void pfx_join_free(pfx_join *join) {
    pfx_rows_free(&join->rows);
}

void pfx_join_advance(pfx_join *join, int64_t watermark) {
    if (watermark > join->watermark) {
        join->watermark = watermark;
    }
}

/* ---- time ---- */

/* The first millisecond of the window that a time lies in; floor division, as times may be negative. */
static int64_t window_start(const pfx_join *join, int64_t time) {
    int64_t size = join->window_size;
    int64_t rest = time % size - join->window_offset % size;
    rest = rest % size;
    return plus(time, rest < 0 ? negative(rest + size) : negative(rest));
}

static int64_t window_end(const pfx_join *join, int64_t start) {
    return plus(start, join->window_size - 1);
}

int64_t pfx_join_forgotten(const pfx_join *join, int side) {
    if (join->watermark == INT64_MAX) {
        return INT64_MAX;
    }
    if (join->window_size > 0) {
        if (join->watermark == INT64_MIN) {
            return INT64_MIN;
        }
        /* The last window that has ended: that before the one which the millisecond after the watermark lies in. */
        return plus(window_start(join, plus(join->watermark, 1)), -1);
    }
    int64_t reach = side == 0 ? join->upper : negative(join->lower);
    return plus(join->watermark, reach > 0 ? -reach : 0);
}

int64_t pfx_join_late(const pfx_join *join, const int64_t *times, int64_t count, uint8_t *late) {
    int64_t found = 0;
    int64_t ended =
        join->window_size > 0 ? pfx_join_forgotten(join, 0) : plus(join->watermark, -1); /* the last late one */
    for (int64_t i = 0; i < count; i++) {
        late[i] = times[i] <= ended;
        found += late[i];
    }
    return found;
}

/* ---- pairs ---- */

/* Find where a row's pairs begin on the other side; false when it has none. */
static bool find_first(const pfx_bag *bag, int64_t from, pfx_join_cursor *cursor) {
    pfx_bag_place place = pfx_bag_find(bag, from);
    cursor->run = place.run;
    cursor->at = place.at;
    return pfx_bag_run(bag, place.run) != NULL;
}

pfx_status pfx_join_probe(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                          pfx_join_cursor *cursor, int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps,
                          int64_t *pairs) {
    int64_t below = side == 0 ? join->lower : negative(join->upper);
    int64_t above = side == 0 ? join->upper : negative(join->lower);
    int64_t until = pfx_join_forgotten(join, 1 - side);
    bool windows = join->window_size > 0;
    int64_t found = 0;
    for (; cursor->row < count; cursor->row++, cursor->at = -1) {
        int64_t time = times[cursor->row];
        pfx_rows_prefetch(&join->rows, 1 - side, keys, cursor->row, count);
        pfx_bag *bag = pfx_rows_bag(&join->rows, keys[cursor->row], 1 - side);
        if (bag->start == bag->end) {
            continue;
        }
        int64_t start = windows ? window_start(join, time) : 0;
        int64_t to = windows ? window_end(join, start) : plus(time, above);
        if (cursor->at < 0) {
            pfx_rows_pass(&join->rows, 1 - side, bag, until);
            if (!find_first(bag, windows ? start : plus(time, below), cursor)) {
                continue;
            }
        }
        const pfx_bag *run;
        while ((run = pfx_bag_run(bag, cursor->run)) != NULL) {
            int32_t end = pfx_run_until(run, to);
            while (cursor->at < end) {
                if (found == capacity) {
                    *pairs = found;
                    return PFX_OK;
                }
                pfx_row other = run->rows[cursor->at++];
                rows[found] = cursor->row;
                numbers[found] = other.number;
                stamps[found] = windows ? to : other.order > time ? other.order : time;
                found++;
            }
            const pfx_bag *next = end == run->end ? pfx_bag_run(bag, cursor->run + 1) : NULL;
            if (next == NULL) {
                break;
            }
            cursor->run++;
            cursor->at = next->start;
        }
    }
    *pairs = found;
    return PFX_OK;
}

pfx_status pfx_join_expire(pfx_join *join, int64_t most, int64_t *left) {
    int64_t until[2] = {pfx_join_forgotten(join, 0), pfx_join_forgotten(join, 1)};
    return pfx_rows_expire(&join->rows, until, most, left);
}
