"""Session windows whose gap depends on the record: a call may be quiet for longer than a chat."""

from collections.abc import Iterable, Iterator

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment, WindowFunction
from pyflinkx.datastream.window import EventTimeSessionWindows, SessionWindowTimeGapExtractor, TimeWindow

Message = tuple[str, str, int]

# (customer, channel, second)
MESSAGES = [
    ("ada", "chat", 0),
    ("ada", "chat", 8),
    ("ada", "chat", 25),
    ("bob", "call", 0),
    ("bob", "call", 25),
    ("bob", "chat", 30),
    ("bob", "chat", 45),
]


class Patience(SessionWindowTimeGapExtractor):
    """10 seconds after a message in a chat, 60 after one in a call; in milliseconds."""

    def extract(self, element: Message) -> int:
        return 60_000 if element[1] == "call" else 10_000


class Conversation(WindowFunction[Message, str, str, TimeWindow]):
    """Says how many messages a conversation had, and when."""

    def apply(self, key: str, window: TimeWindow, inputs: Iterable[Message]) -> Iterator[str]:
        messages = list(inputs)
        yield f"{key}: {len(messages)} messages from second {window.start // 1000} to {messages[-1][2]}"


def main() -> None:
    """Print the conversations."""
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.no_watermarks().with_timestamp_assigner(lambda m, _: m[2] * 1000)
    (
        env.from_collection(MESSAGES)
        .assign_timestamps_and_watermarks(strategy)
        .key_by(lambda message: message[0])
        .window(EventTimeSessionWindows.with_dynamic_gap(Patience()))
        .apply(Conversation(), Types.STRING())
        .print()
    )
    env.execute("conversations")


if __name__ == "__main__":
    main()
