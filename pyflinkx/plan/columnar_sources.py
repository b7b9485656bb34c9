"""Sources of rows that are read as columns where only columns are made of their rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyflinkx.graph.nodes import StreamNode
from pyflinkx.graph.partitioners import ForwardPartitioner
from pyflinkx.graph.stream_graph import StreamGraph
from pyflinkx.operators.columns import RowsToColumnsOperator


def read_as_columns(graph: StreamGraph) -> StreamGraph:
    """The graph with the sources that can give columns giving them, where all that read them make columns of rows.

    These operators stay, and pass on what they get; so uids and what a checkpoint holds are the same either way.

    Args:
        graph: the program as it was written.
    """
    nodes = list(graph.nodes)
    for node in graph.nodes:
        columns = columns_of_source(graph, node)
        if columns is not None:
            nodes[node.id - 1] = replace(node, source=columns, native=True)
    return replace(graph, nodes=tuple(nodes))


def columns_of_source(graph: StreamGraph, node: StreamNode) -> Any:
    """What a source becomes; None where it stays what it is."""
    readers = [edge for edge in graph.edges if edge.source == node.id and edge.side_tag is None]
    if node.source is None or not readers:
        return None
    for edge in readers:
        spec = graph.node(edge.target).spec
        if spec is None or spec.operator is not RowsToColumnsOperator:
            return None
        if not isinstance(edge.partitioner, ForwardPartitioner):
            return None
    return node.source.as_columns()
