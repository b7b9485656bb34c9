"""The two ends of channels between processes: frames and control elements through an arena's segments."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.number cimport PyNumber_Index
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t

from pyflinkx._core.columns.column cimport Buffer
from pyflinkx._core.pfx.arena cimport pfx_arena_close, pfx_channel
from pyflinkx._core.pfx.event cimport pfx_event_prepare, pfx_event_wait
from pyflinkx._core.pfx.exchange cimport (
    pfx_part,
    pfx_received,
    pfx_receiver_init,
    pfx_receiver_next,
    pfx_receiver_reset,
    pfx_receiver_take,
    pfx_sender_begin,
    pfx_sender_control,
    pfx_sender_init,
    pfx_sender_ready,
    pfx_sender_send,
)
from pyflinkx._core.pfx.monitor cimport pfx_monotonic_ns
from pyflinkx._core.pfx.ring cimport (
    PFX_ENTRY_DATA,
    PFX_ENTRY_MAX_CONTROL,
    pfx_channel_pending,
    pfx_channel_queued,
    pfx_channel_set_credit,
    pfx_pool_in_use,
)
from pyflinkx._core.pfx.status cimport PFX_CLOSED, PFX_CORRUPT, PFX_OK, PFX_TIMEOUT, PFX_WRONG_STATE, pfx_status
from pyflinkx._core.exchange.event cimport WAIT_SLICE
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.status cimport check

from pyflinkx.errors import ChannelClosedError, CorruptDataError, WrongStateError

# Fewer bytes are copied faster than the interpreter lock is given up and taken again.
cdef int64_t COPY_WITHOUT_LOCK = 16384


cdef int refuse(pfx_status status) except -1:
    if status == PFX_CLOSED:
        raise ChannelClosedError("the channels between the job's processes are closed: it was cancelled")
    if status == PFX_WRONG_STATE:
        raise WrongStateError("nothing can follow a frame of which only a part was sent")
    if status == PFX_CORRUPT:
        raise CorruptDataError("the memory of a channel between processes holds what no writer put there")
    return check(status)


cdef int64_t number(what, value, int64_t lowest, int64_t highest) except -1:
    value = PyNumber_Index(value)
    if not lowest <= value <= highest:
        raise ValueError(f"{what} is a number from {lowest} to {highest}: {value}")
    return value


@cython.final
@cython.no_gc
cdef class Mapping:
    """An arena's memory in this process, for as long as anything refers to it."""

    def __init__(self):
        raise TypeError("an arena is mapped by Arena.create or Arena.attach")

    def __dealloc__(self):
        if self.budget is not None:
            pfx_arena_close(&self.arena)


cdef pfx_channel *channel_at(Mapping mapping, index) except NULL:
    index = PyNumber_Index(index)
    if not 0 <= index < mapping.arena.channel_count:
        raise IndexError(f"channel {index} of {mapping.arena.channel_count}")
    return &mapping.arena.channels[<uint32_t> index]


