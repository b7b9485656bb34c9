#include <string.h>

#include "key_table.h"

/* An array may take this many places whatever the number of keys, and this many for each. */
#define DIRECT_FLOOR 16384
#define DIRECT_FACTOR 4
#define DIRECT_SLACK 8

void pfx_key_direct_free(pfx_key_index *index) {
    pfx_free(index->budget, index->direct, index->direct_size * (int64_t)sizeof *index->direct);
    index->direct = NULL;
    index->direct_size = 0;
}

/* The least and the greatest of the keys' words. */
static void find_range(const pfx_key_index *index, int64_t *least, int64_t *greatest) {
    const int64_t *words = (const int64_t *)index->words;
    *least = INT64_MAX;
    *greatest = INT64_MIN;
    for (uint32_t id = 0; id < index->count; id++) {
        bool none = id == index->null_id;
        *least = words[id] < *least && !none ? words[id] : *least;
        *greatest = words[id] > *greatest && !none ? words[id] : *greatest;
    }
}

/* Whether an array from `least` to `greatest` is small for the number of keys; its places then. */
static bool span_of(const pfx_key_index *index, int64_t least, int64_t greatest, int64_t factor, int64_t *span) {
    uint64_t places = (uint64_t)greatest - (uint64_t)least;
    int64_t allowed = (int64_t)index->count * factor;
    allowed = allowed < DIRECT_FLOOR ? DIRECT_FLOOR : allowed;
    *span = (int64_t)(places + 1);
    return least <= greatest && places < (uint64_t)allowed;
}

static pfx_status make(pfx_key_index *index, int64_t base, int64_t size) {
    void *memory;
    PFX_TRY(pfx_alloc(index->budget, size * (int64_t)sizeof(uint32_t), &memory));
    pfx_key_direct_free(index);
    memset(memory, 0xff, (size_t)size * sizeof(uint32_t));
    index->direct = memory;
    index->direct_base = base;
    index->direct_size = size;
    for (uint32_t id = 0; id < index->count; id++) {
        if (id != index->null_id) {
            index->direct[index->words[id] - (uint64_t)base] = id;
        }
    }
    return PFX_OK;
}

pfx_status pfx_key_direct_try(pfx_key_index *index, bool *made) {
    int64_t least, greatest, span;
    *made = false;
    if (!index->narrow) {
        return PFX_OK;
    }
    find_range(index, &least, &greatest);
    if (!span_of(index, least, greatest, DIRECT_FACTOR, &span)) {
        return PFX_OK;
    }
    PFX_TRY(make(index, least, span + span / 4));
    pfx_key_table_free(index);
    *made = true;
    return PFX_OK;
}

/* A place for `word`; or the table instead. */
static pfx_status make_place(pfx_key_index *index, int64_t word) {
    int64_t least, greatest, span;
    find_range(index, &least, &greatest);
    least = word < least ? word : least;
    greatest = word > greatest ? word : greatest;
    if (span_of(index, least, greatest, DIRECT_SLACK, &span)) {
        /* Grow by half of it towards where the new key lies. */
        int64_t more = span / 2;
        int64_t base = word < index->direct_base && least > INT64_MIN + more ? least - more : least;
        return make(index, base, span + more);
    }
    PFX_TRY(pfx_key_table_make(index, (int64_t)index->count + 1));
    pfx_key_direct_free(index);
    return PFX_OK;
}

/* The place of each word in the array, as far as all rows have one. */
static int64_t find_all(const pfx_key_index *index, int64_t i, uint32_t *ids) {
    const uint32_t *direct = index->direct;
    const uint64_t *words = index->block->words[0];
    uint64_t base = (uint64_t)index->direct_base, size = (uint64_t)index->direct_size;
    for (; i < index->block->rows; i++) {
        uint64_t place = words[i] - base;
        if (place >= size || direct[place] == PFX_NO_KEY) {
            break;
        }
        ids[i] = direct[place];
    }
    return i;
}

pfx_status pfx_key_direct_map(pfx_key_index *index, uint32_t *ids, int64_t *done) {
    pfx_key_block *block = index->block;
    PFX_TRY(pfx_key_reserve(index, (int64_t)index->count + block->rows - *done));
    while (*done < block->rows) {
        int64_t i = block->has_nulls ? *done : (*done = find_all(index, *done, ids));
        if (i == block->rows) {
            break;
        }
        bool null = block->nulls[i] != 0;
        uint64_t word = block->words[0][i], place = word - (uint64_t)index->direct_base;
        uint32_t id = null ? index->null_id : place < (uint64_t)index->direct_size ? index->direct[place] : PFX_NO_KEY;
        if (id == PFX_NO_KEY) {
            if (index->count >= PFX_MOST_KEYS) {
                return PFX_OVERFLOW;
            }
            if (!null && place >= (uint64_t)index->direct_size) {
                PFX_TRY(make_place(index, (int64_t)word));
                if (index->direct == NULL) {
                    return PFX_OK;
                }
                place = word - (uint64_t)index->direct_base;
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
