from libc.stdint cimport int32_t, int64_t, uint32_t

from pyflinkx._core.pfx.arrow cimport pfx_arrow_type
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_hash cimport pfx_key_secret
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.out_column cimport pfx_out_column
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/key_index.h" nogil:
    enum:
        PFX_CHUNK

    ctypedef struct pfx_key_index:
        uint32_t count
        uint32_t *direct
        int64_t longest
        int32_t secrets

    void pfx_key_index_init(
        pfx_key_index *index, pfx_budget *budget, const pfx_key_secret *secret, const pfx_arrow_type *types,
        int32_t columns)
    void pfx_key_index_free(pfx_key_index *index)
    pfx_status pfx_key_index_map(
        pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows, uint32_t *ids)
    pfx_status pfx_key_index_compact(pfx_key_index *index, uint32_t *renumbered)
    pfx_status pfx_key_index_write(
        const pfx_key_index *index, int32_t column, const uint32_t *ids, int64_t count, pfx_out_column *out)
