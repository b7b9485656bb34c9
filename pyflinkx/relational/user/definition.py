"""What is known of a user's function, and its call."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import GraphError
from pyflinkx.relational.bound import Apply, Bound, Constant
from pyflinkx.types.data_type import DataType, Kind

SCALAR, ASYNC, TABLE, AGGREGATE, TABLE_AGGREGATE = "scalar", "async scalar", "table", "aggregate", "table aggregate"
GENERAL, PANDAS, ARROW = "general", "pandas", "arrow"


@dataclass(frozen=True, eq=False)
class UserFunction:
    """A user's function.

    Args:
        name: for people.
        kind: SCALAR, ASYNC, TABLE, AGGREGATE or TABLE_AGGREGATE.
        body: a callable, or an object with ``eval`` (of aggregates with ``accumulate`` and so on).
        parameters: the types of its arguments; None for any.
        result: the type of what it gives; of table functions a row.
        style: GENERAL for a call for each row, PANDAS and ARROW for one for each batch.
        deterministic: whether the same arguments give the same.
        accumulator: of aggregates: the type of the accumulator; None for Python's values as they are.
        plain: of table functions: whether a row has one column, so that values stand for themselves.
    """

    name: str
    kind: str
    body: Any
    parameters: tuple[DataType, ...] | None
    result: DataType
    style: str = GENERAL
    deterministic: bool = True
    accumulator: DataType | None = None
    plain: bool = False

    def instance(self) -> Any:
        """The body for one place that calls it: a copy, if it is opened and closed.

        Raises:
            GraphError: it cannot be copied.
        """
        if not hasattr(self.body, "open"):
            return self.body
        try:
            return copy.deepcopy(self.body)
        except BaseException as error:
            if is_interrupt(error):
                raise
            raise GraphError(
                f"each subtask needs a copy of the function {self.name}, which cannot be copied: {told(error)}; "
                "make what it holds in open()"
            ) from error

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Invoke(Apply):
    """A call of a user's function.

    Args:
        definition: the function.
    """

    definition: UserFunction

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.operands))})"

    __repr__ = __str__


def field_of(row: Bound, name: str) -> Bound:
    """A field of a row."""
    child = row.type.children[row.type.names.index(name)]
    constant = Constant(DataType(Kind.CHAR, len(name), nullable=False), name)
    return Apply(child.with_nullable(child.nullable or row.type.nullable), ".", (row, constant))
