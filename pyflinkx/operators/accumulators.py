"""Accumulators: values that the subtasks of a job add to, and that come to one result when it has ended.

Names and results are those of Flink's Java API (``org.apache.flink.api.common.accumulators``).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

V = TypeVar("V")
R = TypeVar("R")


class Accumulator(ABC, Generic[V, R]):
    """What one subtask adds up, and how it is put together with what others have.

    ``add`` is called by the subtask, ``merge`` by the program's process. While a job runs its accumulators are copied
    by ``clone``, perhaps by another thread.
    """

    @abstractmethod
    def add(self, value: V) -> None:
        """Take a value."""

    @abstractmethod
    def get_local_value(self) -> R:
        """What this accumulator has come to."""

    @abstractmethod
    def reset_local(self) -> None:
        """Forget everything."""

    @abstractmethod
    def merge(self, other: Any) -> None:
        """Take in what another accumulator of the same class has come to."""

    def clone(self) -> Any:
        """A copy that later changes do not reach."""
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.get_local_value()!r})"


class Number(Accumulator[Any, Any]):
    """An accumulator that is one number; None before the first value where there is no neutral one."""

    start: ClassVar[Any] = 0

    def __init__(self) -> None:
        self._value = self.start

    def get_local_value(self) -> Any:
        """The number."""
        return self._value

    def reset_local(self) -> None:
        """Back to the start."""
        self._value = self.start

    def merge(self, other: Any) -> None:
        """As if the other's number had been added here."""
        if other.get_local_value() is not None:
            self.add(other.get_local_value())

    def clone(self) -> Any:
        """A copy."""
        twin = type(self)()
        twin._value = self._value
        return twin


class IntCounter(Number):
    """Adds up whole numbers, of any size."""

    def add(self, value: int = 1) -> None:
        """Add a number; 1 if none is given."""
        if not isinstance(value, int):
            raise TypeError(f"{type(self).__name__} adds whole numbers, not {value!r}")
        self._value += value


class LongCounter(IntCounter):
    """Adds up whole numbers, of any size."""


class DoubleCounter(Number):
    """Adds up numbers."""

    start = 0.0

    def add(self, value: float) -> None:
        """Add a number."""
        self._value += float(value)


class Minimum(Number):
    """The smallest of the values; None before the first."""

    start = None

    def add(self, value: float) -> None:
        """Take a number."""
        if self._value is None or value < self._value:
            self._value = value


class Maximum(Number):
    """The largest of the values; None before the first."""

    start = None

    def add(self, value: float) -> None:
        """Take a number."""
        if self._value is None or value > self._value:
            self._value = value


class IntMinimum(Minimum):
    """The smallest of whole numbers."""


class IntMaximum(Maximum):
    """The largest of whole numbers."""


class LongMinimum(Minimum):
    """The smallest of whole numbers."""


class LongMaximum(Maximum):
    """The largest of whole numbers."""


class DoubleMinimum(Minimum):
    """The smallest of numbers."""


class DoubleMaximum(Maximum):
    """The largest of numbers."""


class AverageAccumulator(Accumulator[float, float]):
    """The mean of numbers; 0.0 of none."""

    def __init__(self) -> None:
        self._state = (0, 0.0)  # one tuple, so that a copy by another thread holds a count and sum that fit

    def add(self, value: float) -> None:
        """Take a number."""
        count, total = self._state
        self._state = count + 1, total + value

    def get_local_value(self) -> float:
        """The mean."""
        count, total = self._state
        return total / count if count else 0.0

    def reset_local(self) -> None:
        """Forget all numbers."""
        self._state = (0, 0.0)

    def merge(self, other: Any) -> None:
        """The mean over the numbers of both."""
        count, total = self._state
        self._state = count + other._state[0], total + other._state[1]

    def clone(self) -> AverageAccumulator:
        """A copy."""
        twin = AverageAccumulator()
        twin._state = self._state
        return twin


class Histogram(Accumulator[int, dict[int, int]]):
    """How often each whole number came."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, value: int) -> None:
        """Count a number."""
        if not isinstance(value, int):
            raise TypeError(f"Histogram counts whole numbers, not {value!r}")
        self._counts[value] = self._counts.get(value, 0) + 1

    def get_local_value(self) -> dict[int, int]:
        """The counts by number, in ascending order."""
        return dict(sorted(self._counts.items()))

    def reset_local(self) -> None:
        """Forget all numbers."""
        self._counts = {}

    def merge(self, other: Any) -> None:
        """Add another's counts."""
        for value, count in other._counts.items():
            self._counts[value] = self._counts.get(value, 0) + count

    def clone(self) -> Histogram:
        """A copy."""
        twin = Histogram()
        twin._counts = self._counts.copy()
        return twin


class ListAccumulator(Accumulator[Any, list[Any]]):
    """All values, those of one subtask in order."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def add(self, value: Any) -> None:
        """Take a value."""
        self._values.append(value)

    def get_local_value(self) -> list[Any]:
        """The values."""
        return list(self._values)

    def reset_local(self) -> None:
        """Forget all values."""
        self._values = []

    def merge(self, other: Any) -> None:
        """Append another's values."""
        self._values.extend(other._values)

    def clone(self) -> ListAccumulator:
        """A copy; the values are shared."""
        twin = ListAccumulator()
        twin._values = self._values.copy()
        return twin
