/* Accumulators that keep a value of a row: see agg_kept.c. Private to agg*.c. */
#ifndef PFX_AGG_KEPT_H
#define PFX_AGG_KEPT_H

#include "pfx/agg.h"

/* A narrow value, or a copy of the bytes of a wide one. */
typedef union pfx_cell {
    int64_t word;
    struct {
        uint8_t *bytes;
        uint32_t size;
        uint32_t capacity;
    } wide;
} pfx_cell;

/* The value of one row. */
typedef struct pfx_kept {
    int64_t sequence; /* of the row; -1 when there is none */
    pfx_cell value;
    pfx_cell by; /* of min_by and max_by only: the last part */
} pfx_kept;

int64_t pfx_kept_size(const pfx_acc *acc);
void pfx_kept_start(uint8_t *state);
void pfx_kept_clear(const pfx_agg *agg, const pfx_acc *acc, uint8_t *state);
pfx_status pfx_kept_update(pfx_agg *agg, const pfx_acc *acc, const pfx_key_column *columns, int64_t start, int64_t rows,
                           uint8_t *const *states, int64_t sequence);
pfx_status pfx_kept_merge(const pfx_agg *agg, const pfx_acc *acc, uint8_t *into, const uint8_t *from);
/* The bytes of a value of text or binary. */
int64_t pfx_kept_bytes(const uint8_t *state);
pfx_status pfx_kept_put(const pfx_agg *agg, const pfx_acc *acc, const uint8_t *state, pfx_out_column *out);

#endif
