from libc.stdint cimport int64_t

from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.agg_columns cimport pfx_agg_import
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.results cimport pfx_results
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/running.h" nogil:
    ctypedef struct pfx_running:
        int64_t sequence
        int64_t count

    ctypedef struct pfx_running_snapshot:
        pfx_running view
        pfx_key_index keys

    pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index)
    void pfx_running_free(pfx_running *running)
    pfx_status pfx_running_add(
        pfx_running *running, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows, int each,
        int64_t limit, int64_t *done, pfx_results *results)
    pfx_status pfx_running_merge(
        pfx_running *running, const pfx_key_column *keys, pfx_agg_import *states, int64_t rows)
    pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results)
    pfx_status pfx_running_begin_snapshot(pfx_running *running, pfx_running_snapshot **snapshot)
    void pfx_running_step_snapshot(pfx_running *running, int64_t most, int64_t *left)
    pfx_status pfx_running_read_snapshot(pfx_running_snapshot *snapshot)
    void pfx_running_end_snapshot(pfx_running *running)
