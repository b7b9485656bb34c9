#include "pfx/key_index.h"

#include <string.h>

#define MIN_TABLE 64
/* An array may take this many places whatever the number of keys, and this many for each. */
#define DIRECT_FLOOR 16384
#define DIRECT_FACTOR 4
#define DIRECT_SLACK 8

static inline uint64_t load_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline int64_t home(const pfx_key_index *index, uint64_t word) {
    return (int64_t)(pfx_key_hash_word(index->secret, word) >> index->shift);
}

void pfx_key_index_init(pfx_key_index *index, pfx_budget *budget, const pfx_key_secret *secret,
                        const pfx_arrow_type *types, int32_t columns) {
    memset(index, 0, sizeof *index);
    index->budget = budget;
    index->secret = secret;
    index->types = types;
    index->columns = columns;
    index->narrow = columns == 1 && pfx_kind_is_narrow(types->kind);
    index->may_be_direct = true;
    index->null_id = PFX_NO_KEY;
    index->least = INT64_MAX;
    index->greatest = INT64_MIN;
}

static void free_table(pfx_key_index *index) {
    pfx_free(index->budget, index->table, index->table_size * (int64_t)sizeof *index->table);
    index->table = NULL;
    index->table_size = 0;
}

static void free_direct(pfx_key_index *index) {
    pfx_free(index->budget, index->direct, index->direct_size * (int64_t)sizeof *index->direct);
    index->direct = NULL;
    index->direct_size = 0;
}

void pfx_key_index_free(pfx_key_index *index) {
    pfx_free(index->budget, index->words, index->words_capacity * (int64_t)sizeof *index->words);
    pfx_free(index->budget, index->bytes, index->bytes_capacity);
    pfx_free(index->budget, index->ends, index->ends_capacity * (int64_t)sizeof *index->ends);
    pfx_free(index->budget, index->scratch, PFX_CHUNK * (int64_t)sizeof *index->scratch);
    free_table(index);
    free_direct(index);
    bool may_be_direct = index->may_be_direct;
    pfx_key_index_init(index, index->budget, index->secret, index->types, index->columns);
    index->may_be_direct = may_be_direct;
}

static pfx_status grow_words(pfx_budget *budget, int64_t **block, int64_t *capacity, int64_t wanted) {
    if (wanted <= *capacity) {
        return PFX_OK;
    }
    int64_t room = wanted > *capacity * 2 ? wanted : *capacity * 2;
    room = room < 16 ? 16 : room;
    void *memory = *block;
    if (memory == NULL) {
        PFX_TRY(pfx_alloc(budget, room * 8, &memory));
    } else {
        PFX_TRY(pfx_resize(budget, &memory, *capacity * 8, room * 8));
    }
    *block = memory;
    *capacity = room;
    return PFX_OK;
}

static uint64_t word_of(const pfx_key_index *index, uint32_t id) {
    if (index->narrow) {
        return (uint64_t)index->words[id];
    }
    int64_t start = id == 0 ? 0 : index->ends[id - 1];
    return pfx_key_hash_bytes(index->secret, index->bytes + start, index->ends[id] - start);
}

static pfx_status make_table(pfx_key_index *index, int64_t size) {
    void *memory;
    PFX_TRY(pfx_alloc_zero(index->budget, size * (int64_t)sizeof(pfx_key_entry), &memory));
    free_table(index);
    index->table = memory;
    index->table_size = size;
    index->shift = 64;
    for (int64_t rest = size; rest > 1; rest /= 2) {
        index->shift--;
    }
    for (uint32_t id = 0; id < index->count; id++) {
        if (id == index->null_id) {
            continue;
        }
        uint64_t word = word_of(index, id);
        int64_t at = home(index, word);
        while (index->table[at].id != 0) {
            at = (at + 1) & (size - 1);
        }
        index->table[at] = (pfx_key_entry){.word = word, .id = (uint64_t)id + 1};
    }
    return PFX_OK;
}

/* Whether an array from `least` to `greatest` is small for the number of keys; its places then. */
static bool direct_span(const pfx_key_index *index, int64_t least, int64_t greatest, int64_t factor, int64_t *span) {
    uint64_t places = (uint64_t)greatest - (uint64_t)least;
    int64_t allowed = (int64_t)index->count * factor;
    allowed = allowed < DIRECT_FLOOR ? DIRECT_FLOOR : allowed;
    *span = (int64_t)(places + 1);
    return least <= greatest && places < (uint64_t)allowed;
}

