from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.arrow cimport pfx_arrow_type
from pyflinkx._core.pfx.key_hash cimport pfx_key_secret
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/agg.h" nogil:
    ctypedef enum pfx_acc_kind:
        PFX_ACC_ROWS
        PFX_ACC_COUNT
        PFX_ACC_SUM_INT
        PFX_ACC_SUM_REAL
        PFX_ACC_MIN
        PFX_ACC_MAX
        PFX_ACC_MOMENTS
        PFX_ACC_FIRST
        PFX_ACC_LAST
        PFX_ACC_MIN_BY
        PFX_ACC_MAX_BY
        PFX_ACC_DISTINCT

    ctypedef enum pfx_result_kind:
        PFX_RESULT_VALUE
        PFX_RESULT_COUNT
        PFX_RESULT_MEAN
        PFX_RESULT_STDDEV

    ctypedef struct pfx_acc:
        pfx_acc_kind kind
        int32_t field
        int32_t by

    ctypedef struct pfx_agg:
        pfx_acc *accs
        int32_t count
        int64_t stride
        bint owning

    void pfx_agg_init(
        pfx_agg *agg, pfx_budget *budget, const pfx_key_secret *secret, const pfx_arrow_type *types)
    void pfx_agg_free(pfx_agg *agg)
    pfx_status pfx_agg_add(pfx_agg *agg, pfx_acc_kind kind, int32_t field, int32_t by, int32_t *number)
