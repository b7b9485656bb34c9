from libc.stdint cimport int64_t

from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.results cimport pfx_results
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/sessions.h" nogil:
    ctypedef struct pfx_sessions:
        int64_t live
        int64_t watermark
        int64_t sequence

    ctypedef struct pfx_sessions_snapshot:
        pfx_sessions view
        pfx_key_index keys

    pfx_status pfx_sessions_init(
        pfx_sessions *sessions, pfx_agg *agg, pfx_key_index *index, int64_t gap, int64_t lateness)
    void pfx_sessions_free(pfx_sessions *sessions)
    pfx_status pfx_sessions_add(
        pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *fields, const int64_t *timestamps,
        int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count, pfx_results *results,
        int64_t *row, int *more)
    pfx_status pfx_sessions_fire(
        pfx_sessions *sessions, int64_t watermark, int64_t limit, pfx_results *results, int *more)
    pfx_status pfx_sessions_begin_snapshot(pfx_sessions *sessions, pfx_sessions_snapshot **snapshot)
    void pfx_sessions_step_snapshot(pfx_sessions *sessions, int64_t most, int64_t *left)
    pfx_status pfx_sessions_read_snapshot(pfx_sessions_snapshot *snapshot)
    void pfx_sessions_end_snapshot(pfx_sessions *sessions)
