/* Arrow's C data and stream interfaces, and what a format string says about a column's layout.
 *
 * The structs and flags are the published ABI (https://arrow.apache.org/docs/format/CDataInterface.html and
 * CStreamInterface.html); the guard names are the ones that the specification asks for. */
#ifndef PFX_ARROW_H
#define PFX_ARROW_H

#include <stdint.h>

#include "pfx/status.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

typedef enum pfx_kind {
    PFX_KIND_NULL = 0,
    PFX_KIND_BOOL,
    PFX_KIND_INT8,
    PFX_KIND_INT16,
    PFX_KIND_INT32,
    PFX_KIND_INT64,
    PFX_KIND_UINT8,
    PFX_KIND_UINT16,
    PFX_KIND_UINT32,
    PFX_KIND_UINT64,
    PFX_KIND_FLOAT32,
    PFX_KIND_FLOAT64,
    PFX_KIND_UTF8,   /* 32 or 64-bit offsets: see offset_width */
    PFX_KIND_BINARY, /* 32 or 64-bit offsets */
    PFX_KIND_UTF8_VIEW,
    PFX_KIND_BINARY_VIEW,
    PFX_KIND_FIXED_BINARY,
    PFX_KIND_DATE32, /* days */
    PFX_KIND_DATE64, /* milliseconds */
    PFX_KIND_TIME32,
    PFX_KIND_TIME64,
    PFX_KIND_TIMESTAMP,
    PFX_KIND_DURATION,
    PFX_KIND_DECIMAL128,
    PFX_KIND_LIST, /* 32 or 64-bit offsets; a map too, which is a list of structs of key and value */
    PFX_KIND_STRUCT
} pfx_kind;

typedef enum pfx_time_unit { PFX_SECOND = 0, PFX_MILLISECOND, PFX_MICROSECOND, PFX_NANOSECOND } pfx_time_unit;

/* What a format string says. */
typedef struct pfx_arrow_type {
    pfx_kind kind;
    pfx_time_unit unit;   /* of times, timestamps and durations */
    int32_t width;        /* bytes of one value in the data buffer; 0 for bool (bits) and where there is none */
    int32_t offset_width; /* 4 or 8 for utf8, binary and list; else 0 */
    int32_t buffers;      /* buffers of an ArrowArray; for the views: at least so many */
    int32_t children;     /* children of an ArrowArray; -1 for any number */
    int32_t precision;    /* decimal digits */
    int32_t scale;        /* decimal digits after the point; may be negative */
    const char *timezone; /* of a timestamp: points into the format string; empty when there is none; NULL else */
} pfx_arrow_type;

/* Parse `format` into *out. PFX_INVALID_ARGUMENT when the type is not one of pfx_kind or the string is malformed. */
pfx_status pfx_arrow_type_parse(const char *format, pfx_arrow_type *out);

/* Check the offsets of `length` variable-length values: `offsets` (int32 or int64 by `offset_width`) points at the
 * first value's start. PFX_CORRUPT unless they start at >= 0, never fall and end at or before `limit`. */
pfx_status pfx_offsets_check(const void *offsets, int32_t offset_width, int64_t length, int64_t limit);

/* Sum into *total the bytes of `length` string views (16 bytes each, `views` at the first one) whose validity bit is
 * set
 * (`validity` may be NULL; its bit of the first view is `bit_offset`). PFX_CORRUPT when a valid view has a negative
 * length or points outside of the `buffer_count` data buffers, whose sizes are `sizes`. */
pfx_status pfx_views_measure(const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length,
                             int64_t buffer_count, const int64_t *sizes, int64_t *total);

/* Write measured views as int32 offsets (length + 1 of them) and contiguous bytes; the caller sized both by
 * pfx_views_measure and made sure that the total fits an int32. Null views become empty. */
void pfx_views_flatten(const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length,
                       const uint8_t *const *buffers, int32_t *offsets, uint8_t *data);

#endif
