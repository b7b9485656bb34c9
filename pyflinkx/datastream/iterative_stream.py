"""Streams whose results come back to them."""

from __future__ import annotations

from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.errors import GraphError
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec, carried
from pyflinkx.graph.transformation import Transformation, next_number
from pyflinkx.operators.held_records import declared
from pyflinkx.operators.iteration import IterationHeadOperator, IterationTailOperator, fed_back
from pyflinkx.plan.stream import operator

__all__ = ["IterativeStream"]


class IterativeStream(DataStream):
    """The beginning of a loop; ``close_with`` says what comes back.

    A job with bounded input ends when nothing circulates any more. Loops cannot be nested.

    Args:
        stream: what comes in from outside.
        max_wait_time_ms: milliseconds without feedback after which the loop ends once its input has, whatever may still
            circulate; 0 to wait until nothing does.

    Raises:
        GraphError: the time is no int of 0 or more.

    Example:
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> loop = env.from_collection([3, 1]).iterate()
        >>> lowered = loop.map(lambda x: x - 1)
        >>> _ = loop.close_with(lowered.filter(lambda x: x > 0))
        >>> sorted(lowered.execute_and_collect())
        [0, 0, 1, 2]
    """

    def __init__(self, stream: DataStream, max_wait_time_ms: int = 0) -> None:
        if not isinstance(max_wait_time_ms, int) or isinstance(max_wait_time_ms, bool) or max_wait_time_ms < 0:
            raise GraphError(f"iterate() takes milliseconds from 0 up, not {max_wait_time_ms!r}")
        rows = stream._as_rows()  # before the head, as its inputs are numbered before it
        number = next_number()
        self._key = f"iteration-{number}"
        record_type = stream._value.record_type.of_results()
        spec = carried(IterationHeadOperator, self._key, max_wait_time_ms, record_type.declared)
        head = operator(
            "Iteration Head",
            spec.keeping(declared(fed_back(record_type.declared))),
            [rows],
            record_type,
            iteration_head=True,
            settings=Settings(co_location_group=self._key),
            number=number,
        )
        super().__init__(stream._environment, head)
        self._environment._program.add(self._transformation)
        self._tail: Transformation | None = None

    def close_with(self, feedback_stream: DataStream) -> DataStream:
        """Have the records of a stream come back to the beginning of the loop.

        Args:
            feedback_stream: made from this stream.

        Returns:
            The feedback stream.

        Raises:
            GraphError: it is not made from this stream, or the loop is closed already.
        """
        self._same_environment(feedback_stream, "close_with()")
        if self._tail is not None:
            raise GraphError("close_with() was called before: unite the streams that are to come back")
        head = self._transformation
        if not comes_from(feedback_stream, head):
            raise GraphError("close_with() takes a stream that is made from the iteration")
        self._tail = operator(
            "Iteration Tail",
            OperatorSpec.of(IterationTailOperator, self._key),
            [feedback_stream._as_rows()],
            feedback_to=head,
            settings=Settings(co_location_group=self._key),
        ).origin
        self._environment._program.add(self._tail)
        return feedback_stream


def comes_from(stream: DataStream, head: Transformation) -> bool:
    """Whether a stream is made from what a transformation makes."""
    pending = [up.transformation for up in stream._value.upstreams]
    seen: set[Transformation] = set()
    while pending:
        transformation = pending.pop()
        if transformation is head:
            return True
        if transformation not in seen:
            seen.add(transformation)
            pending.extend(up.transformation for streams in transformation.inputs for up in streams)
    return False
