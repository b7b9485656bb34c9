"""The contract between an operator and the task that runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.calls.turn import ENDLESS, Turn
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.partition import key_group_range
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.operators.functions import UserFunctions
from pyflinkx.operators.randomness import Randomness
from pyflinkx.operators.requests import RequestScope
from pyflinkx.operators.source_alignment import AlignmentGroups, WatermarkAlignment
from pyflinkx.state.backend import KeyedStateBackend
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.state.spec import StateSpec
from pyflinkx.state.state_backend import StateBackend
from pyflinkx.types.typeinfo import TypeInformation

MIN_WATERMARK = -(2**63)
MAX_WATERMARK = 2**63 - 1
# The counter of records that an operator drops because their time has passed; each job warns of those at its end.
LATE_RECORDS = "numLateRecordsDropped"

# What operators count, in accumulators called operator.counter.
COUNTERS = {
    "numRecordsIn": "records that a source has read",
    "numRecordsOut": "records that a sink has written",
    "numBadRecords": 'records of a source that did not fit its schema, with on_error="skip"',
    LATE_RECORDS: "records that a window, join or function left out as they came too late",
    "numNullRowTimeRecordsDropped": "rows that a window or OVER of SQL left out as they have no time",
    "numFeedbackRecords": "records that went back to the head of a loop",
    "numFeedbackRecordsDropped": "records that came back to a loop that had ended",
    "numResultsOfNoRequest": "results of timers, windows, loops and other sources in a sink of replies: no request's",
    "numTimeouts": "records whose asynchronous function took too long",
    "numOffsetResets": "partitions that a Kafka source read on elsewhere, as their offset was not kept any more",
    "numMessagesAgain": "messages that a server sent once more though they were acknowledged, and that were left out",
    "numRetries": "times that a sink wrote records again, as its server had not taken them",
    "commitsSucceeded": "times that a Kafka source committed its positions to its group",
    "commitsFailed": "times that it could not",
}


class Clock(Protocol):
    """Where processing time comes from; injected, so that tests decide what time it is."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


class Output(Protocol):
    """Where an operator sends what it produces.

    A batch that was emitted belongs to its receiver, and so does all that can change within its records: nobody else
    holds it, unless the job reuses objects.
    """

    def emit(self, batch: Any) -> None:
        """Send a batch to the main output."""

    def emit_watermark(self, timestamp: int) -> None:
        """Say that no record at or before ``timestamp`` follows."""

    def emit_idleness(self, idle: bool) -> None:
        """Say that this stream has become idle (True) or active again (False)."""

    def emit_marker(self, age: int) -> None:
        """Send a marker on through the loop that the operator is in; see ``operators.iteration``."""

    def emit_side(self, tag_id: str, batch: Any) -> None:
        """Send a batch to the side output ``tag_id``; dropped where nobody reads it."""


def no_mailbox(mail: Callable[[], None]) -> None:
    """Stands for the mailbox where nobody would read it."""
    raise RuntimeError("this operator context has no mailbox")


