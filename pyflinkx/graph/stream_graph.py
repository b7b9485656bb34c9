"""The logical dataflow: a node per operator, an edge per input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from pyflinkx.errors import GraphError
from pyflinkx.graph.changes import changes_of, check_changes, edge_changes
from pyflinkx.graph.iterations import mark_loops
from pyflinkx.graph.nodes import DEFAULT_BUFFER_TIMEOUT, StreamEdge, StreamNode
from pyflinkx.graph.partitioners import ForwardPartitioner, Partitioner, RebalancePartitioner
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.slot_sharing import DEFAULT_SLOT_SHARING_GROUP, SlotSharingGroup
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.graph.uids import uids_of
from pyflinkx.types.changes import Changes
from pyflinkx.types.typeinfo import TypeInformation

DEFAULT_MAX_PARALLELISM = 128
PACT = {"source": "Data Source", "operator": "Operator", "sink": "Data Sink"}


@dataclass(frozen=True)
class StreamGraph:
    """The whole program: nodes in topological order, and edges.

    ``slot_sharing_groups`` are those whose resources the program gives.
    """

    name: str
    nodes: tuple[StreamNode, ...]
    edges: tuple[StreamEdge, ...]
    chaining: bool = True
    chaining_of_different_max_parallelism: bool = True
    slot_sharing_groups: tuple[SlotSharingGroup, ...] = ()

    def node(self, node_id: int) -> StreamNode:
        """The node with this id."""
        return self.nodes[node_id - 1]

    def in_edges(self, node_id: int) -> list[StreamEdge]:
        """The edges that end at a node."""
        return [edge for edge in self.edges if edge.target == node_id]

    def to_json(self) -> str:
        """The execution plan in Flink's JSON form: ``{"nodes": [{"id", "type", "pact", ...}]}``."""
        import json

        nodes = []
        for node in self.nodes:
            label = f"Source: {node.name}" if node.kind == "source" else node.name
            label = f"Sink: {node.name}" if node.kind == "sink" else label
            entry: dict[str, Any] = {
                "id": node.id,
                "type": label,
                "pact": PACT[node.kind],
                "contents": node.description or label,
                "parallelism": node.parallelism,
            }
            predecessors = [
                {
                    "id": edge.source,
                    "ship_strategy": edge.partitioner.name,
                    "side": "second",  # Flink writes this for every input
                }
                for edge in self.in_edges(node.id)
            ]
            if predecessors:
                entry["predecessors"] = predecessors
            nodes.append(entry)
        return json.dumps({"nodes": nodes}, indent=2)


def build_stream_graph(
    roots: Iterable[Transformation],
    name: str,
    parallelism: int = 1,
    max_parallelism: int | None = None,
    chaining: bool = True,
    buffer_timeout: int = DEFAULT_BUFFER_TIMEOUT,
    slot_sharing_groups: Iterable[SlotSharingGroup] = (),
    chaining_of_different_max_parallelism: bool = True,
    settings: Callable[[Transformation], Settings] = attrgetter("settings"),
    kept: Mapping[Transformation, Any] | None = None,
) -> StreamGraph:
    """Turn transformations, and all that they read from, into a stream graph.

    Args:
        roots: the transformations of the program, in the order in which they were made.
        name: of the job.
        parallelism: of operators that name none.
        max_parallelism: number of key groups of operators that name none; None for Flink's rule.
        chaining: False to put each operator into a task of its own.
        buffer_timeout: of operators that name none, in milliseconds; -1 for none.
        slot_sharing_groups: those that the environment knows, with their resources.
        chaining_of_different_max_parallelism: False to keep operators of different max parallelism in different tasks.
        settings: what is said of a transformation by now.
        kept: the source to be read in place of an operator whose results are there already.

    Raises:
        GraphError: there are no operators, a uid is used twice, an operator's parallelism exceeds its maximum or is not
            what its source or sink insists on, operators are co-located that cannot be, or a slot sharing group is
            described in two ways, or iterations are not closed or overlap.
    """
    kept = kept or {}
    order = topological_order(roots, kept)
    if not order:
        raise GraphError("no operators are defined: add a source and a sink before execute()")
    ids = {transformation: index for index, transformation in enumerate(order, 1)}
    said = settled(order, settings)
    whole = topological_order(order)  # with what is behind those that are kept
    uids = uids_of(whole, settings)
    changes = changes_of(whole)
    nodes: list[StreamNode] = []
    edges: list[StreamEdge] = []
    readers = readers_of(order)
    for transformation in order:
        own_settings = said[transformation]
        source = kept.get(transformation, transformation.source)
        # A loop ends in as many subtasks as it begins in.
        model = said[transformation.feedback_to or parallelism_model(transformation, readers, said)]
        own = 1 if transformation in kept else model.parallelism or parallelism
        groups = model.max_parallelism or max_parallelism or default_max_parallelism(own)
        node = StreamNode(
            id=ids[transformation],
            name=own_settings.name or transformation.operation,
            uid=uids[transformation],
            kind="source" if transformation in kept else transformation.kind,
            parallelism=own,
            max_parallelism=groups,
            spec=None if transformation in kept else transformation.spec,
            source=source,
            sink=transformation.sink,
            location=transformation.location,
            description=own_settings.description,
            chain_with_input=own_settings.chain_with_input,
            chain_with_output=own_settings.chain_with_output,
            output_type=transformation.output_type,
            slot_sharing_group=slot_sharing_group(transformation, own_settings, ids, nodes),
            buffer_timeout=buffer_timeout if own_settings.buffer_timeout is None else own_settings.buffer_timeout,
            co_location_group=own_settings.co_location_group,
            native=transformation.native,
            two_phase=transformation.two_phase,
            iteration_head=transformation.iteration_head,
        )
        check_parallelism(node)
        nodes.append(node)
        if transformation not in kept:
            upstreams = {
                up.transformation: nodes[ids[up.transformation] - 1] for ups in transformation.inputs for up in ups
            }
            edges += edges_to(node, transformation.inputs, upstreams, changes)
    edges = mark_loops(ids, edges)
    check_uids(nodes)
    check_changes(nodes, edges)
    check_co_location(nodes)
    return StreamGraph(
        name,
        tuple(nodes),
        tuple(edges),
        chaining,
        chaining_of_different_max_parallelism,
        described_groups(nodes, said.values(), slot_sharing_groups),
    )


