from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from pyflinkx._core.pfx.memory cimport pfx_budget
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/key.h" nogil:
    int PFX_KEY_FORMAT
    int PFX_MAX_KEY_GROUPS

    ctypedef enum pfx_key_tag:
        PFX_KEY_LONG
        PFX_KEY_TIME
        PFX_KEY_TIME_OFFSET
        PFX_KEY_TIMESTAMP
        PFX_KEY_INSTANT
        PFX_KEY_ENUM
        PFX_KEY_TUPLE
        PFX_KEY_RECORD
        PFX_KEY_ROW
        PFX_KEY_LIST

    int32_t pfx_key_group(uint64_t hash, int32_t max_parallelism)
    int32_t pfx_subtask(int32_t group, int32_t max_parallelism, int32_t parallelism)
    void pfx_key_group_range(
        int32_t subtask, int32_t max_parallelism, int32_t parallelism, int32_t *start, int32_t *stop
    )

    ctypedef struct pfx_key:
        uint8_t *bytes
        int64_t size

    void pfx_key_init(pfx_key *key, pfx_budget *budget)
    void pfx_key_free(pfx_key *key)
    void pfx_key_clear(pfx_key *key)
    uint64_t pfx_key_hash(const pfx_key *key)
    uint64_t pfx_key_hash_long(int64_t value)
    pfx_status pfx_key_put_none(pfx_key *key)
    pfx_status pfx_key_put_long(pfx_key *key, int64_t value)
    pfx_status pfx_key_put_integer(pfx_key *key, int negative, const uint8_t *magnitude, int64_t size)
    pfx_status pfx_key_put_double(pfx_key *key, double value)
    pfx_status pfx_key_put_decimal(pfx_key *key, int negative, int64_t exponent, const char *digits, int64_t count)
    pfx_status pfx_key_put_digits(pfx_key *key, int negative, const uint8_t *digits, int count, int32_t exponent)
    pfx_status pfx_key_put_text(pfx_key *key, int width, const void *points, int64_t length)
    pfx_status pfx_key_put_bytes(pfx_key *key, const void *data, int64_t size)
    pfx_status pfx_key_put_date(pfx_key *key, int32_t days)
    pfx_status pfx_key_put_micros(pfx_key *key, pfx_key_tag tag, int64_t micros)
    pfx_status pfx_key_put_duration(pfx_key *key, int32_t days, int64_t micros)
    pfx_status pfx_key_put_uuid(pfx_key *key, const uint8_t *bytes)
    pfx_status pfx_key_begin(pfx_key *key, pfx_key_tag tag)
    pfx_status pfx_key_put_byte(pfx_key *key, uint8_t value)
    pfx_status pfx_key_put_count(pfx_key *key, int64_t count)
    pfx_status pfx_key_put_name(pfx_key *key, int width, const void *points, int64_t length)
