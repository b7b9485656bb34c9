"""Sources of one's own: one with splits that are handed out while the job runs, and a plain function.

The first reads the primes of ranges of numbers. The enumerator cuts the numbers into ranges, and whichever reader is
done with one asks for the next; so a reader that had an easy range does not wait for the others.

    python -m pyflinkx.examples.datastream.custom_source
"""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import dataclass
from typing import Any

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.base import (
    Boundedness,
    InputStatus,
    ReaderOutput,
    Source,
    SourceReader,
    SourceReaderContext,
    SplitEnumerator,
    SplitEnumeratorContext,
)
from pyflinkx.datastream.functions import SourceFunction


@dataclass(frozen=True)
class Numbers:
    """A split: the numbers from ``first`` up to ``after``."""

    first: int
    after: int


class PrimeSource(Source):
    """The primes below ``limit``."""

    boundedness = Boundedness.BOUNDED
    output_type = Types.LONG()

    def __init__(self, limit: int, split_size: int) -> None:
        self.limit = limit
        self.split_size = split_size

    def create_enumerator(self, enum_context: SplitEnumeratorContext) -> SplitEnumerator:
        starts = range(0, self.limit, self.split_size)
        splits = [Numbers(start, min(start + self.split_size, self.limit)) for start in starts]
        return PrimeEnumerator(enum_context, splits)

    def restore_enumerator(self, enum_context: SplitEnumeratorContext, checkpoint: list[Numbers]) -> SplitEnumerator:
        return PrimeEnumerator(enum_context, checkpoint)

    def create_reader(self, context: SourceReaderContext) -> SourceReader:
        return PrimeReader(context)


class PrimeEnumerator(SplitEnumerator):
    """Runs once for the whole job, in the client."""

    def __init__(self, context: SplitEnumeratorContext, splits: list[Numbers]) -> None:
        self.context = context
        self.splits = deque(splits)

    def handle_split_request(self, subtask_id: int, requester_hostname: str | None) -> None:
        if self.splits:
            self.context.assign_split(self.splits.popleft(), subtask_id)
        else:
            self.context.signal_no_more_splits(subtask_id)

    def add_splits_back(self, splits: list[Numbers], subtask_id: int) -> None:
        self.splits.extendleft(splits)

    def snapshot_state(self, checkpoint_id: int) -> list[Numbers]:
        return list(self.splits)


class PrimeReader(SourceReader):
    """Runs once in every subtask of the source."""

    def __init__(self, context: SourceReaderContext) -> None:
        self.context = context
        self.splits: deque[Numbers] = deque()
        self.no_more = False

    def start(self) -> None:
        self.context.send_split_request()

    def add_splits(self, splits: list[Numbers]) -> None:
        self.splits.extend(splits)

    def snapshot_state(self, checkpoint_id: int) -> list[Numbers]:
        return list(self.splits)  # the first of them begins with the number that is next

    def notify_no_more_splits(self) -> None:
        self.no_more = True

    def poll_next(self, output: ReaderOutput) -> InputStatus:
        if not self.splits:
            return InputStatus.END_OF_INPUT if self.no_more else InputStatus.NOTHING_AVAILABLE
        split = self.splits.popleft()
        number = split.first
        if number > 1 and all(number % factor for factor in range(2, int(number**0.5) + 1)):
            output.collect(number)
        if number + 1 < split.after:
            self.splits.appendleft(Numbers(number + 1, split.after))
        if not self.splits:
            self.context.send_split_request()
        return InputStatus.MORE_AVAILABLE


class Collatz(SourceFunction):
    """The Collatz numbers from ``start`` to 1: a source as a function, which is simpler and runs in one subtask."""

    def __init__(self, start: int) -> None:
        self.number = start
        self.running = True

    def run(self, ctx: Any) -> None:
        while self.running and self.number:
            with ctx.get_checkpoint_lock():
                ctx.collect(self.number)
                self.number = self.following()

    def following(self) -> int:
        """The number after this one; 0 after the last."""
        if self.number == 1:
            return 0
        return 3 * self.number + 1 if self.number % 2 else self.number // 2

    def snapshot_state(self) -> list[int]:
        """Where it is: the number that was not emitted yet."""
        return [self.number]

    def restore_state(self, state: list[int]) -> None:
        """Go on there."""
        [self.number] = state

    def cancel(self) -> None:
        self.running = False


def main(arguments: list[str] | None = None) -> None:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--parallelism", type=int, default=1)
    options = parser.parse_args(arguments)
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(options.parallelism)
    primes = env.from_source(PrimeSource(options.limit, 10), WatermarkStrategy.no_watermarks(), "primes")
    primes.print("prime")
    env.add_source(Collatz(6), "collatz", Types.LONG()).print("collatz")
    env.execute("custom sources")


if __name__ == "__main__":
    main()
