"""Which records of a batch are updates or deletes."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_TYPE

from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.records.row cimport Row
from pyflinkx._core.records.row import RowKind


def first_change(batch not None):
    """Position of the first record that is no insert, by its batch or, where that has no kinds, by itself as a Row.

    -1 where all are inserts.
    """
    cdef Py_ssize_t i
    cdef list values
    cdef const signed char[:] kinds
    cdef PyObject* other = NULL  # the type of the last record that was no Row: most batches have one type
    if batch.kinds is not None:
        kinds = memoryview(batch.kinds)
        for i in range(kinds.shape[0]):
            if kinds[i]:
                return i
        return -1
    if not isinstance(batch, ObjectBatch):
        return -1
    values = (<ObjectBatch>batch).values
    for i in range(len(values)):
        value = values[i]
        if <PyObject*>Py_TYPE(value) == other:
            continue
        if not isinstance(value, Row):
            other = <PyObject*>Py_TYPE(value)
        elif (<Row>value).kind:
            return i
    return -1


def kind_at(batch not None, Py_ssize_t position):
    """The RowKind of a record: that of its batch; where that has no kinds, that of the Row."""
    if batch.kinds is not None:
        return RowKind(memoryview(batch.kinds)[position])
    value = (<ObjectBatch>batch).values[position] if isinstance(batch, ObjectBatch) else None
    return RowKind((<Row>value).kind if isinstance(value, Row) else 0)
