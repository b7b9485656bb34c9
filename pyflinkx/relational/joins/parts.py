"""Conditions that all have to be true, as one and apart."""

from __future__ import annotations

from collections.abc import Sequence

from pyflinkx.relational.bound import Apply, Bound
from pyflinkx.types.data_type import BOOLEAN


def conjuncts(condition: Bound | None) -> list[Bound]:
    """The conditions that all have to be true."""
    if condition is None:
        return []
    if isinstance(condition, Apply) and condition.function == "AND":
        return [part for operand in condition.operands for part in conjuncts(operand)]
    return [condition]


def conjunction(parts: Sequence[Bound]) -> Bound | None:
    """The condition that is true where all are; None for no parts."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return Apply(BOOLEAN.with_nullable(any(part.type.nullable for part in parts)), "AND", tuple(parts))
