"""Tumbling windows: the takings of each shop, minute by minute."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import AggregateFunction, ProcessWindowFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TimeWindow, TumblingEventTimeWindows

Sale = tuple[str, int, int]

# (shop, amount, second), not quite in order
SALES = [
    ("north", 30, 3),
    ("south", 12, 10),
    ("north", 8, 59),
    ("south", 5, 62),
    ("north", 7, 48),
    ("north", 11, 95),
    ("south", 9, 130),
]


class Total(AggregateFunction):
    """Adds the amounts up as they come, so that a window holds one number, not all its sales."""

    def create_accumulator(self) -> int:
        return 0

    def add(self, value: Sale, accumulator: int) -> int:
        return accumulator + value[1]

    def get_result(self, accumulator: int) -> int:
        return accumulator

    def merge(self, acc_a: int, acc_b: int) -> int:
        return acc_a + acc_b


class WithMinute(ProcessWindowFunction[int, str, str, TimeWindow]):
    """Says which shop and minute a total belongs to."""

    def process(self, key: str, context: Any, elements: Iterable[int]) -> Iterator[str]:
        for total in elements:
            yield f"minute {context.window().start // 60_000}: {key} took {total}"


def main() -> None:
    """Print the takings."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(timedelta(seconds=20)).with_timestamp_assigner(
        lambda sale, _: sale[2] * 1000
    )
    (
        env.from_collection(SALES)
        .assign_timestamps_and_watermarks(strategy)
        .key_by(lambda sale: sale[0])
        .window(TumblingEventTimeWindows.of(Time.minutes(1)))
        .aggregate(Total(), WithMinute(), output_type=Types.STRING())
        .print()
    )
    env.execute("takings by minute")


if __name__ == "__main__":
    main()
