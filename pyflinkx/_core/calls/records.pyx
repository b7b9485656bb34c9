"""Loops that call a user's function once per record of a batch.

Each loop takes the batch over (its lists may be reused for the result). When the user's function raises, the loop keeps
what the records before the failing one produced in the call site and raises JobExecutionError from the user's
exception; the operator emits the kept part, so nothing that was computed is lost.

A result that the function may still change is replaced by a copy as it comes, before the next call: a batch is sent on
later. The references that a loop says it holds are those of its list and its variable.
"""
from cpython cimport array
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.ref cimport PyObject
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE

from pyflinkx._core.records.copier cimport Copier, is_atom, is_simple
from pyflinkx._core.python cimport references
from pyflinkx._core.keys.hash cimport as_key
from pyflinkx._core.keys.items cimport key_of
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.state.keyed cimport KeyContext, StateTable
from pyflinkx._core.keys.canonical cimport check_key
from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.records.row cimport Row

import array as array_module

from pyflinkx._core.records import objects
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.errors import JobExecutionError

cdef array.array LONGS = array_module.array("q")
cdef array.array BYTES = array_module.array("b")
cdef object NO_TIMESTAMP = objects.NO_TIMESTAMP
cdef long long NONE = NO_TIMESTAMP

MAX_REPR = 200


def short_repr(value):
    """repr(value), cut at 200 characters; a repr that fails is replaced by the type's name."""
    try:
        text = repr(value)
    except BaseException as error:
        if is_interrupt(error):
            raise
        text = f"<{type(value).__name__} whose repr() raised {type(error).__name__}>"
    return text if len(text) <= MAX_REPR else text[:MAX_REPR - 3] + "..."


def told(error not None):
    """An exception's class and text, or which exception its ``str()`` raised."""
    try:
        text = str(error)
    except BaseException as another:
        if is_interrupt(another):
            raise
        text = f"<str() raised {type(another).__name__}>"
    return f"{type(error).__name__}: {text}"


cdef object users_part(traceback):
    """The part of a traceback that begins in the user's code; all of it when no part does."""
    part = traceback
    while part is not None:
        module = part.tb_frame.f_globals.get("__name__") or ""
        if not module.startswith("pyflinkx.") or module.startswith("pyflinkx.examples."):
            return part
        part = part.tb_next
    return traceback


cdef class CallSite:
    """Where a user's function is called from, for error messages.

    Args:
        name: the operator's name.
        uid: the operator's uid.
        location: the user's line that created the operator, such as ``job.py:12``; None when unknown.
        copier: makes records the receiver's own; None where all may share them.
    """

    def __init__(self, str name not None, str uid not None, str location=None, Copier copier=None):
        self.name = name
        self.uid = uid
        self.location = location
        self.copier = copier
        self.partial = None

    cdef int fail(self, object record, ObjectBatch partial, object error) except -1:
        self.partial = partial
        raise self.wrap(error, f"on record {short_repr(record)}") from error

    def wrap(self, error, str where not None):
        """The JobExecutionError to raise from ``error``, whose traceback is cut to begin in the user's code.

        Whatever a user's function raises fails the job, also what is no Exception (``sys.exit()``); only Ctrl-C in the
        program goes on as it is.
        """
        if isinstance(error, JobExecutionError):
            return error
        if is_interrupt(error):
            raise error
        error.__traceback__ = users_part(error.__traceback__)
        text = f"operator '{self.name}' (uid {self.uid}) failed {where}"
        if self.location is not None:
            text += f"; created at {self.location}"
        return JobExecutionError(f"{text}: {told(error)}")

    def take_partial(self):
        """What the records before the failing one produced, once; None when that is nothing."""
        partial, self.partial = self.partial, None
        return partial if partial is not None and len(partial) else None


cdef class RecordContext:
    """Base of the contexts that user functions see: the loops set the record's timestamp on it."""

    def timestamp(self):
        """The record's timestamp in milliseconds since the epoch; None when it has none."""
        return None if self.record_timestamp == NONE else self.record_timestamp


cdef array.array longs(object timestamps):
    return <array.array?> timestamps


cdef ObjectBatch head(list values, ObjectBatch batch):
    """A batch of ``values`` with the first timestamps and kinds of ``batch``."""
    cdef Py_ssize_t n = len(values)
    return ObjectBatch(
        values,
        None if batch.timestamps is None else batch.timestamps[:n],
        None if batch.kinds is None else batch.kinds[:n],
    )


cdef int read_kinds(list values, object kinds, Py_ssize_t count) except -1:
    """Read the kinds that the function has given to Rows; what is none keeps the kind of the record it was made of."""
    cdef signed char[:] known
    cdef Py_ssize_t i
    if kinds is None:
        return 0
    known = memoryview(kinds)
    for i in range(count):
        value = values[i]
        if isinstance(value, Row):
            known[i] = (<Row> value).kind
    return 0


