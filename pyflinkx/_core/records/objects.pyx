"""Batches of Python values."""
from cpython cimport array

from pyflinkx._core.records.copier cimport Copier
from pyflinkx._core.records.row cimport Row

import array as array_module

cdef array.array LONGS = array_module.array("q")

NO_TIMESTAMP = -(2 ** 63)


cdef int show_kinds(list values, kinds) except -1:
    """Give Rows the kinds of their records, so that a record has one kind, whoever asks."""
    cdef const signed char[:] known = memoryview(kinds)
    cdef Py_ssize_t i
    for i in range(len(values)):
        if not 0 <= known[i] <= 3:
            raise ValueError(f"record {i}: {known[i]} is no row kind")
        value = values[i]
        if isinstance(value, Row):
            (<Row> value).kind = known[i]
    return 0


cdef class ObjectBatch:
    """n Python values, each with an optional timestamp and row kind.

    Args:
        values: the records.
        timestamps: ``array.array("q")`` of n milliseconds since the epoch, NO_TIMESTAMP where a record has none; None
            when no record has one.
        kinds: ``array.array("b")`` of n row kinds (RowKind values), which Rows among the values are given too; None
            when all are inserts but for Rows that say otherwise.

    Raises:
        ValueError: the lengths differ, or a row kind is none of the four.

    Example:
        >>> ObjectBatch(["a", "b"]).slice(1, 2).values
        ['b']
    """

    def __init__(self, list values not None, timestamps=None, kinds=None):
        if timestamps is not None and len(timestamps) != len(values):
            raise ValueError(f"{len(values)} values, but {len(timestamps)} timestamps")
        if kinds is not None and len(kinds) != len(values):
            raise ValueError(f"{len(values)} values, but {len(kinds)} row kinds")
        self.values = values
        self.timestamps = timestamps
        self.kinds = kinds
        if kinds is not None:
            show_kinds(values, kinds)

    def __len__(self):
        return len(self.values)

    def __repr__(self):
        return f"ObjectBatch({self.values!r}, timestamps={self.timestamps!r}, kinds={self.kinds!r})"

    def slice(self, Py_ssize_t start, Py_ssize_t stop):
        """The records from start up to stop, as a batch of its own (the values are shared, the lists are not)."""
        return ObjectBatch(
            self.values[start:stop],
            None if self.timestamps is None else self.timestamps[start:stop],
            None if self.kinds is None else self.kinds[start:stop],
        )

    def append(self, ObjectBatch other not None):
        """Add the records of another batch; False, and no change, when only one of the two has timestamps or kinds.

        Returns:
            bool
        """
        if (self.timestamps is None) != (other.timestamps is None) or (self.kinds is None) != (other.kinds is None):
            return False
        self.values += other.values
        if self.timestamps is not None:
            self.timestamps.extend(other.timestamps)
        if self.kinds is not None:
            self.kinds.extend(other.kinds)
        return True

    def copy(self, Copier copier=None):
        """A batch with lists of its own, and of the values what the copier makes of them; the same without one."""
        result = self.slice(0, len(self.values))
        if copier is not None:
            result.values = copier.copy_all(result.values)
        return result


def constant_timestamps(Py_ssize_t count, long long timestamp):
    """An ``array.array("q")`` that holds ``timestamp`` ``count`` times."""
    cdef array.array result = array.clone(LONGS, count, False)
    cdef Py_ssize_t i
    for i in range(count):
        result.data.as_longlongs[i] = timestamp
    return result
