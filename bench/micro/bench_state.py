"""State by key against a dict of the function's own: processor time, measured in turns.

Run with ``python -m bench.micro.bench_state``.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from operator import itemgetter
from typing import Any

from bench.jobs.records import TailSink
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.datastream import KeyedProcessFunction, StreamExecutionEnvironment
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.process import KeyedProcessOperator
from pyflinkx.state.descriptors import ValueStateDescriptor
from pyflinkx.testing import OperatorHarness

RECORDS, KEYS, BATCH, TURNS = 1_000_000, 10_000, 1024, 7


class InState(KeyedProcessFunction):
    """Counts in a ValueState."""

    type_info: Any = None

    def open(self, runtime_context: Any) -> None:
        self.count = runtime_context.get_state(ValueStateDescriptor("count", self.type_info))

    def process_element(self, value: Any, ctx: Any) -> Any:
        count = (self.count.value() or 0) + 1
        self.count.update(count)
        return ((value[0], count),)


class InTypedState(InState):
    """Counts in a ValueState of a declared type."""

    type_info = Types.LONG()


class InDict(KeyedProcessFunction):
    """Counts in a dict of its own."""

    def open(self, runtime_context: Any) -> None:
        self.counts: dict[Any, int] = {}

    def process_element(self, value: Any, ctx: Any) -> Any:
        key = value[0]
        count = (self.counts.get(key) or 0) + 1
        self.counts[key] = count
        return ((value[0], count),)


def of_operator(function: Any, values: list[Any]) -> float:
    """Seconds of processor time that an operator takes for all records, in batches."""
    calls = [UserFunction(function.process_element, function)]
    operator = KeyedProcessOperator(calls, [itemgetter(0)], None)
    batches = [ObjectBatch(values[start : start + BATCH], None) for start in range(0, len(values), BATCH)]
    with OperatorHarness(operator, copier=Copier("counted")) as harness:
        begun = time.process_time()
        for batch in batches:
            operator.process_batch(batch)
            harness.resume()
            last = harness.take()[-1][0]
        taken = time.process_time() - begun
    check(last, values)
    return taken


def of_job(function: Any, values: list[Any]) -> float:
    """The same of a job: a source, the key, the function and a sink."""
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict({"pyflinkx.workers": "inline", "parallelism.default": 1})
    )
    source = CollectionSource(values)
    stream = env.from_source(source, WatermarkStrategy.no_watermarks(), "records")
    sink = TailSink()
    stream.key_by(itemgetter(0)).process(function).sink_to(sink)
    gc.collect()
    begun = time.process_time()
    env.execute()
    taken = time.process_time() - begun
    check(sink.last[-1], values)
    return taken


def check(last: Any, values: list[Any]) -> None:
    """The last result is right."""
    key = values[-1][0]
    assert last == (key, sum(value[0] == key for value in values))


def main() -> None:
    """Print the processor time of each, and its ratio to the dict's."""
    draw = random.Random(1)
    makes = {"int": lambda n: n * 7_919, "str": lambda n: f"key-{n}", "tuple": lambda n: (n, f"k{n % 7}")}
    for measured in (of_operator, of_job):
        for name, make in makes.items():
            keys = [make(number) for number in range(KEYS)]
            values = [(draw.choice(keys), number) for number in range(RECORDS)]
            times: dict[type, list[float]] = {InDict: [], InState: [], InTypedState: []}
            for _ in range(TURNS):
                for kind, taken in times.items():
                    taken.append(measured(kind(), values))
            for kind, taken in times.items():
                ratio = statistics.median(each / other for each, other in zip(taken, times[InDict], strict=True))
                nanoseconds = statistics.median(taken) * 1e9 / RECORDS
                print(f"{measured.__name__:12}{name:7}{kind.__name__:13}{nanoseconds:6.0f} ns {ratio:6.3f} x")


if __name__ == "__main__":
    main()
