/* Records of CSV out of bytes, straight into columns.
 *
 * What is read here is read by the rules of the decoder in pyflinkx/formats (csv_records, csv_values); what is rare is
 * not read at all: reading stops before such a record (PFX_CSV_RARE), and whoever called has the other decoder read it,
 * and say what is wrong with it, if something is. So there is one set of rules and of errors. Rare are records that are
 * not as wide as the file, fields that do not hold their type or hold it in an unusual spelling, text behind a closing
 * quote, escaped line ends, fields longer than `field_limit`, a null where there may be none, a record that does not
 * end within the text, and all that ends behind `trusted`. */
#ifndef PFX_CSV_READ_H
#define PFX_CSV_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/out_column.h"
#include "pfx/status.h"

typedef enum pfx_csv_kind {
    PFX_CSV_SKIPPED = 0, /* a column that is not wanted */
    PFX_CSV_INTEGER,
    PFX_CSV_DOUBLE,
    PFX_CSV_FLOAT,
    PFX_CSV_BOOL,
    PFX_CSV_TEXT,
    PFX_CSV_CHARACTER, /* a text of one character */
    PFX_CSV_DATE,      /* days */
    PFX_CSV_TIME,      /* microseconds */
    PFX_CSV_TIMESTAMP  /* microseconds, no zone */
} pfx_csv_kind;

/* A column of the file. */
typedef struct pfx_csv_field {
    pfx_csv_kind kind;
    bool nullable;
    int64_t least; /* of integers */
    int64_t greatest;
    pfx_out_column *out; /* where its values go; NULL when it is skipped */
} pfx_csv_field;

/* A text that stands for null. */
typedef struct pfx_csv_literal {
    const char *text;
    int64_t length;
} pfx_csv_literal;

/* How a file is read. The caller owns all memory, fills in what stands before `ends` and calls pfx_csv_prepare. */
typedef struct pfx_csv_reader {
    pfx_csv_field *fields;
    int32_t count;
    char delimiter;
    char quote; /* '\0' for none, as `escape` */
    char escape;
    bool comments; /* lines that begin with #, after spaces or not, are blank */
    bool cuts;     /* what a record has beyond `count` fields is left out */
    const pfx_csv_literal *nulls;
    int32_t null_count;
    int64_t field_limit;     /* bytes of a field */
    uint8_t ends[256];       /* whether an unquoted field ends before this byte */
    uint8_t null_first[256]; /* whether a text that stands for null begins with it */
    bool empty_is_null;
    uint64_t searched[4]; /* eight times each byte that is looked for in an unquoted text */
} pfx_csv_reader;

typedef enum pfx_csv_stop {
    PFX_CSV_FULL, /* there are as many rows as were wanted */
    PFX_CSV_END,  /* all of the text has been read */
    PFX_CSV_RARE  /* the record that begins at `at` is for the other decoder */
} pfx_csv_stop;

/* How far a text is read. */
typedef struct pfx_csv_place {
    int64_t at;   /* where the next record, or a blank line before it, begins */
    int64_t line; /* the number of its line */
    int64_t rows; /* that the columns have */
} pfx_csv_place;

/* Fill in the rest. */
void pfx_csv_prepare(pfx_csv_reader *reader);

/* Read records from place->at on until place->rows is `limit`; each column gets a row for each. `text` ends with a line
 * end and its first `trusted` bytes are UTF-8 without NUL. */
pfx_status pfx_csv_read(const pfx_csv_reader *reader, const char *text, int64_t length, int64_t trusted, int64_t limit,
                        pfx_csv_place *place, pfx_csv_stop *stop);

/* Read `count` messages of one record each. Message i is what is between ends[i - 1] + 1 (0 for the first) and ends[i],
 * where a \n of nobody's stands; its record may have a line end of its own. Each column gets a row for each message
 * that is not rare; the numbers of the others are written to `rare`, which has room for all. */
pfx_status pfx_csv_read_messages(const pfx_csv_reader *reader, const char *text, const int64_t *ends, int64_t count,
                                 int64_t *rows, int64_t *rare, int64_t *rare_count);

/* Where, from `at` on, `lines` more lines have ended; *lines is what is missing to that when the text ends before. A \r
 * at the very end counts as a line end. */
int64_t pfx_csv_pass_lines(const char *text, int64_t length, int64_t at, int64_t *lines);

/* The first byte, from `at` on, that is NUL or not UTF-8; `length` when there is none. */
int64_t pfx_csv_trusted(const char *text, int64_t length, int64_t at);

#endif
