"""What the operators and readers of a task keep, taken at a barrier, and given to those of another attempt."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.checkpoint.metadata import Checkpoint, OperatorStates, StatePart, SubtaskStates
from pyflinkx.checkpoint.reader import StateReader
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.checkpoint.writer import StateWriter
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.runtime.control.pickles import dump_by_value
from pyflinkx.runtime.task.accumulators import STATE as ACCUMULATORS
from pyflinkx.runtime.task.state_files import StoredFiles, files_of, keep_files, write_files
from pyflinkx.state.operator_state import redistributed
from pyflinkx.state.slices import Export, SlicedBatches
from pyflinkx.state.spec import BROADCAST, CHANNEL, FILE, FILES, NATIVE, SOURCE, SPLIT, UNION

OPERATOR_KINDS = frozenset({BROADCAST, SPLIT, UNION})
SPLITS = "splits"


@dataclass
class HeldStates:
    """What one operator of a task, or a reader, holds at a barrier; nobody changes it any more.

    Args:
        uid: of the operator.
        batches: of states, or what makes them when it is gone through; once only. Native ones are of kind ``NATIVE``.
        sliced: batches of states of Python objects, which the task encodes by and by.
        native: batches that compiled operators have exported, or will when they are gone through; once only.
        splits: pickled, those that a reader has yet to read; None for no reader.
        count: how many these are.
        finished: whether the operator had ended.
        channels: frames that were on their way to the operator, by the place of their edge.
        files: what is kept by key, where that is files: a ``state.rocksdb.files.FilesSnapshot``.
    """

    uid: str
    batches: Iterable[ColumnBatch] = ()
    sliced: SlicedBatches | None = None
    native: Iterable[ColumnBatch] = ()
    splits: bytes | None = None
    count: int = 0
    finished: bool = False
    channels: dict[str, list[bytes]] = field(default_factory=dict)
    files: Any = None

    def discard(self) -> None:
        """It is written, or nobody will write it."""
        if self.files is not None:
            self.files.release()
        close = getattr(self.native, "close", None)
        if close is not None:
            close()
        if self.sliced is not None:
            self.sliced.close()


def held_by_operator(
    operator: Operator,
    context: OperatorContext,
    number: int,
    by_files: bool = False,
    wake: Callable[[], None] = lambda: None,
) -> HeldStates:
    """What an operator keeps, by whatever way.

    Args:
        operator: that keeps it.
        context: of the operator.
        number: of the checkpoint.
        by_files: whether what is in files of the state backend is given as these.
        wake: called by the thread that writes, when the task has something to do for it.
    """
    operator.store(number)
    held = HeldStates(context.uid)
    exports: list[Export] = []
    if context.keeps_by_key:
        held.files = context.keyed_state.files_snapshot(number) if by_files else None
        if held.files is not None:
            held.batches = held.files.batches
        else:
            held.batches = context.keyed_state.exported_elsewhere(context.max_parallelism)
        exports += context.keyed_state.exports(context.max_parallelism)
    if context.keeps_by_subtask:
        held.batches = chain(held.batches, context.operator_state.export_own())
        exports += context.operator_state.exports()
    if exports:
        held.sliced = SlicedBatches(exports, wake)
    held.native = operator.export()
    return held


def held_at_end(operator: Operator, context: OperatorContext, number: int) -> HeldStates:
    """What an operator that has finished keeps of its subtask's own, and still wants to hear of."""
    operator.store(number)
    return HeldStates(context.uid, context.operator_state.export() if context.keeps_by_subtask else (), finished=True)


def held_by_reader(uid: str, splits: list[Any]) -> HeldStates:
    """What a reader has yet to read."""
    return HeldStates(uid, splits=dump_by_value(splits), count=len(splits))


