"""What a checkpoint is made of: the content of its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CHECKPOINT, SAVEPOINT = "checkpoint", "savepoint"


@dataclass(frozen=True)
class StatePart:
    """A columnar batch of one state of one subtask, and where its bytes lie.

    Args:
        state: its name.
        kind: of state (``state.spec``).
        rows: how many.
        size: of its bytes.
        digest: their XXH3 in 128 bits.
        file: the name of the file, in the checkpoint's folder unless it has a folder of its own; "" for ``data``.
        offset: of the first byte in the file.
        data: the bytes themselves, where they are in the manifest.
        groups: the first and last key group of its rows; None for state without keys, and for no rows.
        pickled: whether reading it runs code that its pickles name.
        tag: the keyed BLAKE2b of the bytes, where pickled.
    """

    state: str
    kind: str
    rows: int
    size: int
    digest: bytes
    file: str = ""
    offset: int = 0
    data: bytes = b""
    groups: tuple[int, int] | None = None
    pickled: bool = False
    tag: bytes = b""


@dataclass(frozen=True)
class SubtaskStates:
    """What one subtask of an operator keeps.

    Args:
        parts: its states; each of the operator's own kinds.
        finished: whether it had come to the end of its input: then it keeps no more than its accumulators, and lists
            of functions that were still to hear of a checkpoint.
    """

    parts: tuple[StatePart, ...] = ()
    finished: bool = False


@dataclass(frozen=True)
class OperatorStates:
    """What all subtasks of an operator keep.

    Args:
        uid: of the operator.
        name: of the operator, for people.
        max_parallelism: number of key groups; that of a restored job has to be the same.
        subtasks: by index.
        coordinator: what its source's or sink's coordinator in the client keeps, one pickled part; None for nothing.
    """

    uid: str
    name: str
    max_parallelism: int
    subtasks: tuple[SubtaskStates, ...]
    coordinator: StatePart | None = None

    @property
    def parallelism(self) -> int:
        """How many subtasks there were."""
        return len(self.subtasks)

    @property
    def finished(self) -> bool:
        """Whether all subtasks had come to the end of their input."""
        return all(subtask.finished for subtask in self.subtasks)


@dataclass(frozen=True)
class Checkpoint:
    """A completed checkpoint or savepoint.

    Args:
        number: of the checkpoint in its job.
        kind: CHECKPOINT or SAVEPOINT.
        job_id: of the job.
        job_name: of the job.
        time: when it was triggered (ms since the epoch).
        operators: by uid.
        folder: where it lies (a path or a URL); "" for in memory.
        properties: what else is known of it, for people and later versions.
        sections: what a later version has put into its manifest besides, by number, and may be passed over.
        signed: whether its manifest was signed with the secret of this installation.
    """

    number: int
    kind: str
    job_id: str
    job_name: str
    time: int
    operators: Mapping[str, OperatorStates]
    folder: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[tuple[int, bytes], ...] = ()
    signed: bool = True

    def parts(self) -> Iterator[StatePart]:
        """All parts of all operators."""
        for operator in self.operators.values():
            if operator.coordinator is not None:
                yield operator.coordinator
            for subtask in operator.subtasks:
                yield from subtask.parts

    @property
    def size(self) -> int:
        """Bytes of all its states."""
        return sum(part.size for part in self.parts())


@dataclass(frozen=True)
class TaskSnapshot:
    """What a task says of its part in a checkpoint; it travels by pickle.

    Args:
        operators: states of its subtask, by the uid of the operator.
        sync_ms: how long the task stood still for it.
        async_ms: how long the writing took after that.
        alignment_ms: from its first barrier to its last.
        size: bytes of its states.
        written: how many of them were written for it; the others are in files of checkpoints before.
    """

    operators: Mapping[str, SubtaskStates] = field(default_factory=dict)
    sync_ms: int = 0
    async_ms: int = 0
    alignment_ms: int = 0
    size: int = 0
    written: int = 0
