"""Fixed-size pieces of memory that pipelines share, wait for and give back."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from cpython.number cimport PyNumber_Index
from libc.stdint cimport INT64_MAX, int8_t, int16_t, int32_t, int64_t

from pyflinkx._core.pfx.monitor cimport pfx_deadline, pfx_monotonic_ns
from pyflinkx._core.pfx.segment cimport (
    PFX_SEGMENT_MAX_SIZE,
    PFX_SEGMENT_MIN_SIZE,
    pfx_segment,
    pfx_segment_pool_close,
    pfx_segment_pool_closed,
    pfx_segment_pool_destroy,
    pfx_segment_pool_in_use,
    pfx_segment_pool_init,
    pfx_segment_pool_peak,
    pfx_segment_pool_request,
    pfx_segment_references,
    pfx_segment_release,
    pfx_segment_retain,
)
from pyflinkx._core.pfx.segment_access cimport (
    pfx_segment_check,
    pfx_segment_compare,
    pfx_segment_copy,
    pfx_segment_get_f32,
    pfx_segment_get_f64,
    pfx_segment_get_i16,
    pfx_segment_get_i32,
    pfx_segment_get_i64,
    pfx_segment_get_i8,
    pfx_segment_put_bytes,
    pfx_segment_put_f32,
    pfx_segment_put_f64,
    pfx_segment_put_i16,
    pfx_segment_put_i32,
    pfx_segment_put_i64,
    pfx_segment_put_i8,
)
from pyflinkx._core.pfx.status cimport PFX_OUT_OF_RANGE, PFX_OVER_BUDGET, PFX_TIMEOUT, PFX_WRONG_STATE, pfx_status
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.status cimport check

from pyflinkx.errors import ConfigurationError, MemoryBudgetError, WaitTimeoutError, WrongStateError

# How long a wait may go without looking for a signal (Ctrl-C): a condition is not interrupted by one.
cdef int64_t WAIT_SLICE = 50_000_000


cdef int64_t nanoseconds(object timeout) except? -1:
    if timeout is None:
        return -1
    cdef double seconds = timeout
    if not seconds >= 0:
        raise ValueError(f"a timeout is a number of seconds from 0, or None for no end: {timeout!r}")
    return INT64_MAX if seconds >= 9e9 else <int64_t>(seconds * 1e9)


@cython.final
@cython.no_gc
cdef class SegmentPool:
    """A fixed number of memory segments, which never grows: when all are out, a request waits.

    All segments are allocated here and now, so that a pool that does not fit its budget fails before the job starts;
    the system commits a page of them when it is first touched. Any thread may call any method.

    Args:
        budget_bytes: memory for segments, in bytes; rounded down to whole segments.
        segment_size: bytes of one segment (``taskmanager.memory.segment-size``): a power of two, at least 4096 and at
            most 2**30.
        budget: what the memory is charged to (with some 50 bytes a segment for the pool's own records); the budget of
            the process by default.

    Raises:
        ConfigurationError: a size is out of its range, or the budget is smaller than one segment.
        MemoryBudgetError: ``budget`` has not that much left.
        MemoryError: the system has not that much left.

    Example:
        >>> pool = SegmentPool(1 << 20)
        >>> segment = pool.request()
        >>> segment.put_int64(0, 42)
        >>> segment.get_int64(0), pool.available, pool.total
        (42, 31, 32)
        >>> segment.release()
        >>> pool.close()
    """

    def __cinit__(self, budget_bytes, segment_size=32768, MemoryBudget budget=None):
        budget_bytes = PyNumber_Index(budget_bytes)
        segment_size = PyNumber_Index(segment_size)
        if not PFX_SEGMENT_MIN_SIZE <= segment_size <= PFX_SEGMENT_MAX_SIZE or segment_size & (segment_size - 1):
            raise ConfigurationError(
                f"a memory segment has a power of two of bytes, from {PFX_SEGMENT_MIN_SIZE} to {PFX_SEGMENT_MAX_SIZE}: "
                f"{segment_size} (taskmanager.memory.segment-size)"
            )
        if not segment_size <= budget_bytes <= INT64_MAX:
            raise ConfigurationError(
                f"a budget for memory segments holds at least one segment, {segment_size} bytes, and fits 64 bits: "
                f"{budget_bytes}"
            )
        self.budget = default_budget if budget is None else budget
        cdef int64_t size = segment_size
        cdef int64_t total = budget_bytes // segment_size
        cdef pfx_status status = pfx_segment_pool_init(&self.pool, &self.budget.budget, NULL, size, total)
        if status == PFX_OVER_BUDGET:
            raise MemoryBudgetError(f"{total} memory segments of {size} bytes do not fit what is left of {self.budget}")
        check(status)
        self.ready = True

    def __dealloc__(self):
        if self.ready:
            pfx_segment_pool_destroy(&self.pool)

    @property
    def segment_size(self):
        """Bytes of one segment."""
        return self.pool.segment_size

    @property
    def total(self):
        """How many segments there are, in the pool and out."""
        return self.pool.total

    @property
    def available(self):
        """How many segments a request would find without waiting."""
        return 0 if self.closed else self.pool.total - pfx_segment_pool_in_use(&self.pool)

    @property
    def in_use(self):
        """How many segments are out."""
        return pfx_segment_pool_in_use(&self.pool)

    @property
    def peak(self):
        """The most segments that were ever out at once."""
        return pfx_segment_pool_peak(&self.pool)

    @property
    def closed(self):
        """Whether requests are refused."""
        return bool(pfx_segment_pool_closed(&self.pool))

    cpdef Segment try_request(self):
        """A segment (as ``request``), or None when none is available now.

        Raises:
            WrongStateError: the pool is closed.
        """
        cdef pfx_segment *segment = NULL
        cdef pfx_status status = pfx_segment_pool_request(&self.pool, 0, &segment)
        if status == PFX_TIMEOUT:
            return None
        return self.answer(status, segment)

    def request(self, timeout=None):
        """A segment, waiting for one while all are out; its bytes are whatever its last user left.

        The caller releases it; dropping the last reference to the object releases it too.

        Args:
            timeout: seconds to wait; None for no end.

        Raises:
            WaitTimeoutError: none came back in time.
            WrongStateError: the pool is closed, or was closed during the wait.
            ValueError: the timeout is negative or NaN.
        """
        cdef int64_t deadline = pfx_deadline(nanoseconds(timeout))
        cdef int64_t left
        cdef pfx_segment *segment = NULL
        # The first look keeps the interpreter lock: giving it up and taking it again costs more than the request.
        cdef pfx_status status = pfx_segment_pool_request(&self.pool, 0, &segment)
        while status == PFX_TIMEOUT:
            left = deadline - pfx_monotonic_ns()
            if left <= 0:
                raise WaitTimeoutError(
                    f"no memory segment came back within {timeout} s: all {self.total} of {self.segment_size} bytes "
                    "are in use"
                )
            with nogil:
                status = pfx_segment_pool_request(&self.pool, min(left, WAIT_SLICE), &segment)
            if status == PFX_TIMEOUT:
                PyErr_CheckSignals()
        return self.answer(status, segment)

    cdef Segment answer(self, pfx_status status, pfx_segment *segment):
        if status == PFX_WRONG_STATE:
            raise WrongStateError("the pool of memory segments is closed")
        check(status)
        cdef Segment result
        try:
            result = Segment.__new__(Segment)
        except BaseException:
            pfx_segment_release(segment)
            raise
        result.segment = segment
        result.held = 1
        result.pool = self
        return result

    def close(self, timeout=0.0):
        """Refuse requests from now on, also those that wait already, and free the memory once all segments are back.

        Args:
            timeout: seconds to wait for segments that are out; None for no end.

        Raises:
            WrongStateError: segments are still out. Their memory stays valid; close again when they are back.
            ValueError: the timeout is negative or NaN.
        """
        cdef int64_t deadline = pfx_deadline(nanoseconds(timeout))
        cdef int64_t left
        cdef pfx_status status = pfx_segment_pool_close(&self.pool, 0)
        while status == PFX_TIMEOUT:
            left = deadline - pfx_monotonic_ns()
            if left <= 0:
                raise WrongStateError(
                    f"{self.in_use} of {self.total} memory segments are still out: release them and close again"
                )
            with nogil:
                status = pfx_segment_pool_close(&self.pool, min(left, WAIT_SLICE))
            if status == PFX_TIMEOUT:
                PyErr_CheckSignals()

    def __repr__(self):
        state = ", closed" if self.closed else ""
        return f"SegmentPool({self.in_use} of {self.total} segments of {self.segment_size} bytes in use{state})"


@cython.final
@cython.no_gc
@cython.freelist(32)
cdef class Segment:
    """A piece of memory of a SegmentPool, which the holder returns with ``release``.

    It is a writable buffer (``memoryview(segment)``). Offsets and lengths are in bytes; numbers are little-endian at
    any offset. While views of its buffer live, its methods neither write to it nor give it back. Every method raises
    WrongStateError after the release, and IndexError for bytes outside the segment, and then has changed nothing.

    Threads may share a segment; who writes to it when is theirs to agree on.

    Example:
        >>> segment = SegmentPool(4096, 4096).request()
        >>> segment.put_bytes(4092, b"tail")
        >>> bytes(memoryview(segment)[-4:])
        b'tail'
    """

    def __init__(self):
        raise TypeError("memory segments are made by SegmentPool.request()")

    def __dealloc__(self):
        while self.held > 0:
            pfx_segment_release(self.segment)
            self.held -= 1

    cdef pfx_segment *readable(self) except NULL:
        if self.segment == NULL:
            raise WrongStateError("the memory segment was released")
        return self.segment

    cdef pfx_segment *unviewed(self, str purpose) except NULL:
        if self.views > 0 and self.segment != NULL:
            raise WrongStateError(f"cannot {purpose} a memory segment while views of its buffer live: {self.views}")
        return self.readable()

    cdef int check_access(self, pfx_status status, int64_t offset, int64_t length) except -1:
        if status == PFX_OUT_OF_RANGE:
            raise IndexError(f"{length} bytes at offset {offset} do not lie in a memory segment of {len(self)} bytes")
        return check(status)

    @property
    def size(self):
        """Bytes of the segment."""
        return self.readable().size

    @property
    def references(self):
        """How many references are held, by this object and by native code."""
        return 0 if self.segment == NULL else pfx_segment_references(self.segment)

    @property
    def released(self):
        """Whether this object gave back every reference that it held."""
        return self.segment == NULL

    def __len__(self):
        return self.readable().size

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        cdef pfx_segment *segment = self.readable()
        PyBuffer_FillInfo(buffer, self, segment.data, segment.size, False, flags)
        self.views += 1

    def __releasebuffer__(self, Py_buffer *buffer):
        self.views -= 1

    def retain(self):
        """Take one reference more: the segment returns to its pool after one more ``release``."""
        check(pfx_segment_retain(self.readable()))
        self.held += 1

    def release(self):
        """Give one reference back; with the last one the segment returns to its pool.

        Raises:
            WrongStateError: it was released before, or it is this object's last reference and views of the buffer live.
        """
        cdef pfx_segment *segment = self.unviewed("release") if self.held <= 1 else self.segment
        self.held -= 1
        if self.held == 0:
            self.segment = NULL
        check(pfx_segment_release(segment))

    def put_int8(self, Py_ssize_t offset, value):
        """Write one byte."""
        cdef int8_t number = PyNumber_Index(value)
        self.check_access(pfx_segment_put_i8(self.unviewed("write to"), offset, number), offset, sizeof(number))

    def put_int16(self, Py_ssize_t offset, value):
        """Write two bytes."""
        cdef int16_t number = PyNumber_Index(value)
        self.check_access(pfx_segment_put_i16(self.unviewed("write to"), offset, number), offset, sizeof(number))

    def put_int32(self, Py_ssize_t offset, value):
        """Write four bytes."""
        cdef int32_t number = PyNumber_Index(value)
        self.check_access(pfx_segment_put_i32(self.unviewed("write to"), offset, number), offset, sizeof(number))

    def put_int64(self, Py_ssize_t offset, value):
        """Write eight bytes."""
        cdef int64_t number = PyNumber_Index(value)
        self.check_access(pfx_segment_put_i64(self.unviewed("write to"), offset, number), offset, sizeof(number))

    def put_float32(self, Py_ssize_t offset, float value):
        """Write four bytes, IEEE 754; the value is rounded to single precision."""
        self.check_access(pfx_segment_put_f32(self.unviewed("write to"), offset, value), offset, sizeof(value))

    def put_float64(self, Py_ssize_t offset, double value):
        """Write eight bytes, IEEE 754."""
        self.check_access(pfx_segment_put_f64(self.unviewed("write to"), offset, value), offset, sizeof(value))

    def get_int8(self, Py_ssize_t offset):
        """The signed byte at ``offset``."""
        cdef int8_t value = 0
        self.check_access(pfx_segment_get_i8(self.readable(), offset, &value), offset, sizeof(value))
        return value

    def get_int16(self, Py_ssize_t offset):
        """The signed integer of two bytes at ``offset``."""
        cdef int16_t value = 0
        self.check_access(pfx_segment_get_i16(self.readable(), offset, &value), offset, sizeof(value))
        return value

    def get_int32(self, Py_ssize_t offset):
        """The signed integer of four bytes at ``offset``."""
        cdef int32_t value = 0
        self.check_access(pfx_segment_get_i32(self.readable(), offset, &value), offset, sizeof(value))
        return value

    def get_int64(self, Py_ssize_t offset):
        """The signed integer of eight bytes at ``offset``."""
        cdef int64_t value = 0
        self.check_access(pfx_segment_get_i64(self.readable(), offset, &value), offset, sizeof(value))
        return value

    def get_float32(self, Py_ssize_t offset):
        """The number of four bytes at ``offset``."""
        cdef float value = 0
        self.check_access(pfx_segment_get_f32(self.readable(), offset, &value), offset, sizeof(value))
        return value

    def get_float64(self, Py_ssize_t offset):
        """The number of eight bytes at ``offset``."""
        cdef double value = 0
        self.check_access(pfx_segment_get_f64(self.readable(), offset, &value), offset, sizeof(value))
        return value

    def put_bytes(self, Py_ssize_t offset, data):
        """Copy all bytes of a contiguous buffer to ``offset``."""
        cdef Py_buffer source
        PyObject_GetBuffer(data, &source, PyBUF_SIMPLE)
        try:
            # Only now: to give out its buffer, a data object may have run anything.
            self.check_access(
                pfx_segment_put_bytes(self.unviewed("write to"), offset, source.buf, source.len), offset, source.len
            )
        finally:
            PyBuffer_Release(&source)

    def get_bytes(self, Py_ssize_t offset, Py_ssize_t length):
        """A copy of ``length`` bytes from ``offset``."""
        cdef pfx_segment *segment = self.readable()
        self.check_access(pfx_segment_check(segment, offset, length), offset, length)
        return PyBytes_FromStringAndSize(<char *>segment.data + offset, length)

    def copy_to(self, Py_ssize_t offset, Segment target not None, Py_ssize_t target_offset, Py_ssize_t length):
        """Copy ``length`` bytes from ``offset`` to ``target_offset`` of another segment, or of this one."""
        cdef pfx_segment *source = self.readable()
        self.check_access(pfx_segment_check(source, offset, length), offset, length)
        cdef pfx_status status = pfx_segment_copy(source, offset, target.unviewed("write to"), target_offset, length)
        target.check_access(status, target_offset, length)

    def compare(self, Segment other not None, Py_ssize_t offset, Py_ssize_t other_offset, Py_ssize_t length):
        """-1, 0 or 1 as ``length`` bytes from ``offset`` sort before, equal or after those of ``other``, unsigned."""
        cdef int result = 0
        cdef pfx_segment *left = self.readable()
        self.check_access(pfx_segment_check(left, offset, length), offset, length)
        cdef pfx_status status = pfx_segment_compare(left, offset, other.readable(), other_offset, length, &result)
        other.check_access(status, other_offset, length)
        return (result > 0) - (result < 0)

    def __repr__(self):
        if self.segment == NULL:
            return "Segment(released)"
        return f"Segment({self.size} bytes, {self.references} references, {self.views} views)"
