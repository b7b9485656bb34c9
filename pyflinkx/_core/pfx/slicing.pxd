from libc.stdint cimport int64_t

from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/slicing.h" nogil:
    ctypedef struct pfx_slicing:
        pass

    pfx_status pfx_slicing_init(pfx_slicing *slicing, int64_t size, int64_t slide, int64_t offset, bint cumulative)
