"""Bound expressions: names, functions and types are known, and nothing is left of the text but for errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyflinkx.types.data_type import DataType


@dataclass(frozen=True)
class Bound:
    """What has a value in every row.

    Args:
        type: of the values.
    """

    type: DataType


@dataclass(frozen=True)
class Input(Bound):
    """A column of the rows that come in.

    Args:
        index: its position.
        name: of it.
    """

    index: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outer(Bound):
    """A column of the rows that a query stands within; taken out of the query before it runs.

    Args:
        level: 0 for the query right outside, 1 for the one outside of that.
        index: its position.
        name: of it.
    """

    level: int
    index: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Constant(Bound):
    """One value for all rows, as Python has it: times as in columns, decimals as Decimal."""

    value: Any

    def __str__(self) -> str:
        return "NULL" if self.value is None else f"'{self.value}'" if isinstance(self.value, str) else str(self.value)


@dataclass(frozen=True)
class Hidden(Constant):
    """A constant that no text says, such as the time zone."""


@dataclass(frozen=True)
class Apply(Bound):
    """A function of some values.

    Args:
        function: its name in the registry.
        operands: the values, of the types that it asks for.
    """

    function: str
    operands: tuple[Bound, ...]

    def __str__(self) -> str:
        if self.function in ("CAST", "TRY_CAST"):
            return f"{self.function}({self.operands[0]} AS {self.type.with_nullable(True)})"
        operands = [str(operand) for operand in self.operands if not isinstance(operand, Hidden)]
        if self.function in ("ITEM", "."):
            return f"{operands[0]}.{operands[1][1:-1]}" if self.function == "." else f"{operands[0]}[{operands[1]}]"
        if self.function[0].isalpha():
            return f"{self.function}({', '.join(operands)})"
        if len(operands) == 1:
            return f"{self.function}{operands[0]}"
        return f"({f' {self.function} '.join(operands)})"

    __repr__ = __str__


def inputs(bound: Bound) -> Iterator[Input]:
    """The columns that an expression reads, each as often as it does."""
    pending = [bound]
    while pending:
        node = pending.pop()
        if isinstance(node, Input):
            yield node
        elif isinstance(node, Apply):
            pending.extend(reversed(node.operands))
