from libc.stdint cimport int64_t

from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/panes.h" nogil:
    ctypedef struct pfx_panes:
        int64_t count

    ctypedef struct pfx_panes_snapshot:
        pfx_panes view
        pfx_key_index keys

    int64_t pfx_panes_held(const pfx_panes *panes)
    void pfx_panes_step_snapshot(pfx_panes *panes, int64_t most, int64_t *left)
    pfx_status pfx_panes_read_snapshot(pfx_panes_snapshot *snapshot)
    void pfx_panes_end_snapshot(pfx_panes *panes)
