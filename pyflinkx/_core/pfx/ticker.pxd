from libc.stdint cimport uint32_t


cdef extern from "pfx/ticker.h" nogil:
    ctypedef struct pfx_ticker:
        pass

    pfx_ticker *pfx_ticker_shared()
    bint pfx_ticker_want(pfx_ticker *ticker)
    uint32_t pfx_ticker_now(const pfx_ticker *ticker)
