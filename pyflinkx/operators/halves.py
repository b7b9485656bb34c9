"""Work on batches whose results may be too long for one column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyflinkx.errors import LongBatchError


def in_parts(batch: Any, work: Callable[[Any], Any]) -> Iterator[Any]:
    """What ``work`` makes of a batch; where that is too long for a column, of its halves, one after the other.

    Raises:
        LongBatchError: what it makes of a single row is too long.
    """
    try:
        made = work(batch)
    except LongBatchError:
        if len(batch) < 2:
            raise
    else:
        yield made
        return
    middle = len(batch) // 2
    yield from in_parts(batch.slice(0, middle), work)
    yield from in_parts(batch.slice(middle, len(batch)), work)
