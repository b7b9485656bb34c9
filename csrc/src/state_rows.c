#include "pfx/state_rows.h"

#include <string.h>

#include "pfx/agg_columns.h"
#include "pfx/key.h"
#include "pfx/key_columns.h"

/* Bytes of texts and sets that end a batch. */
#define LARGE (INT64_C(1) << 25)

pfx_status pfx_state_rows_init(pfx_state_rows *rows, const pfx_agg *agg, const pfx_key_index *index,
                               int32_t max_parallelism, pfx_out_column *columns, int32_t spaces) {
    memset(rows, 0, sizeof *rows);
    if (max_parallelism < 1 || max_parallelism > PFX_MAX_KEY_GROUPS) {
        return PFX_INVALID_ARGUMENT;
    }
    rows->agg = agg;
    rows->index = index;
    rows->max_parallelism = max_parallelism;
    rows->groups = columns;
    rows->keys = columns + 1;
    rows->spaces = rows->keys + index->columns;
    rows->values = rows->spaces + spaces;
    rows->columns = 1 + index->columns + spaces;
    for (int32_t a = 0; a < agg->count; a++) {
        rows->columns += pfx_acc_columns(agg->accs[a].kind);
    }
    return PFX_OK;
}

void pfx_state_rows_free(pfx_state_rows *rows) {
    if (rows->agg != NULL) {
        pfx_free(rows->agg->budget, rows->known_groups, rows->known_room * (int64_t)sizeof *rows->known_groups);
    }
    memset(rows, 0, sizeof *rows);
}

void pfx_state_rows_forget(pfx_state_rows *rows) {
    rows->known = 0;
}

/* How many of `count` keys from number `known` on, at least one, are written as columns that are not too long. */
static int64_t fitting_keys(const pfx_state_rows *rows, int64_t count) {
    const pfx_key_index *index = rows->index;
    int64_t bytes = 0;
    for (int64_t i = 0; i < count; i++) {
        for (int32_t c = 0; c < index->columns; c++) {
            bytes += index->types[c].offset_width > 0 ? pfx_key_index_size(index, c, (uint32_t)(rows->known + i)) : 0;
        }
        if (i > 0 && bytes > LARGE) {
            return i;
        }
    }
    return count;
}

/* Find the groups of `count` keys, at most PFX_CHUNK, from number `known` on: they are written as columns, which are
 * hashed as those of the rows would be. */
static pfx_status find_groups(pfx_state_rows *rows, int64_t count) {
    const pfx_key_index *index = rows->index;
    int32_t columns = index->columns;
    uint32_t ids[PFX_CHUNK];
    for (int64_t i = 0; i < count; i++) {
        ids[i] = (uint32_t)(rows->known + i);
    }
    int64_t size = columns * (int64_t)(sizeof(pfx_out_column) + sizeof(pfx_key_column));
    void *memory;
    PFX_TRY(pfx_alloc(index->budget, size, &memory));
    pfx_out_column *written = memory;
    pfx_key_column *keys = (pfx_key_column *)(void *)(written + columns);
    pfx_status status = PFX_OK;
    int64_t failed;
    for (int32_t c = 0; c < columns; c++) {
        pfx_out_column_init(&written[c], &index->types[c], index->budget);
    }
    for (int32_t c = 0; c < columns && status == PFX_OK; c++) {
        status = pfx_key_index_write(index, c, ids, count, &written[c]);
        keys[c] = (pfx_key_column){.type = &index->types[c],
                                   .validity = written[c].nulls > 0 ? written[c].validity : NULL,
                                   .offsets = written[c].offsets,
                                   .data = written[c].data};
    }
    if (status == PFX_OK) {
        status = pfx_column_key_groups(keys, columns, count, rows->max_parallelism, index->budget,
                                       rows->known_groups + rows->known, &failed);
    }
    for (int32_t c = 0; c < columns; c++) {
        pfx_out_column_free(&written[c]);
    }
    pfx_free(index->budget, memory, size);
    return status;
}

pfx_status pfx_state_rows_begin(pfx_state_rows *rows) {
    int64_t count = rows->index->count, size = (int64_t)sizeof *rows->known_groups;
    if (count > rows->known_room) {
        int64_t room = rows->known_room * 2 > count ? rows->known_room * 2 : count;
        void *memory = rows->known_groups;
        if (memory == NULL) {
            PFX_TRY(pfx_alloc(rows->agg->budget, room * size, &memory));
        } else {
            PFX_TRY(pfx_resize(rows->agg->budget, &memory, rows->known_room * size, room * size));
        }
        rows->known_groups = memory;
        rows->known_room = room;
    }
    while (rows->known < count) {
        int64_t keys = fitting_keys(rows, count - rows->known < PFX_CHUNK ? count - rows->known : PFX_CHUNK);
        if (rows->index->columns == 0) {
            /* Without keys there is one, which everybody has: the group of the empty tuple would say nothing. */
            memset(rows->known_groups + rows->known, 0, (size_t)(keys * size));
        } else {
            PFX_TRY(find_groups(rows, keys));
        }
        rows->known += keys;
    }
    return PFX_OK;
}

pfx_status pfx_state_rows_append(pfx_state_rows *rows, const uint32_t *keys, uint8_t *const *states, int64_t count) {
    PFX_TRY(pfx_out_column_reserve(rows->groups, count));
    int32_t *groups = (int32_t *)(void *)rows->groups->data + rows->groups->rows;
    for (int64_t i = 0; i < count; i++) {
        groups[i] = rows->known_groups[keys[i]];
    }
    rows->groups->rows += count;
    for (int32_t c = 0; c < rows->index->columns; c++) {
        PFX_TRY(pfx_key_index_write(rows->index, c, keys, count, &rows->keys[c]));
    }
    PFX_TRY(pfx_agg_export(rows->agg, states, count, rows->values));
    rows->rows += count;
    return PFX_OK;
}

bool pfx_state_rows_are_large(const pfx_state_rows *rows) {
    int64_t used = 0;
    for (int32_t c = 0; c < rows->columns; c++) {
        const pfx_out_column *column = &rows->groups[c];
        /* Of a list, that is how many items there are. */
        used += column->offset_width > 0 ? column->data_used : column->rows * column->width;
    }
    return used > LARGE;
}
