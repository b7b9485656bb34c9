"""Budgets that native allocations are charged to."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t

from pyflinkx._core.pfx.memory cimport (
    pfx_budget_charge,
    pfx_budget_init,
    pfx_budget_keep,
    pfx_budget_peak,
    pfx_budget_refund,
    pfx_budget_used,
    pfx_kept_blocks,
    pfx_kept_blocks_init,
)
from pyflinkx._core.status cimport check

# Of the process, for all budgets.
cdef pfx_kept_blocks kept_blocks
pfx_kept_blocks_init(&kept_blocks)


cdef class MemoryBudget:
    """A limit, in bytes, on native memory.

    Args:
        limit: the most bytes that may be allocated at once; None for no limit.

    Raises:
        ValueError: the limit is negative.

    Example:
        >>> MemoryBudget(1024).limit
        1024
    """

    def __cinit__(self, limit=None):
        cdef int64_t bytes_allowed = -1
        if limit is not None:
            if limit < 0:
                raise ValueError(f"a memory budget cannot be negative: {limit}")
            bytes_allowed = limit
        pfx_budget_init(&self.budget, bytes_allowed)
        pfx_budget_keep(&self.budget, &kept_blocks)

    @property
    def limit(self):
        """Bytes, or None when there is no limit."""
        return None if self.budget.limit < 0 else self.budget.limit

    @property
    def used(self):
        """Bytes allocated now."""
        return pfx_budget_used(&self.budget)

    @property
    def peak(self):
        """The most bytes that were ever allocated at once."""
        return pfx_budget_peak(&self.budget)

    def __repr__(self):
        return f"MemoryBudget(used={self.used}, peak={self.peak}, limit={self.limit})"


default_budget = MemoryBudget()


def process_budget():
    """The budget that native allocations of this process are charged to unless they name another."""
    return default_budget


@cython.final
@cython.no_gc
cdef class Charged:
    """Memory that somebody else allocated, read-only, and charged to a budget as long as this is used.

    Args:
        exporter: a contiguous buffer, such as a NumPy array.
        budget: what its bytes are charged to; the process's when None.

    Raises:
        MemoryBudgetError: the budget has not that much left.

    Example:
        >>> len(memoryview(Charged(b"abc")))
        3
    """

    cdef Py_buffer lent
    cdef MemoryBudget budget
    cdef bint charged

    def __cinit__(self, exporter not None, MemoryBudget budget=None):
        self.budget = default_budget if budget is None else budget
        PyObject_GetBuffer(exporter, &self.lent, PyBUF_SIMPLE)
        check(pfx_budget_charge(&self.budget.budget, self.lent.len))
        self.charged = True

    def __dealloc__(self):
        if self.charged:
            pfx_budget_refund(&self.budget.budget, self.lent.len)
        PyBuffer_Release(&self.lent)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.lent.buf, self.lent.len, 1, flags)