def write_states(
    writer: StateWriter, held: Sequence[HeldStates], number: int = 0, bases: Collection[int] = ()
) -> dict[str, SubtaskStates]:
    """Write what a task holds, in a thread of its own or in the task's.

    Args:
        writer: writes it.
        held: by each of its operators and readers.
        number: of the checkpoint.
        bases: numbers of checkpoints whose files may be named.

    Raises:
        StorageError: it cannot be written; nothing of it is left.
    """
    counts: list[tuple[str, int, bool]] = []
    files: list[tuple[Any, list[int]]] = []
    try:
        for states in held:
            added = 0
            if states.files is not None:
                files.append((states.files, write_files(writer, states.files, bases)))
                added += len(files[-1][1])
            for batch in chain(states.batches, states.sliced or ()):
                added += len(writer.add(batch))
            for batch in states.native:
                added += len(writer.add(batch, NATIVE))
            if states.splits is not None:
                added += len(writer.add_bytes(SPLITS, SOURCE, states.splits, rows=states.count))
            for place, frames in states.channels.items():
                for frame in frames:
                    added += len(writer.add_bytes(place, CHANNEL, frame))
            counts.append((states.uid, added, states.finished))
        written = writer.finish()
    except BaseException:
        writer.abort()
        raise
    finally:
        for states in held:
            states.discard()
    for snapshot, places in files:
        keep_files(snapshot, number, [written[place] for place in places])
    parts = iter(written)
    return {uid: SubtaskStates(tuple(next(parts) for _ in range(added)), finished) for uid, added, finished in counts}


# ---- restoring ----


@dataclass(frozen=True)
class RestoredOperator:
    """What a subtask of an operator begins with.

    Args:
        keyed: parts of keyed states and timers, with rows of the subtask's key groups.
        native: parts that compiled operators exported, likewise.
        lists: of each subtask that there was, its parts of operator state.
        splits: of each subtask that there was, the parts with its splits.
        channels: of each subtask that there was and that may concern it, what was on its way to it.
        files: of each subtask that there was, its files with rows of the subtask's key groups, and what they are.
        finished: whether it had ended, and so does nothing more.
        rescaled: whether there were more subtasks, or fewer.
    """

    keyed: tuple[StatePart, ...] = ()
    native: tuple[StatePart, ...] = ()
    lists: tuple[tuple[StatePart, ...], ...] = ()
    splits: tuple[tuple[StatePart, ...], ...] = ()
    channels: tuple[tuple[int, tuple[StatePart, ...]], ...] = ()
    files: tuple[tuple[StatePart, ...], ...] = ()
    finished: bool = False
    rescaled: bool = False


@dataclass(frozen=True)
class RestoredTask:
    """What a task begins with.

    Args:
        number: of the checkpoint.
        folder: where its files are; "" for in the parts themselves.
        storage: reads them.
        operators: by uid.
    """

    number: int
    folder: str
    storage: CheckpointStorage
    operators: Mapping[str, RestoredOperator]

    @property
    def finished(self) -> bool:
        """Whether all its operators had ended."""
        return bool(self.operators) and all(operator.finished for operator in self.operators.values())


def restored_operator(states: OperatorStates, subtask: int, parallelism: int, groups: range) -> RestoredOperator:
    """What a subtask gets of what the subtasks that there were have kept."""

    def own(part: StatePart) -> bool:
        return part.groups is not None and part.groups[0] < groups.stop and part.groups[1] >= groups.start

    kept = [part for old in states.subtasks for part in old.parts]
    lists = [tuple(part for part in old.parts if part.kind in OPERATOR_KINDS) for old in states.subtasks]
    files = (files_of([part for part in old.parts if own(part)]) for old in states.subtasks)
    others = OPERATOR_KINDS | {NATIVE, SOURCE, CHANNEL, FILES, FILE}
    same = parallelism == states.parallelism
    return RestoredOperator(
        keyed=tuple(part for part in kept if part.kind not in others and own(part)),
        native=tuple(part for part in kept if part.kind == NATIVE and own(part)),
        lists=tuple(lists) if any(lists) else (),
        splits=tuple(tuple(part for part in old.parts if part.kind == SOURCE) for old in states.subtasks),
        channels=tuple(
            (index, parts)
            for index, old in enumerate(states.subtasks)
            if (not same or index == subtask) and (parts := tuple(part for part in old.parts if part.kind == CHANNEL))
        ),
        files=tuple(parts for parts in files if parts),
        finished=states.subtasks[subtask].finished if same else states.finished,
        rescaled=not same,
    )


