"""Streams divided by an output selector."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.function import Function
from pyflinkx.datastream.user_functions import user_function
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.record import FilterOperator
from pyflinkx.operators.selected import SelectedFor

__all__ = ["OutputSelector", "SplitStream"]


class OutputSelector(Function):
    """Names the outputs that a record goes to."""

    @abstractmethod
    def select(self, value: Any) -> Iterable[str]:
        """The names of the outputs for a record; none drops it."""


class SplitStream(DataStream):
    """A stream whose records go to named outputs; itself it still has all of them.

    Each ``select`` asks the output selector anew, so that must depend on the record alone. Flink has replaced this by
    side outputs, which cost less.

    Args:
        stream: the stream.
        output_selector: an OutputSelector, or a callable from record to names.
    """

    def __init__(
        self, stream: DataStream, output_selector: Callable[[Any], Iterable[str] | str | None] | OutputSelector
    ) -> None:
        super().__init__(stream._environment, stream._as_rows())
        self._selector = user_function(output_selector, OutputSelector, "select", "split()")

    def select(self, *output_names: str) -> DataStream:  # type: ignore[override] # outputs, as in Flink, not columns
        """The records that go to at least one of some outputs, each once.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> split = env.from_collection([1, 2, 3]).split(lambda x: ["odd"] if x % 2 else ["even"])
            >>> list(split.select("odd").execute_and_collect())
            [1, 3]
        """
        if not output_names or not all(isinstance(name, str) and name for name in output_names):
            raise GraphError(f"select() takes names of outputs, not {output_names!r}")
        chosen = SelectedFor(self._selector.call, output_names)
        operator = OperatorSpec.of(FilterOperator, UserFunction(chosen, self._selector.owner))
        return self._then("Select", operator, self._value.record_type)
