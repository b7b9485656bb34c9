"""What the coordinator of checkpoints has to know of a job graph."""

from __future__ import annotations

from pyflinkx.checkpoint.topology import Task, Vertex, VertexOperator, Vertices
from pyflinkx.graph.job_graph import JobGraph


def vertices_of(graph: JobGraph) -> Vertices:
    """The vertices of a job, and which task has a channel from which."""
    inputs: dict[int, dict[int, None]] = {vertex.id: {} for vertex in graph.vertices}
    feeders: dict[Task, set[Task]] = {
        (vertex.id, subtask): set() for vertex in graph.vertices for subtask in range(vertex.parallelism)
    }
    for edge in graph.exchanges:
        source, target = graph.vertex_of(edge.source), graph.vertex_of(edge.target)
        inputs[target.id][source.id] = None
        for producer in range(source.parallelism):
            for consumer in edge.partitioner.targets(producer, source.parallelism, target.parallelism):
                feeders[target.id, consumer].add((source.id, producer))
    return Vertices(
        {
            vertex.id: Vertex(
                vertex.parallelism,
                tuple(inputs[vertex.id]),
                tuple(VertexOperator(node.uid, node.name, node.max_parallelism) for node in vertex.nodes),
            )
            for vertex in graph.vertices
        },
        feeders,
    )
