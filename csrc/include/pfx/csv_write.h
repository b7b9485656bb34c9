/* Columns as lines of CSV, as csv.writer of Python with QUOTE_MINIMAL writes str() of their values. */
#ifndef PFX_CSV_WRITE_H
#define PFX_CSV_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/key_columns.h"
#include "pfx/memory.h"
#include "pfx/status.h"

/* How lines are written. The caller owns all memory, fills in what stands before `searched` and calls
 * pfx_csv_writer_prepare. */
typedef struct pfx_csv_writer {
    char delimiter; /* ASCII; neither this nor the quote is in the text of a number or a time, nor `null` */
    char quote;
    bool crlf;        /* lines end with \r\n, not \n */
    const char *null; /* what is written for a null, with the quotes that it needs */
    int64_t null_length;
    uint64_t searched[4]; /* eight times each byte that is put in quotes */
} pfx_csv_writer;

/* Memory of `budget` that grows; the caller frees it (pfx_free of `capacity` bytes). */
typedef struct pfx_csv_text {
    pfx_budget *budget;
    char *bytes;
    int64_t used;
    int64_t capacity;
} pfx_csv_text;

void pfx_csv_writer_prepare(pfx_csv_writer *writer);

/* Whether columns of a type are written: integers, floats, bools, text, days, times and timestamps without a zone up to
 * microseconds. */
bool pfx_csv_can_write(const pfx_arrow_type *type);

/* Append a line for each of `rows` rows of 1 or more columns. PFX_WRONG_STATE for a text that Python's writer treats in
 * a way of its own: with a \r where lines end with \n; and for a time outside of its calendar. Then nothing is
 * appended. */
pfx_status pfx_csv_write(const pfx_csv_writer *writer, const pfx_key_column *columns, int32_t count, int64_t rows,
                         pfx_csv_text *out);

#endif
