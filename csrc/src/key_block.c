#include "key_block.h"

#include <string.h>

#include "pfx/bitmap.h"

static int64_t block_size(const pfx_key_index *index) {
    int64_t words = index->width * (int64_t)(sizeof(uint64_t *) + PFX_KEY_ROWS * sizeof(uint64_t));
    return (int64_t)sizeof(pfx_key_block) + words + (int64_t)index->null_bytes * PFX_KEY_ROWS;
}

pfx_status pfx_key_block_make(pfx_key_index *index) {
    void *memory;
    if (index->block != NULL) {
        return PFX_OK;
    }
    PFX_TRY(pfx_alloc(index->budget, block_size(index), &memory));
    index->block = memory;
    index->block->room = (uint64_t *)(void *)(index->block->words + index->width);
    index->block->nulls = (uint8_t *)(index->block->room + (int64_t)index->width * PFX_KEY_ROWS);
    memset(index->block->nulls, 0, (size_t)index->null_bytes * PFX_KEY_ROWS);
    index->block->has_nulls = false;
    return PFX_OK;
}

void pfx_key_block_free(pfx_key_index *index) {
    pfx_free(index->budget, index->block, block_size(index));
    index->block = NULL;
}

/* ---- loading ---- */

/* Flag the nulls of a column, and make their words 0. */
static void load_nulls(const pfx_key_index *index, int32_t number, pfx_key_form form, uint64_t *first,
                       uint64_t *second) {
    pfx_key_block *block = index->block;
    const pfx_key_column *column = &block->columns[number];
    uint8_t *nulls = block->nulls + number / 8;
    int bit = number % 8;
    uint64_t any = 0;
    for (int64_t i = 0; i < block->rows; i++) {
        uint64_t null = form == PFX_FORM_NOTHING || !pfx_bit_get(column->validity, column->offset + block->start + i);
        any |= null;
        nulls[i * index->null_bytes] |= (uint8_t)(null << bit);
        if (form != PFX_FORM_NOTHING) {
            first[i] &= null - 1;
        }
        if (second != NULL) {
            second[i] &= null - 1;
        }
    }
    block->has_nulls = block->has_nulls || any;
}

static void load_pairs(const pfx_key_block *block, const pfx_key_column *column, uint64_t *first, uint64_t *second) {
    const uint8_t *from = column->data + (column->offset + block->start) * 16;
    for (int64_t i = 0; i < block->rows; i++) {
        memcpy(&first[i], from + i * 16, 8);
        memcpy(&second[i], from + i * 16 + 8, 8);
    }
}

/* Ones before zeros: from position PFX_KEY_INLINE - size on, a mask of the first `size` bytes. */
static const uint8_t MASK[PFX_KEY_INLINE * 2] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

static inline void masked(const uint8_t *bytes, int64_t size, uint64_t *first, uint64_t *second) {
    const uint8_t *mask = MASK + PFX_KEY_INLINE - size;
    uint64_t head, head_mask;
    uint32_t tail, tail_mask;
    memcpy(&head, bytes, 8);
    memcpy(&head_mask, mask, 8);
    memcpy(&tail, bytes + 8, 4);
    memcpy(&tail_mask, mask + 8, 4);
    *first = head & head_mask;
    *second = (uint64_t)(tail & tail_mask) << 32 | (uint64_t)size;
}

/* `start` and `end` are where the bytes of row `i` are; `last` is the end of what may be read. A short text is read as
 * if it were of full length where that is possible. A size beyond 32 bits is noted in `beyond`, not in the word. */
#define LOAD_TEXTS(start_of, end_of, last_end)                            \
    do {                                                                  \
        const int64_t safe = (last_end) - PFX_KEY_INLINE;                 \
        for (int64_t i = 0; i < rows; i++) {                              \
            int64_t from = (start_of), size = (end_of) - from;            \
            if (size <= PFX_KEY_INLINE) {                                 \
                const uint8_t *bytes = padded;                            \
                if (from <= safe) {                                       \
                    bytes = data + from;                                  \
                } else if (size > 0) {                                    \
                    memcpy(padded, data + from, (size_t)size);            \
                }                                                         \
                masked(bytes, size, &first[i], &second[i]);               \
            } else {                                                      \
                long_ones = true;                                         \
                beyond |= size >> 32;                                     \
                first[i] = pfx_key_hash_bytes(secret, data + from, size); \
                second[i] = (uint32_t)size;                               \
            }                                                             \
        }                                                                 \
    } while (0)

