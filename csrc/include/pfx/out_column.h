/* A column of results while it is written: values are appended, and its buffers are given away in Arrow's layout. */
#ifndef PFX_OUT_COLUMN_H
#define PFX_OUT_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/arrow.h"
#include "pfx/memory.h"
#include "pfx/status.h"

/* Owns its three blocks, charged to `budget`, whose sizes in bytes are *_capacity, until pfx_out_column_take moves them
 * to the caller or pfx_out_column_free frees them. */
typedef struct pfx_out_column {
    pfx_budget *budget;
    pfx_kind kind;
    int32_t width;        /* bytes of a value; 0 for bools, text, lists and structs */
    int32_t offset_width; /* 4 or 8 for text and binary, else 0 */
    int64_t rows;
    int64_t room; /* rows that fit without growing (text needs room for its bytes, too) */
    int64_t nulls;
    uint8_t *data;
    int64_t data_used; /* of text and binary */
    int64_t data_capacity;
    uint8_t *validity;
    int64_t validity_capacity;
    uint8_t *offsets;
    int64_t offsets_capacity;
} pfx_out_column;

/* Set up an empty column; nothing is allocated. */
void pfx_out_column_init(pfx_out_column *column, const pfx_arrow_type *type, pfx_budget *budget);

/* Free what it holds; it is empty and can be used again. */
void pfx_out_column_free(pfx_out_column *column);

/* Room for so many rows more. */
pfx_status pfx_out_column_reserve(pfx_out_column *column, int64_t rows);

/* Room for so many bytes more of text or binary; PFX_OVERFLOW when they exceed 32-bit offsets. */
pfx_status pfx_out_column_reserve_bytes(pfx_out_column *column, int64_t bytes);

/* Append a row, for which there is room: a null, or the low bytes of a raw word (see pfx_words_load). */
void pfx_out_column_put_null(pfx_out_column *column);
void pfx_out_column_put_word(pfx_out_column *column, int64_t word);

/* Append a row, for which there is room: its bytes. PFX_OVERFLOW when they exceed 32-bit offsets. */
pfx_status pfx_out_column_put_bytes(pfx_out_column *column, const uint8_t *bytes, int64_t size);

/* Append a row of a list, for which there is room, that ends with `items` items in all (less than 2^31 where offsets
 * have 32 bits). */
void pfx_out_column_put_end(pfx_out_column *column, int64_t items);

/* Append a row of a struct, for which there is room; the caller appends one to each column of a field, too, also where
 * the row is a null. */
void pfx_out_column_put_struct(pfx_out_column *column);

/* Take away all rows but the first `rows`, as if the others had never been appended; of a list and a struct the caller
 * cuts the columns of items and fields, too. */
void pfx_out_column_cut(pfx_out_column *column, int64_t rows);

/* Give back room that no row takes, where it is worth a copy of the rows. */
pfx_status pfx_out_column_trim(pfx_out_column *column);

/* Move the blocks to the caller, who frees them with their sizes against the same budget; the column is empty. */
pfx_out_column pfx_out_column_take(pfx_out_column *column);

#endif
