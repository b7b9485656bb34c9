"""Records that are there, and those that should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

# So many records an error shows of each kind.
SHOWN = 5


class ConformanceError(AssertionError):
    """A source or sink does not keep what it promises."""


def counted(records: Iterable[Any]) -> Counter[str]:
    """How often there is what; records need be neither hashable nor sortable."""
    return Counter(map(repr, records))


def difference(found: Counter[str], expected: Counter[str], duplicates: bool = False) -> str | None:
    """What is wrong with records, in words; None if nothing is.

    Args:
        found: those that are there.
        expected: those that should be.
        duplicates: whether a record may be there more than once.
    """
    lost = expected - found
    more = found - expected
    if duplicates:
        more = Counter({record: count for record, count in more.items() if record not in expected})
    said = [
        f"{sum(some.values())} {what}, such as {', '.join(list(some)[:SHOWN])}"
        for what, some in (("lost", lost), ("too many", more))
        if some
    ]
    return "; ".join(said) or None
