"""Metrics of user functions, with PyFlink's names."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx.operators.base import Clock

log = logging.getLogger("pyflinkx.metrics")


class Metric(ABC):
    """Something measured in one subtask; changed by the task's thread, read by others."""

    @abstractmethod
    def value(self) -> Any:
        """What ``JobClient.get_metrics`` shows."""


class Counter(Metric):
    """Counts up and down."""

    def __init__(self) -> None:
        self._count = 0

    def inc(self, n: int = 1) -> None:
        """Count up."""
        self._count += n

    def dec(self, n: int = 1) -> None:
        """Count down."""
        self._count -= n

    def get_count(self) -> int:
        """The count."""
        return self._count

    def value(self) -> int:
        """The count."""
        return self._count


class Gauge(Metric):
    """Asks a function for its value when the metric is read.

    Args:
        ask: gives the value; may be called by another thread than the task's.
        name: for the log.
    """

    def __init__(self, ask: Callable[[], Any], name: str) -> None:
        self._ask = ask
        self._name = name
        self._warned = False

    def value(self) -> Any:
        """The value; None when the function raises, which is logged once."""
        try:
            return self._ask()
        except BaseException as error:
            if not self._warned:
                self._warned = True
                log.warning("gauge '%s' raises %s", self._name, told(error))
            return None


class Meter(Metric):
    """Counts events, and how many there were a second of late.

    Args:
        clock: tells when an event happens.
        time_span_in_seconds: over how long the rate is taken.
    """

    def __init__(self, clock: Clock, time_span_in_seconds: int = 60) -> None:
        self._clock = clock
        self._span = time_span_in_seconds
        self._count = 0
        self._seconds: deque[tuple[int, int]] = deque()  # second, count when it began

    def mark_event(self, value: int = 1) -> None:
        """Count events that happen now."""
        second = self._clock.now() // 1000
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, self._count))
            while self._seconds[0][0] <= second - self._span:
                self._seconds.popleft()
        self._count += value

    def get_count(self) -> int:
        """All events so far."""
        return self._count

    def get_rate(self) -> float:
        """Events per second, over the time span that ends now."""
        oldest = self._clock.now() // 1000 - self._span
        before = next((count for second, count in tuple(self._seconds) if second > oldest), self._count)
        return (self._count - before) / self._span

    def value(self) -> dict[str, float]:
        """Count and rate (per second)."""
        return {"count": self._count, "rate": self.get_rate()}


class Distribution(Metric):
    """Number, sum, smallest, largest and mean of values."""

    def __init__(self) -> None:
        # One tuple, so that a reader in another thread sees numbers that fit together.
        self._state: tuple[int, Any, Any, Any] = (0, 0, None, None)

    def update(self, value: float) -> None:
        """Take a value."""
        count, total, least, most = self._state
        least = value if least is None or value < least else least
        most = value if most is None or value > most else most
        self._state = (count + 1, total + value, least, most)

    def value(self) -> dict[str, Any]:
        """What the values come to; min, max and mean are None before the first."""
        count, total, least, most = self._state
        return {"count": count, "sum": total, "min": least, "max": most, "mean": total / count if count else None}


class MetricGroup:
    """Makes metrics under a common name.

    A metric is known by the operator's name, the names of the groups and its own, joined by dots; asking for a name
    again gives the same metric.

    Args:
        registry: the subtask's metrics by full name.
        clock: for meters.
        scope: the names so far.

    Example:
        >>> class Valid(MapFunction):
        ...     def open(self, runtime_context):
        ...         group = runtime_context.get_metrics_group().add_group("quality")
        ...         self.bad = group.counter("bad")
    """

    def __init__(self, registry: dict[str, Metric], clock: Clock, scope: tuple[str, ...]) -> None:
        self._registry = registry
        self._clock = clock
        self._scope = scope

    def add_group(self, name: str, extra: str | None = None) -> MetricGroup:
        """A group below this one.

        Args:
            name: its name; or, with ``extra``, the name of a variable.
            extra: the variable's value, a further level of the name.
        """
        names = (checked(name),) if extra is None else (checked(name), checked(extra))
        return MetricGroup(self._registry, self._clock, self._scope + names)

    def counter(self, name: str) -> Counter:
        """The counter of that name."""
        return self._metric(name, Counter, Counter)

    def gauge(self, name: str, obj: Callable[[], int]) -> None:
        """Have a function asked for a value whenever metrics are read."""
        if not callable(obj):
            raise TypeError(f"gauge() takes a callable, not {obj!r}")
        full = self._name(name)
        self._registry[full] = Gauge(obj, full)

    def meter(self, name: str, time_span_in_seconds: int = 60) -> Meter:
        """The meter of that name.

        Args:
            name: its name.
            time_span_in_seconds: over how long its rate is taken.
        """
        if not isinstance(time_span_in_seconds, int) or time_span_in_seconds < 1:
            raise ValueError(f"a meter's time span is at least 1 second, not {time_span_in_seconds!r}")
        return self._metric(name, Meter, lambda: Meter(self._clock, time_span_in_seconds))

    def distribution(self, name: str) -> Distribution:
        """The distribution of that name."""
        return self._metric(name, Distribution, Distribution)

    def get_metric_identifier(self, metric_name: str) -> str:
        """The full name of a metric of this group."""
        return self._name(metric_name)

    def _metric(self, name: str, kind: type[Any], make: Callable[[], Any]) -> Any:
        full = self._name(name)
        metric = self._registry.get(full)
        if metric is None:
            metric = self._registry[full] = make()
        if not isinstance(metric, kind):
            raise ValueError(f"metric '{full}' is a {type(metric).__name__} already, not a {kind.__name__}")
        return metric

    def _name(self, name: str) -> str:
        return ".".join((*self._scope, checked(name)))


def checked(name: str) -> str:
    """A name of a metric or group."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"a metric's name is text, not {name!r}")
    return name
