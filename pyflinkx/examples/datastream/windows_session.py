"""Session windows: what each visitor did in one go, a visit ending with 30 seconds of silence."""

from collections.abc import Iterable, Iterator

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment, WindowFunction
from pyflinkx.datastream.window import EventTimeSessionWindows, TimeWindow

Click = tuple[str, str, int]

# (visitor, page, second)
CLICKS = [
    ("ada", "home", 1),
    ("bob", "home", 4),
    ("ada", "books", 20),
    ("ada", "cart", 45),
    ("bob", "books", 50),
    ("ada", "home", 120),
]


class Visit(WindowFunction[Click, str, str, TimeWindow]):
    """Joins the pages of a visit."""

    def apply(self, key: str, window: TimeWindow, inputs: Iterable[Click]) -> Iterator[str]:
        pages = " > ".join(page for _, page, _ in inputs)
        yield f"{key}, {window.start // 1000} to {window.max_timestamp() // 1000} s: {pages}"


def main() -> None:
    """Print the visits."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda c, _: c[2] * 1000)
    (
        env.from_collection(CLICKS)
        .assign_timestamps_and_watermarks(strategy)
        .key_by(lambda click: click[0])
        .window(EventTimeSessionWindows.with_gap(Time.seconds(30)))
        .apply(Visit(), Types.STRING())
        .print()
    )
    env.execute("visits")


if __name__ == "__main__":
    main()
