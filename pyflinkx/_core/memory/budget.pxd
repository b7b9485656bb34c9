from pyflinkx._core.pfx.memory cimport pfx_budget


cdef class MemoryBudget:
    cdef pfx_budget budget


# The budget of allocations that name no other one; unlimited until a configuration limits it.
cdef MemoryBudget default_budget
