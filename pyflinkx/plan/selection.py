"""Filters and projections by expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyflinkx._core.schema import Schema
from pyflinkx.errors import GraphError
from pyflinkx.expressions.compiler import condition
from pyflinkx.expressions.expression import Expression, col, lit
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.columnar_expressions import (
    ColumnFilterOperator,
    ColumnSelectOperator,
    RowFilterOperator,
    selected,
)
from pyflinkx.plan.columns import column_name, columnar_operator, columns_of, known_schema
from pyflinkx.plan.stream import Stream, operator

Columns = list[tuple[str, Expression]]


def filtered(stream: Stream, expression: Expression) -> Stream:
    """The records for which the condition is true; they stay what they are, rows or columns."""
    schema = stream.schema
    if schema is None:
        schema = known_schema(stream, "filter(expression)")
        condition(expression, schema, "filter()")
        spec = OperatorSpec.of(RowFilterOperator, expression, schema)
        return operator("Filter", spec, [stream], stream.record_type)
    condition(expression, schema, "filter()")
    return columnar_operator("Filter", OperatorSpec.of(ColumnFilterOperator, expression, schema), [stream], schema)


def selection(stream: Stream, columns: Sequence[str | Expression], named: Mapping[str, Any], call: str) -> Stream:
    """Just these columns."""
    stream = columns_of(stream, call)
    schema = stream.columns
    chosen = checked(columns, named, schema, call)
    if not chosen:
        raise GraphError(f"{call} takes at least one column")
    return projected(stream, chosen, schema, call)


def extended(stream: Stream, columns: Sequence[str | Expression], named: Mapping[str, Any]) -> Stream:
    """All columns, and these."""
    call = "with_columns()"
    stream = columns_of(stream, call)
    schema = stream.columns
    added = dict(checked(columns, named, schema, call))
    all_columns: Columns = [(name, added.pop(name, col(name))) for name in schema.names]
    return projected(stream, [*all_columns, *added.items()], schema, call)


def projected(stream: Stream, columns: Columns, schema: Schema, call: str) -> Stream:
    """The stream of a projection."""
    result = selected(columns, schema, call)
    return columnar_operator("Select", OperatorSpec.of(ColumnSelectOperator, columns, schema), [stream], result)


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
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise GraphError(f"{call}: more than one column is called {', '.join(map(repr, repeated))}")
    return chosen
