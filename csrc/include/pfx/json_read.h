/* JSON objects into columns, by the fields that are wanted.
 *
 * A reader takes what is usual: UTF-8, values of the declared types in their usual spellings, fields in any order,
 * nulls, fields that are missing or unknown. Everything else, right or wrong, it leaves to a slower decoder, which
 * alone knows all rules and words of errors: such a record is *rare*, and leaves no trace in the columns.
 *
 * Memory behind the last byte to read holds a NUL (as Python's bytes do), which no JSON text has outside of its end, so
 * that nothing looks for the end at every byte. A reader belongs to one thread. */
#ifndef PFX_JSON_READ_H
#define PFX_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pfx/arrow.h"
#include "pfx/bytes.h"
#include "pfx/memory.h"
#include "pfx/out_column.h"
#include "pfx/status.h"

/* How a value is read, and what its column holds. */
typedef enum pfx_json_form {
    PFX_JSON_INTEGER = 0, /* within lowest .. highest; int8 to int64 */
    PFX_JSON_DOUBLE,
    PFX_JSON_FLOAT,
    PFX_JSON_BOOL,
    PFX_JSON_TEXT,      /* strings, and whole numbers and booleans as their text */
    PFX_JSON_CHARACTER, /* a string of one character */
    PFX_JSON_BASE64,    /* binary */
    PFX_JSON_DATE,      /* date32 */
    PFX_JSON_TIME,      /* time64[us] */
    PFX_JSON_TIMESTAMP, /* timestamp[us] at UTC */
    PFX_JSON_INSTANT,   /* binary: as the codec of INSTANT */
    PFX_JSON_BIG_INT,   /* binary: as the codec of BIG_INT */
    PFX_JSON_BIG_DEC,   /* binary: as the codec of BIG_DEC */
    PFX_JSON_LIST,      /* an array of child 0 */
    PFX_JSON_MAP,       /* an object: child 0 is the keys' column (a text), child 1 the values' */
    PFX_JSON_ROW,       /* an object with the children as fields */
    PFX_JSON_TUPLE      /* an array of just the children */
} pfx_json_form;

/* A row, a field or an element. The children of a node stand together in the reader's nodes. */
typedef struct pfx_json_node {
    pfx_json_form form;
    bool nullable;
    int32_t first; /* child; children follow their parents */
    int32_t count; /* of children */
    int64_t lowest;
    int64_t highest;
    size_t name;      /* of a row's field, in quotes: where in the reader's names, at a multiple of 8 */
    size_t name_size; /* with the quotes; 0 for a name that only stands with escapes in JSON */
    int32_t follower; /* the field that came after this one last time */
    int32_t begun;    /* of a row: the field that came first last time */
    size_t slots;     /* of a row: where in the reader's table; `mask` + 1 of them, -1 or a child's number */
    uint32_t mask;
    pfx_out_column column;
} pfx_json_node;

typedef struct pfx_json_reader {
    pfx_budget *budget;
    pfx_json_node *nodes; /* the first is a row */
    int32_t count;
    bool all_fields;    /* whether records that lack a field are rare */
    bool breaks;        /* whether line ends are white space, as they are but between lines */
    pfx_status failure; /* why reading failed where it did for another reason than that a record is rare */
    int32_t *table;
    size_t table_size;
    pfx_writer names;
    pfx_writer keys; /* slots to find keys of a map that come twice */
} pfx_json_reader;

/* What a call of pfx_json_read_lines has come to. */
typedef struct pfx_json_progress {
    int64_t at;     /* where to go on: the start of a line, or the end */
    int64_t lines;  /* lines passed by this call */
    bool rare;      /* whether the line before `at` is left to the caller */
    int64_t start;  /* of that line */
    int64_t length; /* of that line, without its end */
} pfx_json_progress;

/* A reader of `count` nodes, which must be set, each before its children. Owns all its memory; free it also when this
 * fails. */
pfx_status pfx_json_reader_init(pfx_json_reader *reader, pfx_budget *budget, int32_t count);
void pfx_json_reader_free(pfx_json_reader *reader);

/* Say what node `at` is: `type` is that of its column, `name` (UTF-8, not kept) the field's. */
pfx_status pfx_json_reader_set(pfx_json_reader *reader, int32_t at, pfx_json_form form, const pfx_arrow_type *type,
                               bool nullable, int32_t first, int32_t children, const uint8_t *name, size_t size);

/* After the last node: PFX_INVALID_ARGUMENT when children are not where they must be, or two fields of a row have one
 * name. */
pfx_status pfx_json_reader_ready(pfx_json_reader *reader);

/* Rows that have been read and not taken away. */
int64_t pfx_json_reader_rows(const pfx_json_reader *reader);

/* The column of node `at`, with all its blocks, for the caller to take what it holds (pfx_out_column_take). When those
 * of all nodes have been taken, the reader has no rows. */
pfx_status pfx_json_reader_column(pfx_json_reader *reader, int32_t at, pfx_out_column **out);

/* Read one record. *rare says whether it was left to the caller. After a failure only free may be called. */
pfx_status pfx_json_read_message(pfx_json_reader *reader, const uint8_t *bytes, int64_t size, int *rare);

/* Read the lines of `size` bytes that end with a whole line or the input, from byte `from` on: up to `rows` records, up
 * to a rare one. Lines end with \n, \r\n or \r; blank ones are passed over. `sound` says that all bytes are UTF-8. */
pfx_status pfx_json_read_lines(pfx_json_reader *reader, const uint8_t *bytes, int64_t size, int64_t from, int64_t rows,
                               bool sound, pfx_json_progress *out);

#endif
