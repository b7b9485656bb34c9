/* Sets of values that cost little while they are small, as most are where keys are many: one value lies in the state
 * itself, a few lie in an array, and only more than that in a hash table, which starts small.
 *
 * A table is made of lines of 8 places, each as long as a line of the processor's cache. A value's hash says in which
 * line the search begins, at which place of it, and by how many lines it goes on when a line is full; so values that
 * come in the order of another table, as in merging, do not pile up at one end. */
#include "agg_distinct.h"

#include <string.h>

#include "pfx/utf8.h"

#define LINE 8
/* Without a table: 2^3 words, compared at once, and texts, compared one after the other. */
#define FLAT_BITS 3
#define MOST_FLAT_TEXTS 2
#define FEWEST_SPARSE 128
#define MOST_SPARSE 8192
#define MOST_LIGHT 65536
#define ONLY_BYTES 16
#define IN_BLOCK UINT32_MAX
#define MIN_BLOCK 64
#define UNIT 4

/* Of a narrow field. In an array free places repeat the first value, so that all are compared, and at once. A table
 * holds no 0, which stands for a free place: whether 0 is a value is said beside it. */
typedef struct word_set {
    uint32_t count;
    uint8_t bits; /* there are 2^bits places; 0 when the only value is here */
    uint8_t zero;
    uint8_t unused[2];
    union {
        int64_t only;
        int64_t *places;
    };
} word_set;

/* The bytes of values one after the other, each behind its size (u32), padded to units. */
typedef struct text_block {
    int64_t used;
    int64_t capacity;
    uint64_t *table; /* the upper half of a value's hash, and its unit + 1; NULL while there are few */
    int64_t places;
    uint8_t bytes[];
} text_block;

/* Of a wide field. */
typedef struct text_set {
    uint32_t count;
    uint32_t size; /* of the only value, when it is here; else IN_BLOCK */
    union {
        uint8_t only[ONLY_BYTES];
        text_block *block;
    };
} text_set;

/* ---- tables ---- */

/* Where a search is in a table. */
typedef struct probe {
    uint64_t line;
    uint64_t step;
    uint64_t mask;
    unsigned start;
} probe;

static inline probe first_line(uint64_t hash, int64_t places) {
    uint64_t mask = (uint64_t)places / LINE - 1;
    return (probe){.line = hash & mask, .step = hash >> 24 | 1, .mask = mask, .start = (unsigned)(hash >> 61)};
}

static inline int64_t place_of(const probe *at, unsigned i) {
    return (int64_t)(at->line * LINE + ((at->start + i) & (LINE - 1)));
}

static inline void next_line(probe *at) {
    at->line = (at->line + at->step) & at->mask;
}

/* Whether a table has no room for one more. A value that is not where its search begins costs a branch that no
 * processor foresees, so tables are sparse while they fit its first caches, but the smallest, of which there are many.
 */
static inline bool is_full(int64_t taken, int64_t places) {
    int64_t most = places > MOST_LIGHT                              ? places / 4 * 3
                   : places > MOST_SPARSE || places < FEWEST_SPARSE ? places / 2
                                                                    : places / 4;
    return taken >= most;
}

/* ---- words ---- */

static int64_t words_size(const word_set *set) {
    return set->bits == 0 ? 0 : (INT64_C(1) << set->bits) * (int64_t)sizeof *set->places;
}

/* The place of a word other than 0, or the free one where it belongs. */
static inline int64_t *find_place(const pfx_agg *agg, int64_t *places, int64_t count, int64_t word) {
    probe at = first_line(pfx_key_hash_word(agg->secret, (uint64_t)word), count);
    int64_t *place = &places[place_of(&at, 0)];
    for (unsigned i = 1; *place != word && *place != 0; i++) {
        if (i == LINE) {
            next_line(&at);
            i = 0;
        }
        place = &places[place_of(&at, i)];
    }
    return place;
}

/* Twice as many places: of one value 4, of a full array a table. */
static pfx_status grow_words(const pfx_agg *agg, word_set *set) {
    uint8_t bits = set->bits == 0 ? 2 : (uint8_t)(set->bits + 1);
    int64_t places = INT64_C(1) << bits;
    void *memory;
    if (bits <= FLAT_BITS) {
        PFX_TRY(pfx_alloc(agg->budget, places * (int64_t)sizeof *set->places, &memory));
        const int64_t *flat = set->bits == 0 ? &set->only : set->places;
        for (int64_t i = 0; i < places; i++) {
            ((int64_t *)memory)[i] = flat[i < set->count ? i : 0];
        }
    } else {
        PFX_TRY(pfx_alloc_zero(agg->budget, places * (int64_t)sizeof *set->places, &memory));
        int64_t old = set->bits == FLAT_BITS ? set->count : INT64_C(1) << set->bits;
        for (int64_t i = 0; i < old; i++) {
            int64_t word = set->places[i];
            if (word != 0) {
                *find_place(agg, memory, places, word) = word;
            } else if (set->bits == FLAT_BITS) {
                set->zero = 1;
            }
        }
    }
    if (set->bits > 0) {
        pfx_free(agg->budget, set->places, words_size(set));
    }
    set->places = memory;
    set->bits = bits;
    return PFX_OK;
}

