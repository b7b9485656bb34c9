/* Values out of the fields of CSV. */
#ifndef PFX_CSV_VALUES_H
#define PFX_CSV_VALUES_H

#include "pfx/csv_read.h"

/* Append what `length` bytes (of UTF-8 without NUL) stand for to the field's column, in which there is room for a row.
 * PFX_INVALID_ARGUMENT when it has to be looked at more closely; then nothing was appended. */
pfx_status pfx_csv_add(const pfx_csv_reader *reader, const pfx_csv_field *field, const char *text, int64_t length);

/* Append a null; PFX_INVALID_ARGUMENT where there may be none. */
static inline pfx_status pfx_csv_add_null(const pfx_csv_field *field) {
    if (!field->nullable) {
        return PFX_INVALID_ARGUMENT;
    }
    pfx_out_column_put_null(field->out);
    return PFX_OK;
}

/* Append a whole number. */
pfx_status pfx_csv_add_integer(const pfx_csv_field *field, int64_t value);

#endif
