"""What operators that look at one row after the other have in common: rows of a batch as Python values, and back.

Values are those of ``relational.values``: times as numbers, decimals as Decimal, text as str, None for null. Keys are
Python's values as user functions see them, since state lies under those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_rows, to_values
from pyflinkx._core.keys.index import KeyIndex
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.records.row import RowKind
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.query_options import STATE_TTL
from pyflinkx.expressions.vectors import Frame
from pyflinkx.plan.columns import keyed_by_columns
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.values import column_of, field, from_python, load, to_python
from pyflinkx.state.descriptors import ValueStateDescriptor
from pyflinkx.state.ttl_config import StateTtlConfig
from pyflinkx.types.time import Time

NAN = "NaN"
INSERT, BEFORE, AFTER, DELETE = (
    kind.value for kind in (RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER, RowKind.DELETE)
)


def kinds_of(batch: ColumnBatch) -> list[int] | None:
    """The kind of each row; None where all are inserts."""
    return None if batch.kinds is None else to_values(batch.kinds)


def values_of(batch: ColumnBatch, columns: Columns, positions: Iterable[int]) -> list[Any]:
    """The values of some columns: a list of a value per row for each."""
    import numpy

    frame = Frame(batch, numpy)
    return [to_python(load(columns[index][0], columns[index][1], frame), frame) for index in positions]


def rows_of(batch: ColumnBatch, columns: Columns, positions: Sequence[int]) -> list[tuple[Any, ...]]:
    """The values of some columns: a tuple per row."""
    if not positions:
        return [()] * len(batch)
    return list(zip(*values_of(batch, columns, positions), strict=True))


def keys_of(batch: ColumnBatch, positions: Sequence[int]) -> list[Any]:
    """The key of each row: one column's value, or a tuple of several; of no columns the same for all."""
    if not positions:
        return [0] * len(batch)
    if len(positions) == 1:
        return to_values(batch.column(positions[0]))
    return to_rows(batch.select(positions), "tuple")


def numbered(batch: ColumnBatch, positions: Sequence[int]) -> tuple[Any, Any]:
    """Which rows have the same values in some columns.

    Returns:
        for each row the number of its combination of values, by order of their first rows; and these rows.
    """
    import numpy

    if not positions:
        return numpy.zeros(len(batch), "int64"), numpy.zeros(min(1, len(batch)), "int64")
    chosen = [batch.columns[index] for index in dict.fromkeys(positions)]
    if any(column.field.children or column.field.carried is not None for column in chosen):
        keys: KeyMap[Any, int] = KeyMap()
        values = [to_values(column, "tuple") for column in chosen]
        places = [keys.setdefault(as_key(row), len(keys)) for row in zip(*values, strict=True)]
    else:
        fields = [Field(f"f{place}", column.format) for place, column in enumerate(chosen)]
        schema = Schema(fields)
        index = KeyIndex(schema, schema.names, (), schema)
        named = [column.with_field(field) for column, field in zip(chosen, fields, strict=True)]
        places = index.add(ColumnBatch(schema, named, len(batch)))
    found = numpy.array(places, "int64")
    firsts = numpy.full(int(found.max(initial=-1)) + 1, len(batch), "int64")
    numpy.minimum.at(firsts, found, numpy.arange(len(batch)))
    return found, firsts


def as_key(value: Any) -> Any:
    """What stands for a value in a map: equal for equal values of one type, NaN included."""
    if isinstance(value, float):
        return NAN if value != value else (value, str(value)) if value == 0 else value
    if isinstance(value, dict):
        return tuple((as_key(key), as_key(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)) or hasattr(value, "get_row_kind"):
        return tuple(map(as_key, value))
    return value


def schema_of(columns: Columns) -> Schema:
    """The columns of a node's batches."""
    return Schema([field(name, kind) for name, kind in columns])


def batch_of(rows: Sequence[Sequence[Any]], columns: Columns, kinds: Sequence[int] | None = None) -> ColumnBatch:
    """Rows of values as a batch.

    Args:
        rows: a value for each column.
        columns: names and types.
        kinds: of the rows; None for inserts.

    Raises:
        TypeInformationError: a value does not fit its column.
    """
    schema = schema_of(columns)
    made = [column_of_values([row[place] for row in rows], *each) for place, each in enumerate(columns)]
    return ColumnBatch(schema, made, len(rows), None, kind_column(kinds))


def column_of_values(values: list[Any], name: str, kind: Any) -> Any:
    """Values as a column.

    Raises:
        TypeInformationError: a value does not fit.
    """
    import numpy

    frame = Frame(ColumnBatch(Schema([]), [], len(values)), numpy)
    return column_of(from_python(values, kind, frame), field(name, kind), kind, frame)


def kind_column(kinds: Sequence[int] | None) -> Any:
    """Kinds of rows as a batch has them; None where all are inserts."""
    import numpy

    return None if kinds is None or not any(kinds) else numpy.array(kinds, "int8")


def keyed(stream: Stream, positions: Sequence[int]) -> Stream:
    """A stream spread by some of its columns; all of it at one place where there are none."""
    if not positions:
        return stream
    names = [stream.columns.names[index] for index in positions]
    made = keyed_by_columns(stream, names)
    assert made is not None
    return made


def value_state(name: str, ttl: int) -> ValueStateDescriptor:
    """A value per key.

    Args:
        name: of the state.
        ttl: how long (ms) a value is kept that nobody changes; 0 for ever.
    """
    descriptor = ValueStateDescriptor(name)
    if ttl:
        descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.milliseconds(ttl)).build())
    return descriptor


def ttl_of(options: Configuration) -> int:
    """How long (ms) a query keeps what nobody changes; 0 for ever."""
    return options.value_of(STATE_TTL)
