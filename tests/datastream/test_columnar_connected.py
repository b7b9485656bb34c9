"""Connected streams of columns: rows come to their key in the order in which the source has them."""

import pyarrow as pa

from pyflinkx.common import Types
from pyflinkx.datastream import KeyedCoProcessFunction
from pyflinkx.datastream.state import ValueStateDescriptor

COUNT = 50_000  # more than a columnar batch


class Backwards(KeyedCoProcessFunction):
    """The records of the first stream that are smaller than the one before them."""

    def open(self, runtime_context):
        self.last = runtime_context.get_state(ValueStateDescriptor("last", Types.LONG()))

    def process_element1(self, value, ctx):
        last = self.last.value()
        if last is not None and last > value.number:
            yield value
        self.last.update(value.number)
        if value.number >= COUNT - 3:
            yield "the end"

    def process_element2(self, value, ctx):
        yield "other"


def test_rows_of_a_key_keep_their_order(env):
    columns = env.from_arrow(pa.table({"key": [i % 3 for i in range(COUNT)], "number": range(COUNT)}))
    connected = columns.connect(env.from_collection([1])).key_by(lambda row: row.key, lambda value: value)
    with connected.process(Backwards()).execute_and_collect() as results:
        assert sorted(results) == ["other"] + 3 * ["the end"]
