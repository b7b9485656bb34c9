"""Reads messages, and acknowledges them when the checkpoint behind them is durable."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr, told
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.connectors.acknowledged.coordinator import Begin, Had
from pyflinkx.connectors.acknowledged.feed import Feed, Held
from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.source import BAD_RECORDS_TAG, END, WAIT, ReaderContext, SourceReader
from pyflinkx.errors import CorruptDataError, SourceError
from pyflinkx.types.serialization import DeserializationSchema

BAD_RECORDS_COUNTER = "numBadRecords"
AGAIN_COUNTER = "numMessagesAgain"
# How long (ms) a message is known whose acknowledgement may have got lost with its connection.
KNOWN_MILLIS = 600_000

Decode = Callable[[Message], Any]


class AcknowledgingReader(SourceReader):
    """Reads what the server gives to this one of its consumers.

    A message that was had, and comes again as the server does not know that, is acknowledged and not given out: where
    messages have ids the source gives each once.

    Args:
        schema: makes records of payloads; or a function that makes one of a Message.
        skips: whether messages that cannot be read go to the side output, and do not fail the job.
        feed: makes what messages come by, given what wakes the task.
        context: of the task.
    """

    requests_splits = True
    outside = True
    stays = True

    def __init__(
        self,
        schema: DeserializationSchema | Decode,
        skips: bool,
        feed: Callable[[Callable[[], None]], Feed],
        context: ReaderContext,
    ) -> None:
        self.schema = context.own(schema)
        self.skips = skips
        self.make_feed = feed
        self.context = context
        self.clock = context.clock
        self.counters = context.counters
        self.feed: Feed | None = None
        self.at_once = False
        self.ended = False
        self.failure: BaseException | None = None
        self.side: list[Any] = []
        self.since: list[Held] = []  # given out since the newest checkpoint
        self.waiting: dict[int, list[Held]] = {}  # by checkpoint
        self.under_way: dict[str, Held] = {}  # of both, those with ids
        # Those that are to be acknowledged, or were by an attempt before, and that the server may not
        # know of: since when.
        self.unsettled: dict[str, int] = {}

    def add_splits(self, splits: list[Any]) -> None:
        pass

    def handle_event(self, event: Begin) -> None:
        self.unsettled = dict.fromkeys(event.known, self.clock.now())
        self.at_once = event.at_once
        self.feed = self.make_feed(self.context.wake)

    def poll(self, limit: int) -> Any:
        if self.ended:
            return END
        if self.failure is not None:
            raise self.failure
        if self.feed is None:
            return WAIT
        taken = self.feed.take(limit)
        if not taken:
            return WAIT
        fresh = [held for held in taken if not self._is_known(held)]
        values = self._decoded(fresh)
        if isinstance(self.schema, DeserializationSchema):
            for index, value in enumerate(values):
                if value is not None and self.schema.is_end_of_stream(value):
                    fresh, values, self.ended = fresh[:index], values[:index], True
                    break
        if self.at_once:
            self.feed.acknowledge(fresh)
        else:
            self.since += fresh
            self.under_way.update((held.message.id, held) for held in fresh if held.message.id is not None)
        kept = [(value, held.message.timestamp) for value, held in zip(values, fresh, strict=True) if value is not None]
        times = None
        if any(stamp is not None for _, stamp in kept):
            times = array("q", [NO_TIMESTAMP if stamp is None else stamp for _, stamp in kept])
        return ObjectBatch([value for value, _ in kept], times)

    def _is_known(self, held: Held) -> bool:
        """Whether a message comes again; then it is acknowledged as soon as may be."""
        number = held.message.id
        if number is None or self.feed is None:
            return False
        before = self.under_way.get(number)
        if before is not None:
            before.generation, before.token = held.generation, held.token
        elif number in self.unsettled:
            self.feed.acknowledge([held])
        else:
            return False
        self.counters[AGAIN_COUNTER] = self.counters.get(AGAIN_COUNTER, 0) + 1
        return True

    def _decoded(self, messages: list[Held]) -> list[Any]:
        """The records of messages; None for those that are left out. Behind one that fails the job nothing is."""
        if isinstance(self.schema, DeserializationSchema):
            failures: list[tuple[int, CorruptDataError]] = []
            payloads = [held.message.payload for held in messages]
            try:
                values = self.schema.decode_many(payloads, failures)
            except Exception:  # of a schema of the user's own: which message it was is to be told
                values, failures = self._one_by_one(messages, self.schema.deserialize, payloads)
        else:
            values, failures = self._one_by_one(messages, self.schema, [held.message for held in messages])
        for index, error in failures:
            message = messages[index].message
            if not self.skips:
                name = f" {message.id}" if message.id else ""
                self.failure = SourceError(
                    f"the message{name} of {message.origin} cannot be read: {told(error)}; it begins with "
                    f"{short_repr(message.payload)}"
                )
                self.failure.__cause__ = error
                del messages[index:]
                return values[:index]
            self.side.append(BadMessage(message, told(error)))
            self.counters[BAD_RECORDS_COUNTER] = self.counters.get(BAD_RECORDS_COUNTER, 0) + 1
        return values

    def _one_by_one(
        self, messages: list[Held], decode: Callable[[Any], Any], given: list[Any]
    ) -> tuple[list[Any], list[tuple[int, Any]]]:
        values: list[Any] = []
        failures: list[tuple[int, Any]] = []
        for index, one in enumerate(given):
            try:
                values.append(decode(one))
            except Exception as error:
                values.append(None)
                failures.append((index, error))
        return values, failures

    def take_side_records(self) -> dict[str, list[Any]]:
        side, self.side = self.side, []
        return {BAD_RECORDS_TAG: side} if side else {}

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        self.waiting[checkpoint_id], self.since = self.since, []
        self._settle()
        ids = frozenset(self.under_way).union(self.unsettled)
        if ids:
            self.context.send(Had(checkpoint_id, ids))
        return []

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        complete = [number for number in self.waiting if number <= checkpoint_id]
        held = [one for number in complete for one in self.waiting.pop(number)]
        now = self.clock.now()
        for one in held:
            if one.message.id is not None:
                del self.under_way[one.message.id]
                self.unsettled[one.message.id] = now
        if self.feed is not None:
            self.feed.acknowledge(held)
        self._settle()

    def _settle(self) -> None:
        """Forget those that the server has an acknowledgement of."""
        if self.feed is not None:
            for number in self.feed.take_settled():
                self.unsettled.pop(number, None)
        oldest = self.clock.now() - KNOWN_MILLIS
        while self.unsettled and next(iter(self.unsettled.values())) < oldest:
            del self.unsettled[next(iter(self.unsettled))]

    def close(self) -> None:
        if self.feed is not None:
            self.feed.close()
