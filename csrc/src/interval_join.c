#include "pfx/interval_join.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_KEYS = 32, FIRST_ROWS = 4 };
/* Bytes of keys after which no further one is written before they are looked up. */
#define KEY_BYTES (1 << 16)

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
    join->budget = budget;
    join->key_type = (pfx_arrow_type){.kind = PFX_KIND_BINARY, .offset_width = 8};
    pfx_key_index_init(&join->index, budget, secret, &join->key_type, 1);
    pfx_key_init(&join->written, budget);
    join->lower = lower;
    join->upper = upper;
    join->window_size = window_size;
    join->window_offset = window_offset;
    join->watermark = INT64_MIN;
}

static void free_key(pfx_join *join, pfx_join_key *key) {
    for (int side = 0; side < 2; side++) {
        pfx_free(join->budget, key->sides[side].rows, key->sides[side].capacity * (int64_t)sizeof(pfx_join_row));
    }
}

void pfx_join_free(pfx_join *join) {
    for (int64_t i = 0; i < join->key_count; i++) {
        free_key(join, &join->keys[i]);
    }
    pfx_free(join->budget, join->keys, join->key_capacity * (int64_t)sizeof(pfx_join_key));
    pfx_key_index_free(&join->index);
    pfx_key_free(&join->written);
    pfx_free(join->budget, join->scratch, join->scratch_size * (int64_t)sizeof(pfx_join_row));
    pfx_join_init(join, join->budget, join->index.secret, join->lower, join->upper, join->window_size,
                  join->window_offset);
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

/* Rows of that side with this time or an earlier one are forgotten. */
static int64_t forgotten_until(const pfx_join *join, int side) {
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

bool pfx_join_forgotten(const pfx_join *join, int64_t time) {
    return time <= forgotten_until(join, 0) && time <= forgotten_until(join, 1);
}

int64_t pfx_join_late(const pfx_join *join, const int64_t *times, int64_t count, uint8_t *late) {
    int64_t found = 0;
    int64_t ended =
        join->window_size > 0 ? forgotten_until(join, 0) : plus(join->watermark, -1); /* the last late one */
    for (int64_t i = 0; i < count; i++) {
        late[i] = times[i] <= ended;
        found += late[i];
    }
    return found;
}

/* ---- keys ---- */

static pfx_status add_keys(pfx_join *join) {
    int64_t count = join->index.count, size = (int64_t)sizeof(pfx_join_key);
    if (count > INT32_MAX) {
        return PFX_OVERFLOW;
    }
    if (count > join->key_capacity) {
        int64_t capacity = join->key_capacity * 2 < FIRST_KEYS ? FIRST_KEYS : join->key_capacity * 2;
        capacity = capacity < count ? count : capacity;
        void *memory = join->keys;
        if (join->key_capacity == 0) {
            PFX_TRY(pfx_alloc(join->budget, capacity * size, &memory));
        } else {
            PFX_TRY(pfx_resize(join->budget, &memory, join->key_capacity * size, capacity * size));
        }
        join->keys = memory;
        join->key_capacity = capacity;
    }
    if (count > join->key_count) {
        memset(join->keys + join->key_count, 0, (size_t)((count - join->key_count) * size));
        join->key_count = count;
    }
    return PFX_OK;
}

/* Write the keys of rows from `start` on, one behind the other, and where each ends: as many as the offsets and
 * KEY_BYTES allow, at least one. */
static pfx_status write_keys(pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t start, int64_t rows,
                             int64_t *written, int64_t *row) {
    pfx_key *key = &join->written;
    int64_t i = 0;
    pfx_key_clear(key);
    join->offsets[0] = 0;
    while (i < rows && i < PFX_JOIN_KEYS && key->size < KEY_BYTES) {
        pfx_status status = pfx_key_put_row(key, columns, count, start + i);
        if (status != PFX_OK) {
            *row = start + i;
            return status;
        }
        join->offsets[++i] = key->size;
    }
    *written = i;
    return PFX_OK;
}

/* The same for int64 without nulls, the commonest keys by far. */
static pfx_status write_longs(pfx_join *join, const pfx_key_column *column, int64_t start, int64_t rows,
                              int64_t *written) {
    const int64_t *values = (const int64_t *)column->data + column->offset + start;
    pfx_key *key = &join->written;
    pfx_key_clear(key);
    for (*written = 0; *written < rows && *written < PFX_JOIN_KEYS; ++*written) {
        PFX_TRY(pfx_key_put_long(key, values[*written]));
        join->offsets[*written + 1] = key->size;
    }
    return PFX_OK;
}

pfx_status pfx_join_find_keys(pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t rows, int32_t *keys,
                              int64_t *row) {
    bool longs = count == 1 && columns[0].validity == NULL && columns[0].type->kind == PFX_KIND_INT64;
    int64_t written;
    for (int64_t done = 0; done < rows; done += written) {
        if (longs) {
            PFX_TRY(write_longs(join, columns, done, rows - done, &written));
        } else {
            PFX_TRY(write_keys(join, columns, count, done, rows - done, &written, row));
        }
        pfx_key_column canonical = {.type = &join->key_type, .offsets = join->offsets, .data = join->written.bytes};
        PFX_TRY(pfx_key_index_map(&join->index, &canonical, 0, written, (uint32_t *)keys + done));
        PFX_TRY(add_keys(join));
    }
    if (join->written.capacity > KEY_BYTES * 2) {
        pfx_key_free(&join->written);
    }
    return PFX_OK;
}

/* ---- lists ---- */

static int by_time(const void *a, const void *b) {
    const pfx_join_row *first = a, *second = b;
    if (first->time != second->time) {
        return first->time < second->time ? -1 : 1;
    }
    return first->number < second->number ? -1 : first->number > second->number;
}

/* Bring a list into the order of its times: its new rows are sorted, then merged with those before them. */
static pfx_status sort_list(pfx_join *join, pfx_join_list *list) {
    int64_t added = list->count - list->sorted;
    if (added == 0) {
        return PFX_OK;
    }
    pfx_join_row *rows = list->rows;
    qsort(rows + list->sorted, (size_t)added, sizeof(*rows), by_time);
    if (list->sorted > list->start && rows[list->sorted - 1].time > rows[list->sorted].time) {
        if (added > join->scratch_size) {
            void *memory;
            PFX_TRY(pfx_alloc(join->budget, added * 2 * (int64_t)sizeof(*rows), &memory));
            pfx_free(join->budget, join->scratch, join->scratch_size * (int64_t)sizeof(*rows));
            join->scratch = memory;
            join->scratch_size = added * 2;
        }
        memcpy(join->scratch, rows + list->sorted, (size_t)added * sizeof(*rows));
        int64_t old = list->sorted - 1, fresh = added - 1;
        for (int64_t to = list->count - 1; fresh >= 0; to--) {
            if (old >= list->start && rows[old].time > join->scratch[fresh].time) {
                rows[to] = rows[old--];
            } else {
                rows[to] = join->scratch[fresh--];
            }
        }
    }
    list->sorted = list->count;
    return PFX_OK;
}

/* The first position in a sorted list whose time is at least `time`. */
static int64_t first_from(const pfx_join_list *list, int64_t time) {
    const pfx_join_row *rows = list->rows + list->start;
    int64_t count = list->count - list->start;
    if (count == 0 || rows[count - 1].time < time) {
        return list->count;
    }
    /* Where it lies is a matter of chance, so no branch depends on it. */
    while (count > 1) {
        int64_t half = count / 2;
        rows += rows[half - 1].time < time ? half : 0;
        count -= half;
    }
    return rows - list->rows;
}

/* Step over rows at the front that are forgotten; only of a sorted list. */
static void forget(pfx_join *join, pfx_join_list *list, int side, int64_t until) {
    while (list->start < list->count && list->rows[list->start].time <= until) {
        list->start++;
        join->rows[side]--;
    }
}

pfx_status pfx_join_probe(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                          pfx_join_cursor *cursor, int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps,
                          int64_t *pairs) {
    int64_t below = side == 0 ? join->lower : negative(join->upper);
    int64_t above = side == 0 ? join->upper : negative(join->lower);
    int64_t until = forgotten_until(join, 1 - side);
    int64_t found = 0;
    for (; cursor->row < count; cursor->row++, cursor->position = -1) {
        int64_t time = times[cursor->row];
        pfx_join_list *list = &join->keys[keys[cursor->row]].sides[1 - side];
        int64_t start = join->window_size > 0 ? window_start(join, time) : 0;
        if (cursor->position < 0) {
            if (list->start == list->count) {
                continue;
            }
            PFX_TRY(sort_list(join, list));
            forget(join, list, 1 - side, until);
            int64_t from = join->window_size > 0 ? start : plus(time, below);
            int64_t to = join->window_size > 0 ? window_end(join, start) : plus(time, above);
            cursor->position = first_from(list, from);
            cursor->end = to == INT64_MAX ? list->count : first_from(list, to + 1);
        }
        while (cursor->position < cursor->end) {
            if (found == capacity) {
                *pairs = found;
                return PFX_OK;
            }
            pfx_join_row other = list->rows[cursor->position++];
            rows[found] = cursor->row;
            numbers[found] = other.number;
            stamps[found] = join->window_size > 0 ? window_end(join, start) : other.time > time ? other.time : time;
            found++;
        }
    }
    *pairs = found;
    return PFX_OK;
}

static pfx_status make_room(pfx_join *join, pfx_join_list *list) {
    if (list->start * 2 >= list->capacity && list->start > 0) {
        int64_t kept = list->count - list->start;
        memmove(list->rows, list->rows + list->start, (size_t)kept * sizeof(pfx_join_row));
        list->sorted -= list->start;
        list->count = kept;
        list->start = 0;
        return PFX_OK;
    }
    int64_t capacity = list->capacity == 0 ? FIRST_ROWS : list->capacity * 2;
    void *memory = list->rows;
    if (list->capacity == 0) {
        PFX_TRY(pfx_alloc(join->budget, capacity * (int64_t)sizeof(pfx_join_row), &memory));
    } else {
        PFX_TRY(pfx_resize(join->budget, &memory, list->capacity * (int64_t)sizeof(pfx_join_row),
                           capacity * (int64_t)sizeof(pfx_join_row)));
    }
    list->rows = memory;
    list->capacity = capacity;
    return PFX_OK;
}

/* The rows that were added last, of these keys. */
static void take_back(pfx_join *join, int side, const int32_t *keys, int64_t count) {
    while (count > 0) {
        pfx_join_list *list = &join->keys[keys[--count]].sides[side];
        list->count--;
        list->sorted = list->sorted < list->count ? list->sorted : list->count;
    }
}

pfx_status pfx_join_add(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                        int64_t first) {
    for (int64_t i = 0; i < count; i++) {
        pfx_join_list *list = &join->keys[keys[i]].sides[side];
        if (list->count == list->capacity) {
            pfx_status status = make_room(join, list);
            if (status != PFX_OK) {
                take_back(join, side, keys, i);
                return status;
            }
        }
        int in_order =
            list->sorted == list->count && (list->count == list->start || list->rows[list->count - 1].time <= times[i]);
        list->rows[list->count].time = times[i];
        list->rows[list->count].number = first + i;
        list->count++;
        list->sorted += in_order;
    }
    join->rows[side] += count;
    return PFX_OK;
}

/* Give back the room of a list that has once been much longer. */
static pfx_status trim_list(pfx_join *join, pfx_join_list *list) {
    int64_t kept = list->count - list->start, size = (int64_t)sizeof(pfx_join_row);
    if (kept == 0 || list->capacity <= 64 || list->capacity / 4 < kept) {
        return PFX_OK;
    }
    memmove(list->rows, list->rows + list->start, (size_t)(kept * size));
    list->sorted -= list->start;
    list->count = kept;
    list->start = 0;
    void *memory = list->rows;
    PFX_TRY(pfx_resize(join->budget, &memory, list->capacity * size, kept * 2 * size));
    list->rows = memory;
    list->capacity = kept * 2;
    return PFX_OK;
}

/* Forget the keys without rows; `renumbered` has room for all. */
static pfx_status drop_keys(pfx_join *join, uint32_t *renumbered) {
    int64_t kept = 0, count = join->key_count;
    for (int64_t i = 0; i < count; i++) {
        const pfx_join_list *sides = join->keys[i].sides;
        bool empty = sides[0].start == sides[0].count && sides[1].start == sides[1].count;
        renumbered[i] = empty ? PFX_NO_KEY : 0;
        kept += !empty;
    }
    if (kept == count) {
        return PFX_OK;
    }
    PFX_TRY(pfx_key_index_compact(&join->index, renumbered));
    for (int64_t i = 0; i < count; i++) {
        if (renumbered[i] == PFX_NO_KEY) {
            free_key(join, &join->keys[i]);
        } else {
            join->keys[renumbered[i]] = join->keys[i];
        }
    }
    join->key_count = kept;
    if (join->key_capacity / 4 > kept + FIRST_KEYS) {
        int64_t room = kept * 2 + FIRST_KEYS, size = (int64_t)sizeof(pfx_join_key);
        void *memory = join->keys;
        PFX_TRY(pfx_resize(join->budget, &memory, join->key_capacity * size, room * size));
        join->keys = memory;
        join->key_capacity = room;
    }
    return PFX_OK;
}

pfx_status pfx_join_expire(pfx_join *join) {
    /* A call that has failed may have numbered keys without room for their rows. */
    PFX_TRY(add_keys(join));
    for (int64_t i = 0; i < join->key_count; i++) {
        pfx_join_key *key = &join->keys[i];
        for (int side = 0; side < 2; side++) {
            PFX_TRY(sort_list(join, &key->sides[side]));
            forget(join, &key->sides[side], side, forgotten_until(join, side));
            PFX_TRY(trim_list(join, &key->sides[side]));
        }
    }
    int64_t size = join->key_count * (int64_t)sizeof(uint32_t);
    void *renumbered;
    PFX_TRY(pfx_alloc(join->budget, size, &renumbered));
    pfx_status status = drop_keys(join, renumbered);
    pfx_free(join->budget, renumbered, size);
    return status;
}

void pfx_join_mark(const pfx_join *join, int side, uint8_t *held) {
    for (int64_t i = 0; i < join->key_count; i++) {
        const pfx_join_list *list = &join->keys[i].sides[side];
        for (int64_t at = list->start; at < list->count; at++) {
            held[list->rows[at].number] = 1;
        }
    }
}

void pfx_join_times(const pfx_join *join, int side, int64_t *times) {
    for (int64_t i = 0; i < join->key_count; i++) {
        const pfx_join_list *list = &join->keys[i].sides[side];
        for (int64_t at = list->start; at < list->count; at++) {
            times[list->rows[at].number] = list->rows[at].time;
        }
    }
}

void pfx_join_renumber(pfx_join *join, int side, const int64_t *numbers) {
    for (int64_t i = 0; i < join->key_count; i++) {
        pfx_join_list *list = &join->keys[i].sides[side];
        for (int64_t at = list->start; at < list->count; at++) {
            list->rows[at].number = numbers[list->rows[at].number];
        }
    }
}
