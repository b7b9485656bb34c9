"""The ends of streams in functions, files and sockets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any

from pyflinkx.connectors.print import PrintSink
from pyflinkx.connectors.sink import Sink
from pyflinkx.connectors.sink_function import SinkFunction
from pyflinkx.connectors.two_phase import TwoPhaseCommitSinkFunction, TwoPhaseFunctionSink
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import Transformation
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.sink_function import SinkFunctionOperator
from pyflinkx.plan.stream import Stream
from pyflinkx.types.serialization import SerializationSchema

if TYPE_CHECKING:
    from pyflinkx.connectors.files.part_files import WriteMode
    from pyflinkx.datastream.data_stream import DataStreamSink


class SinkMethods:
    """What DataStream has of them."""

    if TYPE_CHECKING:
        _environment: Any
        _value: Stream

        def _end(self, name: str, sink: Sink) -> DataStreamSink: ...

        def _end_in(self, transformation: Transformation) -> DataStreamSink: ...

        def _as_rows(self) -> Stream: ...

    def add_sink(self, sink_func: SinkFunction | Sink | Callable[[Any], Any]) -> DataStreamSink:
        """End the stream in a function.

        Args:
            sink_func: a SinkFunction, or a callable that takes a record; or a sink such as a StreamingFileSink.

        Raises:
            GraphError: it is neither.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> seen = []
            >>> _ = env.from_collection([1, 2]).add_sink(seen.append)
            >>> _ = env.execute()
            >>> seen
            [1, 2]
        """
        if isinstance(sink_func, TwoPhaseCommitSinkFunction):
            return self._end("Unnamed", TwoPhaseFunctionSink(sink_func))
        as_sink = getattr(sink_func, "as_sink", None)  # of a FlinkKafkaProducer, whose import takes its time
        if as_sink is not None:
            sink_func = as_sink()
        if isinstance(sink_func, Sink):
            return self._end("Unnamed", sink_func)
        function, with_context = sink_function(sink_func)
        transformation = Transformation(
            operation="Unnamed",
            kind="sink",
            spec=OperatorSpec.of(SinkFunctionOperator, function, with_context),
            inputs=(self._as_rows().upstreams,),
        )
        return self._end_in(transformation)

    def print_to_err(self, sink_identifier: str | None = None) -> DataStreamSink:
        """Write every record to the standard error, a line each; as ``print`` does.

        Args:
            sink_identifier: printed before every record, with ``>``.
        """
        return self._end("Print to Std. Err", PrintSink(sink_identifier, "stderr", self._value.record_type.declared))

    def write_as_text(self, path: str | PathLike[str], write_mode: WriteMode | None = None) -> DataStreamSink:
        """Write every record to a text file, a line each, as ``print`` shows it.

        The file appears at the end of the input, whole. With a parallelism above 1 it is a folder with a file for each
        subtask, ``1``, ``2`` and so on.

        Args:
            path: of the file or folder.
            write_mode: WriteMode.OVERWRITE to replace files that are there already; NO_OVERWRITE, the default, to
                refuse to.
        """
        from pyflinkx.connectors.files.part_files import text_files

        return self._end("Text Files", text_files(path, write_mode, self._value.record_type.declared))

    def write_as_csv(
        self,
        path: str | PathLike[str],
        write_mode: WriteMode | None = None,
        row_delimiter: str = "\n",
        field_delimiter: str = ",",
    ) -> DataStreamSink:
        """Write tuples, rows, NamedTuples or dataclass instances to a CSV file without a header.

        Args:
            path: of the file, or with a parallelism above 1 of the folder, as in ``write_as_text``.
            write_mode: as in ``write_as_text``.
            row_delimiter: what ends a line, ``"\\n"`` or ``"\\r\\n"``.
            field_delimiter: one character between fields.
        """
        from pyflinkx.connectors.files.part_files import csv_files

        return self._end("CSV Files", csv_files(path, write_mode, row_delimiter, field_delimiter))

    def write_to_socket(self, host: str, port: int, schema: SerializationSchema) -> DataStreamSink:
        """Send the bytes of every record to a server, from one subtask.

        Args:
            host: of the server.
            port: of the server.
            schema: makes the bytes of a record, with what separates it from the next.
        """
        from pyflinkx.connectors.socket_text import SocketClientSink

        return self._end("Socket", SocketClientSink(host, port, schema))


def sink_function(given: Any) -> tuple[UserFunction, bool]:
    """What an operator calls, and whether it takes the context too.

    Raises:
        GraphError: it is neither a SinkFunction nor a callable.
    """
    if isinstance(given, SinkFunction):
        try:
            inspect.signature(given.invoke).bind(None, None)
        except TypeError:
            return UserFunction(given.invoke, given), False
        return UserFunction(given.invoke, given), True
    if isinstance(given, type) or not callable(given):
        raise GraphError(f"add_sink() takes a SinkFunction or a callable, not {given!r} ({type(given).__name__})")
    return UserFunction(given), False
