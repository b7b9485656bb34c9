"""The windows that records are assigned to; compiled because they are dict keys on the way of every record."""
from cpython.object cimport Py_EQ, Py_GT, Py_LE, Py_LT, Py_NE
from libc.stdint cimport INT64_MAX, uint64_t

from pyflinkx._core.pfx.key_hash cimport pfx_key_hash_pair
from pyflinkx._core.keys.secret cimport process_secret


cdef inline Py_hash_t mixed(uint64_t a, uint64_t b) noexcept:
    """A hash of two numbers, under the process's secret: who sends the records chooses the windows."""
    cdef Py_hash_t result = <Py_hash_t> pfx_key_hash_pair(&process_secret, a, b)
    return -2 if result == -1 else result


cdef class Window:
    """A group of records with an end: at ``max_timestamp`` all of them have arrived.

    A window of the user's own derives from this class, defines ``max_timestamp``, and is hashable and comparable for
    equality, since it addresses state.
    """

    def __cinit__(self, *args, **kwargs):
        if type(self) is Window:
            raise TypeError("Window is abstract; derive from it and define max_timestamp()")

    def max_timestamp(self):
        """The largest timestamp (ms) that still belongs to this window."""
        raise NotImplementedError(f"{type(self).__name__} does not define max_timestamp()")


cdef class TimeWindow(Window):
    """The records from ``start`` (inclusive) to ``end`` (exclusive), in milliseconds since the epoch.

    Raises:
        OverflowError: a bound is no 64-bit integer.

    Example:
        >>> TimeWindow(0, 1000).max_timestamp()
        999
    """

    def __init__(self, start, end):
        self.start = start
        self.end = end

    def max_timestamp(self):
        """The last millisecond of the window."""
        return self.end - 1

    def intersects(self, TimeWindow other not None):
        """Whether the windows overlap or touch."""
        return self.start <= other.end and self.end >= other.start

    def cover(self, TimeWindow other not None):
        """The smallest window that holds both."""
        return TimeWindow(min(self.start, other.start), max(self.end, other.end))

    @staticmethod
    def get_window_start_with_offset(timestamp, offset, window_size):
        """Start (ms) of the window of ``window_size`` ms, shifted by ``offset`` ms, that holds ``timestamp``."""
        return timestamp - (timestamp - offset) % window_size

    @staticmethod
    def merge_windows(windows, callback):
        """Call ``callback.merge(windows, result)`` for each group of two or more windows that overlap or touch."""
        cdef TimeWindow covered = None, window
        cdef set group = set()
        groups = []
        for window in sorted(windows):
            if covered is not None and covered.intersects(window):
                covered = covered.cover(window)
                group.add(window)
            else:
                covered = window
                group = {window}
                groups.append(group)
        for group in groups:
            if len(group) > 1:
                callback.merge(group, TimeWindow(min(w.start for w in group), max(w.end for w in group)))

    def __hash__(self):
        return mixed(<uint64_t> self.start, <uint64_t> self.end)

    def __richcmp__(self, other, int operation):
        cdef TimeWindow a = self, b
        cdef bint equal, less
        if operation == Py_EQ or operation == Py_NE:
            equal = False
            if type(self) is type(other):
                b = other
                equal = a.start == b.start and a.end == b.end
            return equal if operation == Py_EQ else not equal
        if not isinstance(other, TimeWindow):
            raise TypeError(f"a TimeWindow cannot be ordered with {other!r}")
        b = other
        equal = a.start == b.start and a.end == b.end
        less = a.start < b.start or (a.start == b.start and a.end < b.end)
        if operation == Py_LT:
            return less
        if operation == Py_LE:
            return less or equal
        if operation == Py_GT:
            return not (less or equal)
        return not less

    def __reduce__(self):
        return type(self), (self.start, self.end)

    def __repr__(self):
        return f"TimeWindow(start={self.start}, end={self.end})"


cdef class CountWindow(Window):
    """The window number ``id`` of a key, among windows that are closed by counting."""

    def __init__(self, id):
        self.id = id

    def max_timestamp(self):
        """The largest 64-bit integer: a count window is not bounded by time."""
        return INT64_MAX

    def __hash__(self):
        return mixed(<uint64_t> self.id, 0)

    def __eq__(self, other):
        return type(self) is type(other) and self.id == (<CountWindow> other).id

    def __reduce__(self):
        return type(self), (self.id,)

    def __repr__(self):
        return f"CountWindow(id={self.id})"


cdef class GlobalWindow(Window):
    """The one window that holds everything."""

    @staticmethod
    def get():
        """The global window."""
        return GLOBAL_WINDOW

    def max_timestamp(self):
        """The largest 64-bit integer: the global window never ends."""
        return INT64_MAX

    def __hash__(self):
        return 0

    def __eq__(self, other):
        return type(self) is type(other)

    def __reduce__(self):
        return type(self), ()

    def __repr__(self):
        return "GlobalWindow"


cdef GlobalWindow GLOBAL_WINDOW = GlobalWindow()
