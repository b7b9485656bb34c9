"""Budgets that native allocations are charged to."""
from libc.stdint cimport int64_t

from pyflinkx._core.cpfx cimport (
    pfx_budget_init,
    pfx_budget_keep,
    pfx_budget_peak,
    pfx_budget_release,
    pfx_budget_used,
    pfx_keep_freed,
)


cdef class MemoryBudget:
    """A limit, in bytes, on native memory.

    Args:
        limit: the most bytes that may be allocated at once; None for no limit.
        keep: the most bytes of freed blocks (of 64 KiB to 2 MiB) to keep for the next that ask for as much.

    Raises:
        ValueError: one of them is negative.

    Example:
        >>> MemoryBudget(1024).limit
        1024
    """

    def __cinit__(self, limit=None, int64_t keep=0):
        cdef int64_t bytes_allowed = -1
        if limit is not None:
            if limit < 0:
                raise ValueError(f"a memory budget cannot be negative: {limit}")
            bytes_allowed = limit
        if keep < 0:
            raise ValueError(f"a memory budget cannot keep {keep} bytes")
        pfx_budget_init(&self.budget, bytes_allowed)
        pfx_budget_keep(&self.budget, keep)

    def __dealloc__(self):
        pfx_budget_release(&self.budget)

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


# Enough for the batches that a few operators have under way.
default_budget = MemoryBudget(keep=1 << 26)


def process_budget():
    """The budget that native allocations of this process are charged to unless they name another."""
    return default_budget


def keep_freed_memory(int64_t nbytes=1 << 27):
    """Let this process keep freed memory instead of giving it back to the system at once.

    Batches come and go by the megabyte, and memory that went back must be cleared by the system, page by page, before
    it can be used again, which takes several times as long as filling it. The setting concerns everything in the
    process, so it is for workers, not for programs that pyflinkx is embedded in.

    Args:
        nbytes: the most bytes to keep, from 0.

    Returns:
        Whether the C library can do that (glibc can).

    Raises:
        ValueError: the number is negative.
    """
    if nbytes < 0:
        raise ValueError(f"a process cannot keep {nbytes} bytes")
    return pfx_keep_freed(nbytes)