def restored_task(
    checkpoint: Checkpoint,
    storage: CheckpointStorage,
    operators: Iterable[tuple[str, int]],
    subtask: int,
    parallelism: int,
    group_range: Any,
) -> RestoredTask:
    """What a task gets of a checkpoint.

    Args:
        checkpoint: to begin with.
        storage: reads its files.
        operators: uid and max parallelism of the task's operators.
        subtask: its index.
        parallelism: how many subtasks there are.
        group_range: gives the key groups of a subtask.
    """
    found = {}
    for uid, max_parallelism in operators:
        states = checkpoint.operators.get(uid)
        if states is None:
            found[uid] = RestoredOperator()
        else:
            groups = group_range(subtask, max_parallelism, parallelism)
            found[uid] = restored_operator(states, subtask, parallelism, groups)
    return RestoredTask(checkpoint.number, checkpoint.folder, storage, found)


class RestoredStates:
    """Reads what a task begins with, operator by operator.

    Args:
        task: what it begins with.
        subtask: its index.
        parallelism: how many subtasks there are.
    """

    def __init__(self, task: RestoredTask, subtask: int, parallelism: int) -> None:
        self.task = task
        self.subtask = subtask
        self.parallelism = parallelism
        self.reader = StateReader(task.folder, task.storage.secret, task.storage.system)

    def keyed(self, uid: str) -> list[ColumnBatch]:
        """Keyed states and timers of an operator, also such rows as are another subtask's."""
        return [self.reader.read(part) for part in self._of(uid).keyed]

    def files(self, uid: str) -> list[StoredFiles]:
        """Files with keyed states of an operator, also with such rows as are another subtask's."""
        task = self.task
        owned = task.storage.owns(task.folder)
        return [StoredFiles(self.reader, parts, task.number, owned) for parts in self._of(uid).files]

    def lists(self, uid: str) -> list[ColumnBatch]:
        """The subtask's share of an operator's lists and broadcast maps.

        Where there are as many subtasks as there were, each has its own: one that has finished takes nothing.
        """
        operator = self._of(uid)
        if not operator.rescaled:
            return [
                self.reader.read(part)
                for index, parts in enumerate(operator.lists)
                for part in parts
                if index == self.subtask or part.kind == UNION
            ]
        parts = [[self.reader.read(part) for part in old] for old in operator.lists]
        return redistributed(parts, self.parallelism)[self.subtask]

    def native(self, uid: str) -> Iterator[ColumnBatch]:
        """What compiled operators exported, one batch after the other."""
        for part in self._of(uid).native:
            yield self.reader.read(part)

    def splits(self, uid: str, site: CallSite) -> list[Any]:
        """The subtask's share of the splits that are still to be read, dealt out as lists are."""
        operator = self._of(uid)
        found: list[Any] = []
        for index, parts in enumerate(operator.splits):
            if operator.rescaled or index == self.subtask:
                for part in parts:
                    data = self.reader.read_bytes(part)
                    try:
                        found += pickle.loads(data)
                    except BaseException as error:  # code of the splits' classes runs here
                        raise site.wrap(error, "while its splits were read from a checkpoint") from error
        return found[self.subtask :: self.parallelism] if operator.rescaled else found

    def channels(self, uid: str) -> Iterator[tuple[int, str, bytes]]:
        """What was on its way to an operator: the subtask that it was on its way to, the place of the edge, a frame."""
        for index, parts in self._of(uid).channels:
            for part in parts:
                yield index, part.state, self.reader.read_bytes(part)

    def rescaled(self, uid: str) -> bool:
        """Whether an operator had another number of subtasks."""
        return self._of(uid).rescaled

    def keeps_at_end(self, uid: str) -> bool:
        """Whether an operator that has finished has kept something of the subtask's own."""
        operator = self._of(uid)
        lists = operator.lists if operator.rescaled else operator.lists[self.subtask : self.subtask + 1]
        return any(part.state != ACCUMULATORS for parts in lists for part in parts)

    def _of(self, uid: str) -> RestoredOperator:
        return self.task.operators.get(uid, RestoredOperator())

    def close(self) -> None:
        """Close the files."""
        self.reader.close()


def milliseconds_since(started: int) -> int:
    """Since a time of ``time.monotonic_ns``."""
    return (time.monotonic_ns() - started) // 1_000_000
