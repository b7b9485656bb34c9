"""Streams whose records wait for answers from elsewhere."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.async_functions import AsyncFunction, AsyncFunctionDescriptor
from pyflinkx.datastream.async_retry_strategies import AsyncRetryStrategy
from pyflinkx.datastream.calls import result_type
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.operator_settings import positive
from pyflinkx.datastream.user_functions import object_function
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import carried
from pyflinkx.names.asking import offering
from pyflinkx.operators.async_wait import AsyncWaitOperator
from pyflinkx.operators.windowing.durations import to_milliseconds

__all__ = ["AsyncDataStream"]

ORDERED = AsyncFunctionDescriptor.OutputMode.ORDERED
UNORDERED = AsyncFunctionDescriptor.OutputMode.UNORDERED


class AsyncDataStream:
    """Applies an AsyncFunction to a stream.

    All methods take: the stream; the function; the milliseconds (a Time, Duration, timedelta or int) that a record may
    take with all its calls, 0 for no end; how many records may be under way in a subtask, where more make the stream
    wait; the type of the results. They raise GraphError for arguments that do not fit.

    Example:
        >>> from pyflinkx.common import Time
        >>> from pyflinkx.datastream import AsyncFunction, StreamExecutionEnvironment
        >>> class Double(AsyncFunction):
        ...     async def async_invoke(self, value):
        ...         return [value * 2]
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> doubled = AsyncDataStream.ordered_wait(env.from_collection([1, 2]), Double(), Time.seconds(5))
        >>> list(doubled.execute_and_collect())
        [2, 4]
    """

    @staticmethod
    def unordered_wait(
        data_stream: DataStream,
        async_function: AsyncFunction[Any, Any],
        timeout: Any,
        capacity: int = 100,
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """Results leave as they come, but never past a watermark."""
        strategy = AsyncRetryStrategy.no_restart()
        return wait(data_stream, async_function, timeout, capacity, strategy, UNORDERED, output_type)

    @staticmethod
    def unordered_wait_with_retry(
        data_stream: DataStream,
        async_function: AsyncFunction[Any, Any],
        timeout: Any,
        async_retry_strategy: AsyncRetryStrategy[Any],
        capacity: int = 100,
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """As ``unordered_wait``; what the strategy says may pass is called again. The timeout must be above 0."""
        with_end(timeout, async_retry_strategy)
        return wait(data_stream, async_function, timeout, capacity, async_retry_strategy, UNORDERED, output_type)

    @staticmethod
    def ordered_wait(
        data_stream: DataStream,
        async_function: AsyncFunction[Any, Any],
        timeout: Any,
        capacity: int = 100,
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """Results leave in the order of their records."""
        strategy = AsyncRetryStrategy.no_restart()
        return wait(data_stream, async_function, timeout, capacity, strategy, ORDERED, output_type)

    @staticmethod
    def ordered_wait_with_retry(
        data_stream: DataStream,
        async_function: AsyncFunction[Any, Any],
        timeout: Any,
        async_retry_strategy: AsyncRetryStrategy[Any],
        capacity: int = 100,
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """As ``ordered_wait``; what the strategy says may pass is called again. The timeout must be above 0."""
        with_end(timeout, async_retry_strategy)
        return wait(data_stream, async_function, timeout, capacity, async_retry_strategy, ORDERED, output_type)


def with_end(timeout: Any, strategy: Any) -> None:
    """Refuse what retries cannot do with."""
    if not isinstance(strategy, AsyncRetryStrategy):
        raise GraphError(f"async_retry_strategy takes an AsyncRetryStrategy, not {strategy!r}")
    if milliseconds(timeout) == 0:
        raise GraphError("with retries the timeout must be above 0")


def milliseconds(timeout: Any) -> int:
    """A timeout in milliseconds."""
    try:
        found = to_milliseconds(timeout, "the timeout")
    except TypeError as error:
        raise GraphError(str(error)) from None
    if found < 0:
        raise GraphError(f"the timeout must be milliseconds from 0 up, not {found}")
    return found


def wait(
    data_stream: DataStream,
    async_function: AsyncFunction[Any, Any],
    timeout: Any,
    capacity: int,
    strategy: AsyncRetryStrategy[Any],
    mode: AsyncFunctionDescriptor.OutputMode,
    output_type: TypeInformation | None,
) -> DataStream:
    """The stream of the results."""
    if not isinstance(data_stream, DataStream):
        raise GraphError(f"AsyncDataStream takes a DataStream, not {data_stream!r}")
    (function,) = object_function(async_function, AsyncFunction, ["async_invoke"], "AsyncDataStream")
    if not inspect.iscoroutinefunction(function.call):
        name = type(async_function).__name__
        raise GraphError(f"Method 'async_invoke' of class '{name}' should be declared as 'async def'.")
    descriptor = AsyncFunctionDescriptor(
        async_function, milliseconds(timeout), positive(capacity, "capacity"), strategy, mode
    )
    operator = carried(
        AsyncWaitOperator,
        function,
        async_function.timeout,
        descriptor.timeout,
        descriptor.capacity,
        descriptor.output_mode is ORDERED,
        descriptor.async_retry_strategy,
    )
    return data_stream._then("async wait operator", operator, result_type(output_type, function, "items"))


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
