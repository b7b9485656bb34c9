from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.arrow cimport pfx_arrow_type
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/csv_write.h" nogil:
    ctypedef struct pfx_csv_writer:
        char delimiter
        char quote
        bint crlf
        const char *null
        int64_t null_length

    ctypedef struct pfx_csv_text:
        pfx_budget *budget
        char *bytes
        int64_t used
        int64_t capacity

    void pfx_csv_writer_prepare(pfx_csv_writer *writer)
    bint pfx_csv_can_write(const pfx_arrow_type *type)
    pfx_status pfx_csv_write(
        const pfx_csv_writer *writer, const pfx_key_column *columns, int32_t count, int64_t rows, pfx_csv_text *out)
