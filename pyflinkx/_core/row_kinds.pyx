"""Which records of a batch are updates or deletes."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_TYPE

from pyflinkx._core.objects cimport ObjectBatch
from pyflinkx._core.row cimport Row
from pyflinkx._core.row import RowKind


def first_change(batch not None):
    """Position of the first record that is no insert, by its batch or by itself as a Row; -1 where all are inserts."""
    cdef Py_ssize_t found = -1, i, n
    cdef list values
    cdef const signed char[:] kinds
    cdef PyObject* other = NULL  # the type of the last record that was no Row: most batches have one type
    if batch.kinds is not None:
        kinds = memoryview(batch.kinds)
        for i in range(kinds.shape[0]):
            if kinds[i]:
                found = i
                break
    if not isinstance(batch, ObjectBatch):
        return found
    values = (<ObjectBatch>batch).values
    n = len(values) if found < 0 else found
    for i in range(n):
        value = values[i]
        if <PyObject*>Py_TYPE(value) == other:
            continue
        if not isinstance(value, Row):
            other = <PyObject*>Py_TYPE(value)
        elif (<Row>value).kind:
            return i
    return found


def kind_at(batch not None, Py_ssize_t position):
    """The RowKind of a record: that of the Row where it has one, else that of its batch."""
    kind = 0
    if batch.kinds is not None:
        kind = memoryview(batch.kinds)[position]
    if isinstance(batch, ObjectBatch):
        value = (<ObjectBatch>batch).values[position]
        if isinstance(value, Row) and (<Row>value).kind:
            kind = (<Row>value).kind
    return RowKind(kind)
