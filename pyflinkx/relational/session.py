"""What the meaning of a query depends on beside its text: the time zone, and the user's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Find = Callable[[tuple[str, ...]], Any]


def nothing(path: tuple[str, ...]) -> None:
    """Finds no function."""


@dataclass(frozen=True)
class Session:
    """The surroundings of a query while it is bound.

    Args:
        zone: the local time zone.
        find: from the path of a function, as it is written, to the user's function; None where there is none.
        known: names of the user's functions, for suggestions.
        find_table: as ``find``, for table functions, of which none is built in.
    """

    zone: str = "UTC"
    find: Find = nothing
    known: Sequence[str] = ()
    find_table: Find = nothing


USUAL = Session()
CURRENT: ContextVar[Session | None] = ContextVar("session", default=None)


def current() -> Session:
    """The surroundings of the query that is being bound."""
    return CURRENT.get() or USUAL


@contextmanager
def within(session: Session) -> Iterator[None]:
    """Bind queries in these surroundings.

    Example:
        >>> with within(Session("Asia/Tokyo")):
        ...     current().zone
        'Asia/Tokyo'
    """
    token = CURRENT.set(session)
    try:
        yield
    finally:
        CURRENT.reset(token)
