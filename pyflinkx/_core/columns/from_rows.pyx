"""Batches of columns out of rows."""
from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.build cimport ColumnBuilder, shown
from pyflinkx._core.columns.row_items cimport items_of
from pyflinkx._core.codecs.codec cimport item_of
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.records.row cimport Row
from pyflinkx._core.columns.schema cimport Schema

import array as array_module

from pyflinkx.errors import TypeInformationError

# Rows are taken apart in pieces of this many.
cdef Py_ssize_t PIECE = 1024


cdef object bad_row(object row, Py_ssize_t number, str why):
    return TypeInformationError(f"row {number}: {shown(row)} {why}")


def from_rows(rows, Schema schema not None, timestamps=None, kinds=None, MemoryBudget budget=None, wanted=None):
    """Rows as columns.

    Args:
        rows: a sequence of tuples, lists, Rows, dicts or dataclasses, each with just the schema's fields: by name for
            dicts, dataclasses and Rows with names, else by position. See ColumnBuilder for their values.
        schema: the columns.
        timestamps, kinds: as for ColumnBatch; without kinds, those of Rows are taken.
        budget: what the memory is charged to; the process's when None.
        wanted: positions of the columns to make, in order; None for all. The values of the others are not looked at.

    Raises:
        TypeInformationError: a row or value does not fit; the message names row, column and value.

    Example:
        >>> from_rows([(1, "x"), (2, None)], Schema([Field("a", "l"), Field("b", "u")]))
        ColumnBatch(2 rows: a int64, b utf8)
    """
    cdef list all_rows = rows if isinstance(rows, list) else list(rows)
    cdef list positions = list(range(len(schema.fields)) if wanted is None else wanted)
    cdef list builders = [ColumnBuilder(schema.fields[j], budget) for j in positions]
    cdef list names = schema.names
    cdef Py_ssize_t width = len(names)
    cdef Py_ssize_t at
    cdef Py_ssize_t count = len(all_rows)
    cdef Py_ssize_t start
    cdef Py_ssize_t i
    cdef Py_ssize_t j
    cdef list piece
    cdef bint changes = False
    for start in range(0, count, PIECE):
        piece = []
        for i in range(start, min(start + PIECE, count)):
            row = all_rows[i]
            if isinstance(row, Row) and (<Row> row).kind != 0:
                changes = True
            items = row if type(row) is tuple else items_of(row, names)
            if items is None:
                raise bad_row(row, i, f"is a {type(row).__name__}, not a tuple, list, Row, dict or dataclass")
            if len(items) != width:
                raise bad_row(row, i, f"has {len(items)} fields, not {width}: {', '.join(names)}")
            piece.append(items)
        for j in range(len(positions)):
            at = positions[j]
            (<ColumnBuilder> builders[j]).add_all([item_of(items, at, width) for items in piece])
    if changes and kinds is None:
        kinds = array_module.array("b", [(<Row> row).kind if isinstance(row, Row) else 0 for row in all_rows])
    made = schema if wanted is None else Schema([schema.fields[j] for j in positions], schema.metadata)
    return ColumnBatch(made, [(<ColumnBuilder> builder).build() for builder in builders], count, timestamps, kinds)


def from_objects(ObjectBatch batch not None, Schema schema not None, MemoryBudget budget=None, wanted=None):
    """An ObjectBatch of rows as columns, with its timestamps and row kinds; see from_rows."""
    return from_rows(batch.values, schema, batch.timestamps, batch.kinds, budget, wanted)
