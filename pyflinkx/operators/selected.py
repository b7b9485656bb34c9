"""One of the streams that an output selector divides a stream into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class SelectedFor:
    """Whether a record goes to one of some outputs.

    Args:
        select: from record to the names of the outputs that it goes to: several, one, or None for none.
        names: of the outputs that are asked for.
    """

    def __init__(self, select: Callable[[Any], Iterable[str] | str | None], names: Iterable[str]) -> None:
        self.select = select
        self.names = frozenset(names)

    def __call__(self, value: Any) -> bool:
        chosen = self.select(value)
        if chosen is None:
            return False
        if isinstance(chosen, str):
            return chosen in self.names
        return not self.names.isdisjoint(chosen)
