from libc.stdint cimport int64_t


cdef extern from "pfx/panes.h" nogil:
    ctypedef struct pfx_panes:
        int64_t count

    int64_t pfx_panes_held(const pfx_panes *panes)
