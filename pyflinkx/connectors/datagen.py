"""Records made by a function of their index, as many a second as is wanted."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.config.arguments import check_count
from pyflinkx.connectors.number_seq import NumberReader, number_splits
from pyflinkx.connectors.source import END, WAIT, ReaderContext, Source
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.typeinfo import TypeInformation

# Random values in a row that follow from one seed: a generator that goes on among them makes those before anew.
SEEDED_AT_ONCE = 1024
# A source that was held up makes good for so much time (ms) at once, as Flink's limiter does.
BURST = 1000


class RateLimiterStrategy:
    """How many records a second a source makes at most, over all its subtasks.

    Args:
        records_per_second: the number; None for no limit.
    """

    def __init__(self, records_per_second: float | None) -> None:
        self.records_per_second = records_per_second

    def __repr__(self) -> str:
        return f"RateLimiterStrategy({self.records_per_second})"

    @staticmethod
    def per_second(records_per_second: float) -> RateLimiterStrategy:
        """That many records a second.

        Raises:
            TypeError: it is no number.
            ConfigurationError: it is not above 0.
        """
        if isinstance(records_per_second, bool) or not isinstance(records_per_second, (int, float)):
            raise TypeError(f"records_per_second is a number, not {records_per_second!r}")
        if not 0 < records_per_second < float("inf"):
            raise ConfigurationError(f"records_per_second is above 0, not {records_per_second!r}")
        return RateLimiterStrategy(records_per_second)

    @staticmethod
    def no_op() -> RateLimiterStrategy:
        """As many as can be."""
        return RateLimiterStrategy(None)


class RateLimiter:
    """Says how many records may be made now.

    Args:
        per_second: at most so many.
        now: the time at which the first one may be made (ms).
    """

    def __init__(self, per_second: float, now: int) -> None:
        self.per_second = per_second
        self.start = now
        self.made = 0

    def permits(self, now: int) -> int:
        """How many may be made at this time."""
        if now < self.start:
            return 0
        allowed = int((now - self.start) * self.per_second / 1000) + 1
        behind = allowed - self.made - max(int(self.per_second * BURST / 1000), 1)
        if behind > 0:
            self.made += behind
        return allowed - self.made

    def take(self, count: int) -> None:
        """So many were made."""
        self.made += count

    def next_time(self) -> int:
        """When (ms) the next one may be made."""
        return self.start - int(-(self.made * 1000 / self.per_second) // 1)


class GeneratorFunction(ABC):
    """Makes the record of an index: the same whenever it is asked, if a source is to go on from a checkpoint."""

    def open(self, runtime_context: Any) -> None:  # noqa: B027
        """Prepare; called once per subtask."""

    def close(self) -> None:  # noqa: B027
        """Release what ``open`` acquired."""

    @abstractmethod
    def map(self, value: int) -> Any:
        """The record of an index, from 0 on."""


class DataGeneratorSource(Source):
    """Makes records by a function of their index; each subtask has a piece of the indices, in order.

    Args:
        generator_function: a GeneratorFunction, or a callable from index to record.
        count: how many records to make; 2^63 - 1 is as good as endless.
        rate_limiter_strategy: how many a second; no limit by default.
        type_info: type of the records, if known.

    Raises:
        TypeError: an argument is of another type.
        ConfigurationError: the count is negative or does not fit 64 bits.

    Example:
        >>> DataGeneratorSource(lambda index: f"user {index}", 1000, RateLimiterStrategy.per_second(100))
        DataGeneratorSource(count=1000, RateLimiterStrategy(100))
    """

    def __init__(
        self,
        generator_function: GeneratorFunction | Callable[[int], Any],
        count: int,
        rate_limiter_strategy: RateLimiterStrategy | None = None,
        type_info: TypeInformation | None = None,
    ) -> None:
        if not isinstance(generator_function, GeneratorFunction) and not callable(generator_function):
            raise TypeError(f"generator_function is a GeneratorFunction or a callable, not {generator_function!r}")
        if rate_limiter_strategy is not None and not isinstance(rate_limiter_strategy, RateLimiterStrategy):
            raise TypeError(f"rate_limiter_strategy is a RateLimiterStrategy, not {rate_limiter_strategy!r}")
        self.generator_function = generator_function
        self.count = check_count(count, "count", least=0)
        if self.count > 2**63 - 1:
            raise ConfigurationError(f"count fits 64 bits, but {count} does not")
        self.rate = rate_limiter_strategy or RateLimiterStrategy.no_op()
        self.output_type = type_info

    def __repr__(self) -> str:
        return f"DataGeneratorSource(count={self.count}, {self.rate})"

    def splits(self, parallelism: int) -> list[range]:
        return number_splits(0, self.count, parallelism)

    def create_reader(self, context: ReaderContext) -> GeneratorReader:
        function = context.own(self.generator_function)
        rate = self.rate.records_per_second
        return GeneratorReader(function, context, None if rate is None else rate / context.parallelism)


class GeneratorReader(NumberReader):
    """Makes the records of ranges of indices.

    Args:
        function: makes one.
        context: of the task.
        rate: how many a second at most; None for no limit.
    """

    def __init__(
        self, function: GeneratorFunction | Callable[[int], Any], context: ReaderContext, rate: float | None
    ) -> None:
        super().__init__()
        self.make = function.map if isinstance(function, GeneratorFunction) else function
        self.context = context
        self.rate = rate
        self.limiter: RateLimiter | None = None
        self.functions = (function,) if isinstance(function, GeneratorFunction) else ()

    def poll(self, limit: int) -> Any:
        if self.rate is not None and self.limiter is None:
            self.limiter = RateLimiter(self.rate, self.context.clock.now())
        if not self.waiting:
            return END
        if self.limiter is not None:
            limit = min(limit, self.limiter.permits(self.context.clock.now()))
            if limit <= 0:
                return WAIT
        numbers = self.take(limit)
        assert numbers is not None
        if self.limiter is not None:
            self.limiter.take(len(numbers))
        return ObjectBatch(list(map(self.make, numbers)))

    def wake_time(self) -> int | None:
        return None if self.limiter is None else self.limiter.next_time()


class RandomGenerator(GeneratorFunction):
    """Random values; made by one of the static methods. A null rate is the share of records that are None.

    Args:
        draw: makes a value from a ``random.Random``.
        seed: for the same values each time. The value of an index depends on nothing else, so a source that goes on
            from a checkpoint makes the same; without a seed they are others for each generator.
    """

    def __init__(self, draw: Callable[[random.Random], Any], seed: int | None = None) -> None:
        self.draw = draw
        self.seed = random.getrandbits(64) if seed is None else seed
        self.null_rate = 0.0
        self.random = random.Random()
        self.next = -1

    def with_null_rate(self, null_rate: float) -> RandomGenerator:
        """Make so large a share of the records None.

        Args:
            null_rate: from 0 to 1.
        """
        if not 0 <= null_rate <= 1:
            raise ConfigurationError(f"null_rate is from 0 to 1, not {null_rate!r}")
        self.null_rate = null_rate
        return self

    def map(self, value: int) -> Any:
        if value != self.next or not value % SEEDED_AT_ONCE:
            first = value - value % SEEDED_AT_ONCE
            self.random = random.Random(f"{self.seed}:{first}")
            for _ in range(first, value):
                self._value()
        self.next = value + 1
        return self._value()

    def _value(self) -> Any:
        if self.null_rate and self.random.random() < self.null_rate:
            return None
        return self.draw(self.random)

    @staticmethod
    def int_generator(min: int, max: int, seed: int | None = None) -> RandomGenerator:
        """Ints from ``min`` to ``max``, both included."""
        if min > max:
            raise ConfigurationError(f"min is at most max, not {min} with max {max}")
        return RandomGenerator(lambda source: source.randint(min, max), seed)

    long_generator = short_generator = byte_generator = int_generator

    @staticmethod
    def double_generator(min: float, max: float, seed: int | None = None) -> RandomGenerator:
        """Floats from ``min`` to ``max``."""
        if not min <= max:
            raise ConfigurationError(f"min is at most max, not {min} with max {max}")
        return RandomGenerator(lambda source: source.uniform(min, max), seed)

    float_generator = double_generator

    @staticmethod
    def string_generator(length: int, seed: int | None = None) -> RandomGenerator:
        """Strings of so many hexadecimal digits."""
        check_count(length, "length")
        return RandomGenerator(lambda source: "".join(source.choices("0123456789abcdef", k=length)), seed)

    @staticmethod
    def boolean_generator(seed: int | None = None) -> RandomGenerator:
        """True or False, as likely."""
        return RandomGenerator(lambda source: source.random() < 0.5, seed)


class SequenceGenerator(GeneratorFunction):
    """The values from a start to an end, both included, in order; made by one of the static methods.

    A source of them has ``generator.count`` records.

    Example:
        >>> letters = SequenceGenerator.int_generator(5, 7)
        >>> [letters.map(index) for index in range(letters.count)]
        [5, 6, 7]
    """

    def __init__(self, start: int, end: int, make: Callable[[int], Any]) -> None:
        if start > end:
            raise ConfigurationError(f"a sequence starts at or before its end, not at {start} with end {end}")
        self.start = start
        self.count = end - start + 1
        self.make = make

    def map(self, value: int) -> Any:
        return self.make(self.start + value)

    @staticmethod
    def int_generator(start: int, end: int) -> SequenceGenerator:
        """Ints."""
        return SequenceGenerator(start, end, int)

    long_generator = short_generator = byte_generator = int_generator

    @staticmethod
    def double_generator(start: int, end: int) -> SequenceGenerator:
        """Floats, 1 apart."""
        return SequenceGenerator(start, end, float)

    float_generator = double_generator

    @staticmethod
    def string_generator(start: int, end: int) -> SequenceGenerator:
        """The numbers as strings."""
        return SequenceGenerator(start, end, str)
