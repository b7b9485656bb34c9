"""Streams that are computed once for all jobs of a program."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pyflinkx.connectors.cache import Cache, CachedSource
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.graph.stream_graph import topological_order
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.operators.identity import IdentityOperator
from pyflinkx.operators.sink import SinkOperator

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
        rows = stream._as_rows()
        transformation = Transformation(
            name="Cache",
            kind="operator",
            make_operator=IdentityOperator,
            inputs=(rows._upstreams,),
            output_type=rows._record_type.known,
            type_declared=rows._record_type.declared is not None,
            cache=Cache(),
        )
        rows._environment._add(transformation)
        super().__init__(rows._environment, (Upstream(transformation),), rows._record_type)
        self._inputs = transformation.inputs

    def invalidate(self) -> None:
        """Forget the records: the next job computes them again."""
        transformation = self._transformation
        transformation.cache.clear()
        if transformation.kind == "source":
            transformation.kind = "operator"
            transformation.source = None
            transformation.make_operator = IdentityOperator
            transformation.inputs = self._inputs
            transformation.parallelism = transformation.cache.parallelism


def cache_sinks(roots: Iterable[Transformation]) -> list[Transformation]:
    """What fills the caches of a program that is about to run; caches that are full become its sources.

    Args:
        roots: the transformations of the program.
    """
    sinks = []
    for transformation in topological_order(roots):
        cache = transformation.cache
        if cache is None or transformation.kind == "source":
            continue
        batches = cache.find()
        if batches is None:
            sink = cache.new_sink()
            sinks.append(
                Transformation(
                    name="Cache Sink",
                    kind="sink",
                    make_operator=partial(SinkOperator, sink),
                    inputs=((Upstream(transformation),),),
                    sink=sink,
                    parallelism=transformation.parallelism,
                )
            )
        else:
            cache.parallelism = transformation.parallelism
            transformation.kind = "source"
            transformation.source = CachedSource(batches, transformation.output_type)
            transformation.make_operator = None
            transformation.inputs = ()
            transformation.parallelism = 1
    return sinks