static pfx_status make_direct(pfx_key_index *index, int64_t base, int64_t size) {
    void *memory;
    PFX_TRY(pfx_alloc(index->budget, size * (int64_t)sizeof(uint32_t), &memory));
    free_direct(index);
    memset(memory, 0xff, (size_t)size * sizeof(uint32_t));
    index->direct = memory;
    index->direct_base = base;
    index->direct_size = size;
    for (uint32_t id = 0; id < index->count; id++) {
        if (id != index->null_id) {
            index->direct[(uint64_t)index->words[id] - (uint64_t)base] = id;
        }
    }
    free_table(index);
    return PFX_OK;
}

/* Room for one key more in the table, or a place for `word` in the array, which may take the table's place. */
static pfx_status make_room(pfx_key_index *index, int64_t word) {
    int64_t least = word < index->least ? word : index->least;
    int64_t greatest = word > index->greatest ? word : index->greatest;
    int64_t span;
    if (index->direct != NULL) {
        uint64_t place = (uint64_t)word - (uint64_t)index->direct_base;
        if (place < (uint64_t)index->direct_size) {
            return PFX_OK;
        }
        if (direct_span(index, least, greatest, DIRECT_SLACK, &span)) {
            /* Grow by half of it towards where the new key lies. */
            int64_t more = span / 2;
            int64_t base = word < index->direct_base && least > INT64_MIN + more ? least - more : least;
            return make_direct(index, base, span + more);
        }
        int64_t size = MIN_TABLE;
        while (size < (int64_t)index->count * 2 + 2) {
            size *= 2;
        }
        PFX_TRY(make_table(index, size));
        free_direct(index);
        return PFX_OK;
    }
    /* Emptier for wide keys: a collision costs a branch that nobody foresees, and their bytes take the memory anyway.
     */
    if ((int64_t)index->count * (index->narrow ? 2 : 4) < index->table_size) {
        return PFX_OK;
    }
    if (index->narrow && index->may_be_direct && index->table != NULL &&
        direct_span(index, least, greatest, DIRECT_FACTOR, &span)) {
        return make_direct(index, least, span + span / 4);
    }
    return make_table(index, index->table == NULL ? MIN_TABLE : index->table_size * 2);
}

static pfx_status add_null(pfx_key_index *index, uint32_t *id) {
    if (index->null_id == PFX_NO_KEY) {
        if (index->count == PFX_NO_KEY - 1) {
            return PFX_OVERFLOW;
        }
        if (index->narrow) {
            PFX_TRY(grow_words(index->budget, &index->words, &index->words_capacity, (int64_t)index->count + 1));
            index->words[index->count] = 0;
        } else {
            PFX_TRY(grow_words(index->budget, &index->ends, &index->ends_capacity, (int64_t)index->count + 1));
            index->ends[index->count] = index->bytes_used;
        }
        index->null_id = index->count++;
    }
    *id = index->null_id;
    return PFX_OK;
}

static inline uint32_t find_word(const pfx_key_index *index, int64_t word) {
    if (index->direct != NULL) {
        uint64_t place = (uint64_t)word - (uint64_t)index->direct_base;
        return place < (uint64_t)index->direct_size ? index->direct[place] : PFX_NO_KEY;
    }
    if (index->table == NULL) {
        return PFX_NO_KEY;
    }
    int64_t mask = index->table_size - 1;
    for (int64_t at = home(index, (uint64_t)word);; at = (at + 1) & mask) {
        const pfx_key_entry *entry = &index->table[at];
        if (entry->id == 0) {
            return PFX_NO_KEY;
        }
        if (entry->word == (uint64_t)word) {
            return (uint32_t)(entry->id - 1);
        }
    }
}

static void enter(pfx_key_index *index, uint64_t word, uint32_t id) {
    if (index->direct != NULL) {
        index->direct[word - (uint64_t)index->direct_base] = id;
        return;
    }
    int64_t at = home(index, word);
    while (index->table[at].id != 0) {
        at = (at + 1) & (index->table_size - 1);
    }
    index->table[at] = (pfx_key_entry){.word = word, .id = (uint64_t)id + 1};
}

