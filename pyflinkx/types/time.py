"""Amounts of time and points in time, with PyFlink's names."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1

# What Java's Instant can hold: the years -1,000,000,000 to 1,000,000,000.
MIN_INSTANT_SECONDS, MAX_INSTANT_SECONDS = -31557014167219200, 31556889864403199


def whole(value: Any, what: str) -> int:
    """``value`` as an int.

    Raises:
        TypeError: it is not a whole number; ``what`` names it in the message.
    """
    if isinstance(value, bool):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} is a whole number, not {value!r}") from None


def in_long(millis: int, what: str) -> int:
    """``millis`` if it fits in 64 bits.

    Raises:
        OverflowError: it does not; ``what`` names it in the message.
    """
    if not MIN_LONG <= millis <= MAX_LONG:
        raise OverflowError(f"{what} does not fit in 64 bits of milliseconds: {millis}")
    return millis


@dataclass(frozen=True, order=True, repr=False)
class Duration:
    """An amount of time, to the nanosecond.

    Made by ``of_days`` to ``of_nanos`` or ``of_timedelta``; ``str()`` gives ISO 8601, as Java does.

    Raises:
        TypeError: the amount is not a whole number.
        OverflowError: the amount does not fit in 64 bits of milliseconds.

    Example:
        >>> str(Duration.of_seconds(90)), Duration.of_seconds(90).to_millis()
        ('PT1M30S', 90000)
    """

    nanos: int

    def __post_init__(self) -> None:
        in_long(whole(self.nanos, "a duration") // 1_000_000, "a duration")

    @staticmethod
    def of_days(days: int) -> Duration:
        """``days`` of 24 hours."""
        return Duration(whole(days, "a number of days") * 86_400_000_000_000)

    @staticmethod
    def of_hours(hours: int) -> Duration:
        """``hours`` hours."""
        return Duration(whole(hours, "a number of hours") * 3_600_000_000_000)

    @staticmethod
    def of_minutes(minutes: int) -> Duration:
        """``minutes`` minutes."""
        return Duration(whole(minutes, "a number of minutes") * 60_000_000_000)

    @staticmethod
    def of_seconds(seconds: int) -> Duration:
        """``seconds`` seconds."""
        return Duration(whole(seconds, "a number of seconds") * 1_000_000_000)

    @staticmethod
    def of_millis(millis: int) -> Duration:
        """``millis`` milliseconds."""
        return Duration(whole(millis, "a number of milliseconds") * 1_000_000)

    @staticmethod
    def of_nanos(nanos: int) -> Duration:
        """``nanos`` nanoseconds."""
        return Duration(whole(nanos, "a number of nanoseconds"))

    @staticmethod
    def of_timedelta(delta: timedelta) -> Duration:
        """The same amount as a ``datetime.timedelta``."""
        return Duration(delta // timedelta(microseconds=1) * 1000)

    def to_millis(self) -> int:
        """Whole milliseconds; the rest is cut off towards zero, as Java does."""
        millis = abs(self.nanos) // 1_000_000
        return millis if self.nanos >= 0 else -millis

    def __str__(self) -> str:
        if self.nanos == 0:
            return "PT0S"
        sign = "-" if self.nanos < 0 else ""
        seconds, nanos = divmod(abs(self.nanos), 1_000_000_000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        text = "PT"
        if hours:
            text += f"{sign}{hours}H"
        if minutes:
            text += f"{sign}{minutes}M"
        if seconds or nanos:
            fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
            text += f"{sign}{seconds}{fraction}S"
        return text

    def __repr__(self) -> str:
        return f"Duration<{self}>"


@dataclass(frozen=True, order=True, repr=False)
class Instant:
    """A point on the time line.

    Args:
        seconds: since the epoch; negative before it.
        nanos: 0 to 999,999,999, counted forwards also before the epoch.

    Raises:
        TypeError: one of them is not a whole number.
        ValueError: one of them is out of range; seconds may reach the years -1,000,000,000 to 1,000,000,000.

    Example:
        >>> Instant.of_epoch_milli(-1)
        Instant<-1, 999000000>
        >>> Instant.of_epoch_milli(-1).to_epoch_milli()
        -1
    """

    seconds: int
    nanos: int

    def __post_init__(self) -> None:
        seconds = whole(self.seconds, "an Instant's seconds")
        nanos = whole(self.nanos, "an Instant's nanos")
        if not MIN_INSTANT_SECONDS <= seconds <= MAX_INSTANT_SECONDS:
            raise ValueError(f"an Instant's seconds lie outside the years -1,000,000,000 to 1,000,000,000: {seconds}")
        if not 0 <= nanos < 1_000_000_000:
            raise ValueError(f"an Instant's nanos are 0 to 999,999,999, not {nanos}")

    def to_epoch_milli(self) -> int:
        """Whole milliseconds since the epoch, rounded down."""
        return self.seconds * 1000 + self.nanos // 1_000_000

    @staticmethod
    def of_epoch_milli(epoch_milli: int) -> Instant:
        """The instant ``epoch_milli`` milliseconds after the epoch."""
        seconds, millis = divmod(whole(epoch_milli, "a number of milliseconds"), 1000)
        return Instant(seconds, millis * 1_000_000)

    def __repr__(self) -> str:
        return f"Instant<{self.seconds}, {self.nanos}>"


class Time:
    """A time interval in milliseconds, as windows take it.

    Raises:
        TypeError: the amount is not a whole number.
        OverflowError: the amount does not fit in 64 bits of milliseconds.

    Example:
        >>> str(Time.minutes(2))
        '120000 ms'
    """

    def __init__(self, milliseconds: int):
        self._milliseconds = in_long(whole(milliseconds, "a time interval"), "a time interval")

    def to_milliseconds(self) -> int:
        """The interval in milliseconds."""
        return self._milliseconds

    @staticmethod
    def milliseconds(milliseconds: int) -> Time:
        """``milliseconds`` milliseconds."""
        return Time(milliseconds)

    @staticmethod
    def seconds(seconds: int) -> Time:
        """``seconds`` seconds."""
        return Time(whole(seconds, "a number of seconds") * 1000)

    @staticmethod
    def minutes(minutes: int) -> Time:
        """``minutes`` minutes."""
        return Time(whole(minutes, "a number of minutes") * 60_000)

    @staticmethod
    def hours(hours: int) -> Time:
        """``hours`` hours."""
        return Time(whole(hours, "a number of hours") * 3_600_000)

    @staticmethod
    def days(days: int) -> Time:
        """``days`` of 24 hours."""
        return Time(whole(days, "a number of days") * 86_400_000)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self._milliseconds == other._milliseconds

    def __hash__(self) -> int:
        return hash((Time, self._milliseconds))

    def __str__(self) -> str:
        return f"{self._milliseconds} ms"

    def __repr__(self) -> str:
        return f"Time<{self}>"
