"""A loop: the steps that a number takes to 1 by the Collatz rule; what is not there yet goes round again."""

from pyflinkx.datastream import StreamExecutionEnvironment


def step(record: tuple[int, int, int]) -> tuple[int, int, int]:
    """(start, number, steps) one step on."""
    start, number, steps = record
    return start, number // 2 if number % 2 == 0 else 3 * number + 1, steps + 1


def main() -> None:
    """Print the numbers and their steps."""
    env = StreamExecutionEnvironment.get_execution_environment()
    loop = env.from_collection([(number, number, 0) for number in (6, 7, 8)]).iterate()
    stepped = loop.map(step)
    loop.close_with(stepped.filter(lambda record: record[1] != 1))
    stepped.filter(lambda record: record[1] == 1).project(0, 2).print()
    env.execute("loop")


if __name__ == "__main__":
    main()
