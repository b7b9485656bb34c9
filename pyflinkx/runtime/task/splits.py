"""Which reader of a source gets which of its splits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pyflinkx.graph.job_graph import JobGraph

# By (node id of the source, index of the reader).
AssignedSplits = dict[tuple[int, int], list[Any]]


def assign_splits(graph: JobGraph, coordinated: Collection[int] = ()) -> AssignedSplits:
    """Find the splits of every source once, and deal them out to its readers in turn.

    Once, for all workers: what a source finds (the files of a folder, say) may change from one look to the next.

    Args:
        graph: the job.
        coordinated: the sources, by node id, whose coordinators hand out splits while the job runs.
    """
    assigned: AssignedSplits = {}
    for vertex in graph.vertices:
        for node in vertex.nodes:
            if node.source is not None and node.id not in coordinated:
                splits = node.source.splits(node.parallelism)
                for reader in range(node.parallelism):
                    assigned[node.id, reader] = splits[reader :: node.parallelism]
    return assigned
