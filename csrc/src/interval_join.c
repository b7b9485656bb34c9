#include "pfx/interval_join.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64, FIRST_KEYS = 32, FIRST_ROWS = 4 };

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

void pfx_join_init(pfx_join *join, pfx_budget *budget, int64_t lower, int64_t upper, int64_t window_size,
                   int64_t window_offset) {
    memset(join, 0, sizeof(*join));
    join->budget = budget;
    join->lower = lower;
    join->upper = upper;
    join->window_size = window_size;
    join->window_offset = window_offset;
    join->watermark = INT64_MIN;
}

static void free_key(pfx_join *join, pfx_join_key *key) {
    pfx_free(join->budget, key->bytes, key->size);
    for (int side = 0; side < 2; side++) {
        pfx_free(join->budget, key->sides[side].rows, key->sides[side].capacity * (int64_t)sizeof(pfx_join_row));
    }
}

void pfx_join_free(pfx_join *join) {
    for (int64_t i = 0; i < join->key_count; i++) {
        free_key(join, &join->keys[i]);
    }
    pfx_free(join->budget, join->keys, join->key_capacity * (int64_t)sizeof(pfx_join_key));
    pfx_free(join->budget, join->slots, join->slot_count * (int64_t)sizeof(int32_t));
    pfx_free(join->budget, join->scratch, join->scratch_size * (int64_t)sizeof(pfx_join_row));
    pfx_join_init(join, join->budget, join->lower, join->upper, join->window_size, join->window_offset);
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

static pfx_status place_keys(pfx_join *join, int64_t slot_count) {
    void *memory;
    PFX_TRY(pfx_alloc_zero(join->budget, slot_count * (int64_t)sizeof(int32_t), &memory));
    pfx_free(join->budget, join->slots, join->slot_count * (int64_t)sizeof(int32_t));
    join->slots = memory;
    join->slot_count = slot_count;
    uint64_t mask = (uint64_t)slot_count - 1;
    for (int64_t i = 0; i < join->key_count; i++) {
        uint64_t slot = join->keys[i].hash & mask;
        while (join->slots[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        join->slots[slot] = (int32_t)(i + 1);
    }
    return PFX_OK;
}

static pfx_status new_key(pfx_join *join, uint64_t hash, const uint8_t *bytes, int64_t size, int64_t value,
                          int32_t *number) {
    if (join->key_count == INT32_MAX - 1) {
        return PFX_OVERFLOW;
    }
    if (join->key_count == join->key_capacity) {
        int64_t capacity = join->key_capacity == 0 ? FIRST_KEYS : join->key_capacity * 2;
        void *memory = join->keys;
        if (join->key_capacity == 0) {
            PFX_TRY(pfx_alloc(join->budget, capacity * (int64_t)sizeof(pfx_join_key), &memory));
        } else {
            PFX_TRY(pfx_resize(join->budget, &memory, join->key_capacity * (int64_t)sizeof(pfx_join_key),
                               capacity * (int64_t)sizeof(pfx_join_key)));
        }
        join->keys = memory;
        join->key_capacity = capacity;
    }
    pfx_join_key *key = &join->keys[join->key_count];
    memset(key, 0, sizeof(*key));
    key->hash = hash;
    key->value = value;
    if (bytes != NULL) {
        void *memory;
        PFX_TRY(pfx_alloc(join->budget, size, &memory));
        memcpy(memory, bytes, (size_t)size);
        key->bytes = memory;
        key->size = size;
    }
    join->key_count++;
    if (join->key_count * 2 > join->slot_count) {
        PFX_TRY(place_keys(join, join->slot_count * 2));
    } else {
        uint64_t mask = (uint64_t)join->slot_count - 1;
        uint64_t slot = hash & mask;
        while (join->slots[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        join->slots[slot] = (int32_t)join->key_count;
    }
    *number = (int32_t)(join->key_count - 1);
    return PFX_OK;
}

static pfx_status find_long(pfx_join *join, int64_t value, int32_t *number) {
    uint64_t hash = pfx_key_hash_long(value);
    uint64_t mask = (uint64_t)join->slot_count - 1;
    for (uint64_t slot = hash & mask; join->slots[slot] != 0; slot = (slot + 1) & mask) {
        const pfx_join_key *key = &join->keys[join->slots[slot] - 1];
        if (key->bytes == NULL && key->value == value) {
            *number = join->slots[slot] - 1;
            return PFX_OK;
        }
    }
    return new_key(join, hash, NULL, 0, value, number);
}

static pfx_status find_bytes(pfx_join *join, const pfx_key *wanted, int32_t *number) {
    if (wanted->size == 9 && wanted->bytes[0] == PFX_KEY_LONG) {
        int64_t value;
        memcpy(&value, wanted->bytes + 1, 8);
        return find_long(join, value, number);
    }
    uint64_t hash = pfx_key_hash(wanted);
    uint64_t mask = (uint64_t)join->slot_count - 1;
    for (uint64_t slot = hash & mask; join->slots[slot] != 0; slot = (slot + 1) & mask) {
        const pfx_join_key *key = &join->keys[join->slots[slot] - 1];
        if (key->bytes != NULL && key->hash == hash && key->size == wanted->size &&
            memcmp(key->bytes, wanted->bytes, (size_t)wanted->size) == 0) {
            *number = join->slots[slot] - 1;
            return PFX_OK;
        }
    }
    return new_key(join, hash, wanted->bytes, wanted->size, 0, number);
}

static pfx_status find_written_keys(pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t rows,
                                    int32_t *keys, int64_t *row) {
    pfx_key key;
    pfx_status status = PFX_OK;
    pfx_key_init(&key, join->budget);
    for (int64_t i = 0; i < rows && status == PFX_OK; i++) {
        pfx_key_clear(&key);
        status = pfx_key_put_row(&key, columns, count, i);
        if (status == PFX_OK) {
            status = find_bytes(join, &key, &keys[i]);
        } else {
            *row = i;
        }
    }
    pfx_key_free(&key);
    return status;
}

pfx_status pfx_join_find_keys(pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t rows, int32_t *keys,
                              int64_t *row) {
    if (join->slot_count == 0) {
        PFX_TRY(place_keys(join, FIRST_SLOTS));
    }
    if (count != 1 || columns[0].validity != NULL || columns[0].type->kind != PFX_KIND_INT64) {
        return find_written_keys(join, columns, count, rows, keys, row);
    }
    const int64_t *values = (const int64_t *)columns[0].data + columns[0].offset;
    for (int64_t i = 0; i < rows; i++) {
        PFX_TRY(find_long(join, values[i], &keys[i]));
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

pfx_status pfx_join_add(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                        int64_t first) {
    for (int64_t i = 0; i < count; i++) {
        pfx_join_list *list = &join->keys[keys[i]].sides[side];
        if (list->count == list->capacity) {
            PFX_TRY(make_room(join, list));
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

pfx_status pfx_join_expire(pfx_join *join) {
    int64_t kept = 0;
    for (int64_t i = 0; i < join->key_count; i++) {
        pfx_join_key *key = &join->keys[i];
        for (int side = 0; side < 2; side++) {
            PFX_TRY(sort_list(join, &key->sides[side]));
            forget(join, &key->sides[side], side, forgotten_until(join, side));
            PFX_TRY(trim_list(join, &key->sides[side]));
        }
    }
    for (int64_t i = 0; i < join->key_count; i++) {
        pfx_join_key *key = &join->keys[i];
        if (key->sides[0].start == key->sides[0].count && key->sides[1].start == key->sides[1].count) {
            free_key(join, key);
        } else {
            join->keys[kept++] = *key;
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
    int64_t slots = FIRST_SLOTS;
    while (slots < kept * 2) {
        slots *= 2;
    }
    return place_keys(join, slots);
}

void pfx_join_mark(const pfx_join *join, int side, uint8_t *held) {
    for (int64_t i = 0; i < join->key_count; i++) {
        const pfx_join_list *list = &join->keys[i].sides[side];
        for (int64_t at = list->start; at < list->count; at++) {
            held[list->rows[at].number] = 1;
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
