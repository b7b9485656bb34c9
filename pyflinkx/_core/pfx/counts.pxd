from libc.stdint cimport int64_t

from pyflinkx._core.pfx.agg cimport pfx_agg
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.results cimport pfx_results
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/counts.h" nogil:
    ctypedef struct pfx_counts:
        int64_t live
        int64_t sequence

    ctypedef struct pfx_counts_snapshot:
        pfx_counts view
        pfx_key_index keys

    pfx_status pfx_counts_init(pfx_counts *counts, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide)
    void pfx_counts_free(pfx_counts *counts)
    pfx_status pfx_counts_add(
        pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows, int64_t timestamp,
        int64_t limit, int64_t *done, pfx_results *results, int *more)
    pfx_status pfx_counts_begin_snapshot(pfx_counts *counts, pfx_counts_snapshot **snapshot)
    void pfx_counts_step_snapshot(pfx_counts *counts, int64_t most, int64_t *left)
    pfx_status pfx_counts_read_snapshot(pfx_counts_snapshot *snapshot)
    void pfx_counts_end_snapshot(pfx_counts *counts)
