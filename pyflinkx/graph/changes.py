"""Which kinds of rows go over each edge, and who refuses them."""

from __future__ import annotations

from collections.abc import Iterable

from pyflinkx.errors import GraphError
from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.types.basic import ExternalTypeInfo, PickledBytesTypeInfo
from pyflinkx.types.changes import CARRIED, INSERT_ONLY, RETRACT, Changes, upsert
from pyflinkx.types.composite import RowTypeInfo
from pyflinkx.types.typeinfo import TypeInformation


def changes_of(order: Iterable[Transformation]) -> dict[Transformation, Changes]:
    """The kinds of rows in the main output of each transformation.

    Args:
        order: all transformations, inputs first.
    """
    found: dict[Transformation, Changes] = {}
    for transformation in order:
        if transformation.source is not None:
            declared = getattr(transformation.source, "changes", None)
        else:
            declared = None if transformation.spec is None else transformation.spec.produces
        if declared is None and transformation.inputs:
            declared = all_of(edge_changes(up, found) for streams in transformation.inputs for up in streams)
        if declared is None or declared == CARRIED:
            sure = transformation.type_declared
            declared = CARRIED if has_kinds(transformation.output_type, sure) else INSERT_ONLY
        found[transformation] = declared
    return found


def edge_changes(stream: Upstream, found: dict[Transformation, Changes]) -> Changes:
    """The kinds of rows that are read: those of the main output, or what a side output may have of them."""
    if stream.side_tag is None:
        return found[stream.transformation]
    if stream.schema is not None:  # rows that came in and are passed on, late ones say
        inputs = (up for streams in stream.transformation.inputs for up in streams)
        return all_of(edge_changes(up, found) for up in inputs)
    return CARRIED if has_kinds(stream.side_type, True) else INSERT_ONLY


def all_of(changes: Iterable[Changes]) -> Changes:
    """The kinds of rows of several streams together."""
    kinds = dict.fromkeys(changes)
    known = [each for each in kinds if each.declared]
    if len(known) == 1:
        return known[0]
    if known:
        return RETRACT if all(each == RETRACT for each in known) else upsert()
    return CARRIED if CARRIED in kinds else INSERT_ONLY


def has_kinds(record_type: TypeInformation | None, sure: bool) -> bool:
    """Whether records of a type can be deletes: only Rows can.

    Args:
        record_type: the type; None when nothing is known of it.
        sure: whether every record has it.
    """
    return (
        not sure
        or record_type is None
        or isinstance(record_type, (RowTypeInfo, PickledBytesTypeInfo, ExternalTypeInfo))
    )


def check_changes(nodes: Iterable[StreamNode], edges: Iterable[StreamEdge]) -> None:
    """Raise GraphError where updates and deletes are known to come to an operator whose results they would spoil."""
    by_id = {node.id: node for node in nodes}
    for edge in edges:
        node = by_id[edge.target]
        if edge.changes.declared and node.spec is not None and node.spec.input(edge.port).inserts_only:
            raise GraphError(
                f"{node} takes inserts only, but {by_id[edge.source]} gives it {edge.changes}: handle them in "
                "process() before it, where row.get_row_kind() tells the kind, and give out inserts"
            )
