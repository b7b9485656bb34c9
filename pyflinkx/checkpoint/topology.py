"""What a coordinator of checkpoints knows of a job: vertices, their inputs and operators, and their tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Task = tuple[int, int]  # vertex and subtask


class VertexOperator(NamedTuple):
    """An operator that keeps state under its uid."""

    uid: str
    name: str
    max_parallelism: int


@dataclass(frozen=True)
class Vertex:
    """Operators that run as one task per subtask.

    Args:
        parallelism: how many tasks.
        inputs: ids of the vertices that send to it.
        operators: of its chain.
    """

    parallelism: int
    inputs: tuple[int, ...] = ()
    operators: tuple[VertexOperator, ...] = ()


class Vertices:
    """All vertices of a job.

    Args:
        vertices: by id.
        feeders: of the tasks that do not have channels from all subtasks of all their input vertices (forward and
            rescaled edges): the tasks that they have one from.

    Example:
        >>> job = Vertices({0: Vertex(2), 1: Vertex(1, (0,))})
        >>> job.tasks, len(job.feeders((1, 0)))
        (((0, 0), (0, 1), (1, 0)), 2)
        >>> job.without_barrier({(0, 0)}), job.without_barrier({(0, 0), (0, 1)})
        ([(0, 1)], [(1, 0)])
    """

    def __init__(self, vertices: Mapping[int, Vertex], feeders: Mapping[Task, Iterable[Task]] | None = None) -> None:
        self.vertices = dict(vertices)
        of_vertex = {id: [(id, subtask) for subtask in range(vertex.parallelism)] for id, vertex in vertices.items()}
        self.tasks: tuple[Task, ...] = tuple(task for tasks in of_vertex.values() for task in tasks)
        given = feeders or {}
        all_to_all = {
            id: frozenset(task for source in vertex.inputs for task in of_vertex[source])
            for id, vertex in vertices.items()
        }
        self._feeders = {task: frozenset(given.get(task, all_to_all[task[0]])) for task in self.tasks}

    def feeders(self, task: Task) -> frozenset[Task]:
        """The tasks that it has a channel from."""
        return self._feeders[task]

    def without_barrier(self, finished: Collection[Task]) -> list[Task]:
        """Tasks that run and get a barrier from nobody, as all that they have a channel from have finished."""
        return [task for task in self.tasks if task not in finished and all(f in finished for f in self._feeders[task])]
