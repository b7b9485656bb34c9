"""Functions that wait for answers from elsewhere, and when they are called again."""

from __future__ import annotations

from abc import abstractmethod
from enum import Enum
from typing import Any, Generic, TypeVar

from pyflinkx.datastream.async_retry_strategies import AsyncRetryStrategy
from pyflinkx.datastream.function import Function

IN = TypeVar("IN")
OUT = TypeVar("OUT")


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
