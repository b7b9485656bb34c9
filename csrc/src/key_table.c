#include "key_table.h"

#include <string.h>

#define MIN_TABLE 64
/* A table or keys beyond so many bytes are in none of the nearer caches, so they are asked for before they are needed.
 */
#define CACHED_BYTES (1 << 19)
#define ROWS_AHEAD 32
/* Up to so many slots, keys take a quarter of them instead of half: they are in the first cache anyway, and a search of
 * more than one step costs a branch that nobody foresees. */
#define SMALL_TABLE 4096

static inline uint64_t slot_of(uint32_t tag, uint32_t id) {
    return (uint64_t)tag << 32 | ((uint64_t)id + 1);
}

void pfx_key_table_free(pfx_key_index *index) {
    pfx_free(index->budget, index->table, index->table_size * (int64_t)sizeof *index->table);
    index->table = NULL;
    index->table_size = 0;
    index->longest = 0;
}

/* An empty table in place of the one that there is, which the caller gets. */
static pfx_status replace(pfx_key_index *index, int64_t size, uint64_t **old) {
    void *memory;
    PFX_TRY(pfx_alloc_zero(index->budget, size * (int64_t)sizeof *index->table, &memory));
    *old = index->table;
    index->table = memory;
    index->table_size = size;
    index->longest = 0;
    index->shift = 32;
    for (int64_t rest = size; rest > 1; rest /= 2) {
        index->shift--;
    }
    return PFX_OK;
}

static void enter(pfx_key_index *index, uint64_t slot) {
    int64_t mask = index->table_size - 1, home = (int64_t)(slot >> 32 >> index->shift), at = home;
    while (index->table[at] != 0) {
        at = (at + 1) & mask;
    }
    int64_t steps = (at - home) & mask;
    index->longest = steps > index->longest ? steps : index->longest;
    index->table[at] = slot;
}

static void enter_all(pfx_key_index *index) {
    for (uint32_t id = 0; id < index->count; id++) {
        enter(index, slot_of(pfx_key_index_tag(index, id), id));
    }
}

pfx_status pfx_key_table_make(pfx_key_index *index, int64_t keys) {
    uint64_t *old;
    int64_t size = MIN_TABLE, old_size = index->table_size;
    while (size < keys * (size <= SMALL_TABLE ? 4 : 2)) {
        size *= 2;
    }
    PFX_TRY(replace(index, size, &old));
    pfx_free(index->budget, old, old_size * (int64_t)sizeof *old);
    enter_all(index);
    return PFX_OK;
}

pfx_status pfx_key_table_grow(pfx_key_index *index) {
    uint64_t *old;
    int64_t old_size = index->table_size;
    if (index->count >= PFX_MOST_KEYS) {
        return PFX_OVERFLOW;
    }
    PFX_TRY(replace(index, old_size == 0 ? MIN_TABLE : old_size * 2, &old));
    for (int64_t at = 0; at < old_size; at++) {
        if (old[at] != 0) {
            enter(index, old[at]);
        }
    }
    pfx_free(index->budget, old, old_size * (int64_t)sizeof *old);
    return PFX_OK;
}

/* The hashes that stand for long texts, under a new secret. */
static void hash_texts(pfx_key_index *index) {
    const pfx_key_secret *secret = pfx_key_index_secret(index);
    int32_t at = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        pfx_key_form form = pfx_key_form_of(&index->types[c]);
        for (uint32_t id = 0; form == PFX_FORM_TEXT && id < index->count; id++) {
            uint64_t *words = index->words + (int64_t)id * index->width + at;
            if (pfx_key_is_long(words[1])) {
                words[0] = pfx_key_hash_bytes(secret, pfx_key_long(index, words[1]), (uint32_t)words[1]);
            }
        }
        at += pfx_key_form_words(form);
    }
}

pfx_status pfx_key_table_change_secret(pfx_key_index *index) {
    if (index->derived == NULL) {
        void *memory;
        PFX_TRY(pfx_alloc(index->budget, (int64_t)sizeof *index->derived, &memory));
        index->derived = memory;
    }
    pfx_key_secret_derive(index->secret, (uint64_t)++index->secrets, index->derived);
    hash_texts(index);
    memset(index->table, 0, (size_t)index->table_size * sizeof *index->table);
    index->longest = 0;
    enter_all(index);
    return PFX_OK;
}

