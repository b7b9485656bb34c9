from libc.stdint cimport int64_t

from pyflinkx._core.pfx.agg_columns cimport pfx_agg_import
from pyflinkx._core.pfx.counts cimport pfx_counts
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.panes cimport pfx_panes
from pyflinkx._core.pfx.running cimport pfx_running
from pyflinkx._core.pfx.sessions cimport pfx_sessions
from pyflinkx._core.pfx.slices cimport pfx_slices
from pyflinkx._core.pfx.state_rows cimport pfx_state_rows
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/state_export.h" nogil:
    ctypedef struct pfx_export_place:
        int64_t at
        int64_t within

    pfx_status pfx_running_export(
        const pfx_running *running, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_slices_export(
        const pfx_slices *slices, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_panes_export(
        const pfx_panes *panes, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_sessions_export(
        const pfx_sessions *sessions, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_counts_export(
        const pfx_counts *counts, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_slices_import(
        pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
        int64_t rows)
    pfx_status pfx_sessions_import(
        pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
        int64_t rows)
    pfx_status pfx_counts_import(
        pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
        int64_t rows)
