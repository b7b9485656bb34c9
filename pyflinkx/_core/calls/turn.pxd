cimport cython
from libc.stdint cimport int64_t, uint32_t

from pyflinkx._core.pfx.ticker cimport pfx_ticker, pfx_ticker_now


@cython.final
cdef class Turn:
    cdef pfx_ticker *ticker
    cdef uint32_t seen
    cdef bint blind
    cdef int64_t length
    cdef int64_t deadline
    cdef public int held
    cdef public int under_way
    cdef public bint input_open
    cdef public list waiting

    cdef inline bint is_over(self) noexcept:
        """Whether the time is up; the cost is that of a load from memory as long as it cannot be."""
        return pfx_ticker_now(self.ticker) != self.seen and self.look()

    cdef bint look(self) noexcept