/* Give row `i`, which the table does not have, the next number and the free slot `at`. */
static inline pfx_status add(pfx_key_index *index, int64_t i, int64_t at) {
    pfx_key_block *block = index->block;
    int64_t mask = index->table_size - 1, steps = (at - (int64_t)(block->tags[i] >> index->shift)) & mask;
    PFX_TRY(pfx_key_append(index, i));
    index->longest = steps > index->longest ? steps : index->longest;
    index->table[at] = slot_of(block->tags[i], index->count - 1);
    block->fresh[block->fresh_count++] = (uint32_t)at;
    return PFX_OK;
}

static inline bool is_full(const pfx_key_index *index) {
    return (int64_t)index->count * (index->table_size <= SMALL_TABLE ? 4 : 2) >= index->table_size;
}

/* Take rows with equal tags for equal keys. `far`: a constant. */
static inline pfx_status probe(pfx_key_index *index, uint32_t *ids, int64_t *done, bool far) {
    pfx_key_block *block = index->block;
    const uint32_t *tags = block->tags;
    const uint64_t *table = index->table;
    int64_t mask = index->table_size - 1, rows = block->rows;
    int shift = index->shift;
    for (int64_t i = *done; i < rows; i++) {
        if (far) {
            PFX_PREFETCH(&table[tags[i + ROWS_AHEAD < rows ? i + ROWS_AHEAD : i] >> shift]);
        }
        uint32_t tag = tags[i];
        int64_t at = tag >> shift;
        uint64_t slot = table[at];
        while (slot != 0 && slot >> 32 != tag) {
            at = (at + 1) & mask;
            slot = table[at];
        }
        if (slot == 0) {
            if (is_full(index)) {
                *done = i;
                return PFX_OK;
            }
            PFX_TRY(add(index, i, at));
            ids[i] = index->count - 1;
            continue;
        }
        ids[i] = (uint32_t)slot - 1;
        if (far) {
            PFX_PREFETCH(&index->words[(int64_t)ids[i] * index->width]);
        }
    }
    *done = rows;
    return PFX_OK;
}

/* Row by row, with each key compared at once. */
static pfx_status search(pfx_key_index *index, uint32_t *ids, int64_t *done, int64_t end) {
    int64_t mask = index->table_size - 1;
    for (; *done < end; ++*done) {
        int64_t i = *done;
        uint32_t tag = index->block->tags[i];
        int64_t at = tag >> index->shift;
        uint64_t slot = index->table[at];
        while (slot != 0 && (slot >> 32 != tag || !pfx_key_is_row(index, (uint32_t)slot - 1, i))) {
            at = (at + 1) & mask;
            slot = index->table[at];
        }
        if (slot != 0) {
            ids[i] = (uint32_t)slot - 1;
            continue;
        }
        if (is_full(index)) {
            return PFX_OK;
        }
        PFX_TRY(add(index, i, at));
        ids[i] = index->count - 1;
    }
    return PFX_OK;
}

/* Forget the keys that came after the first `count`, the last one first, so that no search for another is cut short. */
static void undo(pfx_key_index *index, uint32_t count, int64_t texts_used) {
    pfx_key_block *block = index->block;
    while (block->fresh_count > 0) {
        index->table[block->fresh[--block->fresh_count]] = 0;
    }
    index->null_id = index->null_id != PFX_NO_KEY && index->null_id >= count ? PFX_NO_KEY : index->null_id;
    index->count = count;
    index->texts_used = texts_used;
}

pfx_status pfx_key_table_map(pfx_key_index *index, uint32_t *ids, int64_t *done) {
    uint32_t count = index->count;
    int64_t texts_used = index->texts_used, first = *done, end = first;
    int64_t bytes = index->table_size * (int64_t)sizeof *index->table;
    bool far = bytes > CACHED_BYTES || (int64_t)count * index->width * 8 > CACHED_BYTES;
    index->block->fresh_count = 0;
    if (index->table == NULL) {
        return PFX_OK;
    }
    PFX_TRY(pfx_key_reserve(index, (int64_t)count + index->block->rows - first));
    pfx_status status = far ? probe(index, ids, &end, true) : probe(index, ids, &end, false);
    if (status != PFX_OK) {
        undo(index, count, texts_used);
        return status;
    }
    if (!pfx_key_are_rows(index, ids, first, end)) {
        /* A key that is found to be new only now would get its number too late. */
        undo(index, count, texts_used);
        status = search(index, ids, done, end);
        return status;
    }
    *done = end;
    return PFX_OK;
}
