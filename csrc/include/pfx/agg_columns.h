/* States of aggregates as columns, in the form of docs/formats/states.md, and back.
 *
 * Each accumulator has one to three columns, in the order of the accumulators; a set of different values has two, a
 * list and its items. They are written from states that pointers find, so it does not matter who holds them; what is
 * read becomes states of a block, which are then added to others. What is read may be anything: its columns must have
 * the right types and lie within their buffers, and nothing else is taken for granted. */
#ifndef PFX_AGG_COLUMNS_H
#define PFX_AGG_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/agg.h"
#include "pfx/key_columns.h"
#include "pfx/memory.h"
#include "pfx/out_column.h"
#include "pfx/status.h"

/* No state has been made of more rows, so that sums of a few do not overflow; and row numbers lie below. */
#define PFX_MOST_ROWS (INT64_C(1) << 56)
#define PFX_MOST_SEQUENCE (INT64_C(1) << 62)

/* How many columns an accumulator has. */
int32_t pfx_acc_columns(pfx_acc_kind kind);

/* Append `count` states; `columns` has those of all accumulators. */
pfx_status pfx_agg_export(const pfx_agg *agg, uint8_t *const *states, int64_t count, pfx_out_column *columns);

/* States that are read from columns, at most PFX_CHUNK at a time. Owns its block, charged to the budget of its pfx_agg,
 * which it borrows with the columns. */
typedef struct pfx_agg_import {
    pfx_agg *agg;
    const pfx_key_column *columns; /* those of all accumulators */
    uint8_t *states;
    int64_t room;
    bool starts;           /* states are to be empty before they are read */
    int64_t count;         /* states in the block */
    int64_t next_sequence; /* one more than the largest row number that was read; 0 for none */
    /* What a PFX_CORRUPT is about. */
    int64_t failed_row;
    int32_t failed_acc;
} pfx_agg_import;

/* For batches of at most `rows` rows. */
pfx_status pfx_agg_import_init(pfx_agg_import *import, pfx_agg *agg, const pfx_key_column *columns, int64_t rows);
void pfx_agg_import_free(pfx_agg_import *import);

/* Read rows start .. start + rows - 1 into the block. PFX_CORRUPT when one is what no state can be. */
pfx_status pfx_agg_import_read(pfx_agg_import *import, int64_t start, int64_t rows);

/* Add each state of the block to that in `into`; the block is empty then. */
pfx_status pfx_agg_import_merge(pfx_agg_import *import, uint8_t *const *into);

#endif
