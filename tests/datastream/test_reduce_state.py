"""Reduce functions with keyed state of their own, as in PyFlink."""

from pyflinkx.common import Types
from pyflinkx.datastream import ReduceFunction, RuntimeExecutionMode
from pyflinkx.datastream.state import MapStateDescriptor, ValueStateDescriptor


class Counting(ReduceFunction):
    """Adds, and counts its calls by key."""

    def open(self, runtime_context):
        self.calls = runtime_context.get_state(ValueStateDescriptor("calls", Types.LONG()))
        self.seen = runtime_context.get_map_state(MapStateDescriptor("seen", Types.LONG(), Types.LONG()))

    def reduce(self, value1, value2):
        calls = (self.calls.value() or 0) + 1
        self.calls.update(calls)
        self.seen.put(value2[1], calls)
        return (value1[0], value1[1] + value2[1], calls, len(list(self.seen.keys())))


RECORDS = [("a", 1, 0, 0), ("b", 10, 0, 0), ("a", 2, 0, 0), ("a", 2, 0, 0), ("b", 20, 0, 0), ("c", 5, 0, 0)]


def test_the_state_is_that_of_the_key(env):
    stream = env.from_collection(RECORDS).key_by(lambda r: r[0]).reduce(Counting())
    with stream.execute_and_collect() as results:
        assert sorted(results) == [
            ("a", 1, 0, 0), ("a", 3, 1, 1), ("a", 5, 2, 1), ("b", 10, 0, 0), ("b", 30, 1, 1), ("c", 5, 0, 0)
        ]  # fmt: skip


def test_in_batch_mode(env):
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    stream = env.from_collection(RECORDS).key_by(lambda r: r[0]).reduce(Counting())
    with stream.execute_and_collect() as results:
        assert sorted(results) == [("a", 5, 2, 1), ("b", 30, 1, 1), ("c", 5, 0, 0)]
