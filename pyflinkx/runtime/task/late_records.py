"""Records that came too late for an operator and were dropped: never without a word."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.operators.base import LATE_RECORDS

log = logging.getLogger("pyflinkx.runtime")


def late_records(counters: Iterable[Mapping[int, Mapping[str, int]]]) -> dict[int, int]:
    """How many records each node dropped because they came too late.

    Args:
        counters: of each subtask its counters by node.
    """
    found: dict[int, int] = {}
    for nodes in counters:
        for node, counts in nodes.items():
            late = counts.get(LATE_RECORDS, 0)
            if late:
                found[node] = found.get(node, 0) + late
    return found


def warn_of_late_records(graph: JobGraph, counters: Iterable[Mapping[int, Mapping[str, int]]]) -> None:
    """A warning for each operator that dropped late records, whatever the number of its subtasks."""
    nodes = {node.id: node for vertex in graph.vertices for node in vertex.nodes}
    for number, late in sorted(late_records(counters).items()):
        node = nodes[number]
        place = "" if node.location is None else f", created at {node.location}"
        log.warning(
            "job '%s': operator '%s' (uid %s%s) dropped %s record%s that came too late, after the watermark had "
            "passed; to keep such records, let watermarks wait longer (for_bounded_out_of_orderness of the "
            "WatermarkStrategy), "
            "allow them in windows (allowed_lateness), or take them from a side output (side_output_late_data of "
            "windows, side_output_left_late_data and side_output_right_late_data of interval joins)",
            graph.name,
            node.name,
            node.uid,
            place,
            f"{late:,}",
            "" if late == 1 else "s",
        )
