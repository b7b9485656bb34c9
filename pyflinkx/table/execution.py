"""From a plan to a job: its streams, and the rows that it gives."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.config.options import RUNTIME_MODE
from pyflinkx.connectors.collect import CollectBuffer, CollectSink
from pyflinkx.datastream.collect import CloseableIterator
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
from pyflinkx.plan.stream import Stream
from pyflinkx.relational import calc
from pyflinkx.relational.aggregation import expand, translators
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins import translate as joins
from pyflinkx.relational.nodes import Node, Scan, Values
from pyflinkx.relational.sets import translate as sets
from pyflinkx.relational.translation import Translation
from pyflinkx.relational.user import correlate
from pyflinkx.relational.values import field
from pyflinkx.relational.windows import translators as window_translators

# What makes the streams of nodes: each enters its functions into relational.translation when it is imported.
LOADED = (calc, correlate, expand, joins, sets, translators, window_translators)

# What a SELECT without FROM reads: a row of a column that it does not read.
NOTHING = Schema([Field("nothing", "i")])


def translation(environment: StreamExecutionEnvironment) -> Translation:
    """What makes the streams of plans in a program; in batch mode results are the last ones only.

    Args:
        environment: where their operators belong.
    """
    options = environment._configuration
    streaming = options.value_of(RUNTIME_MODE) != "BATCH"

    def source(node: Node) -> Stream:
        if isinstance(node, Scan):
            return environment._columnar(node.table, f"Table {node.name}")._value
        assert isinstance(node, Values), node
        return environment._columnar(batch_of(node), "Values")._value

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


def collected(node: Node, environment: StreamExecutionEnvironment, name: str | None = None) -> CloseableIterator:
    """The rows of a plan; its job runs as they are read, and nothing else of the program does."""
    stream = stream_of(node, environment)
    buffer = CollectBuffer()
    subtasks = stream._value.subtasks_that_keep_order(environment._program.settings)
    end: Any = stream._end_of("Collect", CollectSink(buffer), subtasks)
    graph = environment._graph_of(end, name)
    return CloseableIterator(environment._steps(graph), buffer, environment._tracebacks())
