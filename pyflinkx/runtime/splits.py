"""Which reader of a source gets which of its splits."""

from __future__ import annotations

from typing import Any

from pyflinkx.graph.job_graph import JobGraph

# By (node id of the source, index of the reader).
AssignedSplits = dict[tuple[int, int], list[Any]]


def assign_splits(graph: JobGraph) -> AssignedSplits:
    """Find the splits of every source once, and deal them out to its readers in turn.

    Once, for all workers: what a source finds (the files of a folder, say) may change from one look to the next.
    """
    assigned: AssignedSplits = {}
    for vertex in graph.vertices:
        for node in vertex.nodes:
            if node.source is not None:
                splits = node.source.splits(node.parallelism)
                for reader in range(node.parallelism):
                    assigned[node.id, reader] = splits[reader :: node.parallelism]
    return assigned
