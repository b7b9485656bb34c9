/* The rows that two streams hold for a join by key and time, and the search for pairs.
 *
 * The rows themselves stay with the caller: a row is a number (int64), which the caller gives it when it adds it, and a
 * timestamp in milliseconds. A row of side 0 (left) and one of side 1 (right) of one key make a pair, in one of two
 * modes:
 *
 * - interval (window_size 0): left + lower <= right <= left + upper; a pair's timestamp is the larger of the two;
 * - window (window_size > 0): both lie in one tumbling window; a pair's timestamp is the window's last millisecond.
 *
 * The rules for late rows and for when rows are forgotten are those of Flink's IntervalJoinOperator and of its window
 * operator without allowed lateness. Forgotten rows make no more pairs at once; their memory is given back by
 * pfx_join_expire. Sums of times saturate. */
#ifndef PFX_INTERVAL_JOIN_H
#define PFX_INTERVAL_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/key.h"
#include "pfx/key_columns.h"
#include "pfx/key_hash.h"
#include "pfx/key_index.h"
#include "pfx/memory.h"
#include "pfx/status.h"

/* A row that waits for others. */
typedef struct pfx_join_row {
    int64_t time;
    int64_t number;
} pfx_join_row;

/* The rows of one key on one side: rows[start .. count - 1]; those before `sorted` are in the order of their times. */
typedef struct pfx_join_list {
    pfx_join_row *rows;
    int64_t start;
    int64_t sorted;
    int64_t count;
    int64_t capacity;
} pfx_join_list;

/* The rows of a key. */
typedef struct pfx_join_key {
    pfx_join_list sides[2];
} pfx_join_key;

/* Keys that are written before they are looked up. */
#define PFX_JOIN_KEYS 1024

/* Owns its tables, charged to the budget; borrows the budget and the secret. Must not be moved. Keys are numbered by
 * their canonical bytes (pfx/key.h), as the two sides' columns may be of different types. */
typedef struct pfx_join {
    pfx_budget *budget;
    int64_t lower;
    int64_t upper;
    int64_t window_size;
    int64_t window_offset;
    int64_t watermark;
    pfx_arrow_type key_type;
    pfx_key_index index;
    pfx_key written; /* keys, one behind the other, and where they end */
    int64_t offsets[PFX_JOIN_KEYS + 1];
    pfx_join_key *keys; /* by number */
    int64_t key_count;
    int64_t key_capacity;
    pfx_join_row *scratch;
    int64_t scratch_size;
    int64_t rows[2]; /* rows held on each side, forgotten ones too until they are expired */
} pfx_join;

/* Where a search for pairs stands. */
typedef struct pfx_join_cursor {
    int64_t row;
    int64_t position; /* in the other side's list; -1 when the row's search has not begun */
    int64_t end;
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

/* Write the number of the key of each of `rows` rows, adding keys that are new. They are good until pfx_join_expire. On
 * PFX_OVERFLOW *row is the row whose key cannot be written (see pfx_key_put_row). */
pfx_status pfx_join_find_keys(pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t rows, int32_t *keys,
                              int64_t *row);

/* Find pairs of `count` rows of a side with those held on the other side, from where the cursor (zeroed, position -1,
 * for the first call) stands. Writes at most `capacity` pairs: which of the rows, the number of the other side's row,
 * the pair's timestamp; *pairs is how many. All are found when cursor->row == count. */
pfx_status pfx_join_probe(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                          pfx_join_cursor *cursor, int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps,
                          int64_t *pairs);

/* Hold `count` rows of a side, numbered from `first` on. On failure none of them is held. */
pfx_status pfx_join_add(pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count,
                        int64_t first);

/* Whether no row of either side that is from `time` or earlier can make any more pairs. */
bool pfx_join_forgotten(const pfx_join *join, int64_t time);

/* Drop the rows that can make no more pairs, and the keys without rows. */
pfx_status pfx_join_expire(pfx_join *join);

/* Set held[number] to 1 for each row held on that side; the caller sized and cleared it. */
void pfx_join_mark(const pfx_join *join, int side, uint8_t *held);

/* Write times[number] for each row held on that side; the caller sized it. */
void pfx_join_times(const pfx_join *join, int side, int64_t *times);

/* Give the rows held on that side the numbers numbers[number]. */
void pfx_join_renumber(pfx_join *join, int side, const int64_t *numbers);

#endif
