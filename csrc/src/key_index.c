#include "pfx/key_index.h"

#include <string.h>

#include "key_table.h"

#define MIN_KEYS 16
#define MIN_TEXTS 256

void pfx_key_index_init(pfx_key_index *index, pfx_budget *budget, const pfx_key_secret *secret,
                        const pfx_arrow_type *types, int32_t columns) {
    memset(index, 0, sizeof *index);
    index->budget = budget;
    index->secret = secret;
    index->types = types;
    index->columns = columns;
    index->narrow = columns > 0 && columns <= PFX_DIRECT_COLUMNS;
    index->null_bytes = (columns + 7) / 8;
    index->null_id = PFX_NO_KEY;
    for (int32_t c = 0; c < columns; c++) {
        index->width += pfx_key_form_words(pfx_key_form_of(&types[c]));
        index->narrow = index->narrow && pfx_kind_is_narrow(types[c].kind);
    }
}

static int64_t words_size(const pfx_key_index *index, int64_t keys) {
    return keys * index->width * (int64_t)sizeof *index->words;
}

/* Free a block, or leave it to the view that reads it. */
static void leave(pfx_key_index *index, void *block, int64_t size) {
    const pfx_key_index *view = index->frozen;
    if (view == NULL || (block != view->words && block != view->nulls && block != view->texts)) {
        pfx_free(index->budget, block, size);
    }
}

static pfx_status enlarge(pfx_key_index *index, void **block, int64_t old_size, int64_t size) {
    if (*block != NULL && index->frozen == NULL) {
        return pfx_resize(index->budget, block, old_size, size);
    }
    void *memory;
    PFX_TRY(pfx_alloc(index->budget, size, &memory));
    if (*block != NULL) {
        memcpy(memory, *block, (size_t)old_size);
        leave(index, *block, old_size);
    }
    *block = memory;
    return PFX_OK;
}

void pfx_key_index_free(pfx_key_index *index) {
    pfx_key_index *view = index->frozen;
    leave(index, index->words, words_size(index, index->capacity));
    leave(index, index->nulls, index->capacity * index->null_bytes);
    leave(index, index->texts, index->texts_capacity);
    pfx_free(index->budget, index->derived, (int64_t)sizeof *index->derived);
    pfx_key_table_free(index);
    pfx_key_direct_free(index);
    pfx_key_block_free(index);
    pfx_key_index_init(index, index->budget, index->secret, index->types, index->columns);
    index->frozen = view;
}

/* ---- rows of keys ---- */

static pfx_status make_nulls(pfx_key_index *index) {
    void *memory;
    PFX_TRY(pfx_alloc_zero(index->budget, index->capacity * index->null_bytes, &memory));
    index->nulls = memory;
    return PFX_OK;
}

pfx_status pfx_key_reserve(pfx_key_index *index, int64_t keys) {
    int64_t room = index->capacity * 2, old = index->capacity * index->null_bytes;
    if (keys <= index->capacity) {
        return PFX_OK;
    }
    room = room < keys ? keys : room;
    room = room < MIN_KEYS ? MIN_KEYS : room;
    void *nulls = NULL, *words = index->words;
    if (index->nulls != NULL) {
        PFX_TRY(pfx_alloc_zero(index->budget, room * index->null_bytes, &nulls));
    }
    pfx_status status = enlarge(index, &words, words_size(index, index->capacity), words_size(index, room));
    if (status != PFX_OK) {
        pfx_free(index->budget, nulls, room * index->null_bytes);
        return status;
    }
    if (nulls != NULL) {
        memcpy(nulls, index->nulls, (size_t)old);
        leave(index, index->nulls, old);
        index->nulls = nulls;
    }
    index->words = words;
    index->capacity = room;
    return PFX_OK;
}

pfx_status pfx_key_reserve_text(pfx_key_index *index, int64_t size, uint32_t *place) {
    int64_t padded = (size + PFX_TEXT_UNIT - 1) / PFX_TEXT_UNIT * PFX_TEXT_UNIT;
    if (index->texts_used / PFX_TEXT_UNIT > UINT32_MAX) {
        return PFX_OVERFLOW;
    }
    if (padded > index->texts_capacity - index->texts_used) {
        int64_t room = (index->texts_used + padded) * 2;
        room = room < MIN_TEXTS ? MIN_TEXTS : room;
        void *memory = index->texts;
        PFX_TRY(enlarge(index, &memory, index->texts_capacity, room));
        index->texts = memory;
        index->texts_capacity = room;
    }
    *place = (uint32_t)(index->texts_used / PFX_TEXT_UNIT);
    index->texts_used += padded;
    return PFX_OK;
}

