"""Tumbling windows: the takings of each shop, minute by minute."""

from datetime import timedelta

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import AggregateFunction, ProcessWindowFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows

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

    def create_accumulator(self):
        return 0

    def add(self, value, accumulator):
        return accumulator + value[1]

    def get_result(self, accumulator):
        return accumulator

    def merge(self, acc_a, acc_b):
        return acc_a + acc_b


class WithMinute(ProcessWindowFunction):
    """Says which shop and minute a total belongs to."""

    def process(self, key, context, elements):
        for total in elements:
            yield f"minute {context.window().start // 60_000}: {key} took {total}"


def main():
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
