"""What a failed job's traceback shows: the user's frames, and one of ours."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from traceback import format_exception
from types import FrameType, TracebackType

from pyflinkx.errors import PyflinkxError


class Tracebacks(AbstractContextManager[None]):
    """Frames calls of ours that run a job; what they raise has the traceback that was asked for.

    Args:
        full: whether all frames are to be seen.

    Example:
        >>> with Tracebacks(full=False):
        ...     pass
    """

    def __init__(self, full: bool) -> None:
        self.full = full

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Shorten the traceback, from the frame that has the ``with`` on, and those of what caused the error.

        An exception that neither pyflinkx nor code of the user's raised is a fault of ours: it stays as it is.
        """
        if error is None or traceback is None:
            return
        if self.full:
            if isinstance(error, PyflinkxError):
                error.shows_all_frames = True
            return
        shown = users(traceback.tb_next, after_ours=True)
        if shown or isinstance(error, (PyflinkxError, KeyboardInterrupt)):
            link([traceback, *shown])
            shorten_causes(error)


def as_text(error: BaseException) -> str:
    """The traceback of an exception as text, with the user's frames; its frames, and all that they hold, are let go.

    A frame holds those that called it, so that one of a failed task would keep all of its operators' state alive.
    """
    shorten(error)
    text = "".join(format_exception(error))
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = None
        parts = getattr(current, "exceptions", ())
        pending += [current.__cause__, current.__context__, *(parts if isinstance(parts, tuple) else ())]
    return text


def shorten(error: BaseException) -> None:
    """Leave the user's frames, and at most one of ours, in the tracebacks of an exception and of what led to it."""
    error.__traceback__ = link(kept(error))
    shorten_causes(error)


def shorten_causes(error: BaseException) -> None:
    """Shorten the tracebacks of what led to an exception, and of those that it holds together."""
    seen = {id(error)}
    pending = [error]
    while pending:
        current = pending.pop()
        if getattr(current.__cause__, "shows_remote_frames", False):
            current.__cause__ = None  # the user's of those frames are in the traceback of ``current`` itself
        parts = getattr(current, "exceptions", ())
        for found in (current.__cause__, current.__context__, *(parts if isinstance(parts, tuple) else ())):
            if isinstance(found, BaseException) and id(found) not in seen:
                seen.add(id(found))
                pending.append(found)
                found.__traceback__ = link(kept(found))


def kept(error: BaseException) -> list[TracebackType]:
    """The entries of an exception's traceback that are shown: the user's, and of ours the first that they called.

    Where all are ours, an exception of ours needs none, as its text says what is to be known; of another one, that of a
    library say, the entry stays from which we called.
    """
    found = users(error.__traceback__)
    if found or isinstance(error, PyflinkxError):
        return found
    ours = [entry for entry, ours in owned(error.__traceback__) if ours and is_ours(module_of(entry.tb_frame))]
    return ours[-1:]


def users(traceback: TracebackType | None, after_ours: bool = False) -> list[TracebackType]:
    """The user's entries of a traceback, and the one after the last of them; none if there are none of the user's.

    Args:
        traceback: its first entry.
        after_ours: whether that was called from one of ours.
    """
    entries = list(owned(traceback, after_ours))
    numbers = [number for number, (_, ours) in enumerate(entries) if not ours]
    if numbers and numbers[-1] + 1 < len(entries):
        numbers.append(numbers[-1] + 1)
    return [entries[number][0] for number in numbers]


def link(entries: list[TracebackType]) -> TracebackType | None:
    """Make a traceback of these entries only; the entries themselves are changed."""
    for number, entry in enumerate(entries):
        entry.tb_next = entries[number + 1] if number + 1 < len(entries) else None
    return entries[0] if entries else None


def owned(traceback: TracebackType | None, after_ours: bool = False) -> Iterator[tuple[TracebackType, bool]]:
    """The entries of a traceback, each with whether it is ours; one of the standard library is its caller's."""
    ours = after_ours
    while traceback is not None:
        module = module_of(traceback.tb_frame)
        if module.partition(".")[0] not in sys.stdlib_module_names or module == "__main__":
            ours = is_ours(module)
        yield traceback, ours
        traceback = traceback.tb_next


def module_of(frame: FrameType) -> str:
    """The module whose code a frame runs."""
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def is_ours(module: str) -> bool:
    """Whether a module is pyflinkx's; the examples are programs as users have them."""
    return module.startswith("pyflinkx.") and not module.startswith("pyflinkx.examples.")