static pfx_status add_word(pfx_key_index *index, int64_t word, uint32_t *id) {
    if (index->count == PFX_NO_KEY - 1) {
        return PFX_OVERFLOW;
    }
    PFX_TRY(grow_words(index->budget, &index->words, &index->words_capacity, (int64_t)index->count + 1));
    PFX_TRY(make_room(index, word));
    index->words[index->count] = word;
    index->least = word < index->least ? word : index->least;
    index->greatest = word > index->greatest ? word : index->greatest;
    enter(index, (uint64_t)word, index->count);
    *id = index->count++;
    return PFX_OK;
}

pfx_status pfx_key_index_word(pfx_key_index *index, int64_t word, uint32_t *id) {
    *id = find_word(index, word);
    return *id != PFX_NO_KEY ? PFX_OK : add_word(index, word, id);
}

/* A call of memcmp would take longer than most keys. */
static inline bool same_bytes(const uint8_t *first, const uint8_t *second, int64_t size) {
    if (size >= 8) {
        for (int64_t i = 0; i + 8 < size; i += 8) {
            if (load_word(first + i) != load_word(second + i)) {
                return false;
            }
        }
        return load_word(first + size - 8) == load_word(second + size - 8);
    }
    for (int64_t i = 0; i < size; i++) {
        if (first[i] != second[i]) {
            return false;
        }
    }
    return true;
}

static inline uint32_t find_bytes(const pfx_key_index *index, const uint8_t *bytes, int64_t size, uint64_t hash) {
    if (index->table == NULL) {
        return PFX_NO_KEY;
    }
    int64_t mask = index->table_size - 1;
    for (int64_t at = home(index, hash); index->table[at].id != 0; at = (at + 1) & mask) {
        if (index->table[at].word != hash) {
            continue;
        }
        uint32_t known = (uint32_t)(index->table[at].id - 1);
        int64_t start = known == 0 ? 0 : index->ends[known - 1];
        if (index->ends[known] - start == size && same_bytes(index->bytes + start, bytes, size)) {
            return known;
        }
    }
    return PFX_NO_KEY;
}

static pfx_status add_bytes(pfx_key_index *index, const uint8_t *bytes, int64_t size, uint64_t hash, uint32_t *id) {
    if (index->count == PFX_NO_KEY - 1) {
        return PFX_OVERFLOW;
    }
    if (size > index->bytes_capacity - index->bytes_used) {
        int64_t room = (index->bytes_used + size) * 2;
        room = room < 256 ? 256 : room;
        void *memory = index->bytes;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(index->budget, room, &memory));
        } else {
            PFX_TRY(pfx_resize(index->budget, &memory, index->bytes_capacity, room));
        }
        index->bytes = memory;
        index->bytes_capacity = room;
    }
    PFX_TRY(grow_words(index->budget, &index->ends, &index->ends_capacity, (int64_t)index->count + 1));
    PFX_TRY(make_room(index, 0));
    if (size > 0) {
        memcpy(index->bytes + index->bytes_used, bytes, (size_t)size);
    }
    index->bytes_used += size;
    index->ends[index->count] = index->bytes_used;
    enter(index, hash, index->count);
    *id = index->count++;
    return PFX_OK;
}

pfx_status pfx_key_index_bytes(pfx_key_index *index, const uint8_t *bytes, int64_t size, uint32_t *id) {
    uint64_t hash = pfx_key_hash_bytes(index->secret, bytes, size);
    *id = find_bytes(index, bytes, size, hash);
    return *id != PFX_NO_KEY ? PFX_OK : add_bytes(index, bytes, size, hash, id);
}

static pfx_status map_words(pfx_key_index *index, const pfx_key_column *column, int64_t start, int64_t rows,
                            uint32_t *ids) {
    const int64_t *words = pfx_words_load(column, PFX_WORD_KEY, start, rows, index->scratch);
    for (int64_t i = 0; i < rows; i++) {
        if (column->validity != NULL && !pfx_has_value(column, start + i)) {
            PFX_TRY(add_null(index, &ids[i]));
            continue;
        }
        uint32_t id = find_word(index, words[i]);
        if (id == PFX_NO_KEY) {
            PFX_TRY(add_word(index, words[i], &id));
        }
        ids[i] = id;
    }
    return PFX_OK;
}

