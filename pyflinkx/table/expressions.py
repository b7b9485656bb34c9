"""Where expressions of the Table API begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.names.asking import offering
from pyflinkx.sql.parser import parse_expression
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.column_types import DataType
from pyflinkx.table.expression import Expression, called, node_of, type_node

__all__ = [
    "and_",
    "call_sql",
    "coalesce",
    "col",
    "concat",
    "concat_ws",
    "e",
    "if_then_else",
    "lit",
    "negative",
    "not_",
    "null_of",
    "or_",
    "pi",
]


def col(name: str) -> Expression:
    """A column."""
    return Expression(tree.Name((name,)))


def lit(v: Any, data_type: DataType | None = None) -> Expression:
    """A constant, perhaps as a certain type."""
    constant = Expression(node_of(v))
    return constant if data_type is None else constant.cast(data_type)


def null_of(data_type: DataType) -> Expression:
    """The missing value of a type."""
    return Expression(tree.Cast(tree.Null(), type_node(data_type)))


def call_sql(sql_expression: str) -> Expression:
    """An expression in SQL.

    Raises:
        SqlError: it is none.
    """
    return Expression(parse_expression(sql_expression))


def and_(predicate0: Any, predicate1: Any, *predicates: Any) -> Expression:
    """Whether all are true."""
    return Expression(tree.Operation("AND", tuple(map(node_of, (predicate0, predicate1, *predicates)))))


def or_(predicate0: Any, predicate1: Any, *predicates: Any) -> Expression:
    """Whether one is true."""
    return Expression(tree.Operation("OR", tuple(map(node_of, (predicate0, predicate1, *predicates)))))


def not_(expression: Expression) -> Expression:
    """Whether it is not true."""
    return ~expression


def negative(v: Any) -> Expression:
    """A number with the other sign."""
    return Expression(tree.Prefix("-", node_of(v)))


def if_then_else(condition: Any, if_true: Any, if_false: Any) -> Expression:
    """One value where a condition is true, another elsewhere."""
    return called("IF", condition, if_true, if_false)


def coalesce(*args: Any) -> Expression:
    """The first value that is not missing."""
    return called("COALESCE", *args)


def concat(first: Any, *others: Any) -> Expression:
    """Texts one after the other."""
    return called("CONCAT", first, *others)


def concat_ws(separator: Any, first: Any, *others: Any) -> Expression:
    """Texts with a separator between; what is missing is left out."""
    return called("CONCAT_WS", separator, first, *others)


def pi() -> Expression:
    """The number pi."""
    return called("PI")


def e() -> Expression:
    """Euler's number."""
    return called("E")


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
