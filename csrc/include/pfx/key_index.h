/* Dense numbers for keys: a hash table from the values of key columns to 0, 1, 2, ... in order of first appearance.
 *
 * A key is a row of words: one for each narrow column (PFX_WORD_KEY), two for each other one. Of decimals these are the
 * value; of text and binary up to 12 bytes and the size (pfx_key_inline), or of longer ones a hash, the size and where
 * the bytes lie in a block of their own. Nulls are a key: their words are 0, and a flag beside the row says so. Keys
 * are equal where those of pfx/key.h are; whole rows are compared, long bytes too.
 *
 * The table hashes under a secret (pfx/key_hash.h). Nothing that can be seen depends on it: neither numbers nor their
 * order. Should rows still meet so often that a search takes more than PFX_LONGEST_PROBE steps, the table is filled
 * anew under another secret.
 *
 * Small dense ranges of integers need no hashing: whenever the table must grow and the words seen so far lie within
 * ranges whose product is a few times the number of keys, they become positions in an array instead, those of several
 * columns as digits of a number. One word too far outside, or a null beside other columns, brings the table back. The
 * decision follows the data as it comes. */
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
#define PFX_MOST_KEYS (INT64_C(1) << 31)
#define PFX_LONGEST_PROBE 256
#define PFX_DIRECT_COLUMNS 4
#define PFX_MOST_SECRETS 16

/* The most rows that one call works on: what is prepared for them stays in the first caches. */
#define PFX_CHUNK 2048

struct pfx_key_block;

/* Owns all but `types` and `secret`, which the caller keeps alive and in place; charged to `budget`. */
typedef struct pfx_key_index {
    pfx_budget *budget;
    const pfx_key_secret *secret;
    const pfx_arrow_type *types;
    int32_t columns;
    int32_t width;      /* words of a key */
    int32_t null_bytes; /* flags of a key: bit c % 8 of byte c / 8 for column c */
    bool narrow;        /* a word for each column, and few columns: an array may take the place of the table */
    uint32_t count;
    uint32_t null_id; /* the number of null, where it is a whole key */
    uint64_t *words;  /* `width` for each key */
    uint8_t *nulls;   /* `null_bytes` for each key; NULL as long as no key has one */
    int64_t capacity; /* keys */
    uint8_t *texts;   /* long ones, each at a multiple of PFX_TEXT_UNIT */
    int64_t texts_used;
    int64_t texts_capacity;
    uint64_t *table;    /* a tag (bits of the hash) in the upper half, a number + 1 in the lower; 0 when free */
    int64_t table_size; /* a power of two */
    int shift;
    int64_t longest;         /* steps that the search for a key of the table takes at most */
    pfx_key_secret *derived; /* what is hashed under instead of the secret, once a search was too long */
    int32_t secrets;         /* how often that happened */
    uint32_t *direct;        /* numbers by place: the words, less their base, are the digits of the place */
    int64_t direct_size;
    int64_t direct_base[PFX_DIRECT_COLUMNS];
    int64_t direct_span[PFX_DIRECT_COLUMNS]; /* of each digit; their product is the size */
    struct pfx_key_block *block;
    struct pfx_key_index *frozen; /* whose rows of words, nulls and texts stay where they are; NULL for none */
} pfx_key_index;

/* Set up an empty index of keys of `columns` columns (0: every row has the same key); nothing is allocated. */
void pfx_key_index_init(pfx_key_index *index, pfx_budget *budget, const pfx_key_secret *secret,
                        const pfx_arrow_type *types, int32_t columns);

/* Free all; the index is empty and can be used again. */
void pfx_key_index_free(pfx_key_index *index);

/* Write the numbers of the keys of rows start .. start + rows - 1 (at most PFX_CHUNK). PFX_OVERFLOW when there are more
 * than PFX_MOST_KEYS keys, one of 4 GiB, or 64 GiB of those beyond 12 bytes. After a failure some of the rows may have
 * become keys, and the index can still be used. */
pfx_status pfx_key_index_map(pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows,
                             uint32_t *ids);

/* The bytes of what a column of text or binary of a key has. */
int64_t pfx_key_index_size(const pfx_key_index *index, int32_t column, uint32_t id);

/* Append the values that column `column` of these keys has. */
pfx_status pfx_key_index_write(const pfx_key_index *index, int32_t column, const uint32_t *ids, int64_t count,
                               pfx_out_column *out);

/* Forget the keys whose `renumbered` is PFX_NO_KEY; the others keep their order, and their new numbers are written
 * there. On failure nothing has changed. */
pfx_status pfx_key_index_compact(pfx_key_index *index, uint32_t *renumbered);

/* Make `view`, which must stay where it is, the keys that there are now, for another thread to read with
 * pfx_key_index_write. Rows of keys are only ever appended, so there is nothing to copy: blocks that the index grows
 * out of, or frees, wait until pfx_key_index_thaw. PFX_WRONG_STATE when it is frozen already. */
pfx_status pfx_key_index_freeze(pfx_key_index *index, pfx_key_index *view);

/* The view is not read any more. */
void pfx_key_index_thaw(pfx_key_index *index);

#endif
