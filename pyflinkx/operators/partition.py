"""Functions over all records of a subtask or of a key, once the input has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Any

from pyflinkx._core.calls.records import group_values, reduce_values, short_repr
from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.keys.partition import key_group, key_group_range
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.function import UserFunctionOperator
from pyflinkx.operators.functions import UserFunction, own_selector
from pyflinkx.operators.piecewise import PiecewiseOperator, RecordwiseOperator
from pyflinkx.operators.reduced import reduce_to_type
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.typeinfo import TypeInformation

BATCH_SIZE = 1024


class PartitionOperator(UserFunctionOperator, PiecewiseOperator):
    """Holds what it needs of each partition, and emits the results when event time has come to its end.

    The results have no timestamps. A subclass says what is held, of a partition that is the current key.

    Args:
        function: the user's function.
        key_selector: from record to key; None to take all records of the subtask as one partition.
    """

    kept = StateSpec("partition", "ListState")

    def __init__(self, function: UserFunction, key_selector: Callable[[Any], Any] | None) -> None:
        key_selector = own_selector(key_selector)
        super().__init__(function, key_selector)
        self.key_selector = key_selector

    def open(self, context: OperatorContext) -> None:
        self.current = context.keyed_state.context
        self.table = context.keyed_state.of(self.kept)
        super().open(context)
        if self.key_selector is None:
            self.own_key = key_of_subtask(context)
            self.unite()

    def unite(self) -> None:
        """Make one partition of those that the subtask has been given of others."""
        for _, key in list(self.table.entries()):
            if key != self.own_key:
                self.current.key = key
                held = self.table.remove(None)
                self.current.key = self.own_key
                own = self.table.edit(None)
                try:
                    self.table.put(None, held if own is ABSENT else self.united(own, held))
                except BaseException as error:
                    raise self.site.wrap(error, "on the partitions of several subtasks") from error

    def united(self, own: Any, held: Any) -> Any:
        """What is held of two partitions as one; the first may be changed."""
        raise NotImplementedError

    def process_batch(self, batch: Any, port: int = 0) -> None:
        values = batch.values
        if self.key_selector is None:
            self.current.key = self.own_key
            self.add(values)
        else:
            groups: KeyMap[Any, list[Any]] = KeyMap()
            group_values(self.site, self.key_selector, values, groups)
            for self.current.key, group in groups.items():
                self.add(group)

    def add(self, values: list[Any]) -> None:
        """Take more records of a partition."""
        raise NotImplementedError

    def results(self, held: Any) -> Iterable[Any] | None:
        """What comes of a partition."""
        raise NotImplementedError

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.begin(self.emit_all())
        else:
            self.output.emit_watermark(timestamp)

    def emit_all(self) -> Iterator[None]:
        """Emit what comes of all partitions, so many records or partitions at each step; then the last watermark."""
        for number, (_, key) in enumerate(self.table.entries(), 1):
            self.current.key = key
            yield from self.emit_results(key, self.table.remove(None))
            if number % BATCH_SIZE == 0:
                yield
        self.output.emit_watermark(MAX_WATERMARK)

    def emit_results(self, key: Any, partition: Any) -> Iterator[None]:
        """Emit what comes of a partition, as far as it comes, a batch at each step."""
        pending: list[Any] = []
        copier = self.site.copier
        waiting = False  # what is raised then is not the user's
        try:
            results = iter(self.results(partition) or ())
            while True:
                if copier is None:
                    for value in islice(results, BATCH_SIZE):
                        pending.append(value)
                else:
                    while len(pending) < BATCH_SIZE and copier.take(results, pending):
                        pass
                full = len(pending) >= BATCH_SIZE
                if pending:
                    self.output.emit(ObjectBatch(pending))
                    pending = []
                if not full:
                    return
                waiting = True
                yield
                waiting = False
        except BaseException as error:
            if waiting:
                raise
            if pending:
                self.output.emit(ObjectBatch(pending))
            where = "on its partition" if self.key_selector is None else f"on the partition of key {key!r}"
            raise self.site.wrap(error, where) from error


class MapPartitionOperator(PartitionOperator):
    """Calls a function with an iterator over the records of a partition."""

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.key_selector is not None and self.table.in_memory():
            group_values(self.site, self.key_selector, batch.values, self.table.keys)
        else:
            super().process_batch(batch, port)

    def add(self, values: list[Any]) -> None:
        held = self.table.edit(None)
        if held is ABSENT:
            held = values
        else:
            held.extend(values)
        self.table.put(None, held)

    def united(self, own: Any, held: Any) -> Any:
        return own + held

    def results(self, held: Any) -> Iterable[Any] | None:
        found: Iterable[Any] | None = self.call(iter(held))
        return found


class SortPartitionOperator(MapPartitionOperator):
    """Sorts the records of a partition by what the function takes out of each; equal ones keep their order.

    Args:
        function: from record to what it is sorted by.
        key_selector: as above.
        descending: greatest first.
    """

    def __init__(
        self, function: UserFunction, key_selector: Callable[[Any], Any] | None, descending: bool = False
    ) -> None:
        super().__init__(function, key_selector)
        self.descending = descending

    def results(self, held: Any) -> Iterable[Any]:
        held.sort(key=self.call, reverse=self.descending)
        return drained(held)


class ReducePartitionOperator(PartitionOperator, RecordwiseOperator):
    """Folds the records of a partition into one.

    Args:
        function: ``reduce(record so far, record)``.
        key_selector: from record to key, None for the subtask's records as a whole.
        record_type: the declared type of the records, None where there is none.
    """

    kept = StateSpec("partition", "ReducingState")

    def __init__(
        self,
        function: UserFunction,
        key_selector: Callable[[Any], Any] | None = None,
        record_type: TypeInformation | None = None,
    ) -> None:
        super().__init__(function, key_selector)
        self.call = reduce_to_type(function.call, record_type)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.key_selector is None:
            super().process_batch(batch, port)
        else:
            RecordwiseOperator.process_batch(self, batch, port)

    def take(self, batch: Any, port: int) -> None:
        try:
            reduce_values(self.site, self.key_selector, self.call, self.table, batch, False)
        finally:
            self.site.take_partial()  # results come at the end only

    def add(self, values: list[Any]) -> None:
        rest = iter(values)
        result = self.table.edit(None)
        if result is ABSENT:
            result = next(rest)
        for value in rest:
            try:
                result = self.call(result, value)
            except BaseException as error:
                raise self.site.wrap(error, f"on record {short_repr(value)}") from error
        self.table.put(None, result)

    def united(self, own: Any, held: Any) -> Any:
        return self.call(own, held)

    def results(self, held: Any) -> Iterable[Any]:
        return (held,)


class AggregatePartitionOperator(PartitionOperator):
    """Folds the records of a partition into an accumulator; ``function.owner`` is the AggregateFunction."""

    kept = StateSpec("partition", "AggregatingState")

    def add(self, values: list[Any]) -> None:
        function = self.function.owner
        accumulator = self.table.edit(None)
        for value in values:
            try:
                if accumulator is ABSENT:
                    accumulator = function.create_accumulator()
                accumulator = function.add(value, accumulator)
            except BaseException as error:
                raise self.site.wrap(error, f"on record {short_repr(value)}") from error
        self.table.put(None, accumulator)

    def united(self, own: Any, held: Any) -> Any:
        return self.function.owner.merge(own, held)

    def results(self, held: Any) -> Iterable[Any]:
        return (self.function.owner.get_result(held),)


def key_of_subtask(context: OperatorContext) -> int:
    """A key that belongs to this subtask: what lies under it stays there at the same parallelism, and is dealt out at
    another one."""
    groups = key_group_range(context.subtask_index, context.max_parallelism, context.parallelism)
    return next(key for key in count() if key_group(check_key(key), context.max_parallelism) in groups)


def drained(values: list[Any]) -> Iterator[Any]:
    """The values of a list, which is emptied meanwhile: nobody else holds what was taken."""
    values.reverse()
    while values:
        yield values.pop()
