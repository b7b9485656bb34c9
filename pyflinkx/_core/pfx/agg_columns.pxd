from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.pfx.agg cimport pfx_acc_kind, pfx_agg
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/agg_columns.h" nogil:
    ctypedef struct pfx_agg_import:
        int64_t failed_row
        int32_t failed_acc

    int32_t pfx_acc_columns(pfx_acc_kind kind)
    pfx_status pfx_agg_import_init(pfx_agg_import *states, pfx_agg *agg, const pfx_key_column *columns, int64_t rows)
    void pfx_agg_import_free(pfx_agg_import *states)
