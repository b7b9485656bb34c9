from libc.stdint cimport int64_t

from pyflinkx._core.pfx.segment cimport pfx_segment, pfx_segment_pool
from pyflinkx._core.pfx.status cimport pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget

cdef class Segment

# A timeout in seconds as nanoseconds, -1 for None; ValueError when it is negative or NaN.
cdef int64_t nanoseconds(object timeout) except? -1


cdef class SegmentPool:
    cdef pfx_segment_pool pool
    cdef bint ready
    cdef readonly MemoryBudget budget

    cpdef Segment try_request(self)
    cdef Segment answer(self, pfx_status status, pfx_segment *segment)


cdef class Segment:
    # NULL once this object gave back every reference that it held.
    cdef pfx_segment *segment
    cdef Py_ssize_t held
    cdef Py_ssize_t views
    cdef readonly SegmentPool pool

    cdef pfx_segment *readable(self) except NULL
    cdef pfx_segment *unviewed(self, str purpose) except NULL
    cdef int check_access(self, pfx_status status, int64_t offset, int64_t length) except -1
