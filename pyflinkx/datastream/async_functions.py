"""Functions that wait for answers from elsewhere, and when they are called again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, TypeVar

from pyflinkx.datastream.function import Function

IN = TypeVar("IN")
OUT = TypeVar("OUT")

ResultPredicate = Callable[[list[Any]], bool]
ExceptionPredicate = Callable[[Exception], bool]


class AsyncFunction(Function, Generic[IN, OUT]):
    """Calls elsewhere per record and awaits the answer; many such calls are under way at a time.

    All coroutines of a subtask run on one asyncio event loop. ``open`` and ``close`` may be coroutine functions too;
    they then run on that loop, which is the place to make and close clients that belong to a loop.
    """

    @abstractmethod
    async def async_invoke(self, value: IN) -> list[OUT]:
        """The results for a record; an exception fails the job, unless a retry strategy wants another call."""

    def timeout(self, value: IN) -> list[OUT]:
        """The results for a record whose time is over; by default the job fails with a TimeoutError."""
        raise TimeoutError(f"Async function call has timed out for input: {value}")


class AsyncRetryPredicate(ABC, Generic[OUT]):
    """Which outcomes of a call call for another."""

    @abstractmethod
    def result_predicate(self) -> ResultPredicate | None:
        """True for results that are not good enough; None accepts all."""

    @abstractmethod
    def exception_predicate(self) -> ExceptionPredicate | None:
        """True for exceptions that may pass; None for none of them."""


class AsyncRetryStrategy(ABC, Generic[OUT]):
    """Whether and when a call is made again. It is shared by all records, so it must not remember any."""

    @abstractmethod
    def can_retry(self, current_attempts: int) -> bool:
        """Whether there may be another call after so many."""

    @abstractmethod
    def get_backoff_time_millis(self, current_attempts: int) -> int:
        """Milliseconds to wait after so many calls."""

    @abstractmethod
    def get_retry_predicate(self) -> AsyncRetryPredicate[OUT]:
        """Which outcomes call for another call."""

    @staticmethod
    def no_restart() -> AsyncRetryStrategy[Any]:
        """Call once."""
        from pyflinkx.datastream.async_retry_strategies import NoRetryStrategy

        return NoRetryStrategy()

    @staticmethod
    def fixed_delay(
        max_attempts: int,
        backoff_time_millis: int,
        result_predicate: ResultPredicate | None,
        exception_predicate: ExceptionPredicate | None,
    ) -> AsyncRetryStrategy[Any]:
        """Call again up to ``max_attempts`` times, each after ``backoff_time_millis``."""
        from pyflinkx.datastream.async_retry_strategies import FixedDelayRetryStrategy

        return FixedDelayRetryStrategy(max_attempts, backoff_time_millis, result_predicate, exception_predicate)

    @staticmethod
    def exponential_backoff(
        max_attempts: int,
        initial_delay: int,
        max_retry_delay: int,
        multiplier: float,
        result_predicate: ResultPredicate | None,
        exception_predicate: ExceptionPredicate | None,
    ) -> AsyncRetryStrategy[Any]:
        """Call again up to ``max_attempts`` times, each after a longer time (ms)."""
        from pyflinkx.datastream.async_retry_strategies import ExponentialBackoffDelayRetryStrategy

        return ExponentialBackoffDelayRetryStrategy(
            max_attempts, initial_delay, max_retry_delay, multiplier, result_predicate, exception_predicate
        )


class AsyncFunctionDescriptor:
    """An async function and how it is to be called.

    Args:
        async_function: the function.
        timeout: milliseconds.
        capacity: calls that may be under way in a subtask.
        async_retry_strategy: when a call is made again.
        output_mode: whether results keep the order of their records.
    """

    class OutputMode(Enum):
        """Whether results keep the order of their records."""

        ORDERED = 0
        UNORDERED = 1

    def __init__(
        self,
        async_function: AsyncFunction[Any, Any],
        timeout: int,
        capacity: int,
        async_retry_strategy: AsyncRetryStrategy[Any],
        output_mode: AsyncFunctionDescriptor.OutputMode,
    ) -> None:
        self.async_function = async_function
        self.timeout = timeout
        self.capacity = capacity
        self.async_retry_strategy = async_retry_strategy
        self.output_mode = output_mode