/* Copy the bytes of the long texts of row `i` for the key that is about to be added. */
static pfx_status append_texts(pfx_key_index *index, int64_t i, uint64_t *words) {
    const pfx_key_block *block = index->block;
    int32_t at = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        pfx_key_form form = pfx_key_form_of(&index->types[c]);
        if (form == PFX_FORM_TEXT && pfx_key_is_long(words[at + 1])) {
            const uint8_t *bytes;
            int64_t size;
            uint32_t place;
            pfx_wide_value(&block->columns[c], block->start + i, &bytes, &size);
            PFX_TRY(pfx_key_reserve_text(index, size, &place));
            memcpy(index->texts + (int64_t)place * PFX_TEXT_UNIT, bytes, (size_t)size);
            words[at + 1] |= (uint64_t)place << 32;
        }
        at += pfx_key_form_words(form);
    }
    return PFX_OK;
}

pfx_status pfx_key_append(pfx_key_index *index, int64_t i) {
    const pfx_key_block *block = index->block;
    uint64_t *words = index->words + (int64_t)index->count * index->width;
    for (int32_t w = 0; w < index->width; w++) {
        words[w] = block->words[w][i];
    }
    if (block->has_long) {
        PFX_TRY(append_texts(index, i, words));
    }
    if (index->nulls != NULL) {
        const uint8_t *nulls = block->nulls + i * index->null_bytes;
        memcpy(index->nulls + (int64_t)index->count * index->null_bytes, nulls, (size_t)index->null_bytes);
        if (index->columns == 1 && nulls[0] != 0) {
            index->null_id = index->count;
        }
    }
    index->count++;
    return PFX_OK;
}

/* ---- mapping ---- */

/* Room for one key more: slots, or an array in their place. */
static pfx_status make_room(pfx_key_index *index) {
    bool made = false;
    if (index->table != NULL) {
        PFX_TRY(pfx_key_direct_try(index, &made));
    }
    return made ? PFX_OK : pfx_key_table_grow(index);
}

static pfx_status map_block(pfx_key_index *index, uint32_t *ids) {
    const pfx_key_block *block = index->block;
    int64_t done = 0;
    if (block->has_nulls && index->nulls == NULL) {
        PFX_TRY(make_nulls(index));
    }
    while (done < block->rows) {
        int64_t before = done;
        if (index->direct != NULL) {
            PFX_TRY(pfx_key_direct_map(index, ids, &done));
            continue;
        }
        if (!block->hashed) {
            pfx_key_block_hash(index);
        }
        PFX_TRY(pfx_key_table_map(index, ids, &done));
        if (done < block->rows && done == before) {
            PFX_TRY(make_room(index));
        }
    }
    return PFX_OK;
}

pfx_status pfx_key_index_map(pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows,
                             uint32_t *ids) {
    PFX_TRY(pfx_key_block_make(index));
    while (rows > 0) {
        int64_t count = rows < PFX_KEY_ROWS ? rows : PFX_KEY_ROWS;
        PFX_TRY(pfx_key_block_load(index, columns, start, count));
        PFX_TRY(map_block(index, ids));
        if (index->longest > PFX_LONGEST_PROBE && index->secrets < PFX_MOST_SECRETS) {
            PFX_TRY(pfx_key_table_change_secret(index));
        }
        start += count;
        rows -= count;
        ids += count;
    }
    return PFX_OK;
}

/* ---- reading ---- */

static bool is_null(const pfx_key_index *index, int32_t column, uint32_t id) {
    return index->nulls != NULL && index->nulls[(int64_t)id * index->null_bytes + column / 8] >> column % 8 & 1;
}

static pfx_status write_one(const pfx_key_index *index, const pfx_arrow_type *type, const uint64_t *words,
                            pfx_out_column *out) {
    uint8_t bytes[16];
    uint32_t tail;
    switch (pfx_key_form_of(type)) {
    case PFX_FORM_WORD:
        pfx_out_column_put_word(out, pfx_word_raw(type, PFX_WORD_KEY, (int64_t)words[0]));
        return PFX_OK;
    case PFX_FORM_PAIR:
        return pfx_out_column_put_bytes(out, (const uint8_t *)words, 16);
    case PFX_FORM_TEXT:
        if (pfx_key_is_long(words[1])) {
            return pfx_out_column_put_bytes(out, pfx_key_long(index, words[1]), (uint32_t)words[1]);
        }
        tail = (uint32_t)(words[1] >> 32);
        memcpy(bytes, words, 8);
        memcpy(bytes + 8, &tail, 4);
        return pfx_out_column_put_bytes(out, bytes, (uint32_t)words[1]);
    case PFX_FORM_NOTHING:
        break;
    }
    pfx_out_column_put_null(out);
    return PFX_OK;
}

/* Where a column begins among the words of a key. */
static int64_t column_at(const pfx_key_index *index, int32_t column) {
    int64_t at = 0;
    for (int32_t c = 0; c < column; c++) {
        at += pfx_key_form_words(pfx_key_form_of(&index->types[c]));
    }
    return at;
}

int64_t pfx_key_index_size(const pfx_key_index *index, int32_t column, uint32_t id) {
    if (is_null(index, column, id)) {
        return 0;
    }
    return (uint32_t)index->words[(int64_t)id * index->width + column_at(index, column) + 1];
}

