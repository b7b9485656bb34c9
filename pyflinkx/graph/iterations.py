"""Which edges lie on loops, so that the runtime can find out when a loop has come to rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pyflinkx.errors import GraphError
from pyflinkx.graph.nodes import StreamEdge
from pyflinkx.graph.transformation import Transformation


def mark_loops(ids: dict[Transformation, int], edges: Iterable[StreamEdge]) -> list[StreamEdge]:
    """The edges, with those marked that lie between an iteration's head and its tail.

    Args:
        ids: of all nodes.
        edges: between them.

    Raises:
        GraphError: an iteration has no feedback, or two iterations have operators in common.
    """
    edges = list(edges)
    heads = [transformation for transformation in ids if transformation.iteration_head]
    tails = {tail.feedback_to: tail for tail in ids if tail.feedback_to is not None}
    loop_of: dict[int, Transformation] = {}
    for head in heads:
        if head not in tails:
            raise GraphError(f"iterate() ({head.location}) has no feedback: call close_with() on its stream")
        forward = reachable(ids[head], [(edge.source, edge.target) for edge in edges])
        backward = reachable(ids[tails[head]], [(edge.target, edge.source) for edge in edges])
        for node in forward & backward:
            other = loop_of.setdefault(node, head)
            if other is not head:
                raise GraphError(
                    f"iterate() ({head.location}) and iterate() ({other.location}) have operators in common: loops "
                    "cannot be nested"
                )
    return [
        replace(edge, in_loop=True)
        if edge.source in loop_of and loop_of[edge.source] is loop_of.get(edge.target)
        else edge
        for edge in edges
    ]


def reachable(start: int, pairs: list[tuple[int, int]]) -> set[int]:
    """The nodes that paths from a node lead to, and itself."""
    targets: dict[int, list[int]] = {}
    for first, second in pairs:
        targets.setdefault(first, []).append(second)
    found = {start}
    pending = [start]
    while pending:
        for node in targets.get(pending.pop(), ()):
            if node not in found:
                found.add(node)
                pending.append(node)
    return found
