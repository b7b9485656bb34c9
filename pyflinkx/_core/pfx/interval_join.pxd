from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.key_hash cimport pfx_key_secret
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.rows cimport pfx_rows
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/interval_join.h" nogil:
    ctypedef struct pfx_join:
        int64_t watermark
        pfx_rows rows

    ctypedef struct pfx_join_cursor:
        int64_t row
        int32_t at

    void pfx_join_init(
        pfx_join *join, pfx_budget *budget, const pfx_key_secret *secret, int64_t lower, int64_t upper,
        int64_t window_size, int64_t window_offset
    )
    void pfx_join_free(pfx_join *join)
    void pfx_join_advance(pfx_join *join, int64_t watermark)
    int64_t pfx_join_late(const pfx_join *join, const int64_t *times, int64_t count, uint8_t *late)
    pfx_status pfx_join_probe(
        pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count, pfx_join_cursor *cursor,
        int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps, int64_t *pairs
    )
    int64_t pfx_join_forgotten(const pfx_join *join, int side)
    pfx_status pfx_join_expire(pfx_join *join, int64_t most, int64_t *left)
