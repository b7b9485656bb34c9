"""Aggregates for ``KeyedStream.agg``, ``WindowedStream.agg`` and ``AllWindowedStream.agg``, by field name.

Nulls are skipped, as in SQL; a result over no values is null, a count is 0. Sums of integers are exact, and a job fails
where one does not fit 64 bits. Sums and averages of floats are compensated (``csrc/include/pfx/agg.h`` has the bound).
NaN is the greatest of all numbers, as in DuckDB.

Example:
    >>> from pyflinkx.datastream import agg
    >>> agg.sum("value")
    Aggregation(function='sum', field='value', by=None)
"""

from __future__ import annotations

from pyflinkx.errors import GraphError
from pyflinkx.operators.aggregations import Aggregation

__all__ = [
    "Aggregation",
    "avg",
    "count",
    "count_distinct",
    "first",
    "last",
    "max",
    "max_by",
    "min",
    "min_by",
    "stddev",
    "sum",
]


def count(field: str | None = None) -> Aggregation:
    """The number of rows, or of a field's values that are not null; int64."""
    return Aggregation("count", None if field is None else named("count", field))


def sum(field: str) -> Aggregation:
    """The sum of a field's numbers: int64 of integers, float64 of floats."""
    return Aggregation("sum", named("sum", field))


def avg(field: str) -> Aggregation:
    """The mean of a field's numbers; float64."""
    return Aggregation("avg", named("avg", field))


def stddev(field: str) -> Aggregation:
    """The standard deviation of a sample of a field's numbers; float64, null below two values."""
    return Aggregation("stddev", named("stddev", field))


def min(field: str) -> Aggregation:
    """The least value of a field; NaN is the greatest."""
    return Aggregation("min", named("min", field))


def max(field: str) -> Aggregation:
    """The greatest value of a field; NaN is the greatest."""
    return Aggregation("max", named("max", field))


def first(field: str) -> Aggregation:
    """The value of a field in the row that arrived first."""
    return Aggregation("first", named("first", field))


def last(field: str) -> Aggregation:
    """The value of a field in the row that arrived last."""
    return Aggregation("last", named("last", field))


def min_by(field: str, by: str) -> Aggregation:
    """The value of a field in the row whose ``by`` is least, of equal ones the first that arrived.

    Rows where either is null are skipped.
    """
    return Aggregation("min_by", named("min_by", field), named("min_by", by))


def max_by(field: str, by: str) -> Aggregation:
    """The value of a field in the row whose ``by`` is greatest, of equal ones the first that arrived.

    Rows where either is null are skipped.
    """
    return Aggregation("max_by", named("max_by", field), named("max_by", by))


def count_distinct(field: str) -> Aggregation:
    """The number of different values of a field, exactly; int64."""
    return Aggregation("count_distinct", named("count_distinct", field))


def named(function: str, field: str) -> str:
    """The name of a field, checked."""
    if not isinstance(field, str):
        raise GraphError(f"agg.{function}() takes the name of a field, not {field!r}")
    return field