static pfx_status load_texts(const pfx_key_index *index, const pfx_key_column *column, uint64_t *first,
                             uint64_t *second) {
    const pfx_key_secret *secret = pfx_key_index_secret(index);
    pfx_key_block *block = index->block;
    const pfx_arrow_type *type = column->type;
    const uint8_t *data = column->data;
    uint8_t padded[PFX_KEY_INLINE] = {0};
    int64_t rows = block->rows, at = column->offset + block->start, beyond = 0;
    bool long_ones = false;
    if (type->offset_width == 4) {
        const int32_t *offsets = (const int32_t *)column->offsets + at;
        LOAD_TEXTS(offsets[i], offsets[i + 1], (int64_t)offsets[rows]);
    } else if (type->offset_width == 8) {
        const int64_t *offsets = (const int64_t *)column->offsets + at;
        LOAD_TEXTS(offsets[i], offsets[i + 1], offsets[rows]);
    } else {
        int64_t width = type->width;
        LOAD_TEXTS((at + i) * width, (at + i + 1) * width, (at + rows) * width);
    }
    block->has_long = block->has_long || long_ones;
    return beyond == 0 ? PFX_OK : PFX_OVERFLOW;
}

pfx_status pfx_key_block_load(const pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows) {
    pfx_key_block *block = index->block;
    block->columns = columns;
    block->start = start;
    block->rows = rows;
    block->hashed = false;
    block->has_long = false;
    if (block->has_nulls) {
        memset(block->nulls, 0, (size_t)index->null_bytes * PFX_KEY_ROWS);
        block->has_nulls = false;
    }
    int32_t at = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        const pfx_key_column *column = &columns[c];
        pfx_key_form form = pfx_key_form_of(&index->types[c]);
        uint64_t *first = block->room + (int64_t)at * PFX_KEY_ROWS;
        uint64_t *second = pfx_key_form_words(form) == 2 ? first + PFX_KEY_ROWS : NULL;
        const uint64_t *loaded = first;
        if (form == PFX_FORM_WORD) {
            loaded = (const uint64_t *)pfx_words_load(column, PFX_WORD_KEY, start, rows, (int64_t *)first);
            if (column->validity != NULL && loaded != first) {
                memcpy(first, loaded, (size_t)rows * sizeof *first);
                loaded = first;
            }
        } else if (form == PFX_FORM_PAIR) {
            load_pairs(block, column, first, second);
        } else if (form == PFX_FORM_TEXT) {
            PFX_TRY(load_texts(index, column, first, second));
        }
        if (form == PFX_FORM_NOTHING || column->validity != NULL) {
            load_nulls(index, c, form, first, second);
        }
        if (form != PFX_FORM_NOTHING) {
            block->words[at] = loaded;
        }
        if (second != NULL) {
            block->words[at + 1] = second;
        }
        at += pfx_key_form_words(form);
    }
    return PFX_OK;
}

/* ---- hashes ---- */

static inline uint32_t tag_of(uint64_t hash) {
    return (uint32_t)(hash >> 32);
}

/* Keys of up to so many words, and flags of up to so many columns, are hashed in one pass. */
#define FEW_WORDS 4
#define FEW_COLUMNS 4

/* What the flags of a key's nulls add to its sum. */
static pfx_key_sum null_sum(const pfx_key_index *index, uint64_t flags) {
    pfx_key_sum sum = {0, 0};
    uint64_t low, high;
    for (int32_t c = 0; c < index->columns && flags >> c != 0; c++) {
        if (flags >> c & 1) {
            pfx_key_term(pfx_key_index_secret(index), index->width + c, &low, &high);
            sum = pfx_key_sum_add(sum, low, high, 1);
        }
    }
    return sum;
}

