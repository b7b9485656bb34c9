"""Sources that are read one after the other, as one."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.enumerator import NoMoreSplits, ReaderRegistered, SourceEvent, SplitRequest, SplitsAssigned
from pyflinkx.connectors.record_reader import batch_reader
from pyflinkx.connectors.source import END, WAIT, Boundedness, ReaderContext, Source, SourceReader
from pyflinkx.errors import ConfigurationError

# So many checkpoints may be under way at once, at the most.
KEPT = 1000


@dataclass(frozen=True)
class Begin:
    """To a reader: read this source now.

    Args:
        index: of the source.
        splits: of one without an enumerator; in a restored job those that it has from the checkpoint are all.
        coordinated: whether its splits come while the job runs.
    """

    index: int
    splits: tuple[Any, ...]
    coordinated: bool


@dataclass(frozen=True)
class Inner:
    """Either way: what a source's own coordinator and reader tell each other.

    Args:
        index: of the source.
        event: theirs.
    """

    index: int
    event: Any


@dataclass(frozen=True)
class Done:
    """From a reader: it has read what it was to read of this source."""

    index: int


@dataclass(frozen=True)
class HybridSplit:
    """A split of one of the sources."""

    index: int
    split: Any


@dataclass(frozen=True)
class HybridState:
    """Where the coordinator is.

    Args:
        index: of the source that is read.
        inner: what its own coordinator gave, pickled; None for nothing.
    """

    index: int
    inner: bytes | None


class HybridSource(Source):
    """Reads sources one after the other, such as files of the past and then a stream that goes on.

    A source begins when all readers have come to the end of the one before it. All but the last have to end.

    Example:
        >>> from pyflinkx.connectors.number_seq import NumberSequenceSource
        >>> first = NumberSequenceSource(1, 10)
        >>> HybridSource.builder(first).add_source(NumberSequenceSource(11, 20)).build()
        HybridSource(2 sources)
    """

    operation = "HybridSource"

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self.boundedness = sources[-1].boundedness
        self.output_type = sources[0].output_type

    def __repr__(self) -> str:
        return f"HybridSource({len(self.sources)} sources)"

    @staticmethod
    def builder(first_source: Source) -> HybridSourceBuilder:
        """Begin with the source that is read first."""
        return HybridSourceBuilder().add_source(first_source)

    def check(self) -> None:
        for source in self.sources:
            source.check()

    def job_ended(self, failure: BaseException | None) -> None:
        for source in self.sources:
            source.job_ended(failure)

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator:
        return HybridCoordinator(self.sources, context)

    def create_reader(self, context: ReaderContext) -> SourceReader:
        return HybridReader(self.sources, context)


class HybridSourceBuilder:
    """Gathers sources."""

    def __init__(self) -> None:
        self._sources: list[Source] = []

    def add_source(self, source: Source) -> HybridSourceBuilder:
        """Add the source that is read next.

        Raises:
            TypeError: it is none.
            ConfigurationError: the one before it does not end.
        """
        if not isinstance(source, Source):
            raise TypeError(f"a source is one such as FileSource or KafkaSource, not {short_repr(source)}")
        if self._sources and self._sources[-1].boundedness is not Boundedness.BOUNDED:
            raise ConfigurationError(f"{self._sources[-1]!r} does not end, so that nothing can be read behind it")
        self._sources.append(source)
        return self

    def build(self) -> HybridSource:
        """The source."""
        return HybridSource(self._sources)


class HybridCoordinator(Coordinator):
    """Has all readers read a source, then the next.

    Args:
        sources: all of them.
        context: of the whole.
    """

    def __init__(self, sources: list[Source], context: CoordinatorContext) -> None:
        self.sources = sources
        self.context = context
        self.index = 0
        self.inner: Coordinator | None = None
        self.begun: list[tuple[Any, ...]] | None = None  # the splits of each reader
        self.state: bytes | None = None
        self.restored = 0  # the checkpoint
        self.registered: set[int] = set()
        self.done: set[int] = set()
        self.taken: dict[int, HybridState] = {}  # by checkpoint

    @property
    def outside(self) -> bool:  # type: ignore[override]
        """Whether the present source's coordinator waits for something of its own."""
        return self.inner is not None and self.inner.outside

    @property
    def snapshot_last(self) -> bool:  # type: ignore[override]
        """As the present source's coordinator wants it."""
        return self.inner is not None and self.inner.snapshot_last

    def readers(self) -> int:
        """How many readers the present source has."""
        return min(self.sources[self.index].parallelism or self.context.parallelism, self.context.parallelism)

    def start(self) -> None:
        self._begin(restored=self.restored > 0)

    def restore(self, checkpoint_id: int, states: HybridState) -> None:
        self.restored = checkpoint_id
        self.index, self.state = states.index, states.inner

    def _begin(self, restored: bool) -> None:
        source, index = self.sources[self.index], self.index
        self.done = set()
        inner = CoordinatorContext(
            self.context.name,
            self.readers(),
            lambda subtask, event: self.context.send(subtask, SourceEvent(Inner(index, event))),
            self.context.post,
            self.context.call_at,
            self.context.now,
            self.context.fail,
            self.context.checkpoint_interval,
            self.context.checkpoint_timeout,
        )
        self.inner = source.create_coordinator(inner)
        self.begun = [()] * self.context.parallelism
        if self.inner is not None:
            if restored and self.state is not None:
                self.inner.restore(self.restored, pickle.loads(self.state))
            self.inner.start()
        elif not restored:
            splits = source.splits(self.readers())
            for reader in range(self.readers()):
                self.begun[reader] = tuple(splits[reader :: self.readers()])
        for subtask in sorted(self.registered):
            self._tell(subtask)

    def _tell(self, subtask: int) -> None:
        assert self.begun is not None
        splits = self.begun[subtask]
        self.context.send(subtask, SourceEvent(Begin(self.index, splits, self.inner is not None)))
        if self.inner is not None and subtask < self.readers():
            self.inner.handle_event(subtask, ReaderRegistered())

    def handle_event(self, subtask: int, event: Any) -> None:
        if isinstance(event, ReaderRegistered):
            self.registered.add(subtask)
            self._tell(subtask)
        elif isinstance(event, Inner):
            if event.index == self.index and self.inner is not None:
                self.inner.handle_event(subtask, event.event)
        elif isinstance(event, Done) and event.index == self.index:
            self.done.add(subtask)
            if len(self.done) == self.context.parallelism and self.index + 1 < len(self.sources):
                if self.inner is not None:
                    self.inner.close(None)
                self.index += 1
                self._begin(restored=False)

    def snapshot_state(self, checkpoint_id: int) -> HybridState:
        known = self.taken.get(checkpoint_id)
        if known is not None:  # since then, the next source has begun, which wants to be asked late
            return known
        state = None if self.inner is None else self.inner.snapshot_state(checkpoint_id)
        given = HybridState(self.index, None if state is None else pickle.dumps(state))
        self.taken = {number: one for number, one in self.taken.items() if number > checkpoint_id - KEPT}
        self.taken[checkpoint_id] = given
        return given

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        if self.inner is not None:
            self.inner.checkpoint_completed(checkpoint_id)

    def close(self, failure: BaseException | None) -> None:
        if self.inner is not None:
            self.inner.close(failure)


