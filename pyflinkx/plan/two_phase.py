"""Aggregations in two phases, before a hash exchange and behind it, as Flink SQL's local and global aggregates."""

from __future__ import annotations

from dataclasses import replace

from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.graph.partitioners import ForwardPartitioner, HashPartitioner, PartialPartitioner
from pyflinkx.graph.runtime_mode import runs_as_batch
from pyflinkx.graph.stream_graph import StreamGraph
from pyflinkx.graph.uids import inserted_uid
from pyflinkx.types.changes import INSERT_ONLY

ONE_PHASE = "ONE_PHASE"
TWO_PHASE = "TWO_PHASE"
AUTO = "AUTO"


def in_two_phases(graph: StreamGraph, phases: str, runtime_mode: str) -> StreamGraph:
    """The graph with a first phase on every hash exchange to an operator that knows how to be done in two.

    The operator of the first phase is as parallel as what it reads, and chained to it. Where there is none, partial
    aggregates may come all the same: those that an unaligned checkpoint found on their way, at another parallelism.

    Args:
        graph: the program as it was written.
        phases: ONE_PHASE for none anywhere; TWO_PHASE for a first phase that always aggregates; AUTO for one that
            passes rows on while aggregating does not pay.
        runtime_mode: STREAMING, BATCH or AUTOMATIC.

    Raises:
        GraphError: BATCH with a source that never ends.
    """
    if not any(node.two_phase is not None for node in graph.nodes):
        return graph
    batch = runs_as_batch(runtime_mode, graph.nodes)
    nodes: list[StreamNode] = []
    edges: list[StreamEdge] = []
    numbers: dict[int, int] = {}
    for node in graph.nodes:
        incoming = [replace(edge, source=numbers[edge.source]) for edge in graph.in_edges(node.id)]
        if takes_partials(node, incoming, batch):
            assert node.two_phase is not None
            exchanged = any(node.parallelism > 1 or nodes[edge.source - 1].parallelism > 1 for edge in incoming)
            for number, edge in enumerate(incoming):
                edge = incoming[number] = replace(edge, partitioner=with_partials(edge, node))
                if phases != ONE_PHASE and exchanged:
                    first = first_phase(node, number, nodes[edge.source - 1], len(nodes) + 1, phases == AUTO)
                    nodes.append(first)
                    edges.append(replace(edge, target=first.id, port=0, partitioner=ForwardPartitioner()))
                    incoming[number] = StreamEdge(
                        first.id, node.id, edge.port, edge.partitioner, None, changes=INSERT_ONLY
                    )
            node = replace(node, spec=node.two_phase.second)
        node = replace(node, two_phase=None)
        numbers[node.id] = len(nodes) + 1
        edges.extend(replace(edge, target=numbers[node.id]) for edge in incoming)
        nodes.append(replace(node, id=numbers[node.id]))
    return replace(graph, nodes=tuple(nodes), edges=tuple(edges))


def takes_partials(node: StreamNode, incoming: list[StreamEdge], batch: bool) -> bool:
    """Whether there are exchanges by key that a first phase could relieve, and none in a loop, which cannot wait."""
    if node.two_phase is None or (node.two_phase.at_end_only and not batch):
        return False
    return all(
        isinstance(edge.partitioner, HashPartitioner) and edge.partitioner.columns is not None and not edge.in_loop
        for edge in incoming
    )


def first_phase(node: StreamNode, number: int, producer: StreamNode, node_id: int, adaptive: bool) -> StreamNode:
    """The node before the input ``number`` of an operator, behind ``producer``."""
    assert node.two_phase is not None
    return replace(
        node,
        id=node_id,
        name=node.two_phase.name,
        uid=inserted_uid("first phase", node.uid, "port 0", f"place {number}"),
        parallelism=producer.parallelism,
        max_parallelism=producer.max_parallelism,
        spec=node.two_phase.first.with_arguments(node.max_parallelism, node.parallelism, adaptive),
        description=None,
        chain_with_input=True,
        chain_with_output=True,
        output_type=None,
        slot_sharing_group=producer.slot_sharing_group,
        co_location_group=None,
        two_phase=None,
    )


def with_partials(edge: StreamEdge, node: StreamNode) -> PartialPartitioner:
    """What spreads rows and partial aggregates on an edge into the second phase."""
    assert isinstance(edge.partitioner, HashPartitioner)
    assert node.two_phase is not None
    return PartialPartitioner(edge.partitioner.key_selector, edge.partitioner.columns, node.two_phase.partials)
