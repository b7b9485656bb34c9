from libc.stdint cimport int32_t, int64_t, uint8_t

from pyflinkx._core.pfx.bytes cimport pfx_writer
from pyflinkx._core.pfx.json_read cimport pfx_json_form
from pyflinkx._core.pfx.status cimport pfx_status


cdef extern from "pfx/json_write.h" nogil:
    ctypedef struct pfx_json_column:
        pfx_json_form form
        int32_t first
        int32_t count
        int32_t width
        int64_t offset
        const uint8_t *validity
        const int32_t *offsets
        const uint8_t *data
        const uint8_t *name
        size_t name_size

    pfx_status pfx_json_write_rows(
        const pfx_json_column *columns, int64_t start, int64_t to, pfx_writer *out, int64_t *written)
