"""How many slots a job needs, and which subtask runs in which."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.slot_sharing import SlotSharingGroup


@dataclass(frozen=True)
class SlotGroup:
    """The slots of one slot sharing group: as many as its widest vertex has subtasks.

    Args:
        group: its name, and the resources of each slot if the program gives them.
        first: number of its first slot.
        size: how many it has.
        vertices: ids of the vertices that share them.
    """

    group: SlotSharingGroup
    first: int
    size: int
    vertices: tuple[int, ...]


@dataclass(frozen=True)
class SlotPlan:
    """The slots of a job, numbered from 0, group after group.

    Args:
        groups: in the order of their first vertices.
        assignment: pairs of a subtask (vertex id, index) and the number of its slot.
    """

    groups: tuple[SlotGroup, ...]
    assignment: tuple[tuple[tuple[int, int], int], ...]

    @property
    def count(self) -> int:
        """How many slots the job needs."""
        return sum(group.size for group in self.groups)

    def slots(self) -> dict[tuple[int, int], int]:
        """The slot of each subtask, by (vertex id, subtask index)."""
        return dict(self.assignment)


def plan_slots(graph: JobGraph) -> SlotPlan:
    """Give every subtask a slot: subtask i of a vertex runs in the i-th slot of the vertex's slot sharing group.

    So a slot holds at most one subtask of each vertex, and a whole pipeline where all are in one group. Equal indexes
    of co-located operators meet, as these are in one group and of one parallelism; ``build_stream_graph`` sees to that.

    Args:
        graph: the job.
    """
    described = {group.name: group for group in graph.slot_sharing_groups}
    members: dict[str, list[tuple[int, int]]] = {}
    for vertex in graph.vertices:
        members.setdefault(vertex.slot_sharing_group, []).append((vertex.id, vertex.parallelism))
    groups = []
    assignment = []
    first = 0
    for name, vertices in members.items():
        size = max(parallelism for _, parallelism in vertices)
        groups.append(
            SlotGroup(described.get(name, SlotSharingGroup(name)), first, size, tuple(vertex for vertex, _ in vertices))
        )
        assignment += [
            ((vertex, subtask), first + subtask) for vertex, parallelism in vertices for subtask in range(parallelism)
        ]
        first += size
    return SlotPlan(tuple(groups), tuple(assignment))
