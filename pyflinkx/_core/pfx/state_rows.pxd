from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/state_rows.h" nogil:
    ctypedef struct pfx_state_rows:
        int64_t rows

    pfx_status pfx_state_rows_init(
        pfx_state_rows *rows, const pfx_agg *agg, const pfx_key_index *index, int32_t max_parallelism,
        pfx_out_column *columns, int32_t spaces)
    void pfx_state_rows_free(pfx_state_rows *rows)
