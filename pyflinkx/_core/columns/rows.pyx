"""Columns of values turned into rows."""
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF

from pyflinkx._core.codecs.codec cimport item_of
from pyflinkx._core.records.row cimport new_row


def rows_from_columns(list columns not None, list fields):
    """Rows made of the values at the same place in each column.

    Args:
        columns: one list or tuple per field, all of the same length; at least one.
        fields: the names of the fields, which all rows share; None for rows without names.

    Raises:
        ValueError: the columns differ in length, there are none, or they are not as many as the names.
        TypeError: a column is neither list nor tuple.

    Example:
        >>> rows_from_columns([[1, 2], ["a", "b"]], ["id", "name"])
        [Row(id=1, name='a'), Row(id=2, name='b')]
    """
    cdef Py_ssize_t width = len(columns)
    cdef Py_ssize_t count, i, j
    cdef list rows, values
    cdef object value
    if width == 0 or (fields is not None and len(fields) != width):
        raise ValueError(f"{width} columns cannot make rows of {len(fields) if fields is not None else 'no'} names")
    for column in columns:
        if not isinstance(column, (list, tuple)):
            raise TypeError(f"a column is a list or tuple, not {type(column).__name__}")
    count = len(columns[0])
    for column in columns:
        if len(column) != count:
            raise ValueError(f"columns of {sorted({len(column) for column in columns})} values cannot make rows")
    rows = PyList_New(count)
    for i in range(count):
        values = PyList_New(width)
        for j in range(width):
            value = item_of(columns[j], i, count)
            Py_INCREF(value)
            PyList_SET_ITEM(values, j, value)
        row = new_row(values, fields, 0)
        Py_INCREF(row)
        PyList_SET_ITEM(rows, i, row)
    return rows
