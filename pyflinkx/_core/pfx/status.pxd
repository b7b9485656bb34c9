cdef extern from "pfx/status.h" nogil:
    ctypedef enum pfx_status:
        PFX_OK
        PFX_NO_MEMORY
        PFX_OVER_BUDGET
        PFX_OUT_OF_RANGE
        PFX_OVERFLOW
        PFX_CORRUPT
        PFX_INVALID_UTF8
        PFX_INVALID_ARGUMENT
        PFX_WRONG_STATE
        PFX_TIMEOUT
        PFX_TRUNCATED
        PFX_CLOSED
        PFX_SYSTEM

    const char *pfx_status_text(pfx_status status)
