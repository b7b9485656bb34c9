"""Filters and projections by expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import GraphError
from pyflinkx.expressions.compiler import condition, referenced
from pyflinkx.expressions.expression import Expression, col, lit
from pyflinkx.expressions.trial import tried
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.columnar_expressions import (
    ColumnFilterOperator,
    ColumnSelectOperator,
    RowFilterOperator,
    selected,
    source,
)
from pyflinkx.plan.columns import column_name, columnar_operator, columns_of, known_schema
from pyflinkx.plan.stream import Stream, operator
from pyflinkx.types.repeated import repeated

Columns = list[tuple[str, Expression]]


def filtered(stream: Stream, expression: Expression) -> Stream:
    """The records for which the condition is true; they stay what they are, rows or columns."""
    schema = stream.schema
    if schema is None:
        schema = known_schema(stream, "filter(expression)")
        checked_condition(expression, schema)
        spec = OperatorSpec.of(RowFilterOperator, expression, schema)
        return operator("Filter", spec, [stream], stream.record_type)
    checked_condition(expression, schema)
    return columnar_operator("Filter", OperatorSpec.of(ColumnFilterOperator, expression, schema), [stream], schema)


def checked_condition(expression: Expression, schema: Schema) -> None:
    """Refuse what is no condition on these columns, or cannot be evaluated.

    Raises:
        GraphError: why.
    """
    condition(expression, schema, "filter()")
    tried([(Field("condition", "b"), expression)], schema, "filter()")


def selection(stream: Stream, columns: Sequence[str | Expression], named: Mapping[str, Any], call: str) -> Stream:
    """Just these columns."""
    schema = stream.schema if stream.schema is not None else known_schema(stream, call)
    chosen = checked(columns, named, schema, call)
    if not chosen:
        raise GraphError(f"{call} takes at least one column")
    selected(chosen, schema, call)  # so that an error names all columns there are
    needed = {name for _, expression in chosen for name in referenced(expression)}
    stream = columns_of(stream, call, needed)
    return projected(stream, chosen, stream.columns, call)


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
    calculated = [
        (field, expression)
        for field, (_, expression) in zip(result, columns, strict=True)
        if source(expression) is None
    ]
    if calculated:
        tried(calculated, schema, call)
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
    twice = repeated(names)
    if twice:
        raise GraphError(f"{call}: more than one column is called {', '.join(map(repr, twice))}")
    return chosen
