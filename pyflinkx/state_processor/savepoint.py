"""A savepoint or retained checkpoint, whose states can be read and changed without the program that wrote them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.checkpoint.metadata import SAVEPOINT, Checkpoint, OperatorStates, StatePart
from pyflinkx.checkpoint.reader import StateReader
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.checkpoint.writer import StateWriter
from pyflinkx.errors import WrongStateError
from pyflinkx.state.spec import CHANNEL, FILE, FILES, NATIVE, SINK, SOURCE
from pyflinkx.state_processor.changed_state import changed_batches
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

    def __init__(
        self,
        checkpoint: Checkpoint,
        storage: CheckpointStorage,
        changes: Mapping[tuple[str, str], list[ColumnBatch]] | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self._storage = storage
        self._changes = dict(changes or {})

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
        return {part.state: part.kind for _, part in parts_of(operator) if part.kind != FILE}

    def read(self, uid: str, state: str) -> StateTable:
        """All of one state of an operator, of all its subtasks.

        Args:
            uid: of the operator.
            state: its name; of timers ``event-time`` or ``processing-time``, of a compiled operator ``native``.

        Raises:
            WrongStateError: there is no such operator or state, it is what was on its way between operators, or it is
                in files of a state backend.
            StorageError, CorruptDataError: a file is missing or damaged.
            UntrustedStateError: it holds pickles that were signed with another secret.
        """
        parts = self._parts(uid, state)
        changed = self._changes.get((uid, state))
        if changed is not None:
            return rows_of_state(parts[0][1].kind, list(enumerate(changed)))
        with self._storage.reader(self.checkpoint) as reader:
            return read_table(reader, parts)

    def with_state(self, uid: str, state: str, rows: Iterable[Sequence[Any]]) -> Savepoint:
        """The same with another content of one state; ``write`` writes it. This one stays as it is.

        Args:
            uid: of the operator.
            state: its name: of keyed state, of timers, or of a list or broadcast map of subtasks.
            rows: all of its rows, with the columns of ``read``: values as ``StateTable.to_rows`` gives them.

        Raises:
            WrongStateError: there is no such operator or state, it cannot be changed, or a row does not fit it.
        """
        parts = self._parts(uid, state)
        kind = parts[0][1].kind
        if kind in (SOURCE, SINK, NATIVE, CHANNEL):
            raise WrongStateError(f"state {state!r} of operator {uid!r} is of kind {kind}, which cannot be changed")
        operator = self._operator(uid)
        with self._storage.reader(self.checkpoint) as reader:
            like = reader.read(parts[0][1])
        batches = changed_batches(
            state,
            kind,
            like,
            self.read(uid, state).names,
            [tuple(row) for row in rows],
            operator.parallelism,
            operator.max_parallelism,
        )
        return Savepoint(self.checkpoint, self._storage, {**self._changes, (uid, state): batches})

    def write(self, target: str) -> str:
        """Write it, with its changes, as a new savepoint.

        Args:
            target: the folder in which it gets one of its own: a path or a URL.

        Returns:
            Its folder, for ``pyflinkx run -s``.

        Raises:
            StorageError, CorruptDataError: a file is missing or damaged, or cannot be written.
            UntrustedStateError: it holds pickles that were signed with another secret.
            WrongStateError: it is an incremental checkpoint.
        """
        old = self.checkpoint
        storage = CheckpointStorage(None, old.job_id, secret=self._storage.secret)
        folder = storage.new_savepoint_folder(target)
        writer = storage.writer(old.number, "states", folder)
        try:
            with self._storage.reader(old) as reader:
                places = {uid: self._copied(uid, reader, writer) for uid in old.operators}
            parts = writer.finish()
            operators = {uid: with_parts(old.operators[uid], places[uid], parts) for uid in old.operators}
            saved = dataclasses.replace(old, kind=SAVEPOINT, operators=operators, folder="", signed=True)
            return storage.write_manifest(saved, folder).folder
        except BaseException:
            writer.abort()
            storage.discard_number(old.number, folder)
            raise

    def _copied(self, uid: str, reader: StateReader, writer: StateWriter) -> list[list[int]]:
        """Write the states of an operator; the places of each subtask's parts, the coordinator's first."""
        operator = self._operator(uid)
        self._refuse_files(operator)
        places: list[list[int]] = [[] for _ in range(1 + operator.parallelism)]
        for subtask, part in parts_of(operator):
            if (uid, part.state) not in self._changes:
                places[subtask + 1] += writer.copy(part, reader.check(part))
        for (changed, _), batches in self._changes.items():
            if changed == uid:
                for subtask, batch in enumerate(batches):
                    places[subtask + 1] += writer.add(batch)
        return places

    def _parts(self, uid: str, state: str) -> list[tuple[int, StatePart]]:
        operator = self._operator(uid)
        parts = [(subtask, part) for subtask, part in parts_of(operator) if part.state == state]
        if not parts or parts[0][1].kind in (FILE, FILES):
            self._refuse_files(operator)
        if not parts:
            known = ", ".join(map(repr, self.states(uid))) or "none"
            raise WrongStateError(f"operator {operator.name!r} (uid {uid}) has no state {state!r}; it has {known}")
        return parts

    def _refuse_files(self, operator: OperatorStates) -> None:
        if any(part.kind == FILES for _, part in parts_of(operator)):
            raise WrongStateError(
                f"the states of operator {operator.name!r} (uid {operator.uid}) are files of RocksDB, as this is an "
                "incremental checkpoint: resume the job from it and take a savepoint, whose states are rows"
            )

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


def with_parts(operator: OperatorStates, places: list[list[int]], parts: Sequence[StatePart]) -> OperatorStates:
    """An operator whose states lie elsewhere."""
    coordinator, *own = [tuple(parts[place] for place in each) for each in places]
    subtasks = tuple(
        dataclasses.replace(subtask, parts=each) for subtask, each in zip(operator.subtasks, own, strict=True)
    )
    return dataclasses.replace(operator, coordinator=coordinator[0] if coordinator else None, subtasks=subtasks)


def read_table(reader: StateReader, parts: list[tuple[int, StatePart]]) -> StateTable:
    """The rows of some parts of one state."""
    kind = parts[0][1].kind
    if kind == CHANNEL:
        raise WrongStateError("what was on its way between operators at an unaligned checkpoint is no table")
    if kind in (SOURCE, SINK):
        return pickled_rows((subtask, reader.read_bytes(part)) for subtask, part in parts)
    batches = [(subtask, reader.read(part)) for subtask, part in parts]
    return native_rows(batches) if kind == NATIVE else rows_of_state(kind, batches)
