"""What is on its way between tasks at an unaligned checkpoint, as frames, and to whom it goes after a restore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.graph.partitioners import BroadcastPartitioner, ForwardPartitioner
from pyflinkx.operators.base import OperatorContext
from pyflinkx.runtime.exchange.frames import FrameFormat
from pyflinkx.runtime.exchange.scatter import Scatter, make_scatter
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.snapshots import RestoredStates


def edge_places(edges: Iterable[StreamEdge]) -> dict[int, str]:
    """By the ``id`` of each edge, a name by which the same one is found in another attempt, and at another parallelism.

    Args:
        edges: all that end in the operators of a task.
    """
    places: dict[int, str] = {}
    counts: dict[tuple[int, int], int] = {}
    for edge in sorted(edges, key=lambda edge: (edge.target, edge.port, edge.source, edge.side_tag or "")):
        number = counts.get((edge.target, edge.port), 0)
        counts[edge.target, edge.port] = number + 1
        places[id(edge)] = f"{edge.port}.{number}"
    return places


def encoder(node: StreamNode, edge: StreamEdge) -> Callable[[Any], Iterator[bytes]]:
    """What makes frames of the batches of an edge into an operator."""
    formats: list[FrameFormat] = []  # most are never needed

    def encode(batch: Any) -> Iterator[bytes]:
        if not formats:
            formats.append(FrameFormat(site_of(node), edge.record_type))
        for parts in formats[0].frames(batch):
            yield b"".join(parts)

    return encode


class InFlight:
    """Batches that were on their way to an operator, and are taken before anything else.

    Args:
        restored: what the task begins with.
        node: the operator.
        context: of the operator.
        edges: those that end in it, by place, with what takes their batches.
    """

    def __init__(
        self,
        restored: RestoredStates,
        node: StreamNode,
        context: OperatorContext,
        edges: dict[str, tuple[StreamEdge, Callable[[Any], None]]],
    ) -> None:
        self.restored = restored
        self.node = node
        self.context = context
        self.edges = edges
        self.formats: dict[str, FrameFormat] = {}
        self.scatters: dict[str, Scatter] = {}

    def calls(self) -> Iterator[tuple[Callable[[Any], None], Any]]:
        """Who takes which batch, in their order."""
        for subtask, place, frame in self.restored.channels(self.node.uid):
            found = self.edges.get(place)
            if found is None:
                continue  # the edge is gone, and with it what it carried
            edge, take = found
            if place not in self.formats:
                self.formats[place] = FrameFormat(site_of(self.node), edge.record_type)
            batch = self._own(edge, place, subtask, self.formats[place].decode(frame))
            if batch is not None and len(batch):
                yield take, batch
        for scatter in self.scatters.values():
            scatter.close()

    def _own(self, edge: StreamEdge, place: str, subtask: int, batch: Any) -> Any:
        """The part of a batch that goes to this subtask; None for nothing."""
        own, parallelism = self.context.subtask_index, self.context.parallelism
        if not self.restored.rescaled(self.node.uid):
            return batch
        if isinstance(edge.partitioner, ForwardPartitioner):
            return batch if subtask % parallelism == own else None
        if isinstance(edge.partitioner, BroadcastPartitioner):
            return batch if subtask == 0 else None  # as broadcast state is that of the first one
        if place not in self.scatters:
            self.scatters[place] = make_scatter(
                edge.partitioner,
                0,
                1,
                parallelism,
                self.context.max_parallelism,
                site_of(self.node),
                copied=True,
                in_order=False,
            )
            self.scatters[place].open(self.context)
        # All subtasks divide all batches, in the same order and in the same way.
        return next((part for index, part in self.scatters[place](batch) if index == own), None)
