"""Expressions of the Table API: syntax trees of SQL, written in Python."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.sql.parser import parse_type
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.sql.tree.types import IntervalUnit
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.column_types import DataType
from pyflinkx.table.data_types import logical_of
from pyflinkx.table.expression_aggregates import AggregateMethods
from pyflinkx.table.expression_collections import CollectionMethods
from pyflinkx.table.expression_json import JsonMethods
from pyflinkx.table.expression_numbers import NumberMethods
from pyflinkx.table.expression_texts import TextMethods
from pyflinkx.table.expression_times import TimeMethods
from pyflinkx.table.expression_words import (
    JsonExistsOnError,
    JsonOnNull,
    JsonQueryOnEmptyOrError,
    JsonQueryWrapper,
    JsonType,
    JsonValueOnEmptyOrError,
    TimeIntervalUnit,
    TimePointUnit,
)

__all__ = [
    "Expression",
    "JsonExistsOnError",
    "JsonOnNull",
    "JsonQueryOnEmptyOrError",
    "JsonQueryWrapper",
    "JsonType",
    "JsonValueOnEmptyOrError",
    "TimeIntervalUnit",
    "TimePointUnit",
]


@answers("table.expression.Expression")
class Expression(
    NumberMethods, TextMethods, TimeMethods, CollectionMethods, JsonMethods, AggregateMethods, metaclass=Answering
):
    """A value of each row, made by ``col()`` and ``lit()`` and their operators and methods.

    Args:
        node: what it is in SQL.
        name: what ``alias()`` called it.

    Example:
        >>> from pyflinkx.table.expressions import col
        >>> (col("price") * 2 > 10) & col("city").is_not_null
        price * 2 > 10 AND city IS NOT NULL
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: tree.Expression, name: str | None = None) -> None:
        self._node = node
        self._name = name
        # Names of the columns of what has several.
        self._columns: tuple[str, ...] = ()
        # What it is in ORDER BY, where it says a direction.
        self._order: tree.OrderItem | None = None
        # A table that it reads, which is there as long as it is.
        self._holds: Any = None

    def __repr__(self) -> str:
        return unparse(self._node)

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has a value in each row only: write & for and, | for or, ~ for not")

    def _call(self, name: str, *arguments: Any) -> Expression:
        return called(name, self, *arguments)

    def _made(self, node: tree.Expression) -> Expression:
        return Expression(node)

    @staticmethod
    def _node_of(value: Any) -> tree.Expression:
        return node_of(value)

    @staticmethod
    def _type_node(data_type: DataType) -> Any:
        return type_node(data_type)

    def _with(self, operator: str, other: Any, swapped: bool = False) -> Expression:
        operands = (self._node, node_of(other))
        return Expression(tree.Operation(operator, operands[::-1] if swapped else operands))

    def __add__(self, other: Any) -> Expression:
        return self._with("+", other)

    def __radd__(self, other: Any) -> Expression:
        return self._with("+", other, True)

    def __sub__(self, other: Any) -> Expression:
        return self._with("-", other)

    def __rsub__(self, other: Any) -> Expression:
        return self._with("-", other, True)

    def __mul__(self, other: Any) -> Expression:
        return self._with("*", other)

    def __rmul__(self, other: Any) -> Expression:
        return self._with("*", other, True)

    def __truediv__(self, other: Any) -> Expression:
        return self._with("/", other)

    def __rtruediv__(self, other: Any) -> Expression:
        return self._with("/", other, True)

    def __mod__(self, other: Any) -> Expression:
        return self._with("%", other)

    def __rmod__(self, other: Any) -> Expression:
        return self._with("%", other, True)

    def __neg__(self) -> Expression:
        return Expression(tree.Prefix("-", self._node))

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("=", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("<>", other)

    def __lt__(self, other: Any) -> Expression:
        return self._with("<", other)

    def __le__(self, other: Any) -> Expression:
        return self._with("<=", other)

    def __gt__(self, other: Any) -> Expression:
        return self._with(">", other)

    def __ge__(self, other: Any) -> Expression:
        return self._with(">=", other)

    def __and__(self, other: Any) -> Expression:
        return self._with("AND", other)

    def __rand__(self, other: Any) -> Expression:
        return self._with("AND", other, True)

    def __or__(self, other: Any) -> Expression:
        return self._with("OR", other)

    def __ror__(self, other: Any) -> Expression:
        return self._with("OR", other, True)

    def __invert__(self) -> Expression:
        return Expression(tree.Prefix("NOT", self._node))

    @property
    def is_null(self) -> Expression:
        """Whether it is missing."""
        return Expression(tree.Is(self._node, "NULL"))

    @property
    def is_not_null(self) -> Expression:
        """Whether it is there."""
        return Expression(tree.Is(self._node, "NULL", True))

    @property
    def is_true(self) -> Expression:
        """Whether it is true; never null."""
        return Expression(tree.Is(self._node, "TRUE"))

    @property
    def is_false(self) -> Expression:
        """Whether it is false; never null."""
        return Expression(tree.Is(self._node, "FALSE"))

    @property
    def is_not_true(self) -> Expression:
        """Whether it is false or missing."""
        return Expression(tree.Is(self._node, "TRUE", True))

    @property
    def is_not_false(self) -> Expression:
        """Whether it is true or missing."""
        return Expression(tree.Is(self._node, "FALSE", True))

    def between(self, lower_bound: Any, upper_bound: Any) -> Expression:
        """Whether it is from one value to another."""
        return Expression(tree.Between(self._node, node_of(lower_bound), node_of(upper_bound)))

    def not_between(self, lower_bound: Any, upper_bound: Any) -> Expression:
        """Whether it is outside."""
        return Expression(tree.Between(self._node, node_of(lower_bound), node_of(upper_bound), True))

    def then(self, if_true: Any, if_false: Any) -> Expression:
        """One value where this is true, another elsewhere."""
        return called("IF", self, if_true, if_false)

    def if_null(self, null_replacement: Any) -> Expression:
        """Another value where this is missing."""
        return called("IFNULL", self, null_replacement)

    def in_(self, first_element_or_table: Any, *remaining_elements: Any) -> Expression:
        """Whether it is one of some values, or one of those of a table of one column."""
        if hasattr(first_element_or_table, "_node") and hasattr(first_element_or_table, "_t_env"):
            from pyflinkx.table.named_tables import name_of

            query = queries.TableQuery(tree.Name((name_of(first_element_or_table),)))
            made = Expression(tree.In(self._node, query))
            made._holds = first_element_or_table
            return made
        values = tuple(map(node_of, (first_element_or_table, *remaining_elements)))
        return Expression(tree.In(self._node, values))

    @property
    def asc(self) -> Expression:
        """In ``order_by()``: the least first."""
        return self._ordered(False)

    @property
    def desc(self) -> Expression:
        """In ``order_by()``: the greatest first."""
        return self._ordered(True)

    def _ordered(self, descending: bool) -> Expression:
        made = Expression(self._node, self._name)
        made._order = tree.OrderItem(self._node, descending)
        return made

    def as_argument(self, name: str) -> Expression:
        """As the argument of that name."""
        return Expression(tree.NamedArgument(name, self._node))

    def alias(self, name: str, *extra_names: str) -> Expression:
        """The same under another name, or under a name for each column of what has several."""
        made = Expression(self._node, name)
        made._columns = (name, *extra_names)
        return made

    def cast(self, data_type: DataType) -> Expression:
        """The value as another type."""
        return Expression(tree.Cast(self._node, type_node(data_type)))

    def try_cast(self, data_type: DataType) -> Expression:
        """The value as another type; null where that cannot be."""
        return Expression(tree.Cast(self._node, type_node(data_type), True))


def type_node(data_type: DataType) -> Any:
    """A type as it is written."""
    return parse_type(str(logical_of(data_type).with_nullable(True)))


def called(name: str, *arguments: Any) -> Expression:
    """A function's call."""
    return Expression(tree.Call(tree.Name((name,)), tuple(map(node_of, arguments))))


def node_of(value: Any) -> tree.Expression:
    """What an expression or a constant is in SQL.

    Raises:
        TypeError: there is no constant of that type.
    """
    if isinstance(value, Expression):
        return value._node
    if value is None:
        return tree.Null()
    if isinstance(value, bool):
        return tree.Boolean(value)
    if isinstance(value, (int, Decimal)) or (isinstance(value, float) and math.isfinite(value)):
        text = (
            repr(abs(value))
            if isinstance(value, float)
            else f"{abs(value):f}"
            if isinstance(value, Decimal)
            else str(abs(value))
        )
        if isinstance(value, float) and "e" not in text:
            text += "E0"
        number = tree.Number(text)
        return tree.Prefix("-", number) if value < 0 else number
    if isinstance(value, str):
        return tree.String(value)
    if isinstance(value, (bytes, bytearray)):
        return tree.Bytes(bytes(value))
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return tree.Temporal("TIMESTAMP", value.isoformat(" "))
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return tree.Temporal("DATE", value.isoformat())
    if isinstance(value, datetime.time) and value.tzinfo is None:
        return tree.Temporal("TIME", value.isoformat())
    if isinstance(value, datetime.datetime):
        local = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        written = called("TO_TIMESTAMP_LTZ", local.isoformat(" ", "milliseconds"), "yyyy-MM-dd HH:mm:ss.SSS", "UTC")
        return written._node
    if isinstance(value, datetime.timedelta):
        micros = value // datetime.timedelta(microseconds=1)
        seconds, rest = divmod(abs(micros), 1_000_000)
        written_seconds = tree.String(f"{seconds}.{rest:06d}")
        return tree.Interval(written_seconds, IntervalUnit("SECOND"), micros < 0)
    if isinstance(value, list):
        return tree.Array(tuple(map(node_of, value)))
    if isinstance(value, tuple):
        return tree.Row(tuple(map(node_of, value)))
    if isinstance(value, dict):
        return tree.Map(tuple(node_of(each) for pair in value.items() for each in pair))
    raise TypeError(f"there is no constant of {value!r} ({type(value).__name__}) here")


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
