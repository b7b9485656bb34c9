"""Joins of two streams: orders with payments by window, as groups, and by interval."""

from collections.abc import Iterator
from typing import Any

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import CoGroupFunction, ProcessJoinFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows

# (order, what, second)
ORDERS = [(1, "book", 5), (2, "lamp", 20), (3, "desk", 58)]
# (order, amount, second)
PAYMENTS = [(1, 12, 9), (2, 15, 25), (2, 16, 40), (3, 210, 64)]


class Unpaid(CoGroupFunction):
    """A group has the records of one order and minute of both streams, also where one has none."""

    def co_group(self, first: list[Any], second: list[Any]) -> Iterator[str]:
        for _, what, _ in first:
            if not second:
                yield f"co-group: {what} was not paid in its minute"


class PaidSoon(ProcessJoinFunction):
    """Tells how long each payment took."""

    def process_element(self, left: Any, right: Any, ctx: ProcessJoinFunction.Context) -> Iterator[str]:
        seconds = (ctx.get_right_timestamp() - ctx.get_left_timestamp()) // 1000
        yield f"interval: {left[1]} was paid {right[1]} after {seconds} s"


def order_of(record: Any) -> int:
    """The key of both streams."""
    return record[0]


def main() -> None:
    """Print the joins."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda r, _: r[2] * 1000)
    orders = env.from_collection(ORDERS).assign_timestamps_and_watermarks(strategy)
    payments = env.from_collection(PAYMENTS).assign_timestamps_and_watermarks(strategy)

    minute = TumblingEventTimeWindows.of(Time.minutes(1))
    joined = orders.join(payments).where(order_of).equal_to(order_of).window(minute)
    joined.apply(lambda order, payment: f"window: {order[1]} was paid {payment[1]}", Types.STRING()).print()
    grouped = orders.co_group(payments).where(order_of).equal_to(order_of).window(minute)
    grouped.apply(Unpaid(), Types.STRING()).print()
    near = orders.key_by(order_of).interval_join(payments.key_by(order_of))
    near.between(Time.seconds(0), Time.seconds(10)).process(PaidSoon(), Types.STRING()).print()
    env.execute("orders and payments")


if __name__ == "__main__":
    main()
