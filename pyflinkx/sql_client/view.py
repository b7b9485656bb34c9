"""The rows that there are at a time, kept by a stream of changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflinkx.common.types import Row, RowKind

LIMIT = 1_000_000


class View:
    """Rows in the order in which they came; an update takes the place of what it updates.

    Args:
        limit: how many rows are kept, the newest.

    Example:
        >>> view = View()
        >>> for kind, count in [("INSERT", 1), ("UPDATE_BEFORE", 1), ("UPDATE_AFTER", 2)]:
        ...     row = Row("Oslo", count)
        ...     row.set_row_kind(RowKind[kind])
        ...     view.apply(row)
        >>> list(view)
        [('Oslo', 2)]
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.changes = 0
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._places: dict[str, list[int]] = {}
        self._freed: list[int] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (self._rows[place] for place in sorted(self._rows))

    def apply(self, row: Row) -> None:
        """Take a change in."""
        self.changes += 1
        kind, values = row.get_row_kind(), tuple(row)
        if kind in (RowKind.UPDATE_BEFORE, RowKind.DELETE):
            place = self._take(values)
            if place is not None and kind is RowKind.UPDATE_BEFORE:
                self._freed.append(place)
            return
        if kind is RowKind.UPDATE_AFTER and self._freed:
            place = self._freed.pop()
        else:
            place = self._next
            self._next += 1
        self._rows[place] = values
        self._places.setdefault(repr(values), []).append(place)
        if len(self._rows) > self.limit:
            self._take(next(iter(self._rows.values())))

    def _take(self, values: tuple[Any, ...]) -> int | None:
        places = self._places.get(repr(values))
        if not places:
            return None
        place = places.pop(0)
        if not places:
            del self._places[repr(values)]
        del self._rows[place]
        return place
