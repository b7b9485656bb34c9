"""Some columns of a table, told by names, positions and ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx.errors import GraphError
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.expression import Expression


class Chosen(Expression):
    """Some columns, or all but some.

    Args:
        parts: names, positions from 1, columns, ranges.
        kept: whether they are kept, or the others.
    """

    def __init__(self, parts: Sequence[Any], kept: bool) -> None:
        super().__init__(tree.Star())
        self._parts = tuple(parts)
        self._kept = kept

    def names(self, known: Sequence[str]) -> list[str]:
        """The names of the columns.

        Args:
            known: those of the table.

        Raises:
            GraphError: a column is not there.
        """
        found: list[str] = []
        for part in self._parts:
            found += self._one(part, known)
        return found if self._kept else [name for name in known if name not in found]

    def _one(self, part: Any, known: Sequence[str]) -> list[str]:
        if isinstance(part, Chosen):
            return part.names(known)
        if isinstance(part, tuple):
            first, last = (self._place(each, known) for each in part[1:])
            return list(known[first : last + 1])
        node = part._node if isinstance(part, Expression) else None
        if isinstance(node, tree.Name):
            part = node.parts[-1]
        elif isinstance(node, tree.Number):
            part = int(node.text)
        elif node is not None:
            raise GraphError(f"columns are chosen by names, positions and ranges, and this is {part!r}")
        return [known[self._place(part, known)]]

    def _place(self, part: Any, known: Sequence[str]) -> int:
        if isinstance(part, int):
            if 1 <= part <= len(known):
                return part - 1
        elif part in known:
            return list(known).index(part)
        raise GraphError(f"there is no column {part}; there are {', '.join(known)}")


def expanded(fields: Sequence[Any], known: Sequence[str]) -> list[Any]:
    """Fields, with the columns in the place of what chooses some."""
    made: list[Any] = []
    for field in fields:
        if isinstance(field, Chosen):
            made += [Expression(tree.Name((name,))) for name in field.names(known)]
        elif isinstance(field, Expression) and type(field._node) is tree.Star and field._node.qualifier is None:
            made += [Expression(tree.Name((name,))) for name in known]
        else:
            made.append(field)
    return made


def name_of(field: Expression, place: int) -> str | None:
    """What Flink calls a column without a name; a column keeps its own."""
    return None if isinstance(field._node, tree.Name) else f"_c{place}"
