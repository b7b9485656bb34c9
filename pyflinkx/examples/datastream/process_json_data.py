"""JSON: lines are parsed, changed and written again; what is no JSON goes to a side output."""

import json
from collections.abc import Iterator
from typing import Any

from pyflinkx.common import Types
from pyflinkx.datastream import OutputTag, ProcessFunction, StreamExecutionEnvironment

LINES = [
    '{"id": 1, "name": "Flink", "tel": {"country": 49, "number": 123}}',
    '{"id": 2, "name": "hello", "tel": {"country": 44, "number": 135}}',
    '{"id": 3, "name": ',
    '{"id": 4, "name": "world", "tel": {"country": 49, "number": 124}}',
]
BROKEN = OutputTag("broken", Types.STRING())


class Parse(ProcessFunction):
    """Parses lines."""

    def process_element(self, value: str, ctx: ProcessFunction.Context) -> Iterator[Any]:
        try:
            yield json.loads(value)
        except json.JSONDecodeError as error:
            yield BROKEN, f"{error.msg}: {value}"


def with_longer_number(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a digit more in its telephone number."""
    return {**record, "tel": {**record["tel"], "number": record["tel"]["number"] * 10}}


def main() -> None:
    """Print the records of country 49, and what could not be read."""
    env = StreamExecutionEnvironment.get_execution_environment()
    parsed = env.from_collection(LINES, Types.STRING()).process(Parse())
    parsed.filter(lambda record: record["tel"]["country"] == 49).map(with_longer_number).map(json.dumps).print()
    parsed.get_side_output(BROKEN).print("broken")
    env.execute("JSON")


if __name__ == "__main__":
    main()
