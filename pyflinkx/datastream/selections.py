"""Filters and projections by expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pyflinkx._core.schema import Field, Schema
from pyflinkx.datastream.columnar import column_name, columns_of, known_schema
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.errors import GraphError
from pyflinkx.expressions.compiler import condition, referenced
from pyflinkx.expressions.expression import Expression, col, lit
from pyflinkx.expressions.trial import tried
from pyflinkx.operators.columnar_expressions import (
    ColumnFilterOperator,
    ColumnSelectOperator,
    RowFilterOperator,
    selected,
    source,
)
from pyflinkx.types.repeated import repeated

Columns = list[tuple[str, Expression]]


def filtered(stream: DataStream, expression: Expression) -> DataStream:
    """The records for which the condition is true; they stay what they are, rows or columns."""
    schema = stream._schema
    if schema is None:
        schema = known_schema(stream, "filter(expression)")
        checked_condition(expression, schema)
        return stream._then("Filter", partial(RowFilterOperator, expression, schema), stream._record_type)
    checked_condition(expression, schema)
    return stream._then_columns("Filter", partial(ColumnFilterOperator, expression, schema), schema)


def checked_condition(expression: Expression, schema: Schema) -> None:
    """Refuse what is no condition on these columns, or cannot be evaluated.

    Raises:
        GraphError: why.
    """
    condition(expression, schema, "filter()")
    tried([(Field("condition", "b"), expression)], schema, "filter()")


def selection(
    stream: DataStream, columns: Sequence[str | Expression], named: Mapping[str, Any], call: str
) -> DataStream:
    """Just these columns."""
    schema = stream._schema if stream._schema is not None else known_schema(stream, call)
    chosen = checked(columns, named, schema, call)
    if not chosen:
        raise GraphError(f"{call} takes at least one column")
    selected(chosen, schema, call)  # so that an error names all columns there are
    needed = {name for _, expression in chosen for name in referenced(expression)}
    stream = columns_of(stream, call, needed)
    assert stream._schema is not None
    return projected(stream, chosen, stream._schema, call)


def extended(stream: DataStream, columns: Sequence[str | Expression], named: Mapping[str, Any]) -> DataStream:
    """All columns, and these."""
    call = "with_columns()"
    stream = columns_of(stream, call)
    schema = stream._schema
    assert schema is not None
    added = dict(checked(columns, named, schema, call))
    all_columns: Columns = [(name, added.pop(name, col(name))) for name in schema.names]
    return projected(stream, [*all_columns, *added.items()], schema, call)


def projected(stream: DataStream, columns: Columns, schema: Schema, call: str) -> DataStream:
    """The stream of a projection."""
    result = selected(columns, schema, call)
    calculated = [
        (field, expression)
        for field, (_, expression) in zip(result, columns, strict=True)
        if source(expression) is None
    ]
    if calculated:
        tried(calculated, schema, call)
    return stream._then_columns("Select", partial(ColumnSelectOperator, columns, schema), result)


def checked(columns: Sequence[str | Expression], named: Mapping[str, Any], schema: Schema, call: str) -> Columns:
    """Name and expression of each column.

    Raises:
        GraphError: one has no name, or two have the same.
    """
    chosen: Columns = []
    for column in columns:
        if isinstance(column, Expression):
            if column.operation not in ("column", "alias"):
                raise GraphError(f"{call}: {column} has no name; write name={column} or use alias()")
            chosen.append((column.options[0], column))
        else:
            name = column_name(schema, column, call)
            chosen.append((name, col(name)))
    chosen += [(name, lit(value)) for name, value in named.items()]
    names = [name for name, _ in chosen]
    twice = repeated(names)
    if twice:
        raise GraphError(f"{call}: more than one column is called {', '.join(map(repr, twice))}")
    return chosen
