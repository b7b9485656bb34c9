from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.arrow cimport pfx_arrow_type, pfx_kind
from pyflinkx._core.pfx.key cimport pfx_key
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/key_columns.h" nogil:
    ctypedef struct pfx_key_column:
        const pfx_arrow_type *type
        const uint8_t *validity
        const void *offsets
        const uint8_t *data
        int64_t offset

    int pfx_key_column_allowed(pfx_kind kind)
    pfx_status pfx_key_put_row(pfx_key *key, const pfx_key_column *columns, int32_t count, int64_t row)
    pfx_status pfx_column_key_groups(
        const pfx_key_column *columns, int32_t count, int64_t rows, int32_t max_parallelism, pfx_budget *budget,
        int32_t *groups, int64_t *row)