/* To an array, or to none; *full when it has to become a table first. */
static pfx_status add_flat(const pfx_agg *agg, word_set *set, int64_t word, bool *full) {
    *full = false;
    if (set->count == 0) {
        set->only = word;
        set->count = 1;
        return PFX_OK;
    }
    if (set->bits == 0 && set->only == word) {
        return PFX_OK;
    }
    if (set->bits > 0) {
        const int64_t *places = set->places;
        int found = (places[0] == word) | (places[1] == word) | (places[2] == word) | (places[3] == word);
        if (set->bits == FLAT_BITS) {
            found |= (places[4] == word) | (places[5] == word) | (places[6] == word) | (places[7] == word);
        }
        if (found) {
            return PFX_OK;
        }
    }
    if (set->count == UINT32_C(1) << set->bits) {
        *full = set->bits == FLAT_BITS;
        PFX_TRY(grow_words(agg, set));
    }
    if (!*full) {
        set->places[set->count++] = word;
    }
    return PFX_OK;
}

static inline pfx_status add_word(const pfx_agg *agg, word_set *set, int64_t word) {
    if (set->bits <= FLAT_BITS) {
        bool full;
        PFX_TRY(add_flat(agg, set, word, &full));
        if (!full) {
            return PFX_OK;
        }
    }
    if (word == 0) {
        set->count += set->zero == 0;
        set->zero = 1;
        return PFX_OK;
    }
    int64_t places = INT64_C(1) << set->bits;
    int64_t *place = find_place(agg, set->places, places, word);
    if (*place == word) {
        return PFX_OK;
    }
    if (set->count == UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    if (is_full((int64_t)set->count - set->zero, places)) {
        PFX_TRY(grow_words(agg, set));
        place = find_place(agg, set->places, INT64_C(1) << set->bits, word);
    }
    *place = word;
    set->count++;
    return PFX_OK;
}

static pfx_status merge_words(const pfx_agg *agg, word_set *into, const word_set *from) {
    if (from->bits > 0 && into->count == 0) {
        void *memory;
        PFX_TRY(pfx_alloc(agg->budget, words_size(from), &memory));
        memcpy(memory, from->places, (size_t)words_size(from));
        *into = *from;
        into->places = memory;
        return PFX_OK;
    }
    if (from->bits <= FLAT_BITS) {
        const int64_t *flat = from->bits == 0 ? &from->only : from->places;
        for (uint32_t i = 0; i < from->count; i++) {
            PFX_TRY(add_word(agg, into, flat[i]));
        }
        return PFX_OK;
    }
    if (from->zero) {
        PFX_TRY(add_word(agg, into, 0));
    }
    for (int64_t i = 0; i < INT64_C(1) << from->bits; i++) {
        if (from->places[i] != 0) {
            PFX_TRY(add_word(agg, into, from->places[i]));
        }
    }
    return PFX_OK;
}

/* ---- texts ---- */

static int64_t block_size(int64_t capacity) {
    return (int64_t)sizeof(text_block) + capacity;
}

static int64_t padded(int64_t size) {
    return (int64_t)sizeof(uint32_t) + (size + UNIT - 1) / UNIT * UNIT;
}

static const uint8_t *text_at(const text_block *block, int64_t at, uint32_t *size) {
    memcpy(size, block->bytes + at, sizeof *size);
    return block->bytes + at + sizeof *size;
}

/* A call of memcmp would take longer than most texts. */
static inline bool is_same(const uint8_t *left, int64_t left_size, const uint8_t *right, int64_t right_size) {
    if (left_size != right_size) {
        return false;
    }
    if (left_size > 32) {
        return memcmp(left, right, (size_t)left_size) == 0;
    }
    int64_t at = 0;
    for (; at + 8 <= left_size; at += 8) {
        uint64_t words[2];
        memcpy(&words[0], left + at, 8);
        memcpy(&words[1], right + at, 8);
        if (words[0] != words[1]) {
            return false;
        }
    }
    for (; at < left_size; at++) {
        if (left[at] != right[at]) {
            return false;
        }
    }
    return true;
}

static pfx_status reserve_text(const pfx_agg *agg, text_set *set, int64_t size) {
    void *memory = set->size == IN_BLOCK ? set->block : NULL;
    int64_t used = memory == NULL ? 0 : set->block->used, capacity = memory == NULL ? 0 : set->block->capacity;
    if (padded(size) <= capacity - used) {
        return PFX_OK;
    }
    int64_t room = (used + padded(size)) * (memory == NULL ? 1 : 2);
    room = room < MIN_BLOCK - (int64_t)sizeof(text_block) ? MIN_BLOCK - (int64_t)sizeof(text_block) : room;
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(agg->budget, block_size(room), &memory));
        memset(memory, 0, sizeof(text_block));
    } else {
        PFX_TRY(pfx_resize(agg->budget, &memory, block_size(capacity), block_size(room)));
    }
    set->block = memory;
    set->block->capacity = room;
    set->size = IN_BLOCK;
    return PFX_OK;
}

