"""What user functions are told of checkpoints, and the states of theirs that belong to a subtask."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.errors import WrongStateError
from pyflinkx.state.broadcast import BroadcastState
from pyflinkx.state.descriptors import ListStateDescriptor, MapStateDescriptor, StateDescriptor
from pyflinkx.state.operator_state import OperatorListState, OperatorStateStore
from pyflinkx.state.rows import state_kind, state_name
from pyflinkx.state.spec import BROADCAST

if TYPE_CHECKING:
    from pyflinkx.operators.base import OperatorContext
    from pyflinkx.state.backend import KeyedStateStore

# The state in which lists of ListCheckpointed functions are; the second such function of an operator has a number.
LISTED = "_listed"
# With it begin the names of states that are an operator's own.
RESERVED = "_"


class WithLife:
    """Base of objects that ``open`` and ``close`` frame, also where an operator is given only a method of one."""


class FunctionStateStore:
    """Hands out a function's states that belong to a subtask rather than to a key.

    Functions of one operator that ask for one name have the same state.

    Args:
        store: the operator's.
    """

    def __init__(self, store: OperatorStateStore) -> None:
        self._store = store

    def get_list_state(self, state_descriptor: ListStateDescriptor) -> OperatorListState[Any]:
        """A list whose elements are dealt out evenly when the parallelism changes.

        Raises:
            TypeError: the descriptor is no ListStateDescriptor.
            WrongStateError: there is a state of that name and another kind or type, or the name begins with ``_``.
        """
        return self._store.get_list_state(allowed(state_descriptor), sliced=True)

    def get_union_list_state(self, state_descriptor: ListStateDescriptor) -> OperatorListState[Any]:
        """A list that each subtask gets with the elements of all when it is restored; errors as above."""
        return self._store.get_union_list_state(allowed(state_descriptor), sliced=True)

    def get_broadcast_state(self, state_descriptor: MapStateDescriptor) -> BroadcastState[Any, Any]:
        """A map that each subtask changes in the same way; when it is restored each gets what one had.

        Raises:
            TypeError: the descriptor is no MapStateDescriptor.
            WrongStateError: as above.
        """
        return self._store.get_broadcast_state(allowed(state_descriptor))


def allowed(descriptor: Any) -> Any:
    """A descriptor, if its name may be a user's."""
    if isinstance(descriptor, StateDescriptor) and descriptor.name.startswith(RESERVED):
        raise WrongStateError(
            f"state {descriptor.name!r}: names that begin with {RESERVED!r} are for the operator's own states; choose "
            "another name"
        )
    return descriptor


class FunctionInitializationContext:
    """What ``initialize_state`` gets.

    Args:
        restored_checkpoint: the checkpoint from which the job goes on; None when it starts with empty states.
        operator_state: the states of the subtask.
        keyed_state: where the operator is keyed, its state.
    """

    def __init__(
        self,
        restored_checkpoint: int | None,
        operator_state: OperatorStateStore,
        keyed_state: KeyedStateStore | None = None,
    ) -> None:
        self._restored = restored_checkpoint
        self._operator_state = FunctionStateStore(operator_state)
        self._keyed_state = keyed_state

    def is_restored(self) -> bool:
        """Whether the job goes on from a checkpoint or savepoint, so that states may have something in them."""
        return self._restored is not None

    def get_restored_checkpoint_id(self) -> int | None:
        """The number of that checkpoint; None when the job starts with empty states."""
        return self._restored

    def get_operator_state_store(self) -> FunctionStateStore:
        """States that belong to the subtask."""
        return self._operator_state

    def get_keyed_state_store(self) -> KeyedStateStore:
        """States that belong to a key.

        Raises:
            WrongStateError: the stream is not keyed.
        """
        if self._keyed_state is None:
            raise WrongStateError("keyed state needs a keyed stream: call key_by first")
        return self._keyed_state


class FunctionSnapshotContext:
    """What ``snapshot_state`` gets.

    Args:
        checkpoint_id: the checkpoint's number.
        checkpoint_timestamp: when it was taken (ms since the epoch).
    """

    def __init__(self, checkpoint_id: int, checkpoint_timestamp: int) -> None:
        self._checkpoint_id = checkpoint_id
        self._checkpoint_timestamp = checkpoint_timestamp

    def get_checkpoint_id(self) -> int:
        """The checkpoint's number; no other of the job has it."""
        return self._checkpoint_id

    def get_checkpoint_timestamp(self) -> int:
        """When the subtask took it, in milliseconds since the epoch."""
        return self._checkpoint_timestamp


class CheckpointedFunction(WithLife, metaclass=ABCMeta):
    """A function that has states of its subtask, or wants to know when states are taken.

    Any function of any operator may have these two methods, also without this base.

    Example:
        >>> from pyflinkx.datastream import MapFunction
        >>> class Numbered(MapFunction, CheckpointedFunction):
        ...     def initialize_state(self, context):
        ...         self.kept = context.get_operator_state_store().get_list_state(ListStateDescriptor("number"))
        ...         self.number = sum(self.kept.get())
        ...     def snapshot_state(self, context):
        ...         self.kept.update([self.number])
        ...     def map(self, value):
        ...         self.number += 1
        ...         return self.number, value
    """

    @abstractmethod
    def initialize_state(self, context: FunctionInitializationContext) -> None:
        """Get states, and what was restored into them; called once, before ``open``."""

    @abstractmethod
    def snapshot_state(self, context: FunctionSnapshotContext) -> None:
        """Put into the states what is held beside them; called for each checkpoint."""