@dataclass
class OperatorContext:
    """What the task gives to an operator when it opens it.

    ``batch``: whether the job runs in batch mode: no watermark comes before the end of the input, and processing-time
    timers are due then. ``accumulators`` and ``metrics`` are those that the user's functions made, by name;
    ``cached_files`` are absolute paths by name; ``restored_accumulators`` names those accumulators that come from a
    checkpoint and that no function has made again.
    ``send`` takes an event to the coordinator of the operator's sink, where it has one.
    ``post`` has the task call something between two steps, and may itself be called from any thread: it is how the
    result of work elsewhere comes back. ``shared`` is common to the job's operators of one slot. ``copier`` makes the
    records that are emitted or kept their receiver's own; None where the job reuses objects. What the operator keeps is
    in ``keyed_state``, ``timers`` and ``operator_state``, which ``state_backend`` makes and which begin with what is
    restored, of the subtask's key groups; ``key_type`` is the type of its keys, None when nothing is known of it.
    ``requests`` says which request the task works for; None where the job has no source of requests.
    ``restored_checkpoint`` is the number of the checkpoint that the job goes on from, None where it begins;
    ``checkpoints`` says whether it takes any. ``seed`` makes its random numbers others than those of other jobs.
    ``turn`` says when an operator leaves the rest of its work for later, and is common to those of a task.
    """

    name: str
    uid: str
    output: Output
    clock: Clock
    location: str | None = None
    subtask_index: int = 0
    parallelism: int = 1
    max_parallelism: int = 128
    attempt: int = 0
    job_parameters: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    batch: bool = False
    accumulators: dict[str, Any] = field(default_factory=dict)
    restored_accumulators: set[str] = field(default_factory=set)
    metrics: dict[str, Any] = field(default_factory=dict)
    cached_files: dict[str, str] = field(default_factory=dict)
    send: Callable[[Any], None] | None = None
    post: Callable[[Callable[[], None]], None] = no_mailbox
    shared: dict[Any, Any] = field(default_factory=dict)
    alignment: AlignmentGroups = field(default_factory=AlignmentGroups)
    copier: Copier | None = None
    key_type: TypeInformation | None = None
    state_backend: StateBackend = field(default_factory=StateBackend)
    restored_keyed: Sequence[ColumnBatch] = ()
    restored_files: Sequence[Any] = ()
    restored_operator: Sequence[ColumnBatch] = ()
    turn: Turn = field(default_factory=Turn)
    requests: RequestScope | None = None
    restored_checkpoint: int | None = None
    checkpoints: bool = False
    seed: str = ""

    @cached_property
    def keyed_state(self) -> KeyedStateBackend:
        """The operator's keyed state and timers."""
        groups = key_group_range(self.subtask_index, self.max_parallelism, self.parallelism)
        state = KeyedStateBackend(
            backend=self.state_backend,
            key_type=self.key_type,
            max_parallelism=self.max_parallelism,
            name=f"operator {self.name!r}",
            groups=groups,
        )
        state.use_clock(self.clock)
        state.use_copier(self.copier)
        try:
            if self.restored_files:
                state.restore_files(self.restored_files)
            if self.restored_keyed:
                state.restore(self.restored_keyed, groups)
        except BaseException:
            state.close()
            raise
        return state

    def timers(self, declared: StateSpec) -> TimerQueue:
        """The operator's timers of that name, by key and namespace."""
        return self.keyed_state.timers(declared.name)

    @cached_property
    def operator_state(self) -> OperatorStateStore:
        """What belongs to this subtask of the operator rather than to a key."""
        state = OperatorStateStore(self.copier)
        state.restore(self.restored_operator)
        return state

    @property
    def keeps_by_key(self) -> bool:
        """Whether there is keyed state: the operator has asked for it, or some was restored."""
        return bool(self.restored_keyed) or bool(self.restored_files) or "keyed_state" in vars(self)

    @property
    def keeps_by_subtask(self) -> bool:
        """Whether there is state of the subtask."""
        return bool(self.restored_operator) or "operator_state" in vars(self)

    @cached_property
    def randomness(self) -> Randomness:
        """Random numbers of the subtask; made when a function asks for some."""
        return Randomness(self)

    def store_randomness(self) -> None:
        """Put where the random numbers are into the states of the subtask, where there are any."""
        if "randomness" in vars(self):
            self.randomness.store()

    def close(self) -> None:
        """Give up what the operator's state uses, after the operator was closed."""
        if "keyed_state" in vars(self):
            self.keyed_state.close()

    @cached_property
    def site(self) -> CallSite:
        """What errors say of the operator: its name, its uid, and the user's line."""
        return CallSite(self.name, self.uid, self.location, self.copier, self.turn)

    def count(self, counter: str, amount: int = 1) -> None:
        """Add to a named counter of this operator (late records dropped, bad rows skipped, ...)."""
        self.counters[counter] = self.counters.get(counter, 0) + amount


