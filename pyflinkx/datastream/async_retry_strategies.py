"""When asynchronous calls are made again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pyflinkx.errors import GraphError

__all__ = ["ExponentialBackoffDelayRetryStrategy", "FixedDelayRetryStrategy", "NoRetryStrategy", "RetryPredicate"]

OUT = TypeVar("OUT")

ResultPredicate = Callable[[list[Any]], bool]
ExceptionPredicate = Callable[[Exception], bool]


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
        return NoRetryStrategy()

    @staticmethod
    def fixed_delay(
        max_attempts: int,
        backoff_time_millis: int,
        result_predicate: ResultPredicate | None,
        exception_predicate: ExceptionPredicate | None,
    ) -> AsyncRetryStrategy[Any]:
        """Call again up to ``max_attempts`` times, each after ``backoff_time_millis``."""
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
        return ExponentialBackoffDelayRetryStrategy(
            max_attempts, initial_delay, max_retry_delay, multiplier, result_predicate, exception_predicate
        )


class RetryPredicate(AsyncRetryPredicate[OUT], Generic[OUT]):
    """Two predicates, either of which may be None.

    Args:
        result_predicate: True for lists of results that are not good enough.
        exception_predicate: True for exceptions that may pass.

    Raises:
        GraphError: one is neither None nor callable.
    """

    def __init__(
        self, result_predicate: ResultPredicate | None, exception_predicate: ExceptionPredicate | None
    ) -> None:
        for predicate in (result_predicate, exception_predicate):
            if predicate is not None and not callable(predicate):
                raise GraphError(f"a retry predicate is a callable or None, not {predicate!r}")
        self._result_predicate = result_predicate
        self._exception_predicate = exception_predicate

    def result_predicate(self) -> ResultPredicate | None:
        return self._result_predicate

    def exception_predicate(self) -> ExceptionPredicate | None:
        return self._exception_predicate


class NoRetryStrategy(AsyncRetryStrategy[OUT], Generic[OUT]):
    """One call."""

    def can_retry(self, current_attempts: int) -> bool:
        return False

    def get_backoff_time_millis(self, current_attempts: int) -> int:
        return -1

    def get_retry_predicate(self) -> AsyncRetryPredicate[OUT]:
        return RetryPredicate(None, None)


class FixedDelayRetryStrategy(AsyncRetryStrategy[OUT], Generic[OUT]):
    """Further calls after the same time.

    Args:
        max_attempts: calls after the first one.
        backoff_time_millis: milliseconds between the end of a call and the next.
        result_predicate: True for results that are not good enough; None accepts all.
        exception_predicate: True for exceptions that may pass; None for none.

    Raises:
        GraphError: a number is not above 0, or a predicate is not callable.

    Example:
        >>> FixedDelayRetryStrategy(2, 100, None, lambda error: True).can_retry(3)
        False
    """

    def __init__(
        self,
        max_attempts: int,
        backoff_time_millis: int,
        result_predicate: ResultPredicate | None,
        exception_predicate: ExceptionPredicate | None,
    ) -> None:
        self._max_attempts = above_zero(max_attempts, "max_attempts")
        self._backoff_time_millis = above_zero(backoff_time_millis, "backoff_time_millis")
        self._predicate: RetryPredicate[OUT] = RetryPredicate(result_predicate, exception_predicate)

    def can_retry(self, current_attempts: int) -> bool:
        return current_attempts <= self._max_attempts

    def get_backoff_time_millis(self, current_attempts: int) -> int:
        return self._backoff_time_millis

    def get_retry_predicate(self) -> AsyncRetryPredicate[OUT]:
        return self._predicate


class ExponentialBackoffDelayRetryStrategy(AsyncRetryStrategy[OUT], Generic[OUT]):
    """Further calls, each after a longer time than the one before.

    Args:
        max_attempts: calls after the first one.
        initial_delay: milliseconds before the second call.
        max_retry_delay: the most milliseconds.
        multiplier: by which the time grows.
        result_predicate: True for results that are not good enough; None accepts all.
        exception_predicate: True for exceptions that may pass; None for none.

    Raises:
        GraphError: a number is not above 0, or a predicate is not callable.

    Example:
        >>> strategy = ExponentialBackoffDelayRetryStrategy(5, 100, 500, 2.0, None, None)
        >>> [strategy.get_backoff_time_millis(attempts) for attempts in range(1, 5)]
        [100, 200, 400, 500]
    """

    def __init__(
        self,
        max_attempts: int,
        initial_delay: int,
        max_retry_delay: int,
        multiplier: float,
        result_predicate: ResultPredicate | None,
        exception_predicate: ExceptionPredicate | None,
    ) -> None:
        self._max_attempts = above_zero(max_attempts, "max_attempts")
        self._initial_delay = above_zero(initial_delay, "initial_delay")
        self._max_retry_delay = above_zero(max_retry_delay, "max_retry_delay")
        self._multiplier = above_zero(multiplier, "multiplier")
        self._predicate: RetryPredicate[OUT] = RetryPredicate(result_predicate, exception_predicate)

    def can_retry(self, current_attempts: int) -> bool:
        return current_attempts <= self._max_attempts

    def get_backoff_time_millis(self, current_attempts: int) -> int:
        if current_attempts <= 1:
            return int(self._initial_delay)
        # Step by step, as the power of a float overflows.
        delay: float = self._initial_delay
        for _ in range(current_attempts - 1):
            delay = delay * self._multiplier
            if delay >= self._max_retry_delay:
                return int(self._max_retry_delay)
        return int(delay)

    def get_retry_predicate(self) -> AsyncRetryPredicate[OUT]:
        return self._predicate


def above_zero(number: Any, what: str) -> Any:
    """``number`` if it is a number above 0; GraphError otherwise."""
    if not isinstance(number, (int, float)) or isinstance(number, bool) or number <= 0:
        raise GraphError(f"{what} must be greater than zero, not {number!r}")
    return number
