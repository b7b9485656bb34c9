from pyflinkx._core.records.copier cimport Copier
from pyflinkx._core.records.objects cimport ObjectBatch


cdef class CallSite:
    cdef readonly str name
    cdef readonly str uid
    cdef readonly str location
    cdef readonly Copier copier
    cdef ObjectBatch partial

    cdef int fail(self, object record, ObjectBatch partial, object error) except -1


cdef class RecordContext:
    cdef public long long record_timestamp