/* The place of each word in the array, as far as all rows have one; the number of rows done. */
static int64_t map_direct(const pfx_key_index *index, const int64_t *words, int64_t rows, uint32_t *ids) {
    const uint32_t *direct = index->direct;
    uint64_t base = (uint64_t)index->direct_base, size = (uint64_t)index->direct_size;
    for (int64_t i = 0; i < rows; i++) {
        uint64_t place = (uint64_t)words[i] - base;
        if (place >= size || direct[place] == PFX_NO_KEY) {
            return i;
        }
        ids[i] = direct[place];
    }
    return rows;
}

/* The commonest wide keys: offsets of 32 bits, no nulls. */
static pfx_status map_texts(pfx_key_index *index, const pfx_key_column *column, int64_t start, int64_t rows,
                            uint32_t *ids) {
    const int32_t *offsets = (const int32_t *)column->offsets + column->offset + start;
    for (int64_t i = 0; i < rows; i++) {
        int64_t size = offsets[i + 1] - offsets[i];
        const uint8_t *bytes = size > 0 ? column->data + offsets[i] : NULL;
        uint64_t hash = pfx_key_hash_bytes(index->secret, bytes, size);
        ids[i] = find_bytes(index, bytes, size, hash);
        if (ids[i] == PFX_NO_KEY) {
            PFX_TRY(add_bytes(index, bytes, size, hash, &ids[i]));
        }
    }
    return PFX_OK;
}

static pfx_status map_wide(pfx_key_index *index, const pfx_key_column *column, int64_t start, int64_t rows,
                           uint32_t *ids) {
    if (column->type->offset_width == 4 && column->validity == NULL) {
        return map_texts(index, column, start, rows, ids);
    }
    for (int64_t i = 0; i < rows; i++) {
        if (!pfx_has_value(column, start + i)) {
            PFX_TRY(add_null(index, &ids[i]));
            continue;
        }
        const uint8_t *bytes;
        int64_t size;
        pfx_wide_value(column, start + i, &bytes, &size);
        PFX_TRY(pfx_key_index_bytes(index, bytes, size, &ids[i]));
    }
    return PFX_OK;
}

#define SMALL_KEY 256

typedef struct composite {
    pfx_budget *budget;
    uint8_t *bytes;
    int64_t size;
    int64_t capacity;
    uint8_t small[SMALL_KEY];
} composite;

static pfx_status put(composite *key, const void *bytes, int64_t size) {
    if (size > key->capacity - key->size) {
        int64_t room = (key->size + size) * 2;
        void *memory;
        PFX_TRY(pfx_alloc(key->budget, room, &memory));
        memcpy(memory, key->bytes, (size_t)key->size);
        if (key->bytes != key->small) {
            pfx_free(key->budget, key->bytes, key->capacity);
        }
        key->bytes = memory;
        key->capacity = room;
    }
    if (size > 0) {
        memcpy(key->bytes + key->size, bytes, (size_t)size);
    }
    key->size += size;
    return PFX_OK;
}