class HybridReader(SourceReader):
    """Reads the part of one subtask of each source.

    Args:
        sources: all of them.
        context: of the task.
    """

    requests_splits = True

    def __init__(self, sources: list[Source], context: ReaderContext) -> None:
        self.sources = sources
        self.context = context
        self.index = -1
        self.inner: SourceReader | None = None
        self.more_splits = self.requested = False
        self.ended = True
        self.restored: list[HybridSplit] = []

    @property
    def outside(self) -> bool:  # type: ignore[override]
        """Whether another thread ends its WAIT: the present source's, or the coordinator's word."""
        return self.inner is not None and self.inner.outside

    @property
    def unreplayable(self) -> str | None:  # type: ignore[override]
        """Why what was read of the present source cannot be read again."""
        return None if self.inner is None else self.inner.unreplayable

    @property
    def stays(self) -> bool:  # type: ignore[override]
        """Whether the present source's reader wants to hear of checkpoints."""
        return self.inner is not None and self.inner.stays

    @property
    def current_split(self) -> Any:
        """The split of the last batch, of whichever source."""
        key = None if self.inner is None else self.inner.current_split
        return None if key is None else (self.index, key)

    def open_splits(self) -> list[Any]:
        return [] if self.inner is None else [(self.index, key) for key in self.inner.open_splits()]

    def add_splits(self, splits: list[Any]) -> None:
        self.restored += splits

    def handle_event(self, event: Begin | Inner) -> None:
        if isinstance(event, Begin):
            self._begin(event)
        elif self.inner is not None and event.index == self.index:
            inner = event.event
            if isinstance(inner, SplitsAssigned):
                self.requested = False
                self.inner.add_splits(list(inner.splits))
            elif isinstance(inner, NoMoreSplits):
                self.more_splits = False
                self.inner.no_more_splits()
            elif isinstance(inner, SourceEvent):
                self.inner.handle_event(inner.event)

    def _begin(self, begin: Begin) -> None:
        self._close_inner()
        source = self.sources[begin.index]
        self.index, self.ended, self.requested = begin.index, False, False
        kept = [split.split for split in self.restored if split.index == begin.index]
        self.restored = []
        readers = min(source.parallelism or self.context.parallelism, self.context.parallelism)
        if self.context.subtask_index >= readers and not kept:
            self._finish()
            return
        index = begin.index
        context = replace(self.context, parallelism=readers, send=lambda event: self.context.send(Inner(index, event)))
        self.inner = batch_reader(source.create_reader(context), context)
        self.more_splits = begin.coordinated and not self.inner.requests_splits
        splits = [*kept, *begin.splits]
        if splits:
            self.inner.add_splits(splits)

    def _finish(self) -> None:
        self.ended = True
        self.context.send(Done(self.index))

    def poll(self, limit: int) -> Any:
        if self.inner is None or self.ended:
            return END if self.ended and self.index == len(self.sources) - 1 else WAIT
        batch = self.inner.poll(limit)
        if batch is END:
            if self.more_splits:
                if not self.requested:
                    self.requested = True
                    self.context.send(Inner(self.index, SplitRequest()))
                return WAIT
            self._finish()
            return END if self.index == len(self.sources) - 1 else WAIT
        return ObjectBatch(batch.to_rows()) if hasattr(batch, "to_rows") else batch

    def take_side_records(self) -> dict[str, list[Any]]:
        return {} if self.inner is None else self.inner.take_side_records()

    def wake_time(self) -> int | None:
        return None if self.inner is None or self.ended else self.inner.wake_time()

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        if self.inner is None:
            return self.restored
        left = self.inner.snapshot_state(checkpoint_id)
        return [] if self.ended else [HybridSplit(self.index, split) for split in left]

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        if self.inner is not None:
            self.inner.notify_checkpoint_complete(checkpoint_id)

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        if self.inner is not None:
            self.inner.notify_checkpoint_aborted(checkpoint_id)

    def _close_inner(self) -> None:
        inner, self.inner = self.inner, None
        if inner is not None:
            inner.close()

    def close(self) -> None:
        self._close_inner()
