"""Hints at what a program hardly means: from the first records of an operator, and once for each operator."""

from __future__ import annotations

import inspect
import logging
import types
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from pyflinkx._core.calls.records import CallSite, short_repr
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx._core.records.row import Row
from pyflinkx.types.structured import is_named_tuple

log = logging.getLogger("pyflinkx.hints")

# So many results are looked at: a batch may be cut behind its first record, and a first result may be None.
ENOUGH = 64

# Times of this and the last decades, in units that are none of milliseconds, by how many of them are in a millisecond.
OTHER_UNITS: dict[str, tuple[range, float]] = {
    "seconds": (range(10**9, 10**10), 0.001),
    "microseconds": (range(10**15, 10**16), 1_000),
    "nanoseconds": (range(10**18, 2**63), 1_000_000),
}


class OnceForEachOperator(logging.Filter):
    """Lets through the first hint of its kind at an operator, whichever of its subtasks gives it, in whatever worker.

    Attributes:
        given: kind of hint and operator of those that were let through.
    """

    def __init__(self) -> None:
        super().__init__()
        self.given: set[Any] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        hint = getattr(record, "hint", None)
        if hint is None:
            return True
        if hint in self.given:
            return False
        self.given.add(hint)
        return True


ONCE = OnceForEachOperator()
log.addFilter(ONCE)


def give(site: CallSite, kind: str, text: str) -> None:
    """Log a hint, unless there was one of its kind at this operator.

    Args:
        site: the operator.
        kind: of the hint.
        text: what seems to be wrong, and what to do.
    """
    place = f", created at {site.location}" if site.location is not None else ""
    said = f"operator '{site.name}' (uid {site.uid}{place}): {text}"
    log.warning("%s", said, extra={"hint": (kind, site.uid, site.location)})


class FirstResults:
    """Calls a function and looks at each result, until there is something to be said.

    It stands in for the function during an operator's first batches only: see ``looked_at``.

    Args:
        site: the operator.
        call: the function.
        look: kind and text of the hint that a result calls for, or None.
    """

    def __init__(self, site: CallSite, call: Callable[..., Any], look: Callable[[Any], tuple[str, str] | None]) -> None:
        self.site = site
        self.call = call
        self.look = look
        self.said = False
        self.looked = 0

    def __call__(self, *arguments: Any) -> Any:
        self.looked += 1
        result = self.call(*arguments)
        self.say(self.look(result))
        if type(result) is types.GeneratorType and self.look is of_results and not self.said:
            return self.watched(result)
        return result

    def watched(self, results: Iterator[Any]) -> Iterator[Any]:
        """What a generator yields."""
        for result in results:
            self.say(of_record(result))
            yield result

    def say(self, hint: tuple[str, str] | None) -> None:
        """Give a hint, if there is one and there was none before."""
        if hint is not None and not self.said:
            self.said = True
            give(self.site, *hint)


def looked_at(call: Callable[..., Any]) -> Callable[..., Any]:
    """What to call for the next batch: the function itself, once enough of its results were looked at."""
    return call.call if isinstance(call, FirstResults) and call.looked >= ENOUGH else call


def of_record(result: Any) -> tuple[str, str] | None:
    """What is to be said of a function's one result, which is a record or decides on one."""
    if inspect.isawaitable(result):
        return "coroutine", (
            "its function returns a coroutine, which nobody awaits; AsyncDataStream.unordered_wait() and "
            "ordered_wait() run those of an AsyncFunction"
        )
    if isinstance(result, (types.GeneratorType, types.AsyncGeneratorType)):
        return "generator", (
            "its function gives a generator for a record, over which nobody iterates; for any number of results per "
            "record use flat_map() or process(), and in these yield from it"
        )
    return None


def of_results(result: Any) -> tuple[str, str] | None:
    """What is to be said of what a function returns to be iterated over."""
    if isinstance(result, (str, bytes, bytearray)):
        return "text", (
            f"its function returns text ({short_repr(result)}), of which each character becomes a record; yield the "
            "text, or return it in a list, or use map()"
        )
    if isinstance(result, (dict, Row)) or is_named_tuple(type(result)):
        return "record", (
            f"its function returns one record ({short_repr(result)}), of which each "
            f"{'key' if isinstance(result, dict) else 'field'} becomes a record; yield it, or return it in a list"
        )
    if inspect.isawaitable(result) or isinstance(result, types.AsyncGeneratorType):
        return of_record(result) or (
            "coroutine",
            "its function is asynchronous, and nobody awaits it; AsyncDataStream runs coroutines (an AsyncFunction)",
        )
    if result is not None and not hasattr(type(result), "__iter__") and not hasattr(type(result), "__getitem__"):
        return "return", (
            f"its function returns {short_repr(result)}, over which nobody can iterate; yield what is to be a record "
            "in place of returning it, or return a list of records"
        )
    return of_record(result[0]) if type(result) in (list, tuple) and result else None


def of_timestamp(site: CallSite, largest: int) -> bool:
    """Give a hint if the largest timestamp of a batch seems to be in another unit than milliseconds.

    Returns:
        Whether there was nothing to look at yet.
    """
    if largest == NO_TIMESTAMP:
        return True
    for unit, (usual, scale) in OTHER_UNITS.items():
        if largest in usual:
            meant = datetime.fromtimestamp(largest / scale / 1000, timezone.utc)
            give(
                site,
                "timestamp",
                f"its event timestamps look like {unit} ({largest} would be {meant:%Y-%m-%d %H:%M:%S} UTC), but they "
                f"are milliseconds since 1970: {'multiply by 1000' if scale < 1 else f'divide by {scale:,}'}",
            )
    return False
