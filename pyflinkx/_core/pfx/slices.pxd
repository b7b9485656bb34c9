from libc.stdint cimport int64_t

from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.agg_columns cimport pfx_agg_import
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.panes cimport pfx_panes, pfx_panes_snapshot
from pyflinkx._core.pfx.results cimport pfx_results
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/slices.h" nogil:
    ctypedef struct pfx_slices:
        pfx_panes panes
        int64_t watermark
        int64_t sequence

    pfx_status pfx_slices_init(
        pfx_slices *slices, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide, int64_t offset,
        bint cumulative, int64_t lateness)
    void pfx_slices_free(pfx_slices *slices)
    pfx_status pfx_slices_add(
        pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *fields, const int64_t *timestamps,
        int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count, pfx_results *results,
        int64_t *row, int *more)
    pfx_status pfx_slices_merge(
        pfx_slices *slices, const pfx_key_column *keys, pfx_agg_import *states, const int64_t *lasts,
        const int64_t *counts, int64_t rows, int64_t *late_rows, int64_t *row)
    pfx_status pfx_slices_fire(
        pfx_slices *slices, int64_t watermark, int64_t limit, pfx_results *results, int *more)
    pfx_status pfx_slices_next_end(pfx_slices *slices, int64_t *end, int *found)
    pfx_status pfx_slices_begin_snapshot(
        pfx_slices *slices, pfx_panes_snapshot **snapshot, int64_t *watermark, int64_t *sequence)
