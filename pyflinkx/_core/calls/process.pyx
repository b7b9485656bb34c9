"""The loop of process functions, whose results may go to side outputs, and what gathers these."""
from cpython cimport array
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE

from pyflinkx._core.calls.records cimport MOST_RESULTS, CallSite, RecordContext, repeat_stamp
from pyflinkx._core.calls.turn cimport Turn
from pyflinkx._core.keys.canonical cimport check_key
from pyflinkx._core.keys.items cimport key_of
from pyflinkx._core.python cimport references
from pyflinkx._core.records.copier cimport Copier, is_simple
from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.state.keyed cimport KeyContext

import array as array_module

from pyflinkx._core.records import objects

cdef array.array LONGS = array_module.array("q")
cdef long long NONE = objects.NO_TIMESTAMP


cdef class ResultCollector:
    """Gathers what a process function yields: the main output with timestamps, and side outputs by tag id.

    Args:
        tag_type: the class of output tags; a yielded pair whose first item is one goes to that side output.

    Attributes:
        copier: makes records the receiver's own; None where all may share them.
    """

    cdef object tag_type
    cdef list values
    cdef array.array stamps
    cdef dict sides
    cdef public Copier copier

    def __init__(self, tag_type):
        self.tag_type = tag_type
        self.reset()

    cdef int reset(self) except -1:
        self.values = []
        self.stamps = array.clone(LONGS, 0, False)
        self.sides = None
        return 0

    cdef int add_all(self, results, long long timestamp) except -1:
        cdef Py_ssize_t i, held
        if PyList_CheckExact(results):
            held = 2 if references(results) == 1 else 0
            i = 0
            while i < PyList_GET_SIZE(results):
                result = <object> PyList_GET_ITEM(results, i)
                self.add(result, held, timestamp)
                i += 1
        elif PyTuple_CheckExact(results):
            held = 2 if references(results) == 1 else 0
            for i in range(PyTuple_GET_SIZE(results)):
                result = <object> PyTuple_GET_ITEM(results, i)
                self.add(result, held, timestamp)
        else:
            for result in results:
                self.add(result, 1, timestamp)
        return 0

    cdef bint add_some(self, results, long long timestamp, Turn turn) except -1:
        """Add what an iterator gives, to its end or until the turn is over; whether that was its end."""
        cdef Py_ssize_t count = 0
        for result in results:
            self.add(result, 1, timestamp)
            count += 1
            if turn.is_over() or count >= MOST_RESULTS:
                return False
        return True

    cdef inline int add(self, result, Py_ssize_t held, long long timestamp) except -1:
        """Add a result to which the caller holds ``held`` references, or shares it (0)."""
        cdef Copier copier = self.copier
        if type(result) is tuple and len(<tuple> result) == 2 and isinstance((<tuple> result)[0], self.tag_type):
            value = (<tuple> result)[1]
            if copier is not None:
                value = copier.own(value, 2 if references(result) == held else 0)
            self.add_side((<tuple> result)[0].tag_id, value, timestamp)
        else:
            self.values.append(result if copier is None or is_simple(result) else copier.own(result, held))
            repeat_stamp(self.stamps, 1, timestamp)
        return 0

    cdef int add_side(self, tag_id, value, long long timestamp) except -1:
        if self.sides is None:
            self.sides = {}
        if tag_id not in self.sides:
            self.sides[tag_id] = ObjectBatch([], array.clone(LONGS, 0, False))
        cdef ObjectBatch side = self.sides[tag_id]
        side.values.append(value)
        repeat_stamp(<array.array> side.timestamps, 1, timestamp)
        return 0

    def collect(self, results, long long timestamp):
        """Add what iterating over ``results`` yields (None yields nothing), all with this timestamp."""
        if results is not None:
            self.add_all(results, timestamp)

    def take(self):
        """(main batch or None, {tag id: batch} or None) gathered since the last call."""
        main = ObjectBatch(self.values, self.stamps) if self.values else None
        sides = self.sides
        self.reset()
        return main, sides


def process_values(
    CallSite site not None, function, RecordContext context not None, ResultCollector results not None,
    ObjectBatch batch not None, key_selector=None, KeyContext key_context=None,
):
    """Call ``function(value, context)`` for every record and gather what it yields in ``results``.

    With a key selector, ``key_context.key`` is the checked key of the record during its call.
    """
    cdef list values = batch.values
    cdef array.array stamps = None
    cdef Py_ssize_t i = 0, n = len(values)
    cdef long long stamp = NONE
    cdef bint keyed = key_selector is not None
    cdef Turn turn = site.turn
    yielded = site.go_on()
    if batch.timestamps is not None:
        stamps = <array.array?> batch.timestamps
    try:
        for i in range(n):
            value = values[i]
            if stamps is not None:
                stamp = stamps.data.as_longlongs[i]
            context.record_timestamp = stamp
            if yielded is None:
                if keyed:
                    key_context.key = check_key(key_of(key_selector, value))
                yielded = function(value, context)
            if yielded is not None:
                if PyList_CheckExact(yielded) or PyTuple_CheckExact(yielded):
                    results.add_all(yielded, stamp)
                else:
                    yielded = iter(yielded)
                    if not results.add_some(yielded, stamp, turn):
                        site.leave(batch, i, yielded)
                        break
                yielded = None
            if turn.is_over() or PyList_GET_SIZE(results.values) >= MOST_RESULTS:
                site.leave(batch, i + 1)
                break
    except BaseException as error:
        site.fail(values[i], None, error)
