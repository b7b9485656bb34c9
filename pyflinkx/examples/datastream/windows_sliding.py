"""Sliding windows: every 10 seconds, how hot each machine was at most in the last 30."""

from collections.abc import Iterable, Iterator
from typing import Any

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import ProcessWindowFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import SlidingEventTimeWindows, TimeWindow

Reading = tuple[str, int, int]

# (machine, degrees, second)
READINGS = [
    ("press", 61, 2),
    ("drill", 40, 5),
    ("press", 74, 14),
    ("press", 66, 21),
    ("drill", 43, 33),
    ("press", 58, 41),
]


class Span(ProcessWindowFunction[Reading, str, str, TimeWindow]):
    """Puts the window's seconds to a result."""

    def process(self, key: str, context: Any, elements: Iterable[Reading]) -> Iterator[str]:
        window = context.window()
        for _, degrees, _ in elements:
            yield f"{window.start // 1000:>3} to {window.end // 1000:>2} s: {key} at most {degrees} degrees"


def main() -> None:
    """Print the maxima."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda r, _: r[2] * 1000)
    (
        env.from_collection(READINGS)
        .assign_timestamps_and_watermarks(strategy)
        .key_by(lambda reading: reading[0])
        .window(SlidingEventTimeWindows.of(Time.seconds(30), Time.seconds(10)))
        .reduce(lambda a, b: a if a[1] >= b[1] else b, Span(), output_type=Types.STRING())
        .print()
    )
    env.execute("hottest of the last half minute")


if __name__ == "__main__":
    main()
