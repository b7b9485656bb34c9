from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/csv_read.h" nogil:
    ctypedef enum pfx_csv_kind:
        PFX_CSV_SKIPPED
        PFX_CSV_INTEGER
        PFX_CSV_DOUBLE
        PFX_CSV_FLOAT
        PFX_CSV_BOOL
        PFX_CSV_TEXT
        PFX_CSV_CHARACTER
        PFX_CSV_DATE
        PFX_CSV_TIME
        PFX_CSV_TIMESTAMP

    ctypedef struct pfx_csv_field:
        pfx_csv_kind kind
        bint nullable
        int64_t least
        int64_t greatest
        pfx_out_column *out

    ctypedef struct pfx_csv_literal:
        const char *text
        int64_t length

    ctypedef struct pfx_csv_reader:
        pfx_csv_field *fields
        int32_t count
        char delimiter
        char quote
        char escape
        bint comments
        bint cuts
        const pfx_csv_literal *nulls
        int32_t null_count
        int64_t field_limit

    ctypedef enum pfx_csv_stop:
        PFX_CSV_FULL
        PFX_CSV_END
        PFX_CSV_RARE

    ctypedef struct pfx_csv_place:
        int64_t at
        int64_t line
        int64_t rows

    void pfx_csv_prepare(pfx_csv_reader *reader)
    pfx_status pfx_csv_read(
        const pfx_csv_reader *reader, const char *text, int64_t length, int64_t trusted, int64_t limit,
        pfx_csv_place *place, pfx_csv_stop *stop)
    pfx_status pfx_csv_read_messages(
        const pfx_csv_reader *reader, const char *text, const int64_t *ends, int64_t count, int64_t *rows,
        int64_t *rare, int64_t *rare_count)
    int64_t pfx_csv_pass_lines(const char *text, int64_t length, int64_t at, int64_t *lines)
    int64_t pfx_csv_trusted(const char *text, int64_t length, int64_t at)