/* `width` and `nulls` are constants. */
static inline void hash_few(const pfx_key_index *index, int32_t width, bool nulls) {
    const pfx_key_secret secret = *pfx_key_index_secret(index);
    pfx_key_block *block = index->block;
    const uint64_t *words[FEW_WORDS];
    pfx_key_sum sums[1 << FEW_COLUMNS];
    for (int32_t w = 0; w < width; w++) {
        words[w] = block->words[w];
    }
    for (uint64_t flags = 0; nulls && flags < UINT64_C(1) << index->columns; flags++) {
        sums[flags] = null_sum(index, flags);
    }
    for (int64_t i = 0; i < block->rows; i++) {
        pfx_key_sum sum = pfx_key_sum_start(&secret);
        for (int32_t w = 0; w < width; w++) {
            sum = pfx_key_sum_add(sum, secret.low[w], secret.high[w], words[w][i]);
        }
        if (nulls) {
            pfx_key_sum more = sums[block->nulls[i]];
            sum.high += more.high + (sum.low + more.low < sum.low);
        }
        block->tags[i] = tag_of(pfx_key_fold(&secret, sum.high));
    }
}

static void hash_many(const pfx_key_index *index) {
    const pfx_key_secret *secret = pfx_key_index_secret(index);
    pfx_key_block *block = index->block;
    pfx_key_sum *sums = block->sums;
    uint64_t low, high;
    for (int64_t i = 0; i < block->rows; i++) {
        sums[i] = pfx_key_sum_start(secret);
    }
    for (int32_t w = 0; w < index->width; w++) {
        const uint64_t *words = block->words[w];
        pfx_key_term(secret, w, &low, &high);
        for (int64_t i = 0; i < block->rows; i++) {
            sums[i] = pfx_key_sum_add(sums[i], low, high, words[i]);
        }
    }
    for (int32_t c = 0; block->has_nulls && c < index->columns; c++) {
        const uint8_t *nulls = block->nulls + c / 8;
        pfx_key_term(secret, index->width + c, &low, &high);
        for (int64_t i = 0; i < block->rows; i++) {
            uint64_t null = nulls[i * index->null_bytes] >> c % 8 & 1;
            sums[i] = pfx_key_sum_add(sums[i], low & -null, high & -null, 1);
        }
    }
    for (int64_t i = 0; i < block->rows; i++) {
        block->tags[i] = tag_of(pfx_key_fold(secret, sums[i].high));
    }
}

void pfx_key_block_hash(const pfx_key_index *index) {
    index->block->hashed = true;
    if (index->width > FEW_WORDS || index->columns > FEW_COLUMNS) {
        hash_many(index);
        return;
    }
    switch (index->block->has_nulls ? -index->width : index->width) {
    case 1:
        hash_few(index, 1, false);
        break;
    case 2:
        hash_few(index, 2, false);
        break;
    case 3:
        hash_few(index, 3, false);
        break;
    case 4:
        hash_few(index, 4, false);
        break;
    case -1:
        hash_few(index, 1, true);
        break;
    case -2:
        hash_few(index, 2, true);
        break;
    case -3:
        hash_few(index, 3, true);
        break;
    case -4:
        hash_few(index, 4, true);
        break;
    default:
        hash_many(index);
        break;
    }
}

uint32_t pfx_key_index_tag(const pfx_key_index *index, uint32_t id) {
    const pfx_key_secret *secret = pfx_key_index_secret(index);
    const uint64_t *words = index->words + (int64_t)id * index->width;
    pfx_key_sum sum = pfx_key_sum_start(secret);
    uint64_t low, high;
    int32_t at = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        pfx_key_form form = pfx_key_form_of(&index->types[c]);
        for (int32_t part = 0; part < pfx_key_form_words(form); part++, at++) {
            /* Where a long text lies is no part of it. */
            uint64_t word = words[at];
            word = form == PFX_FORM_TEXT && part == 1 && pfx_key_is_long(word) ? (uint32_t)word : word;
            pfx_key_term(secret, at, &low, &high);
            sum = pfx_key_sum_add(sum, low, high, word);
        }
        if (index->nulls != NULL && index->nulls[(int64_t)id * index->null_bytes + c / 8] >> c % 8 & 1) {
            pfx_key_term(secret, index->width + c, &low, &high);
            sum = pfx_key_sum_add(sum, low, high, 1);
        }
    }
    return tag_of(pfx_key_fold(secret, sum.high));
}

/* ---- comparing ---- */

static bool same_text(const pfx_key_index *index, const pfx_key_column *column, uint64_t held, int64_t row) {
    const uint8_t *bytes;
    int64_t size;
    pfx_wide_value(column, row, &bytes, &size);
    return memcmp(pfx_key_long(index, held), bytes, (size_t)size) == 0;
}

