"""Sources whose splits are found and handed out while the job runs."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.errors import WrongStateError

# ---- what readers and enumerators tell each other ----


@dataclass(frozen=True)
class ReaderRegistered:
    """From a reader: it is there."""


@dataclass(frozen=True)
class SplitRequest:
    """From a reader: it could read another split."""


@dataclass(frozen=True)
class SplitsAssigned:
    """To a reader: read these too."""

    splits: tuple[Any, ...]


@dataclass(frozen=True)
class NoMoreSplits:
    """To a reader: it has all that it will get."""


@dataclass(frozen=True)
class SourceEvent:
    """Either way: the source's own business."""

    event: Any


class SplitEnumerator(ABC):
    """Finds the splits of a source and decides which reader gets which. One per job, in the client.

    All methods are called from one thread, one after the other; none may block, as readers of the whole job wait for
    its answers meanwhile: ``SplitEnumeratorContext.call_async`` is for what takes long.
    """

    def start(self) -> None:  # noqa: B027
        """The job starts; no reader is there yet."""

    @abstractmethod
    def handle_split_request(self, subtask_id: int, requester_hostname: str | None) -> None:
        """A reader asks for a split. Nothing need be given at once.

        Args:
            subtask_id: of the reader, from 0.
            requester_hostname: where it runs; None where that is this machine.
        """

    def add_reader(self, subtask_id: int) -> None:  # noqa: B027
        """A reader is there and may be given splits."""

    def handle_source_event(self, subtask_id: int, source_event: Any) -> None:  # noqa: B027
        """A reader has sent something by ``send_source_event_to_coordinator``."""

    def add_splits_back(self, splits: list[Any], subtask_id: int) -> None:
        """A reader has failed: what it was given since the last checkpoint is to be given out again.

        Args:
            splits: what it was given.
            subtask_id: of the reader, from 0.
        """
        raise NotImplementedError(f"{type(self).__name__} has no add_splits_back(), so its readers cannot be restored")

    def snapshot_state(self, checkpoint_id: int) -> Any:
        """What ``Source.restore_enumerator`` needs to go on from here, such as the splits that nobody has been given.

        Args:
            checkpoint_id: the checkpoint's number.
        """
        raise NotImplementedError(f"{type(self).__name__} has no snapshot_state(), so its source cannot be restored")

    def close(self) -> None:  # noqa: B027
        """Release what is held; called once, also after a failure."""


class SplitEnumeratorContext:
    """What the running job offers to a split enumerator.

    Args:
        context: of the coordinator that drives the enumerator.
    """

    def __init__(self, context: CoordinatorContext) -> None:
        self._context = context
        self._readers: set[int] = set()
        self._closed = False

    def current_parallelism(self) -> int:
        """How many readers there are, or will be."""
        return self._context.parallelism

    def registered_readers(self) -> list[int]:
        """The readers that may be given splits, by their index."""
        return sorted(self._readers)

    def current_processing_time(self) -> int:
        """The job's clock, in milliseconds since the epoch."""
        return self._context.now()

    def assign_split(self, split: Any, subtask: int) -> None:
        """Give a split to a reader.

        Raises:
            WrongStateError: the reader is not registered.
        """
        self._send(subtask, SplitsAssigned((split,)))

    def assign_splits(self, new_split_assignments: Mapping[int, Iterable[Any]]) -> None:
        """Give splits to readers.

        Args:
            new_split_assignments: the splits for each, by its index.

        Raises:
            WrongStateError: a reader is not registered.
        """
        for subtask, splits in new_split_assignments.items():
            self._send(subtask, SplitsAssigned(tuple(splits)))

    def signal_no_more_splits(self, subtask: int) -> None:
        """Tell a reader that it has all it will get; it ends when it has read them.

        Raises:
            WrongStateError: the reader is not registered.
        """
        self._send(subtask, NoMoreSplits())

    def send_event_to_source_reader(self, subtask_id: int, event: Any) -> None:
        """Send a reader something of the source's own, which its ``handle_source_events`` gets.

        Raises:
            WrongStateError: the reader is not registered.
        """
        self._send(subtask_id, SourceEvent(event))

    def run_in_coordinator_thread(self, runnable: Callable[[], None]) -> None:
        """Have something called like the enumerator's methods; from any thread."""
        self._context.post(lambda: None if self._closed else runnable())

    def call_at(self, timestamp: int, runnable: Callable[[], None]) -> None:
        """Have something called like the enumerator's methods, when the job's clock reaches a time.

        Args:
            timestamp: milliseconds since the epoch.
            runnable: what to call.
        """
        self._context.call_at(timestamp, lambda: None if self._closed else runnable())

    def call_async(self, callable: Callable[[], Any], handler: Callable[[Any, BaseException | None], None]) -> None:
        """Call something that takes long in a thread of its own.

        Args:
            callable: called there; nothing of the enumerator may be touched in it.
            handler: called like the enumerator's methods with the result, or with None and the error.
        """

        def work() -> None:
            result, failure = None, None
            try:
                result = callable()
            except BaseException as error:
                failure = error
            self.run_in_coordinator_thread(lambda: handler(result, failure))

        threading.Thread(target=work, name=f"enumerator of {self._context.name}", daemon=True).start()

    def _send(self, subtask: int, event: Any) -> None:
        if subtask not in self._readers:
            raise WrongStateError(f"reader {subtask} of '{self._context.name}' is not registered: {self._readers}")
        self._context.send(subtask, event)


class EnumeratorCoordinator(Coordinator):
    """Drives a split enumerator.

    Args:
        context: what the enumerator was made with.
        enumerator: the enumerator.
        again: makes one that goes on from what another's ``snapshot_state`` gave.
    """

    def __init__(
        self,
        context: SplitEnumeratorContext,
        enumerator: SplitEnumerator,
        again: Callable[[Any], SplitEnumerator] | None = None,
    ) -> None:
        self.context = context
        self.enumerator = enumerator
        self.again = again

    def snapshot_state(self, checkpoint_id: int) -> Any:
        return (self.enumerator.snapshot_state(checkpoint_id),)

    def restore(self, checkpoint_id: int, states: Any) -> None:
        if self.again is None:
            super().restore(checkpoint_id, states)
            return
        self.enumerator.close()
        (state,) = states
        self.enumerator = self.again(state)

    def start(self) -> None:
        self.enumerator.start()

    def handle_event(self, subtask: int, event: Any) -> None:
        if isinstance(event, ReaderRegistered):
            self.context._readers.add(subtask)
            self.enumerator.add_reader(subtask)
        elif isinstance(event, SplitRequest):
            self.enumerator.handle_split_request(subtask, None)
        elif isinstance(event, SourceEvent):
            self.enumerator.handle_source_event(subtask, event.event)

    def close(self, failure: BaseException | None) -> None:
        self.context._closed = True
        self.enumerator.close()
