"""What leaves the process does not depend on the hashes of Python, which are other ones in each process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

KEYS = """
import datetime, decimal, uuid
from typing import NamedTuple
from pyflinkx._core.keys.partition import key_groups
from pyflinkx.common import Row

class Point(NamedTuple):
    x: int
    name: str

keys = [
    *(f"user-{number}" for number in range(500)), *(b"%d" % number for number in range(200)),
    "", "é", "日本", "\\U0001f600", *((f"a{number}", number) for number in range(200)), ("a", ("b", (1, None))), (), None, True, 1.5, 2**70, -(2**70),
    datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5), decimal.Decimal("1.50"), uuid.UUID(int=7),
    Row("x", 1), Row(a="x", b=1), Point(1, "x"),
]
print(hash("a"), key_groups(keys, 128), key_groups(keys, 32768))
"""

STATE = """
from pyflinkx.state import KeyedStateBackend, ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor

backend = KeyedStateBackend()
value, listed = backend.get_state(ValueStateDescriptor("v")), backend.get_list_state(ListStateDescriptor("l"))
mapped = backend.get_map_state(MapStateDescriptor("m"))
for number in range(300):
    backend.context.key = f"user-{number % 70}"
    value.update(number)
    listed.add(f"text {number}")
    mapped.put((f"key {number % 7}", number % 3), number)
print(hash("a"), [batch.to_rows("tuple") for batch in backend.export(128)])
"""

JOB = """
from pyflinkx.common import Configuration, Time, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows

words = [(f"word {number * 7919 % 41}", number) for number in range(600)]

def results(make):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": "inline"}))
    env.set_parallelism(3)
    with make(env.from_collection(words)).execute_and_collect() as found:
        return list(found)

reduced = results(lambda s: s.key_by(lambda w: w[0]).reduce(lambda a, b: (a[0], a[1] + b[1])))
strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value[1])
windows = results(
    lambda s: s.assign_timestamps_and_watermarks(strategy).key_by(lambda w: w[0])
    .window(TumblingEventTimeWindows.of(Time.milliseconds(100))).reduce(lambda a, b: (a[0], a[1] + b[1]))
)
shuffled = results(lambda s: s.rebalance().map(lambda w: w).key_by(lambda w: w[0]).map(lambda w: w))
print(hash("a"), reduced, windows, shuffled)
"""


def run(program, seed):
    """Python's hash of a text, and what the program prints behind it."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    hashed, _, printed = done.stdout.partition(" ")
    return hashed, printed


@pytest.mark.parametrize("program", [KEYS, STATE, JOB], ids=["key groups", "state", "order of results"])
def test_another_seed_changes_nothing(program):
    one, other = run(program, "1"), run(program, "2")
    assert one[0] != other[0]
    assert one[1] == other[1]
