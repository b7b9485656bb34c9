/* The rows that two streams hold for a join by key and time, and the search for pairs.
 *
 * Rows are those of pfx/rows.h, where they are also added, by their timestamps in milliseconds. One of side 0 (left)
 * and one of side 1 (right) of one key make a pair, in one of two modes:
 *
 * - interval (window_size 0): left + lower <= right <= left + upper; a pair's timestamp is the larger of the two;
 * - window (window_size > 0): both lie in one tumbling window; a pair's timestamp is the window's last millisecond.
 *
 * The rules for late rows and for when rows are forgotten are those of Flink's IntervalJoinOperator and of its window
 * operator without allowed lateness. Forgotten rows make no more pairs at once; their memory is given back by
 * pfx_join_expire. Sums of times saturate. */
#ifndef PFX_INTERVAL_JOIN_H
#define PFX_INTERVAL_JOIN_H

#include <stdint.h>

#include "pfx/key_hash.h"
#include "pfx/memory.h"
#include "pfx/rows.h"
#include "pfx/status.h"

/* Owns its rows, charged to the budget; borrows the budget and the secret. Must not be moved. */
typedef struct pfx_join {
    int64_t lower;
    int64_t upper;
    int64_t window_size;
    int64_t window_offset;
    int64_t watermark;
    pfx_rows rows; /* of both sides, in the order of their times; forgotten ones too until they are expired */
} pfx_join;

/* Where a search for pairs stands. */
typedef struct pfx_join_cursor {
    int64_t row;
    int32_t run; /* of the key's rows on the other side, and the row there */
    int32_t at;  /* -1 when the row's search has not begun */
} pfx_join_cursor;

/* Set up an empty join that has seen no watermark. */
void pfx_join_init(pfx_join *join, pfx_budget *budget, const pfx_key_secret *secret, int64_t lower, int64_t upper,
                   int64_t window_size, int64_t window_offset);

/* Free everything. */
void pfx_join_free(pfx_join *join);

/* Event time has come to `watermark`; it never falls. */
void pfx_join_advance(pfx_join *join, int64_t watermark);

/* Write 1 for each of `count` rows that comes too late, else 0; how many do. */
int64_t pfx_join_late(const pfx_join *join, const int64_t *times, int64_t count, uint8_t *late);

/* Find pairs of `count` rows of a side with those held on the other side, from where the cursor (zeroed, `at` -1, for
 * the first call) stands. Writes at most `capacity` pairs: which of the rows, the number of the other side's row,
 * the pair's timestamp; *pairs is how many. All are found when cursor->row == count. */
pfx_status pfx_join_probe(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                          pfx_join_cursor *cursor, int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps,
                          int64_t *pairs);

/* Rows of that side with this time or an earlier one can make no more pairs: they are forgotten. */
int64_t pfx_join_forgotten(const pfx_join *join, int side);

/* Drop the forgotten rows of the next keys, at most `most`: see pfx_rows_expire. */
pfx_status pfx_join_expire(pfx_join *join, int64_t most, int64_t *left);

#endif
