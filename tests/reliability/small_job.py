"""A small job with keyed state, for tests of single faults: counts per key, each record once."""

import time
from collections import Counter

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.testing.exactly_once import ExactlyOnceSink

RECORDS = 2_000
KEYS = 7


class Count(KeyedProcessFunction):
    """Key, and how many records it has had."""

    def open(self, runtime_context):
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value, ctx):
        count = (self.count.value() or 0) + 1
        self.count.update(count)
        yield value % KEYS, count


def paced(value):
    """Take ten milliseconds for some: on a busy machine it is how often somebody sleeps that takes long."""
    if value % 16 == 0:
        time.sleep(0.01)
    return value


def program(env, folder):
    """Build the job."""
    numbers = env.from_source(NumberSequenceSource(0, RECORDS - 1), WatermarkStrategy.no_watermarks(), "numbers")
    counts = numbers.map(paced, Types.LONG()).key_by(lambda value: value % KEYS, Types.LONG()).process(Count())
    counts.sink_to(ExactlyOnceSink(folder))


def expected():
    """The records that it gives."""
    counts = Counter()
    records = []
    for number in range(RECORDS):
        counts[number % KEYS] += 1
        records.append((number % KEYS, counts[number % KEYS]))
    return records
