cimport cython
from libc.stdint cimport int64_t

from pyflinkx._core.records.copier cimport Copier


# The snapshots of a state that are under way, common to all the maps that hold it.
@cython.final
cdef class Snapshots:
    # Grows whenever a snapshot begins or ends. A map that has not seen it yet was not changed since.
    cdef readonly int64_t current
    # What `current` was when they began.
    cdef list active
    # Makes copies of values that are handed out while a snapshot still wants them; None where values never change.
    cdef readonly Copier copier
