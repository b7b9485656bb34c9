"""Arithmetic on whole columns of int64."""
from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.pfx.calendar cimport PFX_NO_TIMESTAMP
from pyflinkx._core.pfx.column_math cimport (
    PFX_MATH_ADD,
    PFX_MATH_FLOOR_DIVIDE,
    PFX_MATH_MODULO,
    PFX_MATH_MULTIPLY,
    PFX_MATH_SUBTRACT,
    pfx_int64_largest,
    pfx_int64_math,
    pfx_math,
)
from pyflinkx._core.pfx.status cimport PFX_OVERFLOW, pfx_status
from pyflinkx._core.status cimport check

ADD = PFX_MATH_ADD
SUBTRACT = PFX_MATH_SUBTRACT
MULTIPLY = PFX_MATH_MULTIPLY
FLOOR_DIVIDE = PFX_MATH_FLOOR_DIVIDE
MODULO = PFX_MATH_MODULO


def largest_time(ColumnBatch batch not None):
    """The largest timestamp of a batch, in milliseconds; None when no row has one."""
    cdef const int64_t *times = batch.timestamp_values()
    cdef int64_t length = batch.length
    cdef int64_t largest
    if times == NULL:
        return None
    with nogil:
        largest = pfx_int64_largest(times, length)
    return None if largest == PFX_NO_TIMESTAMP else largest


def int64_math(int operation, const int64_t[::1] left not None, const int64_t[::1] right not None, valid,
               int64_t[::1] to not None):
    """Calculate row by row; division and remainder round down.

    Args:
        operation: ADD, SUBTRACT, MULTIPLY, FLOOR_DIVIDE or MODULO.
        left, right: int64 buffers of as many values as ``to``, or of one that is taken for every row.
        valid: a byte per row, 0 where the result does not count; None when all do.
        to: gets the results.

    Returns:
        -1, or the first row whose result does not fit int64 or that divides by zero.

    Raises:
        ValueError: the lengths do not fit.

    Example:
        >>> to = array("q", [0, 0])
        >>> int64_math(MULTIPLY, array("q", [6, 2**62]), array("q", [7]), None, to), to[0]
        (1, 42)
    """
    cdef const uint8_t[::1] rows = valid
    cdef int64_t length = to.shape[0]
    cdef int64_t row = -1
    cdef int64_t left_step = left.shape[0] > 1
    cdef int64_t right_step = right.shape[0] > 1
    cdef const uint8_t *counting = NULL
    cdef pfx_status status
    if length == 0:
        return -1
    if left.shape[0] not in (1, length) or right.shape[0] not in (1, length):
        raise ValueError(f"operands of {left.shape[0]} and {right.shape[0]} values for {length} results")
    if rows is not None:
        if rows.shape[0] != length:
            raise ValueError(f"{rows.shape[0]} bytes of validity for {length} results")
        counting = &rows[0]
    with nogil:
        status = pfx_int64_math(
            <pfx_math> operation, &left[0], left_step, &right[0], right_step, counting, length, &to[0], &row)
    if status != PFX_OVERFLOW:
        check(status)
    return row
