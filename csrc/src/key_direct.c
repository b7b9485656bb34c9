#include <string.h>

#include "key_table.h"

/* An array may take this many places whatever the number of keys, and this many for each. */
#define DIRECT_FLOOR 16384
#define DIRECT_FACTOR 4
#define DIRECT_SLACK 8
/* No place. */
#define OUTSIDE UINT64_MAX

/* The least and the greatest word of each column. */
typedef struct ranges {
    int64_t least[PFX_DIRECT_COLUMNS];
    int64_t greatest[PFX_DIRECT_COLUMNS];
} ranges;

void pfx_key_direct_free(pfx_key_index *index) {
    pfx_free(index->budget, index->direct, index->direct_size * (int64_t)sizeof *index->direct);
    index->direct = NULL;
    index->direct_size = 0;
}

static ranges find_ranges(const pfx_key_index *index) {
    const int64_t *words = (const int64_t *)index->words;
    ranges found;
    for (int32_t c = 0; c < index->columns; c++) {
        int64_t least = INT64_MAX, greatest = INT64_MIN;
        for (uint32_t id = 0; id < index->count; id++) {
            int64_t word = words[(int64_t)id * index->width + c];
            bool none = id == index->null_id;
            least = word < least && !none ? word : least;
            greatest = word > greatest && !none ? word : greatest;
        }
        found.least[c] = least;
        found.greatest[c] = greatest;
    }
    return found;
}

/* Whether an array of these spans is small for the number of keys. */
static bool are_small(const pfx_key_index *index, const int64_t *spans, int64_t factor) {
    int64_t allowed = (int64_t)index->count * factor, places = 1;
    allowed = allowed < DIRECT_FLOOR ? DIRECT_FLOOR : allowed;
    for (int32_t c = 0; c < index->columns; c++) {
        if (spans[c] > allowed / places) {
            return false;
        }
        places *= spans[c];
    }
    return true;
}

/* How many words lie in each range; INT64_MAX for more than that, 0 for an empty one. */
static void find_spans(const pfx_key_index *index, const ranges *ranges, int64_t *spans) {
    for (int32_t c = 0; c < index->columns; c++) {
        uint64_t places = (uint64_t)ranges->greatest[c] - (uint64_t)ranges->least[c];
        spans[c] = ranges->least[c] > ranges->greatest[c] ? 0 : places < INT64_MAX ? (int64_t)places + 1 : INT64_MAX;
    }
}

/* The place of a key, of which `word` gives the words; OUTSIDE when it has none. */
static inline uint64_t place_of(const pfx_key_index *index, const uint64_t *words) {
    uint64_t place = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        uint64_t digit = words[c] - (uint64_t)index->direct_base[c];
        if (digit >= (uint64_t)index->direct_span[c]) {
            return OUTSIDE;
        }
        place = place * (uint64_t)index->direct_span[c] + digit;
    }
    return place;
}

static pfx_status make(pfx_key_index *index, const int64_t *bases, const int64_t *spans) {
    int64_t size = 1;
    void *memory;
    for (int32_t c = 0; c < index->columns; c++) {
        size *= spans[c];
    }
    PFX_TRY(pfx_alloc(index->budget, size * (int64_t)sizeof(uint32_t), &memory));
    pfx_key_direct_free(index);
    memset(memory, 0xff, (size_t)size * sizeof(uint32_t));
    index->direct = memory;
    index->direct_size = size;
    memcpy(index->direct_base, bases, (size_t)index->columns * sizeof *bases);
    memcpy(index->direct_span, spans, (size_t)index->columns * sizeof *spans);
    for (uint32_t id = 0; id < index->count; id++) {
        if (id != index->null_id) {
            index->direct[place_of(index, index->words + (int64_t)id * index->width)] = id;
        }
    }
    return PFX_OK;
}

pfx_status pfx_key_direct_try(pfx_key_index *index, bool *made) {
    int64_t spans[PFX_DIRECT_COLUMNS];
    *made = false;
    if (!index->narrow || (index->columns > 1 && index->nulls != NULL)) {
        return PFX_OK;
    }
    ranges found = find_ranges(index);
    find_spans(index, &found, spans);
    for (int32_t c = 0; c < index->columns; c++) {
        if (spans[c] == 0) {
            return PFX_OK;
        }
    }
    if (!are_small(index, spans, DIRECT_FACTOR)) {
        return PFX_OK;
    }
    for (int32_t c = 0; c < index->columns; c++) {
        spans[c] += spans[c] / (4 * index->columns);
    }
    PFX_TRY(make(index, found.least, spans));
    pfx_key_table_free(index);
    *made = true;
    return PFX_OK;
}

static pfx_status make_table(pfx_key_index *index) {
    PFX_TRY(pfx_key_table_make(index, (int64_t)index->count + 1));
    pfx_key_direct_free(index);
    return PFX_OK;
}