def edges_to(
    node: StreamNode,
    inputs: tuple[tuple[Upstream, ...], ...],
    upstreams: Mapping[Transformation, StreamNode],
    changes: dict[Transformation, Changes],
) -> list[StreamEdge]:
    """The edges that end at a node.

    Args:
        node: the node.
        inputs: what it reads.
        upstreams: the nodes of that.
        changes: the kinds of rows that each transformation makes.
    """
    edges = []
    for port, streams in enumerate(inputs):
        for stream in streams:
            upstream = upstreams[stream.transformation]
            partitioner = resolve_partitioner(stream.partitioner, upstream, node)
            kinds = edge_changes(stream, changes)
            tag, known = stream.side_tag, type_on_edge(stream)
            edges.append(StreamEdge(upstream.id, node.id, port, partitioner, tag, *known, changes=kinds))
    return edges


def settled(
    order: Iterable[Transformation], settings: Callable[[Transformation], Settings]
) -> dict[Transformation, Settings]:
    """The settings of each, where what a source was told holds for what the engine put behind it too."""
    said = {transformation: settings(transformation) for transformation in order}
    for transformation in list(said):
        if transformation.inserted is not None and transformation.inserted.owner == "input":
            owner = transformation.inputs[0][0].transformation
            told = said[owner]
            said[transformation] = replace(
                said[transformation],
                buffer_timeout=told.buffer_timeout,
                chain_with_output=told.chain_with_output,
            )
            said[owner] = replace(told, chain_with_output=True)
    return said


def check_parallelism(node: StreamNode) -> None:
    """Raise GraphError if a node's parallelism is above its maximum, or not what its source or sink insists on."""
    if node.parallelism > node.max_parallelism:
        raise GraphError(
            f"{node}: parallelism {node.parallelism} exceeds its maximum parallelism {node.max_parallelism}"
        )
    for described in (node.source, node.sink):
        wanted = getattr(described, "parallelism", None)
        if wanted not in (None, node.parallelism):
            raise GraphError(f"{node}: {described!r:.200} runs with parallelism {wanted}, not {node.parallelism}")


def check_uids(nodes: Iterable[StreamNode]) -> None:
    """Raise GraphError if two nodes have one uid."""
    firsts: dict[str, StreamNode] = {}
    for node in nodes:
        first = firsts.setdefault(node.uid, node)
        if first is not node:
            raise GraphError(f"uid '{node.uid}' is given to {first} and to {node}")


def type_on_edge(stream: Upstream) -> tuple[TypeInformation | None, bool]:
    """The type of the records that are read, and whether it is declared; a side output has its tag's type."""
    if stream.side_tag is not None:
        return stream.side_type, stream.side_type is not None
    return stream.transformation.output_type, stream.transformation.type_declared


