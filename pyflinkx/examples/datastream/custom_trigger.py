"""A trigger of the user's own: a window gives its result early for each large order, and in the end."""

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import ProcessWindowFunction, StreamExecutionEnvironment, Trigger, TriggerResult
from pyflinkx.datastream.state import ReducingStateDescriptor
from pyflinkx.datastream.window import TimeWindow, TumblingEventTimeWindows

Order = tuple[str, int, int]

# (shop, amount, second)
ORDERS = [("north", 20, 1), ("north", 90, 5), ("south", 40, 8), ("south", 50, 12), ("south", 10, 40), ("north", 5, 50)]
LARGE = 80


class EarlyWhenLarge(Trigger[Order, TimeWindow]):
    """Fires once the orders since the last firing come to LARGE, and when the watermark passes the window's end.

    What it remembers belongs to key and window, so it lies in state; sessions could merge it.
    """

    PENDING = ReducingStateDescriptor("pending", operator.add, Types.LONG())

    def on_element(self, element: Order, timestamp: int, window: TimeWindow, ctx: Any) -> TriggerResult:
        if window.max_timestamp() <= ctx.get_current_watermark():
            return TriggerResult.FIRE
        ctx.register_event_time_timer(window.max_timestamp())
        pending = ctx.get_partitioned_state(self.PENDING)
        pending.add(element[1])
        if pending.get() < LARGE:
            return TriggerResult.CONTINUE
        pending.clear()
        return TriggerResult.FIRE

    def on_event_time(self, time: int, window: TimeWindow, ctx: Any) -> TriggerResult:
        return TriggerResult.FIRE if time == window.max_timestamp() else TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: TimeWindow, ctx: Any) -> TriggerResult:
        return TriggerResult.CONTINUE

    def can_merge(self) -> bool:
        return True

    def on_merge(self, window: TimeWindow, ctx: Any) -> None:
        ctx.merge_partitioned_state(self.PENDING)
        ctx.register_event_time_timer(window.max_timestamp())

    def clear(self, window: TimeWindow, ctx: Any) -> None:
        ctx.delete_event_time_timer(window.max_timestamp())
        ctx.get_partitioned_state(self.PENDING).clear()


class Report(ProcessWindowFunction[Order, str, str, TimeWindow]):
    """Says how far a shop has come, and whether that is final."""

    def process(self, key: str, context: Any, elements: Iterable[Order]) -> Iterator[str]:
        final = context.current_watermark() >= context.window().max_timestamp()
        yield f"{key}: {sum(amount for _, amount, _ in elements)}{'' if final else ' so far'}"


def main() -> None:
    """Print the reports."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda o, _: o[2] * 1000)
    (
        env.from_collection(ORDERS)
        .assign_timestamps_and_watermarks(strategy)
        .key_by(lambda order: order[0])
        .window(TumblingEventTimeWindows.of(Time.minutes(1)))
        .trigger(EarlyWhenLarge())
        .process(Report(), Types.STRING())
        .print()
    )
    env.execute("orders of the minute")


if __name__ == "__main__":
    main()