class Operator:
    """Logic of one node of the dataflow: a plain object that takes batches and emits batches.

    Lifecycle, in this order: ``open`` once; any number of ``process_*`` and ``advance_processing_time``; ``end_input``
    once if all input ended; ``finish`` once when the operator says that it is ``drained``; ``close`` once whenever
    ``open`` was called, also after a failure. Between two of these, ``resume`` is called until it returns False; see
    docs/internals/firing.md. All calls come from one thread. An operator reads no clock but ``context.clock``, and
    starts no thread; one that cannot do without (asyncio) hands back by ``context.post``.
    ``values_checked`` says that it only sends on what it gets, or columns as rows, so that types need no check.

    ``functions`` are those of the user's that it calls, if any; what is said of checkpoints reaches them here.

    What the task asks beyond that: ``alignment`` is how the source before it waits for others (see ``is_ahead``), None
    for not at all; ``follows_splits`` whether it wants to know of the source's splits; ``may_pause`` whether it can be
    not ``writable``, in which case the task does nothing until it is.
    """

    values_checked = False
    alignment: WatermarkAlignment | None = None
    follows_splits = False
    may_pause = False
    writable = True
    turn = ENDLESS
    functions: UserFunctions | None = None
    context: OperatorContext
    site: CallSite
    output: Output

    def open(self, context: OperatorContext) -> None:
        """Take the context; overriding classes call this first."""
        self.context = context
        self.site = context.site
        self.output = context.output
        self.turn = context.turn

    def process_batch(self, batch: Any, port: int = 0) -> None:
        """Take a batch of the logical input ``port``; the batch is this operator's from now on."""
        raise NotImplementedError

    def process_watermark(self, timestamp: int) -> None:
        """Event time has reached ``timestamp`` on all active inputs; always greater than the one before."""
        self.output.emit_watermark(timestamp)

    def process_idleness(self, idle: bool) -> None:
        """All inputs have become idle, or one is active again."""
        self.output.emit_idleness(idle)

    def process_marker(self, age: int) -> None:
        """A marker of the loop that the operator is in has come from all inputs; what was before it has been sent."""
        self.output.emit_marker(age)

    def advance_processing_time(self, now: int) -> None:
        """Fire the processing-time timers that are due at ``now`` (ms)."""

    def next_processing_timer(self) -> int | None:
        """When (ms) ``advance_processing_time`` has something to do next; None for never."""
        return None

    def last_processing_timer(self) -> int | None:
        """When (ms) the last of the timers that a batch job fires at its end is due; None for no such timers."""
        return None

    def resume(self) -> bool:
        """Send some more of what an earlier call has left; whether there is still more."""
        return False

    def bind_work(self, bound: Callable[[Any], Any]) -> None:
        """Have what it leaves for later made by ``bound``, of what it would be; most operators leave nothing."""

    def has_more(self) -> bool:
        """Whether an earlier call has left something for ``resume``."""
        return False

    def between_records(self) -> bool:
        """Whether processing-time timers may fire now: what is left, if anything, are whole records."""
        return True

    def end_batch(self) -> None:
        """All of a batch has gone through; called where the operator has asked for it by ``turn.tell_at_end``."""

    def end_input(self) -> None:
        """All input has ended, after a watermark of MAX_WATERMARK."""

    def accepts_input(self) -> bool:
        """Whether it can take more now; while it cannot, the task reads no input and calls mails and timers only."""
        return True

    def drained(self) -> bool:
        """Once all input has ended: whether nothing is under way any more; asked again after each mail and timer."""
        return True

    def for_batch(self) -> Operator:
        """What does the same in a batch job, where input may be held until it has ended."""
        return self

    def is_ahead(self) -> bool:
        """Whether the source before it shall pause; asked where there is an ``alignment``."""
        return False

    def begin_split(self, split: Any) -> None:
        """The next batch is of this split of the source before it; None when the reader does not tell."""

    def wait_for_splits(self, splits: list[Any]) -> None:
        """Event time waits for these splits and no other; an empty list says that the reader keeps no track."""

    def handle_event(self, event: Any) -> None:
        """The coordinator of the operator's sink has sent something."""
        raise NotImplementedError(f"{type(self).__name__} has no coordinator")

    def prepare_barrier(self, checkpoint_id: int) -> None:
        """A barrier is about to be sent behind all that was emitted; what is held back only to send less goes first."""

    def completes_later(self, checkpoint_id: int, ready: Callable[[], None]) -> bool:
        """The barrier has been sent: whether something that belongs to the checkpoint is still to come.

        Then ``store`` and ``export`` are called once the operator has called ``ready``, not at once.
        """
        return False

    def store(self, checkpoint_id: int) -> None:
        """Put what is held elsewhere into the states that the context gave; called before these are exported.

        Overriding classes call this, too: it is how user functions store what is theirs.
        """
        if self.functions is not None:
            self.functions.store(checkpoint_id)
        self.context.store_randomness()

    def export(self) -> Iterable[ColumnBatch]:
        """What the operator holds outside of its context, as batches of states; see docs/formats/states.md."""
        return ()

    def import_(self, batch: ColumnBatch) -> None:
        """Add those states of an exported batch that are this subtask's; called after ``open``."""
        raise NotImplementedError(f"{type(self).__name__} has no states of its own")

    @property
    def stays(self) -> bool:
        """Whether it takes part in a checkpoint behind its end, with what is in ``store``, and wants to hear of it."""
        return self.functions is not None and self.functions.stay

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        """The checkpoint, and so all before it, is durable."""
        if self.functions is not None:
            self.functions.tell("notify_checkpoint_complete", checkpoint_id)

    def checkpoint_aborted(self, checkpoint_id: int) -> None:
        """The checkpoint will not be."""
        if self.functions is not None:
            self.functions.tell("notify_checkpoint_aborted", checkpoint_id)

    def finish(self) -> None:
        """All input has ended, and nothing is under way: emit what is still held."""

    def close(self) -> None:
        """Release what ``open`` acquired."""