def slot_sharing_group(
    transformation: Transformation, settings: Settings, ids: dict[Transformation, int], nodes: list[StreamNode]
) -> str:
    """An operator's group: the one it names, else that of its inputs if they all have the same, else the default."""
    if settings.slot_sharing_group is not None:
        return settings.slot_sharing_group.name
    groups = {
        nodes[ids[stream.transformation] - 1].slot_sharing_group
        for streams in transformation.inputs
        for stream in streams
        if stream.transformation in ids
    }
    return groups.pop() if len(groups) == 1 else DEFAULT_SLOT_SHARING_GROUP


def described_groups(
    nodes: Iterable[StreamNode], settings: Iterable[Settings], known: Iterable[SlotSharingGroup]
) -> tuple[SlotSharingGroup, ...]:
    """The slot sharing groups whose resources are given, by the environment or with an operator."""
    groups = {group.name: group for group in known if group.has_resources}
    for node, told in zip(nodes, settings, strict=True):
        group = told.slot_sharing_group
        if group is not None and group.has_resources and groups.setdefault(group.name, group) != group:
            raise GraphError(f"{node}: slot sharing group '{group.name}' has been given other resources before")
    return tuple(groups.values())


def check_co_location(nodes: Iterable[StreamNode]) -> None:
    """Co-located operators share slots index by index: they are in one slot sharing group and of one parallelism."""
    firsts: dict[str, StreamNode] = {}
    for node in nodes:
        if node.co_location_group is None:
            continue
        first = firsts.setdefault(node.co_location_group, node)
        if first.slot_sharing_group != node.slot_sharing_group:
            raise GraphError(
                f"co-location group '{node.co_location_group}' joins {first} of slot sharing group "
                f"'{first.slot_sharing_group}' and {node} of slot sharing group '{node.slot_sharing_group}'"
            )
        if first.parallelism != node.parallelism:
            raise GraphError(
                f"co-location group '{node.co_location_group}' joins {first} of parallelism {first.parallelism} and "
                f"{node} of parallelism {node.parallelism}"
            )


def resolve_partitioner(wanted: Partitioner | None, upstream: StreamNode, node: StreamNode) -> Partitioner:
    """The partitioner of an edge between two nodes."""
    same = upstream.parallelism == node.parallelism
    if wanted is None:
        return ForwardPartitioner() if same else RebalancePartitioner()
    if isinstance(wanted, ForwardPartitioner) and not same:
        raise GraphError(
            f"forward() to {node} needs equal parallelism, but it goes from {upstream.parallelism} to "
            f"{node.parallelism} subtasks"
        )
    return wanted


def readers_of(order: Iterable[Transformation]) -> dict[Transformation, list[Transformation]]:
    """Who reads each transformation."""
    readers: dict[Transformation, list[Transformation]] = {}
    for transformation in order:
        for streams in transformation.inputs:
            for stream in streams:
                readers.setdefault(stream.transformation, []).append(transformation)
    return readers


def parallelism_model(
    transformation: Transformation,
    readers: dict[Transformation, list[Transformation]],
    said: Mapping[Transformation, Settings],
    asked: tuple[Transformation, ...] = (),
) -> Transformation:
    """The transformation whose parallelism this one has: itself, or a neighbour if all on that side agree.

    Args:
        transformation: which.
        readers: who reads each transformation.
        said: the settings of each.
        asked: those that have been asked on the way here. Two conversions in a row ask each other, and then have the
            parallelism of the program.
    """
    if transformation.parallelism_of is None or transformation in asked:
        return transformation
    neighbours = readers.get(transformation, [])
    if transformation.parallelism_of == "input":
        neighbours = [stream.transformation for streams in transformation.inputs for stream in streams]
    asked = (*asked, transformation)
    models = [parallelism_model(neighbour, readers, said, asked) for neighbour in neighbours]
    kinds = {(said[model].parallelism, said[model].max_parallelism) for model in models}
    return models[0] if len(kinds) == 1 else transformation


def topological_order(
    roots: Iterable[Transformation], kept: Mapping[Transformation, Any] | None = None
) -> list[Transformation]:
    """All transformations that the roots read from, and the roots, inputs first; otherwise in order of creation.

    What is read only by those that are kept is left out.
    """
    found: dict[Transformation, None] = {}
    pending = list(roots)
    while pending:
        transformation = pending.pop()
        if transformation not in found:
            found[transformation] = None
            if kept is None or transformation not in kept:
                pending.extend(stream.transformation for streams in transformation.inputs for stream in streams)
    return sorted(found, key=lambda transformation: transformation.number)


def default_max_parallelism(parallelism: int) -> int:
    """Flink's rule (KeyGroupRangeAssignment): 1.5 times the parallelism up to a power of two, from 128 to 32,768."""
    wanted = parallelism + parallelism // 2
    return min(max(1 << max(wanted - 1, 1).bit_length(), DEFAULT_MAX_PARALLELISM), 1 << 15)
