"""Timers of keyed operators, in the order in which they are due."""
cimport cython
from cpython.number cimport PyNumber_Index
from cpython.object cimport Py_EQ, PyObject_RichCompareBool
from libc.stdint cimport int64_t, uint64_t

from pyflinkx._core.pfx.key_hash cimport pfx_key_hash_pair
from pyflinkx._core.pfx.timers cimport (
    pfx_timer,
    pfx_timer_init,
    pfx_timers_add,
    pfx_timers_first,
    pfx_timers_init,
    pfx_timers_remove,
    pfx_timers_reset,
)
from pyflinkx._core.keys.hash cimport as_hash, hash_of
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.keys.snapshots cimport Snapshots
from pyflinkx._core.keys.secret cimport process_secret
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.state.exported cimport StateExport
from pyflinkx._core.status cimport check


# What a queue's map has as keys and values: equal where time, key and namespace are, and hashed under the process's
# secret. Jobs have millions of timers, so the garbage collector does not visit them: keys are plain data (check_key
# sees to it) and cannot lead back to a queue.
@cython.final
@cython.internal
@cython.no_gc
cdef class Timer:
    cdef pfx_timer timer
    cdef int64_t due
    cdef Py_hash_t hash
    cdef object key
    cdef object namespace

    def __cinit__(self, int64_t due, key, namespace):
        pfx_timer_init(&self.timer, <void *>self)
        self.due = due
        self.key = key
        self.namespace = namespace
        self.hash = as_hash(pfx_key_hash_pair(
            &process_secret, pfx_key_hash_pair(&process_secret, <uint64_t> due, <uint64_t> hash_of(key)),
            0 if namespace is None else <uint64_t> hash_of(namespace),
        ))

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        cdef Timer that = other
        return (
            self.due == that.due
            and PyObject_RichCompareBool(self.key, that.key, Py_EQ)
            and PyObject_RichCompareBool(self.namespace, that.namespace, Py_EQ)
        )

    cdef tuple entry(self):
        return self.due, self.key, self.namespace


@cython.final
@cython.no_gc_clear  # the budget is needed to give the memory back
cdef class TimerQueue:
    """Timers, each a timestamp, a key and a namespace, in order of timestamp and then of registration.

    A timer is registered once, whatever the number of calls. Keys and namespaces must be hashable and are told apart as
    in a dict. Deleting a timer frees its memory at once. One thread at a time.

    Args:
        budget: what the heap is charged to (Python objects are not); the budget of the process by default.

    Example:
        >>> timers = TimerQueue()
        >>> timers.register(20, "b", None), timers.register(10, "a", None), timers.register(10, "a", None)
        (True, True, False)
        >>> timers.pop_due(15), timers.pop_due(15), timers.peek()
        ((10, 'a', None), None, 20)
    """

    def __cinit__(self, MemoryBudget budget=None):
        self.budget = default_budget if budget is None else budget
        self.snapshots = Snapshots()  # timers never change
        self.registered = KeyMap((), self.snapshots)
        pfx_timers_init(&self.timers, &self.budget.budget)

    def __dealloc__(self):
        pfx_timers_reset(&self.timers)

    def __len__(self):
        return len(self.registered)

    def register(self, timestamp, key, namespace):
        """Add a timer; False when this very timer is there already.

        Args:
            timestamp: when it is due, in milliseconds.
            key: the key that it belongs to.
            namespace: what tells timers of one key and time apart (a window, say).

        Raises:
            TypeError: key or namespace is not hashable, or the timestamp is no integer.
            OverflowError: the timestamp does not fit 64 bits.
            MemoryBudgetError: the budget is exhausted; nothing was registered.
        """
        cdef int64_t due = PyNumber_Index(timestamp)
        cdef Timer timer = Timer(due, key, namespace)
        # One step for looking and adding: __eq__ of a key may call back into this queue.
        if not self.registered.add(timer, timer.hash, timer):
            return False
        try:
            check(pfx_timers_add(&self.timers, due, &timer.timer))
        except BaseException:
            self.registered.discard(timer, timer.hash)
            raise
        return True

    def delete(self, timestamp, key, namespace):
        """Remove a timer; False when there is none like it. Arguments and errors as for ``register``."""
        cdef int64_t due = PyNumber_Index(timestamp)
        cdef Timer wanted = Timer(due, key, namespace)
        cdef Timer timer = self.registered.remove(wanted, wanted.hash, None)
        if timer is None:
            return False
        check(pfx_timers_remove(&self.timers, &timer.timer))
        return True

    def peek(self):
        """The timestamp of the timer that is due first; None when there is none."""
        cdef int64_t timestamp = 0
        return None if pfx_timers_first(&self.timers, &timestamp) == NULL else timestamp

    def pop_due(self, time):
        """Remove the first timer whose timestamp is ``time`` or earlier, and give it back.

        Returns:
            ``(timestamp, key, namespace)``, or None when no timer is due.
        """
        cdef int64_t timestamp = 0
        cdef int64_t now = PyNumber_Index(time)
        cdef pfx_timer *first = pfx_timers_first(&self.timers, &timestamp)
        if first == NULL or timestamp > now:
            return None
        # What the map gives is what goes: an __eq__ that contradicts itself must leave no dangling timer in the heap.
        cdef Timer owner = <Timer>first.owner
        cdef Timer timer = self.registered.remove(owner, owner.hash, owner)
        check(pfx_timers_remove(&self.timers, &timer.timer))
        return timer.entry()

    def items(self):
        """All timers, as a list of ``(timestamp, key, namespace)`` in order of registration.

        Registering them in this order elsewhere gives a queue that pops in the same order.
        """
        cdef Timer timer
        return [timer.entry() for timer in self.registered]

    def __repr__(self):
        return f"TimerQueue({len(self)} timers, the first at {self.peek()})"


cdef class TimersExport(StateExport):
    """Encodes what timers were registered when this was made, in order of registration.

    Args:
        name, schema, codecs, max_parallelism, snapshots: as of a StateExport; the snapshots are those of the queue.
        queue: the timers.
    """

    def __cinit__(self, name, schema, codecs, max_parallelism, snapshots, TimerQueue queue not None):
        queue.registered.look()
        self.current = queue.registered.frozen_at(self.number)

    cdef int one(self) except -1:
        cdef Timer timer
        if self.current is None or not self.current.advance():
            return 0
        timer = <Timer?> self.current.value
        return 1 + self.add(timer.key, timer.namespace, timer.due)
