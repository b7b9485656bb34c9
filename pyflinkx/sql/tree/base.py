"""What all nodes of the syntax tree have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

# From where to where in the text, in characters.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a statement.

    Nodes are equal when they say the same; where it is written does not count.

    Args:
        span: its place in the text.
    """

    span: Span = field(default=(0, 0), compare=False, repr=False, kw_only=True)


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node is made of, in the order of its fields."""
    pending: list[Any] = [getattr(node, part.name) for part in reversed(fields(node))]
    while pending:
        part = pending.pop()
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            pending.extend(reversed(part))


def walk(node: Node) -> Iterator[Node]:
    """A node and all that is in it, each before what it is made of."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(list(children(node))))
