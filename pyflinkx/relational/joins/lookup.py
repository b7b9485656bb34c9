"""Joins that ask a table for the rows of a key when a row comes: what can be asked, and what is kept of the answers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from pyflinkx.operators.base import Clock
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Calc, Columns, Node, Scan

Row = tuple[Any, ...]


class TableLookup(Protocol):
    """Asks a table. A source of a table offers it by ``lookup(names)``, where names are of the columns of the key."""

    def open(self) -> None:
        """Called once, before anything is asked."""

    def find(self, key: tuple[Any, ...]) -> list[Row]:
        """The rows of a key, each with all of the table's columns.

        Args:
            key: a value for each column, none of them null.
        """

    def close(self) -> None:
        """Called once, at the end."""


class CacheSpec(NamedTuple):
    """How long answers are kept.

    Args:
        rows: of keys at most; 0 for no cache.
        after_write: milliseconds after which an answer is asked for anew; None for never.
        after_access: milliseconds without use after which an answer goes; None for never.
        missing: whether it is kept that there are no rows.
    """

    rows: int = 0
    after_write: int | None = None
    after_access: int | None = None
    missing: bool = True


class LookupCache:
    """Answers by key, the one that was used longest ago first.

    Args:
        spec: how long they are kept.
        clock: of the job.
    """

    def __init__(self, spec: CacheSpec, clock: Clock) -> None:
        self.spec = spec
        self.clock = clock
        self.held: OrderedDict[Any, tuple[list[Row], int, int]] = OrderedDict()

    def get(self, key: Any) -> list[Row] | None:
        """The answer that is kept; None where there is none, or its time is over."""
        held = self.held.get(key)
        if held is None:
            return None
        rows, written, used = held
        now, spec = self.clock.now(), self.spec
        over = spec.after_write is not None and now - written >= spec.after_write
        if over or (spec.after_access is not None and now - used >= spec.after_access):
            del self.held[key]
            return None
        self.held[key] = (rows, written, now)
        self.held.move_to_end(key)
        return rows

    def put(self, key: Any, rows: list[Row]) -> None:
        """Keep an answer."""
        if not self.spec.rows or not (rows or self.spec.missing):
            return
        now = self.clock.now()
        self.held[key] = (rows, now, now)
        self.held.move_to_end(key)
        if len(self.held) > self.spec.rows:
            self.held.popitem(last=False)


@dataclass(frozen=True)
class Asked:
    """A table that can be asked, within a plan of it.

    Args:
        source: offers ``lookup``; its ``lookup_cache`` says what is kept of the answers.
        fields: the columns that it gives.
        steps: what is calculated of them, one after the other.
        name: of the table.
    """

    source: Any
    fields: Columns
    steps: tuple[tuple[tuple[str, Bound], ...], ...]
    name: str

    def column(self, index: int) -> str | None:
        """The name in the table of a column of the plan; None where it is calculated."""
        for step in reversed(self.steps):
            bound = step[index][1]
            if not isinstance(bound, Input):
                return None
            index = bound.index
        return self.fields[index][0]


def asked(node: Node) -> Asked | None:
    """The table that a plan reads, if it can be asked for the rows of a key."""
    steps = []
    while isinstance(node, Calc) and node.condition is None:
        steps.append(node.projection)
        node = node.input
    if not isinstance(node, Scan):
        return None
    source = getattr(node.table, "source", None)
    if not callable(getattr(source, "lookup", None)):
        return None
    return Asked(source, node.fields, tuple(reversed(steps)), node.name)


def is_bounded(node: Node) -> bool:
    """Whether the rows of a plan end, as far as is known."""
    if node.inputs:
        return all(map(is_bounded, node.inputs))
    if not isinstance(node, Scan):
        return True
    source = getattr(node.table, "source", None)
    return bool(getattr(source, "bounded", not hasattr(node.table, "stream")))
