"""Streams that are computed once for all jobs of a program."""

from __future__ import annotations

from collections.abc import Iterable

from pyflinkx.connectors.cache import Cache, CachedSource
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import Inserted, Transformation, Upstream
from pyflinkx.operators.identity import IdentityOperator
from pyflinkx.operators.sink import SINK_STATES, SinkOperator
from pyflinkx.plan.stream import operator

__all__ = ["CachedDataStream"]


class CachedDataStream(DataStream):
    """A bounded stream whose records the first job that ends well keeps in this process; later jobs read them.

    Jobs that are built before that compute the stream again.

    Args:
        stream: the stream.

    Example:
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> cached = env.from_collection([1, 2]).map(lambda x: x * 10).cache()
        >>> list(cached.execute_and_collect())
        [10, 20]
        >>> list(cached.map(lambda x: x + 1).execute_and_collect())  # nothing is multiplied again
        [11, 21]
    """

    def __init__(self, stream: DataStream) -> None:
        record_type = stream._value.record_type
        cached = operator("Cache", OperatorSpec.of(IdentityOperator), [stream._as_rows()], record_type, cache=Cache())
        super().__init__(stream._environment, cached)
        self._environment._program.add(self._transformation)

    def invalidate(self) -> None:
        """Forget the records: the next job computes them again."""
        self._transformation.cache.clear()


def caches(roots: Iterable[Transformation]) -> tuple[dict[Transformation, CachedSource], list[Transformation]]:
    """The sources that take the place of caches that are full, and the sinks that fill the others.

    Args:
        roots: of the program that is about to run.
    """
    kept: dict[Transformation, CachedSource] = {}
    empty: list[Transformation] = []
    seen: set[Transformation] = set()
    pending = list(roots)
    while pending:
        transformation = pending.pop()
        if transformation in seen:
            continue
        seen.add(transformation)
        cache = transformation.cache
        batches = None if cache is None else cache.find()
        if batches is not None:
            kept[transformation] = CachedSource(batches, transformation.output_type)
            continue  # what is behind it need not be computed, nor kept
        if cache is not None:
            empty.append(transformation)
        pending.extend(up.transformation for streams in transformation.inputs for up in streams)
    sinks = []
    for transformation in sorted(empty, key=lambda transformation: transformation.number):
        sink = transformation.cache.new_sink()
        sinks.append(
            Transformation(
                operation="Cache Sink",
                kind="sink",
                spec=OperatorSpec.of(SinkOperator, sink).keeping(*SINK_STATES),
                inputs=((Upstream(transformation),),),
                sink=sink,
                parallelism_of="input",
                inserted=Inserted("cache", "input"),
            )
        )
    return kept, sinks
