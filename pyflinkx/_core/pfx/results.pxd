from libc.stdint cimport int32_t, int64_t, uint32_t

from pyflinkx._core.pfx.agg cimport pfx_agg, pfx_result_kind
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.out_column cimport pfx_out_column


cdef extern from "pfx/results.h" nogil:
    ctypedef struct pfx_result:
        int32_t acc
        pfx_result_kind kind

    ctypedef struct pfx_results:
        const pfx_agg *agg
        const pfx_key_index *index
        const pfx_result *results
        int32_t count
        pfx_out_column *keys
        pfx_out_column *bounds
        pfx_out_column *values
        pfx_out_column *stamps
        int64_t rows
        int64_t work
        int64_t most_bytes
        int64_t expected
        int32_t failed_result
        uint32_t failed_key

    int64_t PFX_RESULT_BYTES
    bint pfx_results_are_few(pfx_results *results)
