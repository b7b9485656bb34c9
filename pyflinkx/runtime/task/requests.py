"""How requests pass through a task and on to others: by number, beside the records; see docs/internals/requests.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.connectors.requests import Passed, ReplySink, RequestReader, RequestSource
from pyflinkx.errors import GraphError, JobExecutionError, PyflinkxError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.operators.requests import Passing, RequestScope
from pyflinkx.runtime.control.failures import Failure, pack, unpack
from pyflinkx.runtime.exchange.channel import Asked, RequestMark
from pyflinkx.runtime.exchange.gates import GateOutput
from pyflinkx.runtime.exchange.scatter import ToAll
from pyflinkx.runtime.task.outputs import OperatorNode

# The low bits of a request's number in the job say which source it came from; the others are its number there.
SOURCE_BITS = 8


def request_sources(graph: JobGraph) -> tuple[tuple[int, bool], ...]:
    """The sources of requests in a job: the node of each, and whether a failure of its requests fails the job.

    Raises:
        GraphError: there are too many, or one that nobody answers.
    """
    nodes = [node for vertex in graph.vertices for node in vertex.nodes]
    sources = [node for node in nodes if isinstance(node.source, RequestSource)]
    if len(sources) > 1 << SOURCE_BITS:
        raise GraphError(f"a job has at most {1 << SOURCE_BITS} sources of requests, not {len(sources)}")
    if sources and not any(isinstance(node.sink, ReplySink) for node in nodes):
        raise GraphError(
            f"{sources[0]}: nothing answers its requests: end the program with stream.sink_to(requests.replies)"
        )
    return tuple((node.id, node.source.fails_job) for node in sources)


class TaskRequests:
    """The requests that pass through one task.

    Args:
        name: of the task.
        sources: of the job's requests.
        send: ``send(node id, event)`` takes an event to the coordinator of a source.
        resume: has operators send all that they have left.
    """

    def __init__(
        self,
        name: str,
        sources: tuple[tuple[int, bool], ...],
        send: Callable[[int, Any], None],
        resume: Callable[[], None],
    ) -> None:
        self.name = name
        self.sources = sources
        self.send = send
        self.scope = RequestScope(self._report, resume, lambda number: self._source(number)[1])

    def _source(self, number: int) -> tuple[int, bool]:
        return self.sources[number & ((1 << SOURCE_BITS) - 1)]

    def _report(self, passing: Passing) -> None:
        node, fails_job = self._source(passing.number)
        failure = None if passing.failure is None else Travelling(passing.failure)
        number = passing.number >> SOURCE_BITS
        try:
            self.send(node, Passed(number, passing.at, passing.sent, passing.replies, failure, self.name))
        except Exception as error:
            what = f"task '{self.name}': an answer cannot travel to the client: {type(error).__name__}: {error}"
            failed = JobExecutionError(what)
            if fails_job:
                raise failed from error
            failed.__cause__ = error
            self.send(node, Passed(number, passing.at, passing.sent, [], Travelling(failed), self.name))

    def watch(self, node: StreamNode, running: OperatorNode) -> None:
        """See to it that all that an operator does is done for the request, or for none, that it was begun for.

        What its watermarks set off is no request's, and the failure of a sink is the job's.
        """
        scope, operator, output = self.scope, running.operator, running.output
        output.emit_watermark = scope.aside(output.emit_watermark)  # type: ignore[method-assign,assignment]
        if running.piecewise:
            take = running.take
            running.take = lambda call: take(scope.bound(call))  # type: ignore[method-assign]
        operator.bind_work(scope.bound_pieces)
        if node.sink is not None and not isinstance(node.sink, ReplySink):
            operator.process_batch = scope.fatal_in(operator.process_batch)  # type: ignore[method-assign]

    def output(self, edge: StreamEdge, exchange: GateOutput) -> RequestOutput:
        """What an output emits to another task by."""
        return RequestOutput(self.scope, edge.target, exchange)

    def input(self, edge: StreamEdge, target: Any) -> RequestInput:
        """What takes the records of another task."""
        return RequestInput(self.scope, edge.target, target)

    def entry(self, node: StreamNode, reader: Any, output: Any) -> Any:
        """Where a source emits to."""
        if not isinstance(reader, RequestReader):
            return output
        index = [number for number, _ in self.sources].index(node.id)
        return RequestEntry(self.scope, reader, index, output)


class RequestEntry:
    """The output of a source of requests: what it emits is a request's.

    Args:
        scope: of the task.
        reader: says of which request its last batch is.
        index: of the source.
        output: where the records go.
    """

    def __init__(self, scope: RequestScope, reader: RequestReader, index: int, output: Any) -> None:
        self.scope = scope
        self.reader = reader
        self.index = index
        self.output = output
        self.emit_watermark, self.emit_idleness = output.emit_watermark, output.emit_idleness
        self.emit_side, self.end = output.emit_side, output.end

    def emit(self, batch: Any) -> None:
        """Send the record of a request."""
        number = self.reader.request << SOURCE_BITS | self.index
        self.scope.pass_through(number, 0, self.output.emit, batch)


class RequestInput:
    """An input from another task, whose records may be requests'.

    Args:
        scope: of the task.
        node: the operator's.
        target: where the records go.
    """

    def __init__(self, scope: RequestScope, node: int, target: Any) -> None:
        self.scope = scope
        self.node = node
        self.target = target
        self.passing: Passing | None = None
        self.emit_watermark, self.emit_idleness = target.emit_watermark, target.emit_idleness
        self.emit_marker, self.end = target.emit_marker, target.end

    def emit(self, element: Any) -> None:
        """Take records, whose request comes with them or is announced before and after."""
        if isinstance(element, Asked):
            self.scope.pass_through(element.number, self.node, self.target.emit, element.batch)
        elif isinstance(element, RequestMark):
            passing, self.passing = self.passing, Passing(element.number, self.node) if element.number else None
            if passing is not None:
                self.scope.report(passing)
        elif self.passing is not None:
            self.scope.run(self.passing, self.target.emit, element)
        else:
            self.target.emit(element)


class RequestOutput:
    """An output to another task: the records of a request go with its number, at once.

    Args:
        scope: of the task.
        node: the operator that reads them.
        output: where they go.
    """

    def __init__(self, scope: RequestScope, node: int, output: GateOutput) -> None:
        self.scope = scope
        self.node = node
        self.output = output
        self.emit_watermark, self.emit_idleness = output.emit_watermark, output.emit_idleness
        self.emit_marker, self.end = output.emit_marker, output.end

    def emit(self, batch: Any) -> None:
        """Send records."""
        passing = self.scope.current
        if passing is None:
            self.output.emit(batch)
            return
        gate, scatter = self.output.gate, self.output.scatter
        self.output.records += len(batch)
        if gate.writes_once:
            assert isinstance(scatter, ToAll)
            gate.put_all(Asked(passing.number, batch))
            sent = scatter.consumers
        else:
            parts = scatter(batch)
            for index, part in parts:
                gate.put_behind(index, Asked(passing.number, part))
            sent = len(parts)
        passing.sent[self.node] = passing.sent.get(self.node, 0) + sent


class Travelling:
    """A failure that can travel to the client, as those of jobs do.

    Args:
        error: what was raised.
    """

    def __init__(self, error: PyflinkxError) -> None:
        self.error: BaseException = error

    def __reduce__(self) -> Any:
        return arrived, (pack(self.error),)


def arrived(failure: Failure) -> Travelling:
    """What has travelled."""
    return Travelling(unpack(failure))  # type: ignore[arg-type]
