from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.panes cimport pfx_panes
from pyflinkx._core.pfx.running cimport pfx_running
from pyflinkx._core.pfx.slicing cimport pfx_slicing
from pyflinkx._core.pfx.state_rows cimport pfx_state_rows
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/partials.h" nogil:
    ctypedef struct pfx_partial_rows:
        pfx_state_rows rows
        int64_t most_bytes

    pfx_status pfx_partial_rows_init(
        pfx_partial_rows *partials, const pfx_agg *agg, const pfx_key_index *index, int32_t max_parallelism,
        int32_t subtasks, pfx_out_column *columns, int32_t spaces)
    void pfx_partial_rows_free(pfx_partial_rows *partials)

    ctypedef struct pfx_partials:
        pfx_panes panes
        int64_t sequence

    pfx_status pfx_partials_init(
        pfx_partials *partials, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing)
    void pfx_partials_free(pfx_partials *partials)
    pfx_status pfx_partials_add(
        pfx_partials *partials, const pfx_key_column *keys, const pfx_key_column *fields, const int64_t *timestamps,
        int64_t start, int64_t rows, int64_t watermark, int64_t *row)
    pfx_status pfx_partials_send(
        pfx_partials *partials, pfx_partial_rows *rows, int64_t watermark, int64_t limit, int *more)
    void pfx_partials_forget_keys(pfx_partials *partials, pfx_partial_rows *rows)
    pfx_status pfx_partials_send_running(
        const pfx_running *running, pfx_partial_rows *rows, int64_t first, int64_t limit)
    void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows)