@cython.final
@cython.no_gc
cdef class Writer:
    """The producer's end of one or more channels: whatever it sends goes to all of them, in order.

    Made by ``Arena.writer``. One thread at a time. It waits, on its pool's event and without the interpreter lock,
    while there is no free segment, or a channel is full or out of credit; ``writable`` tells beforehand.

    ``bytes_sent`` and ``frames_sent`` count whole frames and their bytes, once for all channels together.
    """

    def __init__(self):
        raise TypeError("a writer is made by Arena.writer")

    def __dealloc__(self):
        PyMem_Free(self.channels)

    def write(self, parts):
        """Send one frame: the bytes of all parts, one after the other.

        Args:
            parts: contiguous buffers, whose bytes must not change meanwhile. None at all makes an empty frame.

        Returns:
            Nanoseconds that it waited.

        Raises:
            ChannelClosedError: the arena was cancelled, perhaps during the wait.
            CorruptDataError: another process damaged the arena.
            WrongStateError: another thread is writing, or an exception (Ctrl-C) cut a write off earlier.
            BufferError, TypeError: a part is not a contiguous buffer.
        """
        cdef tuple buffers = tuple(parts)
        cdef Py_ssize_t count = len(buffers)
        cdef Py_ssize_t held = 0
        cdef Py_buffer *views
        cdef pfx_part *pieces
        cdef int64_t blocked
        self.enter()
        views = <Py_buffer *> PyMem_Malloc(count * (sizeof(Py_buffer) + sizeof(pfx_part)))
        try:
            if views == NULL:
                raise MemoryError
            pieces = <pfx_part *> (views + count)
            while held < count:
                PyObject_GetBuffer(buffers[held], &views[held], PyBUF_SIMPLE)
                pieces[held].data = <const uint8_t *> views[held].buf
                pieces[held].size = views[held].len
                held += 1
            refuse(pfx_sender_begin(&self.sender, pieces, count))
            blocked = self.finish(0, 0, self.sender.size < COPY_WITHOUT_LOCK)
            self.bytes_sent += self.sender.size
            self.frames_sent += 1
            return blocked
        finally:
            while held > 0:
                held -= 1
                PyBuffer_Release(&views[held])
            PyMem_Free(views)
            self.busy = False

    def put_control(self, kind, value):
        """Send a control element, which takes no segment.

        Args:
            kind: from 1 to 15, the caller's to give a meaning.
            value: any 64-bit integer.

        Returns:
            Nanoseconds that it waited.

        Raises:
            ValueError, OverflowError: there is no such kind; the value does not fit.
            ChannelClosedError, CorruptDataError, WrongStateError: as ``write``.
        """
        cdef uint32_t which = number("the kind of a control element", kind, 1, PFX_ENTRY_MAX_CONTROL)
        cdef int64_t content = value
        self.enter()
        try:
            return self.finish(which, content, True)
        finally:
            self.busy = False

    @property
    def writable(self):
        """Whether a write could begin without waiting; when not, the pool's event is signalled once it could.

        Raises:
            ChannelClosedError: the arena was cancelled.
            CorruptDataError: another process damaged it.
        """
        cdef pfx_status status = pfx_sender_ready(&self.sender)
        if status == PFX_TIMEOUT:
            return False
        refuse(status)
        return True

    @property
    def buffers_in_use(self):
        """Segments of the pool that are out, of whichever writer: filled, under way or being read."""
        return pfx_pool_in_use(self.sender.pool)

    @property
    def buffers_total(self):
        """Segments of the pool."""
        return self.sender.pool.segments

    cdef int enter(self) except -1:
        if self.busy:
            raise WrongStateError("another thread is writing")
        self.busy = True
        return 0

    cdef pfx_status attempt(self, uint32_t kind, int64_t value) noexcept nogil:
        return pfx_sender_send(&self.sender) if kind == 0 else pfx_sender_control(&self.sender, kind, value)

    cdef int64_t finish(self, uint32_t kind, int64_t value, bint small) except -1:
        """Send the frame that has begun (kind 0), or a control element, waiting as long as it takes."""
        cdef int64_t blocked = 0
        cdef int64_t started
        cdef uint32_t sequence
        cdef pfx_status status = PFX_TIMEOUT
        if small:
            status = self.attempt(kind, value)
        if status == PFX_TIMEOUT:
            with nogil:
                while True:
                    sequence = pfx_event_prepare(self.sender.pool.event)
                    status = self.attempt(kind, value)
                    if status != PFX_TIMEOUT:
                        break
                    started = pfx_monotonic_ns()
                    pfx_event_wait(self.sender.pool.event, sequence, started + WAIT_SLICE)
                    blocked += pfx_monotonic_ns() - started
                    if pfx_event_prepare(self.sender.pool.event) == sequence:
                        with gil:
                            PyErr_CheckSignals()
        if status != PFX_OK:
            refuse(status)
        return blocked

    def __repr__(self):
        return (
            f"Writer({self.frames_sent} frames, {self.bytes_sent} bytes, {self.buffers_in_use} of {self.buffers_total} "
            "segments in use)"
        )


