/* Columns as JSON objects, one to a line, in the spellings of Flink's JSON format.
 *
 * As with reading, what is unusual is left to a slower encoder: infinities and NaN, times outside of Python's calendar,
 * numbers with exponents, text that is not UTF-8. Such a row is rare. */
#ifndef PFX_JSON_WRITE_H
#define PFX_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pfx/bytes.h"
#include "pfx/json_read.h"
#include "pfx/status.h"

/* A column to write. Nothing of it is owned; its memory is readable as the column's layout says, for the rows asked for
 * (of children: for the rows that those lead to). */
typedef struct pfx_json_column {
    pfx_json_form form;
    int32_t first; /* child; children follow their parents */
    int32_t count;
    int32_t width;           /* of a value */
    int64_t offset;          /* of row 0 in the buffers */
    const uint8_t *validity; /* NULL where no row is null */
    const int32_t *offsets;
    const uint8_t *data;
    const uint8_t *name; /* what stands before the value of a row's field, {"a": or ,"b":, and 8 bytes more */
    size_t name_size;
} pfx_json_column;

/* Append rows `from` .. `to` of the row columns[0], each with a line end. *written is the row where it stopped: `to`,
 * or the first rare one, of which nothing is appended. */
pfx_status pfx_json_write_rows(const pfx_json_column *columns, int64_t from, int64_t to, pfx_writer *out,
                               int64_t *written);

#endif