static int64_t append_text(text_block *block, const uint8_t *bytes, int64_t size) {
    int64_t at = block->used;
    uint32_t prefix = (uint32_t)size;
    memcpy(block->bytes + at, &prefix, sizeof prefix);
    if (size > 0) {
        memcpy(block->bytes + at + sizeof prefix, bytes, (size_t)size);
    }
    block->used += padded(size);
    return at;
}

static inline uint64_t text_entry(uint64_t hash, int64_t at) {
    return (hash & ~(uint64_t)UINT32_MAX) | ((uint64_t)(at / UNIT) + 1);
}

/* The place of a text, or the free one where it belongs. */
static uint64_t *find_text(const text_block *block, uint64_t hash, const uint8_t *bytes, int64_t size) {
    for (probe at = first_line(hash, block->places);; next_line(&at)) {
        for (unsigned i = 0; i < LINE; i++) {
            uint64_t *place = &block->table[place_of(&at, i)];
            if (*place == 0) {
                return place;
            }
            if ((*place ^ hash) >> 32 == 0) {
                uint32_t found;
                const uint8_t *text = text_at(block, (int64_t)((*place & UINT32_MAX) - 1) * UNIT, &found);
                if (is_same(text, found, bytes, size)) {
                    return place;
                }
            }
        }
    }
}

static pfx_status grow_table(const pfx_agg *agg, text_block *block) {
    int64_t places = block->places == 0 ? LINE : block->places * 2;
    void *memory;
    PFX_TRY(pfx_alloc_zero(agg->budget, places * (int64_t)sizeof *block->table, &memory));
    pfx_free(agg->budget, block->table, block->places * (int64_t)sizeof *block->table);
    block->table = memory;
    block->places = places;
    uint32_t size;
    for (int64_t at = 0; at < block->used; at += padded(size)) {
        const uint8_t *bytes = text_at(block, at, &size);
        uint64_t hash = pfx_key_hash_bytes(agg->secret, bytes, size);
        *find_text(block, hash, bytes, size) = text_entry(hash, at);
    }
    return PFX_OK;
}

/* Whether one of the few texts without a table is this one. */
static bool has_flat(const text_set *set, const uint8_t *bytes, int64_t size) {
    if (set->size != IN_BLOCK) {
        return set->count > 0 && is_same(set->only, set->size, bytes, size);
    }
    uint32_t found;
    for (int64_t at = 0; at < set->block->used; at += padded(found)) {
        const uint8_t *text = text_at(set->block, at, &found);
        if (is_same(text, found, bytes, size)) {
            return true;
        }
    }
    return false;
}

