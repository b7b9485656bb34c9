from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_hash cimport pfx_key_secret
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/interval_join.h" nogil:
    ctypedef struct pfx_join:
        pfx_key_index index
        int64_t rows[2]
        int64_t watermark

    ctypedef struct pfx_join_cursor:
        int64_t row
        int64_t position

    void pfx_join_init(
        pfx_join *join, pfx_budget *budget, const pfx_key_secret *secret, int64_t lower, int64_t upper,
        int64_t window_size, int64_t window_offset
    )
    void pfx_join_free(pfx_join *join)
    void pfx_join_advance(pfx_join *join, int64_t watermark)
    int64_t pfx_join_late(const pfx_join *join, const int64_t *times, int64_t count, uint8_t *late)
    pfx_status pfx_join_find_keys(
        pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t rows, int32_t *keys, int64_t *row
    )
    pfx_status pfx_join_probe(
        pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count, pfx_join_cursor *cursor,
        int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps, int64_t *pairs
    )
    pfx_status pfx_join_add(
        pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count, int64_t first
    )
    bint pfx_join_forgotten(const pfx_join *join, int64_t time)
    pfx_status pfx_join_expire(pfx_join *join)
    void pfx_join_mark(const pfx_join *join, int side, uint8_t *held)
    void pfx_join_times(const pfx_join *join, int side, int64_t *times)
    void pfx_join_renumber(pfx_join *join, int side, const int64_t *numbers)
