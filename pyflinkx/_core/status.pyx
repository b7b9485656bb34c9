"""Turns the status codes of the C library into Python exceptions."""
from cpython.exc cimport PyErr_SetFromErrno

from pyflinkx._core.pfx.status cimport (
    PFX_CLOSED,
    PFX_CORRUPT,
    PFX_INVALID_ARGUMENT,
    PFX_INVALID_UTF8,
    PFX_NO_MEMORY,
    PFX_OK,
    PFX_OUT_OF_RANGE,
    PFX_OVERFLOW,
    PFX_OVER_BUDGET,
    PFX_SYSTEM,
    PFX_TIMEOUT,
    PFX_TRUNCATED,
    pfx_status,
    pfx_status_text,
)

from pyflinkx.errors import ChannelClosedError, CorruptDataError, MemoryBudgetError, WaitTimeoutError, WrongStateError


cdef int check(pfx_status status) except -1 nogil:
    if status == PFX_OK:
        return 0
    with gil:
        raise_status(status)
    return -1


cdef int raise_status(pfx_status status) except -1:
    if status == PFX_SYSTEM:
        PyErr_SetFromErrno(OSError)
    text = pfx_status_text(status).decode("ascii")
    if status == PFX_NO_MEMORY:
        raise MemoryError(text)
    if status == PFX_OVER_BUDGET:
        raise MemoryBudgetError(text)
    if status == PFX_OUT_OF_RANGE:
        raise IndexError(text)
    if status == PFX_OVERFLOW:
        raise OverflowError(text)
    if status == PFX_CORRUPT or status == PFX_INVALID_UTF8 or status == PFX_TRUNCATED:
        raise CorruptDataError(text)
    if status == PFX_INVALID_ARGUMENT:
        raise ValueError(text)
    if status == PFX_TIMEOUT:
        raise WaitTimeoutError(text)
    if status == PFX_CLOSED:
        raise ChannelClosedError(text)
    raise WrongStateError(text)