def map_values(CallSite site not None, function, ObjectBatch batch not None):
    """Replace every value by ``function(value)``."""
    cdef list values = batch.values
    cdef Py_ssize_t i = 0
    cdef Copier copier = site.copier
    # In place, so that a value can go as soon as its result is there: the tuples that live at a time stay in the cache,
    # and are so few that the garbage collector is not called.
    try:
        while i < len(values):
            values[i] = function(values[i])
            if copier is not None and not is_simple(<object> PyList_GET_ITEM(values, i)):
                result = values[i]
                values[i] = copier.own(result, 2)
            i += 1
    except BaseException as error:
        read_kinds(values, batch.kinds, i)
        site.fail(values[i], head(values[:i], batch), error)
    read_kinds(values, batch.kinds, i)
    return batch


def filter_values(CallSite site not None, predicate, ObjectBatch batch not None):
    """Keep the records for which ``predicate(value)`` is true."""
    cdef list values = batch.values
    cdef list out = []
    cdef Copier copier = site.copier
    cdef array.array stamps = None, kept_stamps = None, kinds = None, kept_kinds = None
    cdef Py_ssize_t i = 0, kept = 0, n = len(values)
    if batch.timestamps is not None:
        stamps = longs(batch.timestamps)
        kept_stamps = array.clone(LONGS, n, False)
    if batch.kinds is not None:
        kinds = <array.array?> batch.kinds
        kept_kinds = array.clone(BYTES, n, False)
    failure = None
    try:
        for i in range(n):
            value = values[i]
            if predicate(value):
                out.append(value if copier is None or is_simple(value) else copier.own(value, 2))
                if stamps is not None:
                    kept_stamps.data.as_longlongs[kept] = stamps.data.as_longlongs[i]
                if kinds is not None:
                    kept_kinds.data.as_schars[kept] = kinds.data.as_schars[i]
                kept += 1
    except BaseException as error:
        failure = error
    if kept_stamps is not None:
        array.resize(kept_stamps, kept)
    if kept_kinds is not None:
        array.resize(kept_kinds, kept)
        read_kinds(out, kept_kinds, kept)
    result = ObjectBatch(out, kept_stamps, kept_kinds)
    if failure is not None:
        site.fail(values[i], result, failure)
    return result


def flat_map_values(CallSite site not None, function, ObjectBatch batch not None):
    """Replace every value by what iterating over ``function(value)`` yields (None yields nothing)."""
    cdef list values = batch.values
    cdef list out = []
    cdef array.array stamps = None, out_stamps = None
    cdef Py_ssize_t i = 0, before = 0, n = len(values)
    cdef Copier copier = site.copier
    failure = None
    if batch.timestamps is not None:
        stamps = longs(batch.timestamps)
        out_stamps = array.clone(LONGS, 0, False)
    try:
        for i in range(n):
            results = function(values[i])
            if results is not None:
                add_results(out, results, copier)
            if stamps is not None and len(out) > before:
                repeat_stamp(out_stamps, len(out) - before, stamps.data.as_longlongs[i])
                before = len(out)
    except BaseException as error:
        failure = error
        if stamps is not None and len(out) > before:
            repeat_stamp(out_stamps, len(out) - before, stamps.data.as_longlongs[i])
    output = ObjectBatch(out, out_stamps)
    if failure is not None:
        site.fail(values[i], output, failure)
    return output


cdef int add_results(list out, results, Copier copier) except -1:
    """Append what iterating over ``results`` yields; a list or tuple that nobody else holds is taken apart."""
    cdef Py_ssize_t i, held
    if copier is None:
        for result in results:
            out.append(result)
    elif PyList_CheckExact(results):
        held = 2 if references(results) == 1 else 0
        i = 0
        while i < PyList_GET_SIZE(results):
            result = <object> PyList_GET_ITEM(results, i)
            out.append(copier.own(result, held))
            i += 1
    elif PyTuple_CheckExact(results):
        held = 2 if references(results) == 1 else 0
        for i in range(PyTuple_GET_SIZE(results)):
            result = <object> PyTuple_GET_ITEM(results, i)
            out.append(copier.own(result, held))
    else:
        for result in results:
            out.append(copier.own(result, 1))
    return 0


cdef int repeat_stamp(array.array stamps, Py_ssize_t times, long long timestamp) except -1:
    cdef Py_ssize_t start = len(stamps), i
    array.resize_smart(stamps, start + times)
    for i in range(start, start + times):
        stamps.data.as_longlongs[i] = timestamp
    return 0


