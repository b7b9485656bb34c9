from libc.stdint cimport int64_t, uint8_t, uint64_t


cdef extern from "pfx/key_hash.h" nogil:
    ctypedef struct pfx_key_secret:
        uint64_t base_low

    uint64_t pfx_key_hash_word(const pfx_key_secret *secret, uint64_t word)
    uint64_t pfx_key_hash_pair(const pfx_key_secret *secret, uint64_t first, uint64_t second)
    uint64_t pfx_key_hash_bytes(const pfx_key_secret *secret, const uint8_t *bytes, int64_t size)