cdef Writer new_writer(Mapping mapping, uint32_t pool, list channels):
    cdef Writer result = Writer.__new__(Writer)
    cdef pfx_channel *channel
    cdef Py_ssize_t i
    if len(channels) == 0 or len(set(channels)) < len(channels):
        raise ValueError(f"a writer has one or more channels, each once: {channels}")
    result.channels = <pfx_channel **> PyMem_Malloc(len(channels) * sizeof(pfx_channel *))
    if result.channels == NULL:
        raise MemoryError
    for i in range(len(channels)):
        channel = channel_at(mapping, channels[i])
        if channel.pool != &mapping.arena.pools[pool]:
            raise ValueError(f"channel {channels[i]} is not fed by pool {pool}")
        result.channels[i] = channel
    pfx_sender_init(&result.sender, &mapping.arena, result.channels, <uint32_t> len(channels))
    result.mapping = mapping
    return result


@cython.final
@cython.no_gc
cdef class Reader:
    """The consumer's end of a channel.

    Made by ``Arena.reader``. One thread at a time. It never waits: the consumer's event is signalled when there is
    more. ``bytes_received`` counts those of the frames that ``get`` has returned.
    """

    def __init__(self):
        raise TypeError("a reader is made by Arena.reader")

    def __dealloc__(self):
        if self.budget is not None:
            pfx_receiver_reset(&self.receiver)

    def get(self):
        """The next frame or control element.

        What there is of a frame is copied at once, and its segments go back, even when the rest is still to come.

        Returns:
            A ``Buffer``, whose memory starts at a multiple of 64 and is charged to the budget, for a frame; ``(kind,
            value)`` for a control element; None when nothing is complete.

        Raises:
            ChannelClosedError: the arena was cancelled.
            CorruptDataError: what lies there is from no writer, or longer than ``max_frame``; from then on always.
            MemoryBudgetError, MemoryError: there is no memory for the frame, which stays in the channel.
            WrongStateError: another thread is reading.
        """
        cdef pfx_received received
        cdef pfx_status status
        cdef Buffer frame
        if self.busy:
            raise WrongStateError("another thread is reading")
        if pfx_channel_pending(self.receiver.channel) < <unsigned long long> COPY_WITHOUT_LOCK:
            status = pfx_receiver_next(&self.receiver, &received)
        else:
            self.busy = True
            with nogil:
                status = pfx_receiver_next(&self.receiver, &received)
            self.busy = False
        if status == PFX_TIMEOUT:
            return None
        if status != PFX_OK:
            refuse(status)
        if received.kind != PFX_ENTRY_DATA:
            return received.kind, received.value
        frame = Buffer.__new__(Buffer)
        frame.data = pfx_receiver_take(&self.receiver, &frame.nbytes)
        frame.budget = self.budget
        self.bytes_received += frame.nbytes
        return frame

    @property
    def ready(self):
        """Whether there is anything to read: a control element, or at least a piece of a frame."""
        return pfx_channel_queued(self.receiver.channel) != 0

    @property
    def buffers_queued(self):
        """Segments and control elements that wait in the channel."""
        return pfx_channel_queued(self.receiver.channel)

    def set_credit(self, nbytes):
        """Let at most so many bytes be under way in this channel from now on; one segment always may."""
        pfx_channel_set_credit(self.receiver.channel, number("the credit of a channel", nbytes, 0, INT64_MAX))

    def __repr__(self):
        return f"Reader({self.bytes_received} bytes, {self.buffers_queued} buffers queued)"


cdef Reader new_reader(Mapping mapping, channel, max_frame, MemoryBudget budget):
    cdef Reader result = Reader.__new__(Reader)
    cdef pfx_channel *source = channel_at(mapping, channel)
    cdef int64_t limit = number("the longest frame", max_frame, 0, INT64_MAX)
    result.mapping = mapping
    result.budget = default_budget if budget is None else budget
    pfx_receiver_init(&result.receiver, &mapping.arena, source, limit, &result.budget.budget)
    return result
