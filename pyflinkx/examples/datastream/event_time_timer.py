"""Event-time timers: an order that is not paid within ten minutes of event time is reported."""

from collections.abc import Iterator

from pyflinkx.common import Duration, Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflinkx.datastream.state import ValueStateDescriptor

MINUTE = 60_000
EVENTS = [
    ("order 1", "placed", 0 * MINUTE),
    ("order 2", "placed", 1 * MINUTE),
    ("order 3", "placed", 2 * MINUTE),
    ("order 1", "paid", 5 * MINUTE),
    ("order 3", "paid", 30 * MINUTE),
]


class Unpaid(KeyedProcessFunction):
    """Emits (order, time) when the time of an order is over."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.due = runtime_context.get_state(ValueStateDescriptor("due", Types.LONG()))

    def process_element(self, value: tuple[str, str, int], ctx: KeyedProcessFunction.Context) -> None:
        timestamp = ctx.timestamp()
        assert timestamp is not None
        timers = ctx.timer_service()
        due = self.due.value()
        if value[1] == "placed":
            self.due.update(timestamp + 10 * MINUTE)
            timers.register_event_time_timer(timestamp + 10 * MINUTE)
        elif due is not None and timestamp <= due:
            # Event time may be behind this record, so a payment that comes too late does not stop the timer.
            timers.delete_event_time_timer(due)
            self.due.clear()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[tuple[str, int]]:
        yield ctx.get_current_key(), timestamp // MINUTE
        self.due.clear()


def main() -> None:
    """Print a line per order that was not paid in time, with the minute."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(1))
    timed = env.from_collection(EVENTS).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda event, _: event[2])
    )
    timed.key_by(0).process(Unpaid()).print()
    env.execute("event-time timers")


if __name__ == "__main__":
    main()
