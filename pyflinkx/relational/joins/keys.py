"""The keys of a join in the rows of a side."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

NO_KEY = 0


class KeyReader:
    """Takes the keys out of rows.

    Args:
        positions: of the keys; none where all rows have the same.
        nulls: for each of them whether a null equals another.
    """

    def __init__(self, positions: Sequence[int], nulls: Sequence[bool]) -> None:
        self.get = itemgetter(*positions) if positions else None
        self.strict = [position for position, null in zip(positions, nulls, strict=True) if not null]

    def keys(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any] | None]:
        """The key of each row, in a tuple; None where it has no equals."""
        get, strict = self.get, self.strict
        if get is None:
            return [(NO_KEY,)] * len(rows)
        if not strict:
            return [(get(row),) for row in rows]
        if len(strict) == 1:
            at = strict[0]
            return [None if row[at] is None else (get(row),) for row in rows]
        return [None if any(row[at] is None for at in strict) else (get(row),) for row in rows]
