/* Dense numbers for keys: a hash table from the values of key columns to 0, 1, 2, ... in order of first appearance.
 *
 * A key of one narrow column is held as a word (PFX_WORD_KEY), any other as bytes in one growing block: the bytes of
 * text or binary as they are; of several columns, for each a byte 0 for null, or 1 and then the word, or the size (u32)
 * and the bytes. Nulls are a key. Keys are equal where those of pfx/key.h are.
 *
 * Small dense ranges of integers need no hashing: whenever the table must grow and the words seen so far lie within a
 * range of a few times their number, they become positions in an array instead; one word too far outside of it brings
 * the table back. The decision follows the data as it comes. */
#ifndef PFX_KEY_INDEX_H
#define PFX_KEY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/key_hash.h"
#include "pfx/memory.h"
#include "pfx/out_column.h"
#include "pfx/status.h"
#include "pfx/words.h"

#define PFX_NO_KEY UINT32_MAX

/* The most rows that one call works on: what is prepared for them stays in the first caches. */
#define PFX_CHUNK 2048

typedef struct pfx_key_entry {
    uint64_t word; /* the key, or the hash of its bytes */
    uint64_t id;   /* number + 1; 0 when the entry is free */
} pfx_key_entry;

/* Owns all but `types` and `secret`, which the caller keeps alive and in place; charged to `budget`. */
typedef struct pfx_key_index {
    pfx_budget *budget;
    const pfx_key_secret *secret;
    const pfx_arrow_type *types;
    int32_t columns;
    bool narrow;
    bool may_be_direct;
    uint32_t count;
    uint32_t null_id;
    int64_t least; /* of the words */
    int64_t greatest;
    int64_t *words;
    int64_t words_capacity;
    uint8_t *bytes;
    int64_t bytes_used;
    int64_t bytes_capacity;
    int64_t *ends; /* of the keys' bytes */
    int64_t ends_capacity;
    pfx_key_entry *table;
    int64_t table_size; /* a power of two */
    int shift;
    uint32_t *direct;
    int64_t direct_base;
    int64_t direct_size;
    int64_t *scratch;
} pfx_key_index;

/* Set up an empty index of keys of `columns` columns (0: every row has the same key); nothing is allocated. */
void pfx_key_index_init(pfx_key_index *index, pfx_budget *budget, const pfx_key_secret *secret,
                        const pfx_arrow_type *types, int32_t columns);

void pfx_key_index_free(pfx_key_index *index);

/* Write the numbers of the keys of rows start .. start + rows - 1 (at most PFX_CHUNK). PFX_OVERFLOW when there are more
 * than 2^32 - 2 keys, or one of 4 GiB. */
pfx_status pfx_key_index_map(pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows,
                             uint32_t *ids);

/* The number of a key given as a word, or as bytes. */
pfx_status pfx_key_index_word(pfx_key_index *index, int64_t word, uint32_t *id);
pfx_status pfx_key_index_bytes(pfx_key_index *index, const uint8_t *bytes, int64_t size, uint32_t *id);

/* Append the values that column `column` of these keys has. */
pfx_status pfx_key_index_write(const pfx_key_index *index, int32_t column, const uint32_t *ids, int64_t count,
                               pfx_out_column *out);

/* Forget the keys whose `renumbered` is PFX_NO_KEY; the others keep their order, and their new numbers are written
 * there. On failure nothing has changed. */
pfx_status pfx_key_index_compact(pfx_key_index *index, uint32_t *renumbered);

#endif
