from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.pfx.arrow cimport pfx_arrow_type
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/out_column.h" nogil:
    ctypedef struct pfx_out_column:
        int64_t rows
        int64_t nulls
        uint8_t *data
        int64_t data_capacity
        uint8_t *validity
        int64_t validity_capacity
        uint8_t *offsets
        int64_t offsets_capacity

    void pfx_out_column_init(pfx_out_column *column, const pfx_arrow_type *type, pfx_budget *budget)
    void pfx_out_column_free(pfx_out_column *column)
    pfx_status pfx_out_column_reserve(pfx_out_column *column, int64_t rows)
    void pfx_out_column_put_null(pfx_out_column *column)
    pfx_status pfx_out_column_put_bytes(pfx_out_column *column, const uint8_t *bytes, int64_t size)
    void pfx_out_column_cut(pfx_out_column *column, int64_t rows)
    pfx_status pfx_out_column_trim(pfx_out_column *column)
    pfx_out_column pfx_out_column_take(pfx_out_column *column)
