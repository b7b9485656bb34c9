"""Expressions of the Table API: syntax trees of SQL, written in Python."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.sql.parser import parse_type
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.column_types import DataType
from pyflinkx.table.data_types import logical_of

__all__ = ["Expression"]


@answers("table.expression.Expression")
class Expression(metaclass=Answering):
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

    def __repr__(self) -> str:
        return unparse(self._node)

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has a value in each row only: write & for and, | for or, ~ for not")

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

    def alias(self, name: str, *extra_names: str) -> Expression:
        """The same under another name; more names are for what has several columns, which nothing has here yet."""
        if extra_names:
            raise TypeError(f"{self!r} is one column: alias() takes one name, not {1 + len(extra_names)}")
        return Expression(self._node, name)

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
    raise TypeError(f"there is no constant of {value!r} ({type(value).__name__}) here")


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
