"""Operators as data: what the graph says of one, before any is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass, replace
from functools import partial
from operator import attrgetter, itemgetter
from types import FunctionType, MethodType
from typing import Any

from pyflinkx.expressions.expression import Expression
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.changes import CARRIED, Changes
from pyflinkx.types.typeinfo import TypeInformation


@dataclass(frozen=True)
class InputSpec:
    """What an operator asks of one of its inputs.

    Args:
        keys: takes the key out of a record; None for an input without keys.
        columns: names of the columns that are the key where records come as columns; None for rows.
        key_type: the key's type; None when nothing is known of it.
        inserts_only: whether updates and deletes would make its results wrong.
    """

    keys: Callable[[Any], Any] | None = None
    columns: tuple[str, ...] | None = None
    key_type: TypeInformation | None = None
    inserts_only: bool = False


OURS = "pyflinkx."
ANY_INPUT = InputSpec()
INSERTS = InputSpec(inserts_only=True)


@dataclass(frozen=True, eq=False)
class OperatorSpec:
    """An operator as data; ``build`` makes it, once per subtask.

    Two are equal when they would make the same: functions and function objects of the user's are equal to themselves
    only, what the engine makes is compared part by part.

    Args:
        operator: the operator's class.
        arguments: what it is made from, in order.
        options: what it is made from, by name.
        inputs: what it asks of each logical input; one that is not mentioned takes anything.
        produces: the kinds of rows in its main output; None for those of its inputs.
        states: what it keeps.

    Example:
        >>> from pyflinkx.operators.identity import IdentityOperator
        >>> OperatorSpec.of(IdentityOperator) == OperatorSpec.of(IdentityOperator)
        True
    """

    operator: type
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    inputs: tuple[InputSpec, ...] = ()
    produces: Changes | None = None
    states: tuple[StateSpec, ...] = ()

    @classmethod
    def of(cls, operator: type, *arguments: Any, **options: Any) -> OperatorSpec:
        """The spec of what ``operator(*arguments, **options)`` makes."""
        return cls(operator, arguments, tuple(options.items()))

    def reading(self, *inputs: InputSpec) -> OperatorSpec:
        """This operator, with what it asks of its inputs."""
        return replace(self, inputs=inputs)

    def producing(self, changes: Changes) -> OperatorSpec:
        """This operator, with the kinds of rows that it gives."""
        return replace(self, produces=changes)

    def keeping(self, *states: StateSpec) -> OperatorSpec:
        """This operator, with what it keeps."""
        return replace(self, states=states)

    def with_arguments(self, *more: Any, **options: Any) -> OperatorSpec:
        """This operator, made from more."""
        return replace(self, arguments=self.arguments + more, options=self.options + tuple(options.items()))

    def build(self) -> Any:
        """Make the operator."""
        return self.operator(*self.arguments, **dict(self.options))

    def input(self, port: int) -> InputSpec:
        """What it asks of a logical input."""
        return self.inputs[port] if port < len(self.inputs) else ANY_INPUT

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OperatorSpec):
            return NotImplemented
        return same(vars(self), vars(other))

    def __hash__(self) -> int:
        return hash((self.operator, len(self.arguments), tuple(name for name, _ in self.options), len(self.inputs)))


def carried(operator: type, *arguments: Any, **options: Any) -> OperatorSpec:
    """The spec of an operator whose results are those of the user's functions: rows of any kind, for all we know."""
    return OperatorSpec.of(operator, *arguments, **options).producing(CARRIED)


def same(left: Any, right: Any) -> bool:
    """Whether two parts of specs say the same."""
    pending = [(left, right)]
    while pending:  # expressions can be deep
        one, other = pending.pop()
        if one is other:
            continue
        if type(one) is not type(other):
            return False
        pairs = pairs_of(one, other)
        if pairs is None:
            if one != other:
                return False
        else:
            ours, theirs = pairs
            if len(ours) != len(theirs):
                return False
            pending.extend(zip(ours, theirs, strict=True))
    return True


def pairs_of(one: Any, other: Any) -> tuple[list[Any], list[Any]] | None:
    """What two values of one type consist of, to be compared part by part; None where their own comparison says all."""
    if isinstance(one, (tuple, list)):
        return list(one), list(other)
    if isinstance(one, dict):
        return [*one, *one.values()], [*other, *other.values()]
    if isinstance(one, MethodType):
        return [one.__func__, one.__self__], [other.__func__, other.__self__]
    if isinstance(one, partial):
        return [one.func, one.args, one.keywords], [other.func, other.args, other.keywords]
    if isinstance(one, (itemgetter, attrgetter)):
        return list(one.__reduce__()[1]), list(other.__reduce__()[1])
    if isinstance(one, FunctionType) and one.__module__.startswith(OURS):
        return closure(one), closure(other)
    kind = type(one)
    compared: Any = kind.__eq__
    by_parts = isinstance(one, Expression) or is_dataclass(one) or compared is object.__eq__
    if kind.__module__.startswith(OURS) and by_parts:
        names = [name for cls in kind.__mro__ for name in cls.__dict__.get("__slots__", ())]
        if names or hasattr(one, "__dict__"):
            return parts(one, names), parts(other, names)
    return None


def closure(function: FunctionType) -> list[Any]:
    """What a function of the engine's does, and with what."""
    return [function.__code__, *(cell.cell_contents for cell in function.__closure__ or ())]


def parts(value: Any, slots: list[str]) -> list[Any]:
    """The values of an object's attributes, with the names of those that are not in slots."""
    found = [getattr(value, name, None) for name in slots]
    for name, part in sorted(getattr(value, "__dict__", {}).items()):
        found += [name, part]
    return found
