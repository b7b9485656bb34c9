/* Rows of key columns as words, some at a time, and their hashes. Private to key_*.c. */
#ifndef PFX_KEY_BLOCK_H
#define PFX_KEY_BLOCK_H

#include "pfx/key_index.h"

/* Rows of a block: what is prepared for them fits the second cache even for wide keys. */
#define PFX_KEY_ROWS 1024
/* Bytes of text that fit its two words beside the size. */
#define PFX_KEY_INLINE 12
/* Long texts lie at multiples of so many bytes, so that 32 bits reach far. */
#define PFX_TEXT_UNIT 16

#if defined(__GNUC__)
#define PFX_PREFETCH(address) __builtin_prefetch(address, 1)
#else
#define PFX_PREFETCH(address) ((void)(address))
#endif

typedef enum pfx_key_form {
    PFX_FORM_NOTHING, /* always null: no word */
    PFX_FORM_WORD,
    PFX_FORM_PAIR, /* decimals */
    PFX_FORM_TEXT  /* bytes, of any size or of the same */
} pfx_key_form;

typedef struct pfx_key_block {
    const pfx_key_column *columns; /* what it was loaded from */
    int64_t start;
    int64_t rows;
    bool hashed;
    bool has_nulls;
    bool has_long; /* texts */
    int64_t fresh_count;
    uint32_t fresh[PFX_KEY_ROWS]; /* slots of the keys that the block has brought */
    uint32_t tags[PFX_KEY_ROWS];
    pfx_key_sum sums[PFX_KEY_ROWS];
    uint8_t *nulls;          /* `null_bytes` for each row; all 0 without has_nulls */
    uint64_t *room;          /* PFX_KEY_ROWS for each word */
    const uint64_t *words[]; /* of each word of a key: that of every row, in `room` or where the column has it */
} pfx_key_block;

static inline pfx_key_form pfx_key_form_of(const pfx_arrow_type *type) {
    return type->kind == PFX_KIND_NULL         ? PFX_FORM_NOTHING
           : pfx_kind_is_narrow(type->kind)    ? PFX_FORM_WORD
           : type->kind == PFX_KIND_DECIMAL128 ? PFX_FORM_PAIR
                                               : PFX_FORM_TEXT;
}

static inline int32_t pfx_key_form_words(pfx_key_form form) {
    return form == PFX_FORM_NOTHING ? 0 : form == PFX_FORM_WORD ? 1 : 2;
}

/* What the index hashes under. */
static inline const pfx_key_secret *pfx_key_index_secret(const pfx_key_index *index) {
    return index->derived != NULL ? index->derived : index->secret;
}

static inline bool pfx_key_is_long(uint64_t second) {
    return (uint32_t)second > PFX_KEY_INLINE;
}

/* Where the bytes of a long text of the index are, by its second word. */
static inline const uint8_t *pfx_key_long(const pfx_key_index *index, uint64_t second) {
    return index->texts + (int64_t)(second >> 32) * PFX_TEXT_UNIT;
}

/* Make the index's block, once. */
pfx_status pfx_key_block_make(pfx_key_index *index);
void pfx_key_block_free(pfx_key_index *index);

/* Load rows (at most PFX_KEY_ROWS). PFX_OVERFLOW when a text has 4 GiB. */
pfx_status pfx_key_block_load(const pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows);

/* Write the tags of all rows. */
void pfx_key_block_hash(const pfx_key_index *index);

/* The tag of a key that the index has. */
uint32_t pfx_key_index_tag(const pfx_key_index *index, uint32_t id);

/* Whether a key is that of row `i` of the block. */
bool pfx_key_is_row(const pfx_key_index *index, uint32_t id, int64_t i);

/* Whether each of rows first .. end - 1 has the key that `ids` says. */
bool pfx_key_are_rows(const pfx_key_index *index, const uint32_t *ids, int64_t first, int64_t end);

/* Room for so many keys. */
pfx_status pfx_key_reserve(pfx_key_index *index, int64_t keys);

/* Room for a long text more: its place. */
pfx_status pfx_key_reserve_text(pfx_key_index *index, int64_t size, uint32_t *place);

/* Give row `i` the next number, for which there is room. */
pfx_status pfx_key_append(pfx_key_index *index, int64_t i);

#endif
