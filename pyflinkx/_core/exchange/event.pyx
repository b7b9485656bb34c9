"""What tasks sleep on."""
cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint32_t

from pyflinkx._core.pfx.arena cimport PFX_ARENAS
from pyflinkx._core.pfx.event cimport (
    pfx_event,
    pfx_event_destroy,
    pfx_event_init,
    pfx_event_prepare,
    pfx_event_signal,
    pfx_event_wait,
)
from pyflinkx._core.pfx.monitor cimport pfx_deadline, pfx_monotonic_ns
from pyflinkx._core.exchange.segment cimport nanoseconds
from pyflinkx._core.status cimport check

WAIT_SLICE = 1_000_000_000 if PFX_ARENAS else 50_000_000


@cython.final
@cython.no_gc
cdef class Event:
    """What a task sleeps on until something that it waits for may have changed.

    Take the sequence, look at everything that is waited for, and only then wait; whoever changes something signals
    afterwards. A change between the look and the sleep moves the sequence, so no wake-up is lost::

        while True:
            sequence = event.prepare()
            if (item := reader.get()) is not None:
                break
            event.wait(sequence)

    ``Event()`` is private to this process (any of its threads); ``Arena.event(i)`` is shared with others.

    Example:
        >>> event = Event()
        >>> sequence = event.prepare()
        >>> event.wait(sequence, timeout=0.001)
        False
        >>> event.signal()
        >>> event.wait(sequence)
        True
    """

    def __cinit__(self):
        check(pfx_event_init(&self.own))
        self.event = &self.own

    def __dealloc__(self):
        if self.event != NULL:
            pfx_event_destroy(&self.own)

    def prepare(self):
        """The sequence, to be taken before looking at what is waited for."""
        return pfx_event_prepare(self.event)

    def wait(self, uint32_t sequence, timeout=None):
        """Sleep until somebody signals, unless that happened since ``prepare`` returned ``sequence``.

        Other threads of the interpreter run meanwhile; Python's signal handlers run when this is the main thread.

        Args:
            sequence: of ``prepare``.
            timeout: seconds; None for no end.

        Returns:
            False when nobody signalled in time.

        Raises:
            ValueError: the timeout is negative or NaN.
        """
        cdef int64_t deadline = pfx_deadline(nanoseconds(timeout))
        cdef int64_t until
        while pfx_event_prepare(self.event) == sequence:
            with nogil:
                until = pfx_monotonic_ns()
                if until < deadline:
                    until = min(deadline, until + WAIT_SLICE)
                    pfx_event_wait(self.event, sequence, until)
                    until = pfx_monotonic_ns()
            PyErr_CheckSignals()
            if until >= deadline:
                return pfx_event_prepare(self.event) != sequence
        return True

    def signal(self):
        """Wake whoever waits, and end the waits of those who have looked but do not sleep yet."""
        pfx_event_signal(self.event)

    def __repr__(self):
        return f"Event({'private' if self.mapping is None else 'shared'}, sequence {self.prepare()})"


cdef Event shared_event(pfx_event *event, object mapping):
    cdef Event result = Event.__new__(Event)
    result.event = event
    result.mapping = mapping
    return result
