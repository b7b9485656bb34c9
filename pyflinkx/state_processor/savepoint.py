"""A savepoint or retained checkpoint, whose states can be read without the program that wrote them."""

from __future__ import annotations

from collections.abc import Iterator

from pyflinkx.checkpoint.metadata import Checkpoint, OperatorStates, StatePart
from pyflinkx.checkpoint.reader import StateReader
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.errors import WrongStateError
from pyflinkx.state.spec import CHANNEL, NATIVE, SINK, SOURCE
from pyflinkx.state_processor.state_rows import native_rows, pickled_rows, rows_of_state
from pyflinkx.state_processor.state_table import StateTable


class Savepoint:
    """The states of a job at one moment; Flink's State Processor API reads them as this does.

    Example:
        >>> from pyflinkx.state_processor import Savepoint
        >>> savepoint = Savepoint.load("savepoints/savepoint-0a1b2c-9f8e7d6c5b4a")  # doctest: +SKIP
        >>> savepoint.read("counter", "count").to_pandas()  # doctest: +SKIP
           key  value
        0    1     17
    """

    def __init__(self, checkpoint: Checkpoint, storage: CheckpointStorage) -> None:
        self.checkpoint = checkpoint
        self._storage = storage

    @staticmethod
    def load(path: str, secret_file: str | None = None) -> Savepoint:
        """The savepoint or checkpoint at a place.

        Args:
            path: its folder or its ``_metadata``, as a path or a URL.
            secret_file: with the secret that its pickled states were signed with; None for this installation's.

        Raises:
            StorageError: there is none.
            CorruptDataError: its manifest is damaged.
        """
        storage = CheckpointStorage(None, "", secret_file=secret_file)
        return Savepoint(storage.read_manifest(path), storage)

    def operators(self) -> dict[str, str]:
        """The names of the operators, by uid."""
        return {uid: operator.name for uid, operator in self.checkpoint.operators.items()}

    def states(self, uid: str) -> dict[str, str]:
        """The kinds of an operator's states, by name.

        Raises:
            WrongStateError: there is no such operator.
        """
        operator = self._operator(uid)
        return {part.state: part.kind for _, part in parts_of(operator)}

    def read(self, uid: str, state: str) -> StateTable:
        """All of one state of an operator, of all its subtasks.

        Args:
            uid: of the operator.
            state: its name; of timers ``event-time`` or ``processing-time``, of a compiled operator ``native``.

        Raises:
            WrongStateError: there is no such operator or state, or it is what was on its way between operators.
            StorageError, CorruptDataError: a file is missing or damaged.
            UntrustedStateError: it holds pickles that were signed with another secret.
        """
        operator = self._operator(uid)
        parts = [(subtask, part) for subtask, part in parts_of(operator) if part.state == state]
        if not parts:
            known = ", ".join(map(repr, self.states(uid))) or "none"
            raise WrongStateError(f"operator {operator.name!r} (uid {uid}) has no state {state!r}; it has {known}")
        with self._storage.reader(self.checkpoint) as reader:
            return read_table(reader, parts)

    def _operator(self, uid: str) -> OperatorStates:
        operator = self.checkpoint.operators.get(uid)
        if operator is None:
            known = ", ".join(f"{uid} ({name})" for uid, name in self.operators().items())
            raise WrongStateError(f"there is no operator of uid {uid!r} in {self.checkpoint.folder}; there are {known}")
        return operator

    def __repr__(self) -> str:
        about = self.checkpoint
        return f"<{about.kind} {about.number} of job {about.job_name!r} at {about.folder}>"


def parts_of(operator: OperatorStates) -> Iterator[tuple[int, StatePart]]:
    """The parts of an operator, with the subtask of each; -1 for its coordinator's."""
    if operator.coordinator is not None:
        yield -1, operator.coordinator
    for subtask, states in enumerate(operator.subtasks):
        for part in states.parts:
            yield subtask, part


def read_table(reader: StateReader, parts: list[tuple[int, StatePart]]) -> StateTable:
    """The rows of some parts of one state."""
    kind = parts[0][1].kind
    if kind == CHANNEL:
        raise WrongStateError("what was on its way between operators at an unaligned checkpoint is no table")
    if kind in (SOURCE, SINK):
        return pickled_rows((subtask, reader.read_bytes(part)) for subtask, part in parts)
    batches = [(subtask, reader.read(part)) for subtask, part in parts]
    return native_rows(batches) if kind == NATIVE else rows_of_state(kind, batches)
