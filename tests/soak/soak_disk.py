"""A job whose disk fails at one call of the system after the other: soak_disk [--calls N] [--kinds A,B].

EIO, ENOSPC and a disk that is full for a while at each of the first N calls that its checkpoints make, and short writes
all the time. Each job must give what it gives, with checkpoints behind the failure, and leave no file of one.
"""

import argparse
import errno
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pyflinkx.checkpoint import local_files
from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.testing.exactly_once import ExactlyOnceSink, shown_records
from tests.checkpoint.disk import CountedCalls, failing_at, short_writes
from tests.reliability.small_job import KEYS, Count

RECORDS = 600
FULL_FOR = 40  # calls


def full_for_a_while(place):
    """Nothing can be made or written at some calls."""

    def before(number, name, arguments):
        creates = name in ("mkdir", "write") or (name == "open" and arguments[1] & os.O_CREAT)
        if place <= number < place + FULL_FOR and creates:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return arguments

    return CountedCalls(before)


KINDS = {
    "EIO": lambda place: failing_at(place, errno.EIO),
    "ENOSPC": lambda place: failing_at(place, errno.ENOSPC),
    "full": full_for_a_while,
    "short": lambda place: short_writes(random.Random(place)),
}


def paced(value):
    """Take five milliseconds for some."""
    if value % 16 == 0:
        time.sleep(0.005)
    return value


def run(folder, system):
    """The job inline, on that system; how many of its checkpoints were completed."""
    options = {
        "pyflinkx.workers": "inline",
        "pyflinkx.batch.size": "16",
        "execution.checkpointing.interval": "10 ms",
        "execution.checkpointing.dir": f"{folder}/checkpoints",
        "execution.checkpointing.data-inline-threshold": "0 b",
        "execution.checkpointing.tolerable-failed-checkpoints": "1000000",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "10",
        "restart-strategy.fixed-delay.delay": "0 ms",
    }
    calls, local_files.SystemCalls = local_files.SystemCalls, lambda: system
    try:
        env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
        numbers = env.from_source(NumberSequenceSource(0, RECORDS - 1), WatermarkStrategy.no_watermarks(), "numbers")
        counts = numbers.map(paced, Types.LONG()).key_by(lambda value: value % KEYS, Types.LONG()).process(Count())
        counts.sink_to(ExactlyOnceSink(folder))
        client = env.execute_async()
        client.get_job_execution_result().result()
        statistics = client.get_checkpoint_statistics()
    finally:
        local_files.SystemCalls = calls
    return statistics.completed


def check(folder, system):
    """What is wrong behind a job; nothing if all is as it should be."""
    counts, expected = Counter(), Counter()
    for number in range(RECORDS):
        counts[number % KEYS] += 1
        expected[number % KEYS, counts[number % KEYS]] += 1
    given = Counter(shown_records(folder))
    if given != expected:
        return f"lost {(expected - given).most_common(3)}, twice {(given - expected).most_common(3)}"
    if system.open_files:
        return f"{len(system.open_files)} descriptors are open"
    return ""


def main():
    """Go through all cells."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=80)
    parser.add_argument("--kinds", default=",".join(KINDS))
    arguments = parser.parse_args()
    failed, cells, began = 0, 0, time.monotonic()
    for kind in arguments.kinds.split(","):
        met, completed, left = 0, 0, 0
        for place in range(arguments.calls if kind != "short" else 3):
            with tempfile.TemporaryDirectory(prefix="pyflinkx-") as folder:
                system = KINDS[kind](place)
                try:
                    done = run(folder, system)
                    wrong = check(folder, system) or ("" if done else "no checkpoint was completed")
                except Exception as error:
                    done, wrong = 0, repr(error)
                left += sum(path.is_file() for path in Path(folder, "checkpoints").rglob("*"))
            cells += 1
            met += kind == "short" or system.count > place
            completed += done
            failed += bool(wrong)
            if wrong:
                print(f"{kind} at call {place}: {wrong}", flush=True)
        print(f"{kind}: met {met}, checkpoints {completed}, files left {left}", flush=True)
    print(f"{cells} cells, {(time.monotonic() - began) / 60:.1f} min: {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