class ListCheckpointed(WithLife, metaclass=ABCMeta):
    """A function whose state is a list, which is dealt out when the parallelism changes.

    Any function of any operator may have these two methods, also without this base.

    Example:
        >>> from pyflinkx.datastream import MapFunction
        >>> class Numbered(MapFunction, ListCheckpointed):
        ...     number = 0
        ...     def snapshot_state(self, checkpoint_id, timestamp):
        ...         return [self.number]
        ...     def restore_state(self, state):
        ...         self.number = sum(state)
        ...     def map(self, value):
        ...         self.number += 1
        ...         return self.number, value
    """

    @abstractmethod
    def snapshot_state(self, checkpoint_id: int, timestamp: int) -> list[Any]:
        """What to store; called for each checkpoint.

        Args:
            checkpoint_id: the checkpoint's number.
            timestamp: when it is taken (ms since the epoch).
        """

    @abstractmethod
    def restore_state(self, state: list[Any]) -> None:
        """Take what was stored, possibly parts of several such lists; called before ``open``, when there is some."""


class CheckpointListener(WithLife):
    """A function that wants to know what becomes of checkpoints.

    Any function of any operator may have these methods, also without this base.
    """

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        """The checkpoint, and so every one before it, is durable; word of one may get lost, not of the last."""

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        """The checkpoint will not be."""


class FunctionStates:
    """What one function object stores.

    Args:
        owner: the object.
        number: how many before it in its operator store lists.
    """

    def __init__(self, owner: Any, number: int) -> None:
        self._owner = owner
        self._descriptor = ListStateDescriptor(LISTED if not number else f"{LISTED}-{number}")
        self._listed: OperatorListState[Any] | None = None
        self._context: OperatorContext | None = None

    def initialize(self, call: Any, context: OperatorContext, keyed_state: KeyedStateStore | None) -> None:
        """Give the object its states; ``call`` calls a method of it by name."""
        self._context = context
        if hasattr(self._owner, "initialize_state"):
            told = FunctionInitializationContext(context.restored_checkpoint, context.operator_state, keyed_state)
            call("initialize_state", told)
        else:
            self._listed = context.operator_state.get_list_state(self._descriptor)
            restored = self._listed.get()
            if restored:
                call("restore_state", restored)

    def store(self, call: Any, checkpoint_id: int) -> None:
        """Have the object put what it holds into its states."""
        assert self._context is not None
        now = int(self._context.clock.now())
        if self._listed is None:
            call("snapshot_state", FunctionSnapshotContext(checkpoint_id, now))
        else:
            self._listed.update(listed(call("snapshot_state", checkpoint_id, now)))


@dataclass(frozen=True, eq=False)
class SourceStates:
    """What a CheckpointedFunction that is a source had in its states: a split of it."""

    checkpoint_id: int
    batches: tuple[ColumnBatch, ...]


class StatesOfSource:
    """The states of a CheckpointedFunction that is a source: they travel among its splits.

    Args:
        function: the user's.
        context: of the operator.
    """

    def __init__(self, function: CheckpointedFunction, context: OperatorContext) -> None:
        self._function = function
        self._clock = context.clock
        self._store = OperatorStateStore(context.copier)

    def initialize(self, restored: list[SourceStates]) -> None:
        """Give the function its states, from what one or several others had; a broadcast map from one of them."""
        shown: set[str] = set()
        for one in restored:
            self._store.restore(
                batch for batch in one.batches if state_kind(batch) != BROADCAST or state_name(batch) not in shown
            )
            shown.update(map(state_name, one.batches))
        checkpoint_id = max((one.checkpoint_id for one in restored), default=None)
        self._function.initialize_state(FunctionInitializationContext(checkpoint_id, self._store))

    def snapshot(self, checkpoint_id: int) -> SourceStates:
        """What the function has in its states now."""
        self._function.snapshot_state(FunctionSnapshotContext(checkpoint_id, int(self._clock.now())))
        return SourceStates(checkpoint_id, tuple(self._store.export()))


def listed(state: Any) -> list[Any]:
    """What a ``snapshot_state`` gave, as a list.

    Raises:
        WrongStateError: it is none.
    """
    if not isinstance(state, (list, tuple)):
        raise WrongStateError(f"snapshot_state() gives a list of what to store, not {state!r}")
    return list(state)


def states_of(owners: list[Any]) -> dict[int, FunctionStates]:
    """What is to be done for those of an operator's function objects that store something, by their place."""
    found: dict[int, FunctionStates] = {}
    lists = 0
    for place, owner in enumerate(owners):
        if getattr(owner, "states_in_splits", False) or not hasattr(owner, "snapshot_state"):
            continue  # a source's function is asked by its reader
        if hasattr(owner, "initialize_state"):
            found[place] = FunctionStates(owner, 0)
        elif hasattr(owner, "restore_state"):
            found[place] = FunctionStates(owner, lists)
            lists += 1
    return found
