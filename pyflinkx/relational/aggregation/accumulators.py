"""What aggregate functions keep of the values that they have taken: an object of a class for each sort of aggregate.

Values are those of ``relational.values``: dates and times as numbers, decimals as Decimal, text as str, None for null.
An accumulator is a list, which is changed in place and can be pickled; the object itself keeps nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx.relational.keyed_rows import as_key
from pyflinkx.relational.values import ValueFault
from pyflinkx.types.data_type import MAX_DECIMAL, DataType, Family, Kind

BITS = {Kind.TINYINT: 8, Kind.SMALLINT: 16, Kind.INT: 32, Kind.BIGINT: 64}
# Digits enough for a sum of 2^63 of the longest decimals.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def wrapped(value: int, bits: int) -> int:
    """A whole number in so many bits, as Java has it."""
    half = 1 << bits - 1
    return (value + half) % (1 << bits) - half


def single(value: float) -> float:
    """The closest number of FLOAT."""
    return ctypes.c_float(value).value


def fitted(value: Decimal, kind: DataType) -> Decimal | None:
    """A decimal with the digits of its type; None where it has too many before the point."""
    found = value.quantize(Decimal(1).scaleb(-(kind.scale or 0)), context=EXACT)
    return None if found and found.adjusted() - found.as_tuple().exponent >= (kind.precision or MAX_DECIMAL) else found  # type: ignore[operator]


class Accumulators:
    """An aggregate function of certain types, at work.

    ``accumulate`` and ``retract`` take the values of the arguments; ``retract`` takes back what was accumulated, and
    where that has never come, what will be. ``merge`` adds what another accumulator has taken.
    """

    def create(self) -> list[Any]:
        """An accumulator of no values."""
        raise NotImplementedError

    def accumulate(self, state: list[Any], *values: Any) -> None:
        raise NotImplementedError

    def retract(self, state: list[Any], *values: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} takes nothing back")

    def merge(self, state: list[Any], other: list[Any]) -> None:
        raise NotImplementedError

    def result(self, state: list[Any]) -> Any:
        """The aggregate of what has been taken."""
        raise NotImplementedError


class Count(Accumulators):
    """Rows in which no argument is null."""

    def create(self) -> list[Any]:
        return [0]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        if None not in values:
            state[0] += 1

    def retract(self, state: list[Any], *values: Any) -> None:
        if None not in values:
            state[0] -= 1

    def merge(self, state: list[Any], other: list[Any]) -> None:
        state[0] += other[0]

    def result(self, state: list[Any]) -> Any:
        return state[0]


class Sum(Accumulators):
    """A sum, with the number of values that are in it.

    Args:
        kind: of the result.
        empty: the sum of no values.
    """

    def __init__(self, kind: DataType, empty: Any = None) -> None:
        self.kind = kind
        self.empty = empty
        self.zero: Any = 0
        self.add: Callable[[Any, Any], Any] = lambda total, value: total + value
        if kind.kind is Kind.DECIMAL:
            self.zero, self.add = Decimal(0), EXACT.add
        elif kind.family(Family.APPROXIMATE_NUMERIC):
            self.zero = 0.0
            if kind.kind is Kind.FLOAT:
                self.add = lambda total, value: single(total + value)

    def create(self) -> list[Any]:
        return [self.zero, 0]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        if values[0] is not None:
            state[0] = self.add(state[0], values[0])
            state[1] += 1

    def retract(self, state: list[Any], *values: Any) -> None:
        if values[0] is not None:
            state[0] = self.add(state[0], -values[0])
            state[1] -= 1

    def merge(self, state: list[Any], other: list[Any]) -> None:
        state[0] = self.add(state[0], other[0])
        state[1] += other[1]

    def result(self, state: list[Any]) -> Any:
        if not state[1]:
            return self.empty
        if self.kind.kind in BITS:
            return wrapped(state[0], BITS[self.kind.kind])
        return fitted(state[0], self.kind) if self.kind.kind is Kind.DECIMAL else state[0]


class Average(Sum):
    """The sum by the number of values: of whole numbers cut off, of decimals rounded."""

    def __init__(self, kind: DataType) -> None:
        wide = DataType(Kind.DOUBLE) if kind.family(Family.APPROXIMATE_NUMERIC) else kind
        super().__init__(wide)
        self.result_kind = kind

    def result(self, state: list[Any]) -> Any:
        total, count = state
        if not count:
            return None
        if self.kind.kind in BITS:
            total = wrapped(total, 64)
            return wrapped(total // count if (total < 0) == (count < 0) else -(-total // count), BITS[self.kind.kind])
        if self.kind.kind is Kind.DECIMAL:
            return fitted(EXACT.divide(total, Decimal(count)), self.kind)
        return single(total / count) if self.result_kind.kind is Kind.FLOAT else total / count


class Variance(Accumulators):
    """Variance or standard deviation, by Welford's method.

    The source of the method: B. P. Welford, "Note on a method for calculating corrected sums of squares and products",
    1962; of merging: T. F. Chan et al., "Updating formulae and a pairwise algorithm for computing sample variances",
    1979.

    Args:
        kind: of the result.
        sample: whether it is divided by one less than the number of values.
        root: whether the square root of it is wanted.
    """

    def __init__(self, kind: DataType, sample: bool, root: bool) -> None:
        self.kind, self.sample, self.root = kind, sample, root

    def create(self) -> list[Any]:
        return [0, 0.0, 0.0]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        if values[0] is None:
            return
        value = float(values[0])
        state[0] += 1
        if not state[0]:
            state[1:] = 0.0, 0.0
            return
        step = value - state[1]
        state[1] += step / state[0]
        state[2] += step * (value - state[1])

    def retract(self, state: list[Any], *values: Any) -> None:
        if values[0] is None:
            return
        value = float(values[0])
        state[0] -= 1
        if not state[0]:
            state[1:] = 0.0, 0.0
            return
        step = value - state[1]
        state[1] -= step / state[0]
        state[2] -= step * (value - state[1])

    def merge(self, state: list[Any], other: list[Any]) -> None:
        count = state[0] + other[0]
        if not other[0]:
            return
        if not count:
            state[:] = self.create()
            return
        step = other[1] - state[1]
        state[2] += other[2] + step * step * state[0] * other[0] / count
        state[1] += step * other[0] / count
        state[0] = count

    def result(self, state: list[Any]) -> Any:
        count, _, squares = state
        divisor = count - 1 if self.sample else count
        if divisor <= 0:
            return None
        value = max(squares, 0.0) / divisor if squares == squares else squares
        value = value**0.5 if self.root else value
        if self.kind.kind in BITS:
            return int(value)
        if self.kind.kind is Kind.DECIMAL:
            return fitted(Decimal(repr(value)), self.kind)
        return single(value) if self.kind.kind is Kind.FLOAT else value


class Extreme(Accumulators):
    """The least or the greatest value, where none is taken back."""

    def __init__(self, greatest: bool) -> None:
        self.greatest = greatest

    def create(self) -> list[Any]:
        return [None]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        value, known = values[0], state[0]
        if value is not None and (known is None or (value > known if self.greatest else value < known)):
            state[0] = value

    def merge(self, state: list[Any], other: list[Any]) -> None:
        self.accumulate(state, other[0])

    def result(self, state: list[Any]) -> Any:
        return state[0]


class Counted(Accumulators):
    """How often each value has come: a map from what stands for it to the number and the value."""

    def create(self) -> list[Any]:
        return [KeyMap()]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        self.change(state, values[0], 1)

    def retract(self, state: list[Any], *values: Any) -> None:
        self.change(state, values[0], -1)

    def change(self, state: list[Any], value: Any, number: int) -> None:
        """Have a value more or less often; numbers below 0 are of values that are still to come."""
        if value is None:
            return
        key = as_key(value)
        entry = state[0].get(key)
        if entry is None:
            state[0][key] = (number, value)
        elif entry[0] + number:
            state[0][key] = (entry[0] + number, entry[1])
        else:
            del state[0][key]

    def merge(self, state: list[Any], other: list[Any]) -> None:
        for number, value in other[0].values():
            self.change(state, value, number)


class RetractableExtreme(Counted):
    """The least or the greatest value, where values are taken back."""

    def __init__(self, greatest: bool) -> None:
        self.greatest = greatest

    def create(self) -> list[Any]:
        return [KeyMap(), None, False]  # the values, the extreme, and whether it must be looked for

    def change(self, state: list[Any], value: Any, number: int) -> None:
        super().change(state, value, number)
        if value is None or state[2]:
            return
        key, known = as_key(value), state[1]
        entry = state[0].get(key)
        if entry is not None and entry[0] > 0:
            if known is None or (value > known if self.greatest else value < known):
                state[1] = value
        elif known is not None and key == as_key(known):
            state[2] = True

    def result(self, state: list[Any]) -> Any:
        if state[2]:
            there = (value for number, value in state[0].values() if number > 0)
            state[1], state[2] = (max if self.greatest else min)(there, default=None), False
        return state[1]


class Collected(Counted):
    """A multiset: a dict from each value to how often it is there."""

    def result(self, state: list[Any]) -> Any:
        return {value: number for number, value in state[0].values() if number > 0}


class Edge(Accumulators):
    """The first or last value, where none is taken back."""

    def __init__(self, last: bool) -> None:
        self.last = last

    def create(self) -> list[Any]:
        return [None]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        if values[0] is not None and (self.last or state[0] is None):
            state[0] = values[0]

    def merge(self, state: list[Any], other: list[Any]) -> None:
        self.accumulate(state, other[0])

    def result(self, state: list[Any]) -> Any:
        return state[0]


class Ordered(Accumulators):
    """Values in the order in which they came, those that are taken back first being taken out first.

    Args:
        nulls: whether nulls are among them.
    """

    nulls = False

    def create(self) -> list[Any]:
        return [[], []]  # values, and those that were taken back before they came

    def accumulate(self, state: list[Any], *values: Any) -> None:
        value = values[0]
        if value is None and not self.nulls:
            return
        if state[1] and value in state[1]:
            state[1].remove(value)
        else:
            state[0].append(value)

    def retract(self, state: list[Any], *values: Any) -> None:
        value = values[0]
        if value is None and not self.nulls:
            return
        if value in state[0]:
            state[0].remove(value)
        else:
            state[1].append(value)

    def merge(self, state: list[Any], other: list[Any]) -> None:
        for value in other[0]:
            self.accumulate(state, value)
        for value in other[1]:
            self.retract(state, value)


class RetractableEdge(Ordered):
    """The first or last value, where values are taken back."""

    def __init__(self, last: bool) -> None:
        self.last = last

    def result(self, state: list[Any]) -> Any:
        return state[0][-1 if self.last else 0] if state[0] else None


class Joined(Ordered):
    """Text, with a separator between."""

    def create(self) -> list[Any]:
        return [[], [], ","]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        super().accumulate(state, values[0])
        if len(values) > 1:
            state[2] = values[1]

    def merge(self, state: list[Any], other: list[Any]) -> None:
        super().merge(state, other)
        if other[0]:
            state[2] = other[2]

    def result(self, state: list[Any]) -> Any:
        return state[2].join(state[0]) if state[0] else None


class Listed(Ordered):
    """All values as an array; null where there are none."""

    def __init__(self, nulls: bool) -> None:
        self.nulls = nulls

    def result(self, state: list[Any]) -> Any:
        return list(state[0]) or None


class Only(Accumulators):
    """The only value that there is: of a query as a value."""

    def create(self) -> list[Any]:
        return [None, 0]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        state[1] += 1
        if state[1] > 1:
            raise ValueFault("a query as a value gives more than one row")
        state[0] = values[0] if state[1] == 1 else None

    def retract(self, state: list[Any], *values: Any) -> None:
        state[1] -= 1
        state[0] = None

    def merge(self, state: list[Any], other: list[Any]) -> None:
        if other[1]:
            self.accumulate(state, other[0])

    def result(self, state: list[Any]) -> Any:
        return state[0]


class Quantile(Counted):
    """The value below which a share of all values lies, by interpolation between the two next to it.

    Args:
        many: whether the share is a list of shares.
    """

    def __init__(self, many: bool) -> None:
        self.many = many

    def create(self) -> list[Any]:
        return [KeyMap(), None]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        self.weigh(state, 1, *values)

    def retract(self, state: list[Any], *values: Any) -> None:
        self.weigh(state, -1, *values)

    def weigh(self, state: list[Any], sign: int, value: Any, share: Any, often: int | None = 1) -> None:
        shares = share if self.many else [share]
        if share is None or any(each is None or not 0 <= each <= 1 for each in shares):
            raise ValueFault(f"a percentage lies between 0 and 1, and this is {share}")
        state[1] = [float(each) for each in shares]
        if often is not None and often < 0:
            raise ValueFault(f"the frequency of a value is no less than 0, and this is {often}")
        if value is not None and often:
            self.change(state, float(value), sign * often)

    def merge(self, state: list[Any], other: list[Any]) -> None:
        super().merge(state, other)
        state[1] = other[1] or state[1]

    def result(self, state: list[Any]) -> Any:
        entries = sorted((value, number) for number, value in state[0].values() if number > 0)
        if not entries or state[1] is None:
            return None
        total = sum(number for _, number in entries)
        found = [self.at(entries, share * (total - 1)) for share in state[1]]
        return found if self.many else found[0]

    def at(self, entries: Sequence[tuple[float, int]], place: float) -> float:
        """The value at a place among all."""
        lower, upper = self.number(entries, int(place)), self.number(entries, -int(-place // 1))
        return lower + (upper - lower) * (place - int(place))

    def number(self, entries: Sequence[tuple[float, int]], place: int) -> float:
        for value, often in entries:
            if place < often:
                return value
            place -= often
        return entries[-1][0]