/* A place for these words; or the table instead. */
static pfx_status make_place(pfx_key_index *index, const uint64_t *words) {
    int64_t bases[PFX_DIRECT_COLUMNS], spans[PFX_DIRECT_COLUMNS];
    ranges found = find_ranges(index);
    for (int32_t c = 0; c < index->columns; c++) {
        int64_t word = (int64_t)words[c];
        found.least[c] = word < found.least[c] ? word : found.least[c];
        found.greatest[c] = word > found.greatest[c] ? word : found.greatest[c];
    }
    find_spans(index, &found, spans);
    if (!are_small(index, spans, DIRECT_SLACK)) {
        return make_table(index);
    }
    for (int32_t c = 0; c < index->columns; c++) {
        int64_t word = (int64_t)words[c];
        bases[c] = found.least[c];
        if ((uint64_t)word - (uint64_t)index->direct_base[c] < (uint64_t)index->direct_span[c] && index->columns > 1) {
            bases[c] = index->direct_base[c];
            spans[c] = index->direct_span[c];
            continue;
        }
        /* Grow by half of it, or less where there are more columns, towards where the new key lies. */
        int64_t more = spans[c] / (2 * index->columns);
        if (word < index->direct_base[c] && found.least[c] > INT64_MIN + more) {
            bases[c] = found.least[c] - more;
        }
        spans[c] += more;
    }
    if (index->columns > 1 && !are_small(index, spans, DIRECT_SLACK * 2)) {
        return make_table(index);
    }
    return make(index, bases, spans);
}

/* The place of each word in the array, as far as all rows have one. */
static int64_t find_all(const pfx_key_index *index, int64_t i, uint32_t *ids) {
    const uint32_t *direct = index->direct;
    const uint64_t *words = index->block->words[0];
    uint64_t base = (uint64_t)index->direct_base[0], size = (uint64_t)index->direct_size;
    for (; i < index->block->rows; i++) {
        uint64_t place = words[i] - base;
        if (place >= size || direct[place] == PFX_NO_KEY) {
            break;
        }
        ids[i] = direct[place];
    }
    return i;
}

/* The same for several columns; `columns` is a constant. */
static inline int64_t find_all_of(const pfx_key_index *index, int64_t i, uint32_t *ids, int32_t columns) {
    const uint32_t *direct = index->direct;
    const uint64_t *words[PFX_DIRECT_COLUMNS];
    uint64_t bases[PFX_DIRECT_COLUMNS], spans[PFX_DIRECT_COLUMNS];
    for (int32_t c = 0; c < columns; c++) {
        words[c] = index->block->words[c];
        bases[c] = (uint64_t)index->direct_base[c];
        spans[c] = (uint64_t)index->direct_span[c];
    }
    for (; i < index->block->rows; i++) {
        uint64_t place = 0;
        bool outside = false;
        for (int32_t c = 0; c < columns; c++) {
            uint64_t digit = words[c][i] - bases[c];
            outside |= digit >= spans[c];
            place = place * spans[c] + digit;
        }
        if (outside || direct[place] == PFX_NO_KEY) {
            break;
        }
        ids[i] = direct[place];
    }
    return i;
}

static int64_t find_rows(const pfx_key_index *index, int64_t i, uint32_t *ids) {
    switch (index->columns) {
    case 1:
        return find_all(index, i, ids);
    case 2:
        return find_all_of(index, i, ids, 2);
    case 3:
        return find_all_of(index, i, ids, 3);
    default:
        return find_all_of(index, i, ids, PFX_DIRECT_COLUMNS);
    }
}

pfx_status pfx_key_direct_map(pfx_key_index *index, uint32_t *ids, int64_t *done) {
    pfx_key_block *block = index->block;
    if (block->has_nulls && index->columns > 1) {
        return make_table(index);
    }
    PFX_TRY(pfx_key_reserve(index, (int64_t)index->count + block->rows - *done));
    while (*done < block->rows) {
        int64_t i = block->has_nulls ? *done : (*done = find_rows(index, *done, ids));
        if (i == block->rows) {
            break;
        }
        bool null = block->nulls[i] != 0;
        uint64_t words[PFX_DIRECT_COLUMNS];
        for (int32_t c = 0; c < index->columns; c++) {
            words[c] = block->words[c][i];
        }
        uint64_t place = place_of(index, words);
        uint32_t id = null ? index->null_id : place != OUTSIDE ? index->direct[place] : PFX_NO_KEY;
        if (id == PFX_NO_KEY) {
            if (index->count >= PFX_MOST_KEYS) {
                return PFX_OVERFLOW;
            }
            if (!null && place == OUTSIDE) {
                PFX_TRY(make_place(index, words));
                if (index->direct == NULL) {
                    return PFX_OK;
                }
                place = place_of(index, words);
            }
            PFX_TRY(pfx_key_append(index, i));
            id = index->count - 1;
            if (!null) {
                index->direct[place] = id;
            }
        }
        ids[i] = id;
        ++*done;
    }
    return PFX_OK;
}
