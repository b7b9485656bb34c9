"""All columns of rows, as they are."""

from __future__ import annotations

from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Node


def identity(node: Node) -> tuple[tuple[str, Bound], ...]:
    """All columns, as they are."""
    return tuple((name, Input(kind, index, name)) for index, (name, kind) in enumerate(node.columns))
