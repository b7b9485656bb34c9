from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/rows.h" nogil:
    ctypedef struct pfx_rows:
        pfx_key_index index
        int64_t held[2]

    pfx_status pfx_rows_find_keys(
        pfx_rows *rows, const pfx_key_column *columns, int32_t width, int64_t count, int32_t *keys, int64_t *row
    )
    pfx_status pfx_rows_add(
        pfx_rows *rows, int side, const int32_t *keys, const int64_t *orders, int64_t count, int64_t first
    )
