"""Budgets that native allocations are charged to."""
from libc.stdint cimport int64_t

from pyflinkx._core.cpfx cimport (
    pfx_budget_init,
    pfx_budget_keep,
    pfx_budget_peak,
    pfx_budget_used,
    pfx_kept_blocks,
    pfx_kept_blocks_init,
)

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

