"""From a plan to a job: its streams, and the rows that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.common.job_client import JobClient
from pyflinkx.config.options import RUNTIME_MODE
from pyflinkx.connectors.collect import CollectBuffer, CollectSink
from pyflinkx.connectors.columnar import ColumnarSource
from pyflinkx.connectors.sink import Sink
from pyflinkx.connectors.source import Source
from pyflinkx.datastream.collect import CloseableIterator
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
from pyflinkx.graph.transformation import Transformation
from pyflinkx.plan.stream import Stream
from pyflinkx.relational import calc
from pyflinkx.relational.aggregation import expand, translators
from pyflinkx.relational.changelogs import operators as changelogs
from pyflinkx.relational.changes import translators as changes_translators
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins import translate as joins
from pyflinkx.relational.nodes import Node, Scan, Values
from pyflinkx.relational.ranking import translators as ranking_translators
from pyflinkx.relational.sets import translate as sets
from pyflinkx.relational.translation import Translation
from pyflinkx.relational.user import correlate
from pyflinkx.relational.values import field
from pyflinkx.relational.windows import translators as window_translators

# What makes the streams of nodes: each enters its functions into relational.translation when it is imported.
LOADED = (
    calc,
    changelogs,
    changes_translators,
    correlate,
    expand,
    joins,
    ranking_translators,
    sets,
    translators,
    window_translators,
)

# What a SELECT without FROM reads: a row of a column that it does not read.
NOTHING = Schema([Field("nothing", "i")])


class Building:
    """Makes the streams of sources and the ends in sinks, of one job.

    Args:
        environment: where they belong.
    """

    def __init__(self, environment: StreamExecutionEnvironment) -> None:
        self.environment = environment
        self.ends: list[Transformation] = []

    def source(self, source: Source, name: str, parallelism: int | None = None) -> Stream:
        """The stream of a source."""
        return self.environment._source_value(source, name, None, parallelism)

    def sink(self, stream: Stream, sink: Sink, name: str, parallelism: int | None = None) -> None:
        """End a stream in a sink."""
        if parallelism is None and sink.parallelism is None:
            parallelism = stream.subtasks_that_keep_order(self.environment._program.settings)
        self.ends.append(DataStream(self.environment, stream)._end_of(name, sink, parallelism))


def translation(
    environment: StreamExecutionEnvironment, streaming: bool | None = None, building: Building | None = None
) -> Translation:
    """What makes the streams of plans in a program.

    Args:
        environment: where their operators belong.
        streaming: whether the results are changes as they come, or the last ones; by default as the mode says.
        building: makes the streams of sources; by default a new one.
    """
    options = environment._configuration
    if streaming is None:
        streaming = options.value_of(RUNTIME_MODE) != "BATCH"
    made = building or Building(environment)

    def source(node: Node) -> Stream:
        if isinstance(node, Values):
            return made.source(ColumnarSource(batch_of(node)), "Values", 1)
        assert isinstance(node, Scan), node
        if hasattr(node.table, "stream"):
            found: Stream = node.table.stream(made)
            return found
        return made.source(ColumnarSource(node.table), f"Table {node.name}", 1)

    return Translation(source, options, streaming)


def stream_of(node: Node, environment: StreamExecutionEnvironment) -> DataStream:
    """The columnar stream of a plan's rows.

    Args:
        node: the plan.
        environment: where its operators belong.
    """
    return environment._stream(translation(environment).stream(node))


def batch_of(node: Values) -> ColumnBatch:
    """The rows of VALUES."""
    one = from_rows([(0,)], NOTHING)
    if not node.fields:
        return one
    schema = Schema([field(name, kind) for name, kind in node.fields])
    names = [name for name, _ in node.fields]
    rows = [to_rows(Projection(list(zip(names, row, strict=True)))(one))[0] for row in node.rows]
    return from_rows([tuple(row) for row in rows], schema)


def collected(
    node: Node, environment: StreamExecutionEnvironment, name: str | None = None, streaming: bool = True
) -> CloseableIterator:
    """The rows of a plan; its job runs as they are read, and nothing else of the program does."""
    buffer = CollectBuffer()
    building = Building(environment)
    stream = translation(environment, streaming, building).stream(node)
    building.sink(stream, CollectSink(buffer), "Collect")
    graph = environment._graph_of(building.ends[0], name)
    return CloseableIterator(environment._steps(graph), buffer, environment._tracebacks())


def started(ends: Sequence[Transformation], environment: StreamExecutionEnvironment, name: str | None) -> JobClient:
    """Run what these ends need as a job in the background, and nothing else of the program."""
    from pyflinkx.runtime.drivers.job_thread import JobThread

    needed = list(dict.fromkeys(part for end in ends for part in environment._program.with_loops(end)))
    with environment._tracebacks(), ExitStack() as stack:
        graph = environment._graph(name, needed)
        listener = stack.enter_context(environment._around())
        job = environment._job(graph, listener)
        environment._program.has_run(needed)
        return JobClient(JobThread(job, stack.pop_all()))


def plan_of(ends: Sequence[Transformation], environment: StreamExecutionEnvironment) -> Any:
    """The graph of a job that does not run."""
    return environment._graph(None, list(ends))
