"""The loop that adds records to aligned event-time windows, which need no trigger call and no timer per key."""
cimport cython
from cpython cimport array
from cpython.ref cimport PyObject
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t

from pyflinkx._core.records.copier cimport Copier
from pyflinkx._core.keys.hash cimport as_key
from pyflinkx._core.keys.items cimport key_of
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.calls.turn cimport Turn
from pyflinkx._core.calls.window_types cimport TimeWindow

import array as array_module

from pyflinkx._core.calls.turn import ENDLESS

cdef enum:
    SLOTS = 64

cdef enum Folding:
    REDUCE
    AGGREGATE
    LIST

# NO_TIMESTAMP of _core.objects
cdef int64_t NONE = INT64_MIN
cdef dict FOLDINGS = {"ReducingState": REDUCE, "AggregatingState": AGGREGATE, "ListState": LIST}


@cython.cdivision(True)
cdef inline int64_t floor_divide(int64_t a, int64_t b) noexcept nogil:
    """a / b rounded down, for b > 0; C rounds towards zero, which would put negative timestamps in the wrong window."""
    cdef int64_t quotient = a // b
    return quotient - (a - quotient * b < 0)


cdef inline int64_t minus(int64_t a, int64_t b) noexcept nogil:
    """a - b for b >= 0, INT64_MIN where that is less."""
    return INT64_MIN if a < INT64_MIN + b else a - b