def reduce_values(
    CallSite site not None, key_selector, function, StateTable table not None, ObjectBatch batch not None,
    bint updates=True,
):
    """Fold every value into its key's entry of ``table`` by ``function(old, value)`` and replace it by the result.

    The first value of a key is its result. The table maps checked keys to the latest result. Without ``updates`` the
    batch is not to be emitted.
    """
    cdef list values = batch.values
    cdef Py_ssize_t i = 0
    cdef Copier copier = site.copier if updates else None
    cdef PyObject *found
    cdef Py_hash_t hash = 0
    cdef KeyMap state = table.keys if table.in_memory() else None
    try:
        while i < len(values):
            value = values[i]
            key = as_key(key_of(key_selector, value), &hash)
            if state is not None:
                found = state.find(key, hash)
                if found != NULL:
                    table.context.key = key  # for other states of the function's
                    value = function(<object> found, value)
                state.put(key, hash, value)
            else:
                table.context.key = key
                old = table.edit(None)
                if old is not ABSENT:
                    value = function(old, value)
                table.put(None, value)
            values[i] = value if copier is None or is_simple(value) else copier.copy(value)
            i += 1
    except BaseException as error:
        read_kinds(values, batch.kinds, i)
        site.fail(values[i], head(values[:i], batch), error)
    read_kinds(values, batch.kinds, i)
    return batch


def select_keys(CallSite site not None, key_selector, list values not None):
    """A list of ``key_selector(value)`` for every value."""
    cdef list keys = []
    try:
        for value in values:
            keys.append(key_of(key_selector, value))
    except BaseException as error:
        site.fail(values[len(keys)], None, error)
    return keys


def group_values(CallSite site not None, key_selector, list values not None, KeyMap groups not None):
    """Append every value to its key's list in ``groups``; keys that are not there yet come after the others."""
    cdef PyObject *found = NULL
    cdef Py_hash_t hash = 0
    for value in values:
        try:
            key = as_key(key_of(key_selector, value), &hash)
            found = groups.find(key, hash)
        except BaseException as error:
            site.fail(value, None, error)
        if found == NULL:
            groups.put(key, hash, [value])
        else:
            (<list> found).append(value)


def extract_timestamps(CallSite site not None, function, ObjectBatch batch not None):
    """Give every record the timestamp ``function(value, timestamp so far)``; return the largest one.

    The function gets NO_TIMESTAMP for a record without one. An empty batch has NO_TIMESTAMP as its largest.
    """
    cdef list values = batch.values
    cdef Py_ssize_t i = 0, n = len(values)
    cdef array.array stamps = array.clone(LONGS, n, False)
    cdef array.array old = None
    cdef long long largest = NONE, stamp
    cdef Copier copier = site.copier
    if batch.timestamps is not None:
        old = longs(batch.timestamps)
    try:
        for i in range(n):
            value = values[i]
            extracted = function(value, NO_TIMESTAMP if old is None else old.data.as_longlongs[i])
            if copier is not None and not PyTuple_CheckExact(value) and not is_atom(value):
                values[i] = copier.own(value, 2)
            if type(extracted) is not int:
                extracted = as_milliseconds(extracted)
            stamp = extracted
            stamps.data.as_longlongs[i] = stamp
            if stamp > largest:
                largest = stamp
    except BaseException as error:
        batch.timestamps = stamps
        site.fail(values[i], batch.slice(0, i), error)
    batch.timestamps = stamps
    return largest


def as_milliseconds(extracted):
    """``extracted`` as an int; TypeError unless it is a whole number of some integer type."""
    if hasattr(type(extracted), "__index__"):
        return extracted.__index__()
    raise TypeError(
        f"a timestamp assigner must return int milliseconds since the epoch, not {short_repr(extracted)} "
        f"({type(extracted).__name__})"
    )


def largest_timestamp(timestamps not None):
    """The largest of an ``array.array("q")``; NO_TIMESTAMP for an empty one."""
    cdef array.array stamps = longs(timestamps)
    cdef long long largest = NONE
    cdef Py_ssize_t i
    for i in range(len(stamps)):
        if stamps.data.as_longlongs[i] > largest:
            largest = stamps.data.as_longlongs[i]
    return largest


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
    if batch.timestamps is not None:
        stamps = longs(batch.timestamps)
    try:
        for i in range(n):
            value = values[i]
            if stamps is not None:
                stamp = stamps.data.as_longlongs[i]
            context.record_timestamp = stamp
            if keyed:
                key_context.key = check_key(key_of(key_selector, value))
            yielded = function(value, context)
            if yielded is not None:
                results.add_all(yielded, stamp)
    except BaseException as error:
        site.fail(values[i], None, error)
