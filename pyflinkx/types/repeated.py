"""Which names come more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def repeated(names: Iterable[str]) -> list[str]:
    """The names that come more than once, in order of the alphabet; a file may have tens of thousands of columns.

    Example:
        >>> repeated(["b", "a", "c", "a", "b"])
        ['a', 'b']
    """
    return sorted(name for name, count in Counter(names).items() if count > 1)