static pfx_status put_column(composite *key, const pfx_key_column *column, int64_t row) {
    uint8_t present = pfx_has_value(column, row);
    PFX_TRY(put(key, &present, 1));
    if (!present) {
        return PFX_OK;
    }
    if (pfx_kind_is_narrow(column->type->kind)) {
        int64_t word;
        return put(key, pfx_words_load(column, PFX_WORD_KEY, row, 1, &word), 8);
    }
    const uint8_t *bytes;
    int64_t size;
    pfx_wide_value(column, row, &bytes, &size);
    if (size > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    uint32_t prefix = (uint32_t)size;
    PFX_TRY(put(key, &prefix, 4));
    return put(key, bytes, size);
}

static pfx_status map_composite(pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows,
                                uint32_t *ids) {
    composite key = {.budget = index->budget, .capacity = SMALL_KEY};
    key.bytes = key.small;
    pfx_status status = PFX_OK;
    for (int64_t i = 0; i < rows && status == PFX_OK; i++) {
        key.size = 0;
        for (int32_t c = 0; c < index->columns && status == PFX_OK; c++) {
            status = put_column(&key, &columns[c], start + i);
        }
        if (status == PFX_OK) {
            status = pfx_key_index_bytes(index, key.bytes, key.size, &ids[i]);
        }
    }
    if (key.bytes != key.small) {
        pfx_free(key.budget, key.bytes, key.capacity);
    }
    return status;
}

pfx_status pfx_key_index_map(pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows,
                             uint32_t *ids) {
    if (!index->narrow) {
        return index->columns == 1 ? map_wide(index, columns, start, rows, ids)
                                   : map_composite(index, columns, start, rows, ids);
    }
    if (index->scratch == NULL) {
        void *memory;
        PFX_TRY(pfx_alloc(index->budget, PFX_CHUNK * (int64_t)sizeof *index->scratch, &memory));
        index->scratch = memory;
    }
    int64_t done = 0;
    if (index->direct != NULL && columns->validity == NULL) {
        done = map_direct(index, pfx_words_load(columns, PFX_WORD_KEY, start, rows, index->scratch), rows, ids);
    }
    return done == rows ? PFX_OK : map_words(index, columns, start + done, rows - done, ids + done);
}

/* The bytes of one column of a composite key; NULL for a null. */
static const uint8_t *part_of(const pfx_key_index *index, int32_t column, uint32_t id, int64_t *size) {
    const uint8_t *at = index->bytes + (id == 0 ? 0 : index->ends[id - 1]);
    for (int32_t c = 0;; c++) {
        bool present = *at++ != 0;
        uint32_t length = 8;
        if (present && !pfx_kind_is_narrow(index->types[c].kind)) {
            memcpy(&length, at, 4);
            at += 4;
        }
        if (c == column) {
            *size = length;
            return present ? at : NULL;
        }
        at += present ? length : 0;
    }
}

pfx_status pfx_key_index_write(const pfx_key_index *index, int32_t column, const uint32_t *ids, int64_t count,
                               pfx_out_column *out) {
    const pfx_arrow_type *type = &index->types[column];
    bool narrow = pfx_kind_is_narrow(type->kind);
    PFX_TRY(pfx_out_column_reserve(out, count));
    if (index->narrow && index->null_id == PFX_NO_KEY && out->nulls == 0 && type->kind == PFX_KIND_INT64) {
        int64_t *to = (int64_t *)out->data + out->rows;
        for (int64_t i = 0; i < count; i++) {
            to[i] = index->words[ids[i]];
        }
        out->rows += count;
        return PFX_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *bytes;
        int64_t size = 0;
        if (index->columns == 1) {
            if (ids[i] == index->null_id) {
                pfx_out_column_put_null(out);
                continue;
            }
            if (narrow) {
                pfx_out_column_put_word(out, pfx_word_raw(type, PFX_WORD_KEY, index->words[ids[i]]));
                continue;
            }
            int64_t start = ids[i] == 0 ? 0 : index->ends[ids[i] - 1];
            bytes = index->bytes + start;
            size = index->ends[ids[i]] - start;
        } else {
            bytes = part_of(index, column, ids[i], &size);
            if (bytes == NULL) {
                pfx_out_column_put_null(out);
                continue;
            }
            if (narrow) {
                pfx_out_column_put_word(out, pfx_word_raw(type, PFX_WORD_KEY, (int64_t)load_word(bytes)));
                continue;
            }
        }
        PFX_TRY(pfx_out_column_put_bytes(out, bytes, size));
    }
    return PFX_OK;
}

pfx_status pfx_key_index_compact(pfx_key_index *index, uint32_t *renumbered) {
    pfx_key_index kept;
    pfx_key_index_init(&kept, index->budget, index->secret, index->types, index->columns);
    kept.may_be_direct = index->may_be_direct;
    pfx_status status = PFX_OK;
    for (uint32_t id = 0; id < index->count && status == PFX_OK; id++) {
        uint32_t number;
        if (renumbered[id] == PFX_NO_KEY) {
            continue;
        }
        if (id == index->null_id) {
            status = add_null(&kept, &number);
        } else if (index->narrow) {
            status = pfx_key_index_word(&kept, index->words[id], &number);
        } else {
            int64_t start = id == 0 ? 0 : index->ends[id - 1];
            status = pfx_key_index_bytes(&kept, index->bytes + start, index->ends[id] - start, &number);
        }
    }
    if (status != PFX_OK) {
        pfx_key_index_free(&kept);
        return status;
    }
    uint32_t next = 0;
    for (uint32_t id = 0; id < index->count; id++) {
        renumbered[id] = renumbered[id] == PFX_NO_KEY ? PFX_NO_KEY : next++;
    }
    pfx_key_index_free(index);
    *index = kept;
    return PFX_OK;
}
