from cpython cimport array

from pyflinkx._core.calls.turn cimport Turn
from pyflinkx._core.records.copier cimport Copier
from pyflinkx._core.records.objects cimport ObjectBatch


cdef enum:
    # Results of a loop that makes any number of them, before it leaves the rest for later.
    MOST_RESULTS = 4096


cdef int repeat_stamp(array.array stamps, Py_ssize_t times, long long timestamp) except -1


cdef class CallSite:
    cdef readonly str name
    cdef readonly str uid
    cdef readonly str location
    cdef readonly Copier copier
    cdef readonly Turn turn
    cdef readonly bint between
    cdef ObjectBatch partial
    cdef ObjectBatch rest
    cdef object results

    cdef int leave(self, ObjectBatch batch, Py_ssize_t done, object results=*) except -1
    cdef object go_on(self)
    cdef int fail(self, object record, ObjectBatch partial, object error) except -1


cdef class RecordContext:
    cdef public long long record_timestamp
