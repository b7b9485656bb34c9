"""Conditions in parts: what is equal on both sides of a join, what one side decides alone, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pyflinkx.relational.bound import Apply, Bound, Input, Outer, inputs
from pyflinkx.relational.joins.nodes import JoinKey
from pyflinkx.relational.joins.parts import conjunction, conjuncts
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.registry import FUNCTIONS
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.data_type_rules import common_type

LEFT_SIDE, RIGHT_SIDE = 1, 2
COMPARISONS = frozenset(("=", "<>", "<", "<=", ">", ">="))
# Functions whose result is null where an argument is.
STRICT = COMPARISONS | {"+", "-", "*", "/", "%", "NEGATIVE", "CAST", "NOT", "UPPER", "LOWER", "ABS", "LIKE", "MOD"}


def both(*conditions: Bound | None) -> Bound | None:
    """The condition that is true where these are."""
    return conjunction([part for condition in conditions for part in conjuncts(condition)])


def replaced(bound: Bound, change: Callable[[Input], Bound]) -> Bound:
    """An expression that reads other columns."""
    return replaced_leaves(bound, lambda leaf: change(leaf) if isinstance(leaf, Input) else leaf)


def replaced_leaves(bound: Bound, change: Callable[[Bound], Bound]) -> Bound:
    """An expression with others in place of its columns, and of those of rows outside."""
    if isinstance(bound, (Input, Outer)):
        return change(bound)
    if isinstance(bound, Apply):
        operands = tuple(replaced_leaves(operand, change) for operand in bound.operands)
        if any(new is not old for new, old in zip(operands, bound.operands, strict=True)):
            return replace(bound, operands=operands)
    return bound


def moved(bound: Bound, columns: Columns, by: int = 0, places: Mapping[int, int] | None = None) -> Bound:
    """An expression on columns that stand elsewhere.

    Args:
        bound: the expression.
        columns: that it reads from now on.
        by: how much further behind each of its columns stands.
        places: where each stands, in place of ``by``.
    """

    def change(column: Input) -> Input:
        index = column.index + by if places is None else places[column.index]
        name = columns[index][0]
        return column if (index, name) == (column.index, column.name) else replace(column, index=index, name=name)

    return replaced(bound, change)


def sides(bound: Bound, width: int) -> int:
    """Which sides of a pair an expression reads, as a sum of LEFT_SIDE and RIGHT_SIDE."""
    found = 0
    for column in inputs(bound):
        found |= LEFT_SIDE if column.index < width else RIGHT_SIDE
    return found


def is_deterministic(bound: Bound) -> bool:
    """Whether an expression has the same value wherever it is evaluated."""
    pending = [bound]
    while pending:
        node = pending.pop()
        if isinstance(node, Apply):
            if not FUNCTIONS[node.function].deterministic:
                return False
            pending.extend(node.operands)
    return True


def as_key(condition: Bound, left: Columns, right: Columns) -> JoinKey | None:
    """A condition on pairs as a key of the join; None where it is none."""
    if not isinstance(condition, Apply) or condition.function not in ("=", "IS NOT DISTINCT FROM"):
        return None
    width = len(left)
    first, second = condition.operands
    found = (sides(first, width), sides(second, width))
    if found == (RIGHT_SIDE, LEFT_SIDE):
        first, second = second, first
    elif found != (LEFT_SIDE, RIGHT_SIDE):
        return None
    kind = common_type([first.type, second.type])
    if kind is None or not can_be_key(kind) or not (is_deterministic(first) and is_deterministic(second)):
        return None
    second = moved(second, right, -width)
    nulls = condition.function != "="
    return JoinKey(as_type(moved(first, left), kind), as_type(second, kind), nulls)


def can_be_key(kind: DataType) -> bool:
    """Whether rows can be spread by values of a type."""
    return not kind.family(Family.CONSTRUCTED) and kind.kind not in (Kind.RAW, Kind.NULL)


def as_type(bound: Bound, kind: DataType) -> Bound:
    """A value as one of a type that it can be brought to."""
    if same_values(bound.type, kind):
        return bound
    return Apply(kind.with_nullable(bound.type.nullable), "CAST", (bound,))


def same_values(first: DataType, second: DataType) -> bool:
    """Whether equal values of two types are the same."""
    if first.with_nullable(True) == second.with_nullable(True):
        return True
    return any(
        first.family(family) and second.family(family) for family in (Family.CHARACTER_STRING, Family.BINARY_STRING)
    )


def keys_and_rest(parts: Iterable[Bound], left: Columns, right: Columns) -> tuple[tuple[JoinKey, ...], Bound | None]:
    """Conditions on pairs as keys of a join, and what has to be looked at besides."""
    keys: list[JoinKey] = []
    rest: list[Bound] = []
    for part in parts:
        key = as_key(part, left, right)
        if key is None:
            rest.append(part)
        elif key not in keys:
            keys.append(key)
    return tuple(keys), conjunction(rest)


def rejects_nulls(condition: Bound, reads: Callable[[Input], bool]) -> bool:
    """Whether a condition is never true where all columns that ``reads`` tells are null."""
    if not isinstance(condition, Apply):
        return False
    if condition.function == "AND":
        return any(rejects_nulls(operand, reads) for operand in condition.operands)
    if condition.function == "OR":
        return all(rejects_nulls(operand, reads) for operand in condition.operands)
    if condition.function in ("IS NOT NULL", "IS TRUE"):
        return is_null_with(condition.operands[0], reads)
    return condition.function in STRICT and is_null_with(condition, reads)


def is_null_with(bound: Bound, reads: Callable[[Input], bool]) -> bool:
    """Whether an expression is null where all columns that ``reads`` tells are null."""
    if isinstance(bound, Input):
        return reads(bound)
    if isinstance(bound, Apply) and bound.function in STRICT:
        return any(is_null_with(operand, reads) for operand in bound.operands)
    return False