bool pfx_key_is_row(const pfx_key_index *index, uint32_t id, int64_t i) {
    const pfx_key_block *block = index->block;
    const uint64_t *held = index->words + (int64_t)id * index->width;
    int32_t at = 0;
    if (index->nulls != NULL && memcmp(index->nulls + (int64_t)id * index->null_bytes,
                                       block->nulls + i * index->null_bytes, (size_t)index->null_bytes) != 0) {
        return false;
    }
    for (int32_t c = 0; c < index->columns; c++) {
        pfx_key_form form = pfx_key_form_of(&index->types[c]);
        int32_t words = pfx_key_form_words(form);
        if (words > 0 && held[at] != block->words[at][i]) {
            return false;
        }
        if (words == 2) {
            uint64_t second = block->words[at + 1][i];
            if (form == PFX_FORM_TEXT && pfx_key_is_long(second)) {
                if ((uint32_t)held[at + 1] != (uint32_t)second ||
                    !same_text(index, &block->columns[c], held[at + 1], block->start + i)) {
                    return false;
                }
            } else if (held[at + 1] != second) {
                return false;
            }
        }
        at += words;
    }
    return true;
}

/* The bits in which the words of rows and keys differ, where each word is the same in both; `width` is a constant. */
static inline uint64_t differing(const pfx_key_index *index, const uint32_t *ids, int64_t first, int64_t end,
                                 int32_t width) {
    const uint64_t *words[FEW_WORDS];
    uint64_t differ = 0;
    for (int32_t w = 0; w < width; w++) {
        words[w] = index->block->words[w];
    }
    for (int64_t i = first; i < end; i++) {
        const uint64_t *held = index->words + (int64_t)ids[i] * width;
        for (int32_t w = 0; w < width; w++) {
            differ |= held[w] ^ words[w][i];
        }
    }
    return differ;
}

static uint64_t differing_columns(const pfx_key_index *index, const uint32_t *ids, int64_t first, int64_t end) {
    const pfx_key_block *block = index->block;
    const uint64_t *held = index->words;
    int64_t width = index->width;
    uint64_t differ = 0;
    int32_t at = 0;
    for (int32_t c = 0; c < index->columns; c++) {
        pfx_key_form form = pfx_key_form_of(&index->types[c]);
        int32_t words = pfx_key_form_words(form);
        const uint64_t *one = words > 0 ? block->words[at] : NULL, *two = words > 1 ? block->words[at + 1] : NULL;
        if (words == 1) {
            for (int64_t i = first; i < end; i++) {
                differ |= held[ids[i] * width + at] ^ one[i];
            }
        } else if (words == 2 && !(form == PFX_FORM_TEXT && block->has_long)) {
            for (int64_t i = first; i < end; i++) {
                differ |= (held[ids[i] * width + at] ^ one[i]) | (held[ids[i] * width + at + 1] ^ two[i]);
            }
        } else if (words == 2) {
            for (int64_t i = first; i < end; i++) {
                uint64_t place = pfx_key_is_long(two[i]) ? (uint64_t)UINT32_MAX << 32 : 0;
                uint64_t second = held[ids[i] * width + at + 1];
                uint64_t unlike = (held[ids[i] * width + at] ^ one[i]) | ((second ^ two[i]) & ~place);
                if (place != 0 && unlike == 0) {
                    unlike = !same_text(index, &block->columns[c], second, block->start + i);
                }
                differ |= unlike;
            }
        }
        at += words;
    }
    return differ;
}

bool pfx_key_are_rows(const pfx_key_index *index, const uint32_t *ids, int64_t first, int64_t end) {
    const pfx_key_block *block = index->block;
    uint64_t differ = 0;
    switch (block->has_long ? 0 : index->width) {
    case 1:
        differ = differing(index, ids, first, end, 1);
        break;
    case 2:
        differ = differing(index, ids, first, end, 2);
        break;
    case 3:
        differ = differing(index, ids, first, end, 3);
        break;
    case 4:
        differ = differing(index, ids, first, end, 4);
        break;
    default:
        differ = differing_columns(index, ids, first, end);
        break;
    }
    for (int64_t i = first; index->nulls != NULL && i < end; i++) {
        for (int64_t b = 0; b < index->null_bytes; b++) {
            differ |= index->nulls[ids[i] * (int64_t)index->null_bytes + b] ^ block->nulls[i * index->null_bytes + b];
        }
    }
    return differ == 0;
}
