"""The physical plan: vertices of operators that run as one task, and the exchanges between them."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.checkpoint.settings import EMPTY_START, NO_CHECKPOINTS, CheckpointSettings, RestoreSettings
from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.graph.partitioners import CustomPartitioner, ForwardPartitioner
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.graph.stream_graph import StreamGraph


@dataclass(frozen=True)
class JobVertex:
    """Operators that run together in one task per subtask, in topological order."""

    id: int
    nodes: tuple[StreamNode, ...]
    inner_edges: tuple[StreamEdge, ...]

    @property
    def parallelism(self) -> int:
        """Of all its operators."""
        return self.nodes[0].parallelism

    @property
    def slot_sharing_group(self) -> str:
        """Of all its operators."""
        return self.nodes[0].slot_sharing_group

    @property
    def co_location_groups(self) -> frozenset[str]:
        """The keys of the co-location groups that its operators are in."""
        return frozenset(node.co_location_group for node in self.nodes if node.co_location_group is not None)

    @property
    def name(self) -> str:
        """Flink's manner: the names joined by arrows."""
        return " -> ".join(
            {"source": "Source: ", "sink": "Sink: "}.get(node.kind, "") + node.name for node in self.nodes
        )


@dataclass(frozen=True)
class JobGraph:
    """Vertices, and the edges of the stream graph that cross from one vertex to another.

    ``slot_sharing_groups`` are those whose resources the program gives. ``checkpoints`` says how it takes checkpoints,
    ``restore`` from what it starts.
    """

    name: str
    vertices: tuple[JobVertex, ...]
    exchanges: tuple[StreamEdge, ...]
    slot_sharing_groups: tuple[SlotSharingGroup, ...] = ()
    checkpoints: CheckpointSettings = NO_CHECKPOINTS
    restore: RestoreSettings = EMPTY_START

    @property
    def native(self) -> bool:
        """Whether nothing in it calls Python functions of the user's, so that threads run side by side."""
        nodes = (node for vertex in self.vertices for node in vertex.nodes)
        functions = any(isinstance(edge.partitioner, CustomPartitioner) for edge in self.exchanges)
        return not functions and all(node.native for node in nodes)

    def node_of(self, node_id: int) -> StreamNode:
        """The node with this id."""
        return next(node for vertex in self.vertices for node in vertex.nodes if node.id == node_id)

    def vertex_of(self, node_id: int) -> JobVertex:
        """The vertex that runs a node."""
        return next(vertex for vertex in self.vertices if any(node.id == node_id for node in vertex.nodes))


def build_job_graph(
    graph: StreamGraph,
    checkpoints: CheckpointSettings = NO_CHECKPOINTS,
    restore: RestoreSettings = EMPTY_START,
) -> JobGraph:
    """Chain what can run as one task.

    Two operators are fused when every record that goes from one to the other stays in the same subtask: a forward edge,
    or an edge between operators of parallelism 1 (but one with a custom partitioner). Operators of different slot
    sharing groups stay apart. A fusion is left out that would make two vertices wait for each other (a path that leaves
    a vertex and comes back), or would take in an edge whose records have to change the subtask: two operators may be
    joined by one, and both be next to a third.
    """
    vertex_of = {node.id: node.id for node in graph.nodes}
    apart = [edge for edge in graph.edges if not chainable(graph, edge)]
    for edge in graph.edges:
        first, second = vertex_of[edge.source], vertex_of[edge.target]
        if first == second or not chainable(graph, edge):
            continue
        if any({vertex_of[other.source], vertex_of[other.target]} == {first, second} for other in apart):
            continue
        fused = {node: first if vertex == second else vertex for node, vertex in vertex_of.items()}
        if not has_cycle(graph, fused):
            vertex_of = fused
    vertices: list[JobVertex] = []
    for vertex in dict.fromkeys(vertex_of[node.id] for node in graph.nodes):
        nodes = tuple(node for node in graph.nodes if vertex_of[node.id] == vertex)
        inner = tuple(
            edge for edge in graph.edges if vertex_of[edge.source] == vertex and vertex_of[edge.target] == vertex
        )
        vertices.append(JobVertex(len(vertices), nodes, inner))
    exchanges = tuple(edge for edge in graph.edges if vertex_of[edge.source] != vertex_of[edge.target])
    return JobGraph(graph.name, tuple(vertices), exchanges, graph.slot_sharing_groups, checkpoints, restore)


def chainable(graph: StreamGraph, edge: StreamEdge) -> bool:
    """Whether the two operators of an edge may run in one task."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    return (
        (target.fused or (graph.chaining and source.chain_with_output and target.chain_with_input))
        and source.parallelism == target.parallelism
        and (graph.chaining_of_different_max_parallelism or source.max_parallelism == target.max_parallelism)
        and source.slot_sharing_group == target.slot_sharing_group
        and (isinstance(edge.partitioner, ForwardPartitioner) or (source.parallelism == 1 and edge.partitioner.fusible))
    )


def has_cycle(graph: StreamGraph, vertex_of: dict[int, int]) -> bool:
    """Whether some path between vertices comes back to where it started."""
    targets: dict[int, set[int]] = {}
    for edge in graph.edges:
        first, second = vertex_of[edge.source], vertex_of[edge.target]
        if first != second:
            targets.setdefault(first, set()).add(second)
    done: set[int] = set()

    def reaches_itself(vertex: int, path: frozenset[int]) -> bool:
        if vertex in path:
            return True
        if vertex in done:
            return False
        found = any(reaches_itself(target, path | {vertex}) for target in targets.get(vertex, ()))
        done.add(vertex)
        return found

    return any(reaches_itself(vertex, frozenset()) for vertex in list(targets))
