"""Count windows: the mean of every three readings of a sensor, and of the last four after every second one."""

from collections.abc import Iterable, Iterator

from pyflinkx.common import Types
from pyflinkx.datastream import CountWindow, StreamExecutionEnvironment, WindowFunction

Reading = tuple[str, int]

# (sensor, value)
READINGS = [("a", 1), ("a", 3), ("b", 10), ("a", 5), ("a", 7), ("b", 20), ("a", 9), ("b", 60), ("a", 11)]


class Mean(WindowFunction[Reading, str, str, CountWindow]):
    """The mean of a window's values."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def apply(self, key: str, window: CountWindow, inputs: Iterable[Reading]) -> Iterator[str]:
        values = [value for _, value in inputs]
        yield f"{self.kind} window {window.id} of {key}: {sum(values) / len(values):g}"


def main() -> None:
    """Print the means."""
    env = StreamExecutionEnvironment.get_execution_environment()
    readings = env.from_collection(READINGS).key_by(lambda reading: reading[0])
    readings.count_window(3).apply(Mean("tumbling"), Types.STRING()).print()
    readings.count_window(4, 2).apply(Mean("sliding"), Types.STRING()).print()
    env.execute("means")


if __name__ == "__main__":
    main()
