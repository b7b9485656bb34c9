"""Keeps what a job opens off the descriptors 0 to 2, which a host may have closed."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_holders = 0
_placed: list[tuple[int, os.stat_result]] = []


@contextlib.contextmanager
def standard_descriptors_taken() -> Iterator[None]:
    """Have closed ones of the descriptors 0 to 2 lead nowhere during the block.

    The system gives out the lowest free number. A socket of a job, or a file of a sink, that became descriptor 1 would
    be written to by whatever prints, and a worker's own output would replace it. Blocks may overlap, in any threads;
    the last one to end closes the descriptors again, as the host had them.
    """
    global _holders
    with _lock:
        _holders += 1
        if _holders == 1:
            _placed.extend(place_missing())
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0:
                remove_placed(_placed)
                _placed.clear()


def place_missing() -> list[tuple[int, os.stat_result]]:
    """Open what leads nowhere at each of 0 to 2 that is closed; which, and what is there now."""
    placed = []
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            found = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            if found != descriptor:  # another thread was quicker
                os.close(found)
                continue
            placed.append((descriptor, os.fstat(descriptor)))
    return placed


def remove_placed(placed: list[tuple[int, os.stat_result]]) -> None:
    """Close those of the descriptors that are still what was placed there."""
    for descriptor, status in placed:
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), status):
                os.close(descriptor)
