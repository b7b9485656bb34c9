from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.arrow cimport pfx_arrow_type
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/json_read.h" nogil:
    ctypedef enum pfx_json_form:
        PFX_JSON_INTEGER
        PFX_JSON_DOUBLE
        PFX_JSON_FLOAT
        PFX_JSON_BOOL
        PFX_JSON_TEXT
        PFX_JSON_CHARACTER
        PFX_JSON_BASE64
        PFX_JSON_DATE
        PFX_JSON_TIME
        PFX_JSON_TIMESTAMP
        PFX_JSON_INSTANT
        PFX_JSON_BIG_INT
        PFX_JSON_BIG_DEC
        PFX_JSON_LIST
        PFX_JSON_MAP
        PFX_JSON_ROW
        PFX_JSON_TUPLE

    ctypedef struct pfx_json_reader:
        bint all_fields

    ctypedef struct pfx_json_progress:
        int64_t at
        int64_t lines
        bint rare
        int64_t start
        int64_t length

    pfx_status pfx_json_reader_init(pfx_json_reader *reader, pfx_budget *budget, int32_t count)
    void pfx_json_reader_free(pfx_json_reader *reader)
    pfx_status pfx_json_reader_set(
        pfx_json_reader *reader, int32_t at, pfx_json_form form, const pfx_arrow_type *type, bint nullable,
        int32_t first, int32_t children, const uint8_t *name, size_t size)
    pfx_status pfx_json_reader_ready(pfx_json_reader *reader)
    int64_t pfx_json_reader_rows(const pfx_json_reader *reader)
    pfx_status pfx_json_reader_column(pfx_json_reader *reader, int32_t at, pfx_out_column **out)
    pfx_status pfx_json_read_message(pfx_json_reader *reader, const uint8_t *data, int64_t size, bint *rare)
    pfx_status pfx_json_read_lines(
        pfx_json_reader *reader, const uint8_t *data, int64_t size, int64_t start, int64_t rows, bint sound,
        pfx_json_progress *out)