static pfx_status add_text(const pfx_agg *agg, text_set *set, const uint8_t *bytes, int64_t size) {
    bool hashed = set->size == IN_BLOCK && set->block->table != NULL;
    uint64_t hash = 0;
    if (size >= UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    if (hashed) {
        hash = pfx_key_hash_bytes(agg->secret, bytes, size);
        if (*find_text(set->block, hash, bytes, size) != 0) {
            return PFX_OK;
        }
    } else if (has_flat(set, bytes, size)) {
        return PFX_OK;
    }
    if (set->count == 0 && size <= ONLY_BYTES) {
        if (size > 0) {
            memcpy(set->only, bytes, (size_t)size);
        }
        set->size = (uint32_t)size;
        set->count = 1;
        return PFX_OK;
    }
    if (set->count > 0 && set->size != IN_BLOCK) {
        uint8_t only[ONLY_BYTES];
        uint32_t only_size = set->size;
        memcpy(only, set->only, ONLY_BYTES);
        PFX_TRY(reserve_text(agg, set, only_size));
        append_text(set->block, only, only_size);
    }
    PFX_TRY(reserve_text(agg, set, size));
    if (set->block->used / UNIT >= UINT32_MAX - 1) {
        return PFX_OVERFLOW;
    }
    if (hashed ? is_full(set->count, set->block->places) : set->count == MOST_FLAT_TEXTS) {
        PFX_TRY(grow_table(agg, set->block));
        hash = pfx_key_hash_bytes(agg->secret, bytes, size);
        hashed = true;
    }
    uint64_t *place = hashed ? find_text(set->block, hash, bytes, size) : NULL;
    int64_t at = append_text(set->block, bytes, size);
    if (hashed) {
        *place = text_entry(hash, at);
    }
    set->count++;
    return PFX_OK;
}

static pfx_status merge_texts(const pfx_agg *agg, text_set *into, const text_set *from) {
    if (from->size != IN_BLOCK) {
        return from->count == 0 ? PFX_OK : add_text(agg, into, from->only, from->size);
    }
    uint32_t size;
    for (int64_t at = 0; at < from->block->used; at += padded(size)) {
        const uint8_t *bytes = text_at(from->block, at, &size);
        PFX_TRY(add_text(agg, into, bytes, size));
    }
    return PFX_OK;
}

/* ---- states ---- */

static bool is_narrow(const pfx_agg *agg, const pfx_acc *acc) {
    return pfx_kind_is_narrow(agg->types[acc->field].kind);
}

int64_t pfx_distinct_size(const pfx_agg *agg, const pfx_acc *acc) {
    return is_narrow(agg, acc) ? (int64_t)sizeof(word_set) : (int64_t)sizeof(text_set);
}

void pfx_distinct_clear(const pfx_agg *agg, const pfx_acc *acc, uint8_t *state) {
    if (is_narrow(agg, acc)) {
        word_set *set = (word_set *)(void *)state;
        if (set->bits > 0) {
            pfx_free(agg->budget, set->places, words_size(set));
        }
    } else {
        text_set *set = (text_set *)(void *)state;
        if (set->size == IN_BLOCK) {
            pfx_free(agg->budget, set->block->table, set->block->places * (int64_t)sizeof *set->block->table);
            pfx_free(agg->budget, set->block, block_size(set->block->capacity));
        }
    }
    memset(state, 0, (size_t)pfx_distinct_size(agg, acc));
}

static pfx_status own_block(const pfx_agg *agg, text_set *set) {
    const text_block *from = set->block;
    int64_t size = block_size(from->capacity), table_size = from->places * (int64_t)sizeof *from->table;
    void *memory, *table = NULL;
    PFX_TRY(pfx_alloc(agg->budget, size, &memory));
    pfx_status status = from->table == NULL ? PFX_OK : pfx_alloc(agg->budget, table_size, &table);
    if (status != PFX_OK) {
        pfx_free(agg->budget, memory, size);
        return status;
    }
    memcpy(memory, from, (size_t)block_size(from->used));
    if (table != NULL) {
        memcpy(table, from->table, (size_t)table_size);
    }
    set->block = memory;
    set->block->table = table;
    return PFX_OK;
}

pfx_status pfx_distinct_own(const pfx_agg *agg, const pfx_acc *acc, uint8_t *state) {
    if (!is_narrow(agg, acc)) {
        text_set *set = (text_set *)(void *)state;
        return set->size == IN_BLOCK ? own_block(agg, set) : PFX_OK;
    }
    word_set *set = (word_set *)(void *)state;
    void *memory;
    if (set->bits > 0) {
        PFX_TRY(pfx_alloc(agg->budget, words_size(set), &memory));
        memcpy(memory, set->places, (size_t)words_size(set));
        set->places = memory;
    }
    return PFX_OK;
}

pfx_status pfx_distinct_update(pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *column, int64_t start,
                               int64_t rows, uint8_t *const *states) {
    if (column->type->kind == PFX_KIND_NULL) {
        return PFX_OK;
    }
    if (is_narrow(agg, acc)) {
        const int64_t *words = pfx_words_load(column, PFX_WORD_ORDER, start, rows, agg->scratch);
        for (int64_t i = 0; i < rows; i++) {
            if (pfx_has_value(column, start + i)) {
                PFX_TRY(add_word(agg, (word_set *)(void *)(states[i] + acc->at), words[i]));
            }
        }
        return PFX_OK;
    }
    for (int64_t i = 0; i < rows; i++) {
        if (pfx_has_value(column, start + i)) {
            const uint8_t *bytes;
            int64_t size;
            pfx_wide_value(column, start + i, &bytes, &size);
            PFX_TRY(add_text(agg, (text_set *)(void *)(states[i] + acc->at), bytes, size));
        }
    }
    return PFX_OK;
}

pfx_status pfx_distinct_merge(const pfx_agg *agg, const pfx_acc *acc, uint8_t *into, const uint8_t *from) {
    if (is_narrow(agg, acc)) {
        return merge_words(agg, (word_set *)(void *)into, (const word_set *)(const void *)from);
    }
    return merge_texts(agg, (text_set *)(void *)into, (const text_set *)(const void *)from);
}

void pfx_distinct_swap(const pfx_agg *agg, const pfx_acc *acc, uint8_t *into, uint8_t *from) {
    uint8_t kept[sizeof(text_set)];
    size_t size = (size_t)pfx_distinct_size(agg, acc);
    if (pfx_distinct_count(into) < pfx_distinct_count(from)) {
        memcpy(kept, into, size);
        memcpy(into, from, size);
        memcpy(from, kept, size);
    }
}

static pfx_status write_words(const pfx_arrow_type *type, const word_set *set, pfx_out_column *items) {
    PFX_TRY(pfx_out_column_reserve(items, set->count));
    bool table = set->bits > FLAT_BITS;
    const int64_t *words = set->bits == 0 ? &set->only : set->places;
    int64_t places = table ? INT64_C(1) << set->bits : set->count;
    for (int64_t i = 0; i < places; i++) {
        if (!table || words[i] != 0) {
            pfx_out_column_put_word(items, pfx_word_raw(type, PFX_WORD_ORDER, words[i]));
        }
    }
    if (table && set->zero) {
        pfx_out_column_put_word(items, pfx_word_raw(type, PFX_WORD_ORDER, 0));
    }
    return PFX_OK;
}

static pfx_status write_texts(const text_set *set, pfx_out_column *items) {
    PFX_TRY(pfx_out_column_reserve(items, set->count));
    if (set->size != IN_BLOCK) {
        return set->count == 0 ? PFX_OK : pfx_out_column_put_bytes(items, set->only, set->size);
    }
    uint32_t size;
    for (int64_t at = 0; at < set->block->used; at += padded(size)) {
        const uint8_t *bytes = text_at(set->block, at, &size);
        PFX_TRY(pfx_out_column_put_bytes(items, bytes, size));
    }
    return PFX_OK;
}

pfx_status pfx_distinct_write(const pfx_agg *agg, const pfx_acc *acc, const uint8_t *state, pfx_out_column *items) {
    if (is_narrow(agg, acc)) {
        return write_words(&agg->types[acc->field], (const word_set *)(const void *)state, items);
    }
    return write_texts((const text_set *)(const void *)state, items);
}

pfx_status pfx_distinct_read(const pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *columns, int64_t row,
                             uint8_t *state) {
    const pfx_key_column *items = &columns[1];
    const int64_t *ends = (const int64_t *)columns[0].offsets + columns[0].offset + row;
    if (!pfx_has_value(&columns[0], row)) {
        return PFX_CORRUPT;
    }
    for (int64_t start = ends[0], rows; start < ends[1]; start += rows) {
        rows = ends[1] - start < PFX_CHUNK ? ends[1] - start : PFX_CHUNK;
        for (int64_t i = 0; i < rows; i++) {
            if (!pfx_has_value(items, start + i)) {
                return PFX_CORRUPT;
            }
        }
        if (is_narrow(agg, acc)) {
            const int64_t *words = pfx_words_load(items, PFX_WORD_ORDER, start, rows, agg->scratch);
            for (int64_t i = 0; i < rows; i++) {
                PFX_TRY(add_word(agg, (word_set *)(void *)state, words[i]));
            }
            continue;
        }
        for (int64_t i = 0; i < rows; i++) {
            const uint8_t *bytes;
            int64_t size;
            pfx_utf8_shape shape;
            pfx_wide_value(items, start + i, &bytes, &size);
            if (items->type->kind == PFX_KIND_UTF8 && size > 0 &&
                pfx_utf8_scan(bytes, (size_t)size, &shape) != PFX_OK) {
                return PFX_CORRUPT;
            }
            PFX_TRY(add_text(agg, (text_set *)(void *)state, bytes, size));
        }
    }
    return PFX_OK;
}

int64_t pfx_distinct_count(const uint8_t *state) {
    uint32_t count; /* first in both kinds */
    memcpy(&count, state, sizeof count);
    return count;
}