pfx_status pfx_key_index_write(const pfx_key_index *index, int32_t column, const uint32_t *ids, int64_t count,
                               pfx_out_column *out) {
    const pfx_arrow_type *type = &index->types[column];
    int64_t width = index->width, at = column_at(index, column);
    PFX_TRY(pfx_out_column_reserve(out, count));
    if (type->kind == PFX_KIND_INT64 && index->nulls == NULL && out->nulls == 0) {
        uint64_t *to = (uint64_t *)(void *)out->data + out->rows;
        for (int64_t i = 0; i < count; i++) {
            to[i] = index->words[ids[i] * width + at];
        }
        out->rows += count;
        return PFX_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        if (is_null(index, column, ids[i])) {
            pfx_out_column_put_null(out);
        } else {
            PFX_TRY(write_one(index, type, index->words + ids[i] * width + at, out));
        }
    }
    return PFX_OK;
}

/* ---- forgetting ---- */

/* Add a key of `from`, for which there is room but for its texts, to `kept`. */
static pfx_status keep(pfx_key_index *kept, const pfx_key_index *from, uint32_t id) {
    uint64_t *words = kept->words + (int64_t)kept->count * kept->width;
    memcpy(words, from->words + (int64_t)id * from->width, (size_t)from->width * sizeof *words);
    int32_t at = 0;
    for (int32_t c = 0; c < from->columns; c++) {
        pfx_key_form form = pfx_key_form_of(&from->types[c]);
        if (form == PFX_FORM_TEXT && pfx_key_is_long(words[at + 1])) {
            uint32_t place, size = (uint32_t)words[at + 1];
            PFX_TRY(pfx_key_reserve_text(kept, size, &place));
            memcpy(kept->texts + (int64_t)place * PFX_TEXT_UNIT, pfx_key_long(from, words[at + 1]), size);
            words[at + 1] = (uint64_t)place << 32 | size;
        }
        at += pfx_key_form_words(form);
    }
    if (from->nulls != NULL) {
        memcpy(kept->nulls + (int64_t)kept->count * kept->null_bytes, from->nulls + (int64_t)id * from->null_bytes,
               (size_t)from->null_bytes);
    }
    kept->null_id = id == from->null_id ? kept->count : kept->null_id;
    kept->count++;
    return PFX_OK;
}

/* What `keep` needs, and slots for all. */
static pfx_status keep_all(pfx_key_index *kept, const pfx_key_index *from, const uint32_t *renumbered) {
    int64_t count = 0;
    bool direct = false;
    for (uint32_t id = 0; id < from->count; id++) {
        count += renumbered[id] != PFX_NO_KEY;
    }
    PFX_TRY(pfx_key_reserve(kept, count));
    if (from->nulls != NULL) {
        PFX_TRY(make_nulls(kept));
    }
    if (from->derived != NULL) {
        void *memory;
        PFX_TRY(pfx_alloc(kept->budget, (int64_t)sizeof *kept->derived, &memory));
        kept->derived = memory;
        *kept->derived = *from->derived;
        kept->secrets = from->secrets;
    }
    for (uint32_t id = 0; id < from->count; id++) {
        if (renumbered[id] != PFX_NO_KEY) {
            PFX_TRY(keep(kept, from, id));
        }
    }
    if (from->direct != NULL) {
        PFX_TRY(pfx_key_direct_try(kept, &direct));
    }
    return direct ? PFX_OK : pfx_key_table_make(kept, count + 1);
}

pfx_status pfx_key_index_compact(pfx_key_index *index, uint32_t *renumbered) {
    pfx_key_index kept;
    pfx_key_index_init(&kept, index->budget, index->secret, index->types, index->columns);
    pfx_status status = keep_all(&kept, index, renumbered);
    if (status != PFX_OK) {
        pfx_key_index_free(&kept);
        return status;
    }
    uint32_t next = 0;
    for (uint32_t id = 0; id < index->count; id++) {
        renumbered[id] = renumbered[id] == PFX_NO_KEY ? PFX_NO_KEY : next++;
    }
    pfx_key_index_free(index);
    kept.frozen = index->frozen;
    *index = kept;
    return PFX_OK;
}

/* ---- freezing ---- */

pfx_status pfx_key_index_freeze(pfx_key_index *index, pfx_key_index *view) {
    if (index->frozen != NULL) {
        return PFX_WRONG_STATE;
    }
    *view = *index;
    view->table = NULL;
    view->direct = NULL;
    view->derived = NULL;
    view->block = NULL;
    index->frozen = view;
    return PFX_OK;
}

void pfx_key_index_thaw(pfx_key_index *index) {
    const pfx_key_index *view = index->frozen;
    if (view == NULL) {
        return;
    }
    if (view->words != index->words) {
        pfx_free(index->budget, view->words, words_size(view, view->capacity));
    }
    if (view->nulls != index->nulls) {
        pfx_free(index->budget, view->nulls, view->capacity * view->null_bytes);
    }
    if (view->texts != index->texts) {
        pfx_free(index->budget, view->texts, view->texts_capacity);
    }
    index->frozen = NULL;
}
