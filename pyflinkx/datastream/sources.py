"""Streams made from functions, generators, iterators and sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pyflinkx.connectors.source import Source
from pyflinkx.connectors.source_function import FunctionSource, SourceFunction
from pyflinkx.errors import GraphError
from pyflinkx.types.typeinfo import TypeInformation, Types

if TYPE_CHECKING:
    from pyflinkx.connectors.splittable import SplittableIterator
    from pyflinkx.datastream.data_stream import DataStream


class SourceMethods:
    """What StreamExecutionEnvironment has of them."""

    if TYPE_CHECKING:

        def _source_stream(self, source: Source, name: str, type_info: TypeInformation | None) -> DataStream: ...

    def add_source(
        self,
        source_func: Any,
        source_name: str = "Custom Source",
        type_info: TypeInformation | None = None,
    ) -> DataStream:
        """A stream of what a function emits, which runs in a thread of its own.

        Args:
            source_func: a SourceFunction. One subtask runs it; all of them do when it is a ParallelSourceFunction. Or a
                FlinkKafkaConsumer.
            source_name: the operator's name.
            type_info: type of the records.

        Raises:
            GraphError: it is no SourceFunction.
        """
        as_source = getattr(source_func, "as_source", None)  # of a FlinkKafkaConsumer, whose import takes its time
        if as_source is not None:
            return self._source_stream(as_source(), source_name, type_info)
        if not isinstance(source_func, SourceFunction):
            raise GraphError(f"add_source() takes a SourceFunction, not {source_func!r} ({type(source_func).__name__})")
        return self._source_stream(FunctionSource(source_func, type_info), source_name, type_info)

    def from_sequence(self, start: int, end: int) -> DataStream:
        """A stream of the numbers from ``start`` to ``end``, both included.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> list(env.from_sequence(1, 3).execute_and_collect())
            [1, 2, 3]
        """
        from pyflinkx.connectors.number_seq import NumberSequenceSource

        return self._source_stream(NumberSequenceSource(start, end), "Sequence Source", None)

    def from_iterator(
        self, iterator: Iterable[Any] | Callable[[], Iterable[Any]], type_info: TypeInformation | None = None
    ) -> DataStream:
        """A stream of what an iterator gives, taken as the job comes to it.

        Args:
            iterator: an iterable, which stays in this process and may be endless; it is read in a thread of its own. Or
                a callable that makes one: then the source's task calls and reads it, and may wait for it.
            type_info: type of the records.

        Raises:
            TypeError: it is neither.
        """
        from pyflinkx.connectors.iterator import IteratorSource

        return self._source_stream(IteratorSource(iterator, type_info), "Iterator Source", type_info)

    def from_parallel_collection(
        self, iterator: SplittableIterator, type_info: TypeInformation | None = None
    ) -> DataStream:
        """A stream of the records of an iterator that can be split, read by as many readers as the parallelism says.

        Args:
            iterator: a SplittableIterator.
            type_info: type of the records.

        Raises:
            TypeError: it is none.
        """
        from pyflinkx.connectors.splittable import SplittableSource

        return self._source_stream(SplittableSource(iterator, type_info), "Parallel Collection Source", type_info)

    def socket_text_stream(self, hostname: str, port: int, delimiter: str = "\n", max_retry: int = 0) -> DataStream:
        r"""A stream of the text that a server sends, split at a delimiter.

        Args:
            hostname: of the server.
            port: of the server.
            delimiter: between records; with ``\n`` a ``\r`` before it is dropped too.
            max_retry: how often to connect anew, 0.5 s apart, when the server closes the connection or cannot be
                reached; -1 for no limit. With 0 the stream ends with the connection.
        """
        from pyflinkx.connectors.socket_text import SocketTextStreamFunction

        function = SocketTextStreamFunction(hostname, port, delimiter, max_retry)
        return self._source_stream(FunctionSource(function, Types.STRING()), "Socket Stream", None)