@cython.final
cdef class AlignedLoop:
    """Adds records to windows of ``size`` ms that start every ``slide`` ms, at ``offset`` and its multiples.

    Args:
        select_key: called with a record.
        kind: the kind of state that keeps a window's records: "ReducingState", "AggregatingState" or "ListState".
        function: for a reducing state called with what is stored and a record; for an aggregating one called with a
            record and the accumulator.
        create_accumulator: for an aggregating state, makes an accumulator.
        windows: window to (key to what is stored); changed in place.
        size, slide, offset, lateness: milliseconds, whose sum is less than 2 ** 62.
        fire: called with key, window and what is stored when a record came to a window that has fired already.
        copier: gives each of several windows a record of its own; None where they share one.
        turn: says when the rest of a batch is left for later; None for never.

    Attributes:
        opened: the windows that were made by the last call.
        late: values and timestamps of the records that came too late in the last call.
        record: the record that it was at when it raised.
        within: whether it has stopped within the windows of a record.
    """

    cdef object select_key
    cdef Folding folding
    cdef object function
    cdef object create_accumulator
    cdef KeyMap windows
    cdef object fire
    cdef Copier copier
    cdef Turn turn
    cdef int64_t size, slide, offset, lateness
    cdef int64_t lowest, highest
    cdef int64_t late_until, fired_until, watermark
    # The batch, its next record, and where that is in the middle of its windows: its key and its next window.
    cdef ObjectBatch batch
    cdef Py_ssize_t at
    cdef object key
    cdef readonly bint within
    cdef int64_t following
    cdef int64_t left
    cdef int64_t[SLOTS] starts
    cdef list stored
    cdef readonly list opened
    cdef readonly ObjectBatch late
    cdef readonly object record

    def __cinit__(
        self, select_key, str kind, function, create_accumulator, KeyMap windows not None,
        int64_t size, int64_t slide, int64_t offset, int64_t lateness, fire,
        Copier copier=None, Turn turn=None,
    ):
        self.select_key = select_key
        self.folding = FOLDINGS[kind]
        self.function = function
        self.create_accumulator = create_accumulator
        self.windows = windows
        self.size = size
        self.slide = slide
        self.offset = offset
        self.lateness = lateness
        self.fire = fire
        self.copier = copier
        self.turn = ENDLESS if turn is None else turn
        # Within these bounds no start, end or clean-up time of a window leaves the 64 bits.
        margin = size + slide + abs(offset) + lateness
        self.lowest = INT64_MIN + margin
        self.highest = INT64_MAX - margin
        self.stored = [None] * SLOTS
        self.opened = []
        self.late = ObjectBatch([], array_module.array("q"))

    def add(self, ObjectBatch batch not None, int64_t watermark, int64_t limit=INT64_MAX):
        """Add the records of a batch to their windows; they are late by ``watermark`` (ms).

        Args:
            batch: the batch.
            watermark: milliseconds.
            limit: to how many windows records are added, give or take one a call; a record of none counts as one.

        Returns:
            Whether there is more to do: then ``resume`` is to be called before anything else.

        Raises:
            ValueError: a record has no timestamp.
            OverflowError: a timestamp is too close to the limits of 64 bits.
            KeyTypeError: a key has no canonical form.
        """
        self.batch, self.at, self.within, self.watermark = batch, 0, False, watermark
        # A window that starts up to late_until has been cleaned up, one that starts up to fired_until has fired.
        self.fired_until = minus(watermark, self.size - 1)
        self.late_until = INT64_MAX if watermark == INT64_MAX else minus(self.fired_until, self.lateness)
        return self.resume(limit)

    def resume(self, int64_t limit):
        """Go on with the batch; as ``add``."""
        cdef ObjectBatch batch = self.batch
        cdef list values = batch.values
        cdef array.array stamps
        cdef Py_ssize_t n = len(values)
        self.opened = []
        self.late = ObjectBatch([], array_module.array("q"))
        self.record = None
        if n == 0:
            return False
        if batch.timestamps is None:
            self.record = values[0]
            self.check_timestamp(NONE)
        stamps = <array.array?> batch.timestamps
        self.left = limit
        try:
            while self.at < n:
                if self.left <= 0:
                    return True
                self.add_record(values[self.at], stamps.data.as_longlongs[self.at])
                if self.within:
                    return True
                self.at += 1
                if self.turn.is_over() and self.at < n:
                    return True
        except BaseException:
            self.record = values[self.at]
            raise
        self.batch = None
        self.key = None
        return False

    cdef int check_timestamp(self, int64_t timestamp) except -1:
        if timestamp == NONE:
            raise ValueError(
                "an event-time window needs records with timestamps, and this record has none: "
                "call assign_timestamps_and_watermarks() before the window, or use a processing-time window"
            )
        if timestamp < self.lowest or timestamp > self.highest:
            raise OverflowError(f"the window of timestamp {timestamp} does not fit 64 bits")
        return 0

    cdef inline int add_record(self, object value, int64_t timestamp) except -1:
        cdef int64_t number, start, past
        cdef bint skipped = True
        cdef size_t slot
        cdef Py_hash_t hash = 0
        if self.within:
            self.within = skipped = False
            key = as_key(self.key, &hash)
            number = self.following
        else:
            if timestamp < self.lowest or timestamp > self.highest:
                self.check_timestamp(timestamp)
            key = as_key(key_of(self.select_key, value), &hash)
            number = floor_divide(timestamp - self.offset, self.slide)
        start = number * self.slide + self.offset
        past = timestamp - self.size
        self.left -= 1
        while start > past:
            if start <= self.late_until:
                break  # and so are all that start earlier
            if self.left < 0 and not skipped:
                self.within = True
                self.key = key
                self.following = number
                return 0
            self.left -= not skipped
            skipped = False
            slot = <size_t> number % SLOTS
            number -= 1
            if self.copier is None or start - self.slide <= past or start - self.slide <= self.late_until:
                self.add_to(start, slot, key, hash, value)
            else:  # there are more
                self.add_to(start, slot, key, hash, self.copier.copy(value))
            start -= self.slide
        if skipped and timestamp <= minus(self.watermark, self.lateness):
            self.late.values.append(value)
            self.late.timestamps.append(timestamp)
        return 0

    cdef inline int add_to(self, int64_t start, size_t slot, object key, Py_hash_t hash, object value) except -1:
        """Add a value to a window."""
        cdef KeyMap stored
        cdef PyObject *found
        cdef object old, new
        if self.starts[slot] == start and self.stored[slot] is not None:
            stored = <KeyMap> self.stored[slot]
        else:
            stored = self.window(start, slot)
        found = stored.find(key, hash)
        if found != NULL:
            old = <object> found
            if self.folding == LIST:
                (<list> old).append(value)
                new = old
            else:
                new = self.function(old, value) if self.folding == REDUCE else self.function(value, old)
                if new is not old:
                    stored.put(key, hash, new)
        else:
            if self.folding == REDUCE:
                new = value
            elif self.folding == LIST:
                new = [value]
            else:
                new = self.function(value, self.create_accumulator())
            stored.put(key, hash, new)
        if start <= self.fired_until:
            self.fire(key, TimeWindow(start, start + self.size), new)
        return 0

    cdef KeyMap window(self, int64_t start, size_t slot):
        """What is stored for the window that starts at ``start``; remembered in ``slot``."""
        cdef TimeWindow window = TimeWindow(start, start + self.size)
        cdef KeyMap stored = self.windows.get(window)
        if stored is None:
            stored = KeyMap()
            self.windows[window] = stored
            self.opened.append(window)
        self.starts[slot] = start
        self.stored[slot] = stored
        return stored

    def forget(self, TimeWindow window not None):
        """A window is gone from ``windows``."""
        self.stored[<size_t> floor_divide(window.start - self.offset, self.slide) % SLOTS] = None


def call_each(function, values, Py_ssize_t most, list results not None, Copier copier=None, Turn turn=None):
    """Append ``function(value)`` to ``results`` for the next values, records of their own if there is a copier.

    Args:
        function: called with each.
        values: an iterator.
        most: values to take.
        results: where to.
        copier: None where results are shared.
        turn: ends the loop when it is over; None for never.
    """
    cdef Py_ssize_t left = most
    for value in values:
        result = function(value)
        results.append(result if copier is None else copier.own(result, 1))
        left -= 1
        if left <= 0 or (turn is not None and turn.is_over()):
            return
