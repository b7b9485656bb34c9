"""Programs whose functions keep what is, or is not, of the type that they declare for their states."""

import pytest

from pyflinkx.common import Row, Types
from pyflinkx.datastream import KeyedProcessFunction
from pyflinkx.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.errors import JobExecutionError

SEEN = Types.ROW_NAMED(["name", "count"], [Types.STRING(), Types.DOUBLE()])


class Total:
    def create_accumulator(self):
        return Row(name="", count=0)

    def add(self, value, accumulator):
        return {"count": accumulator.count + value[1], "name": value[0]}

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return a


class Keeps(KeyedProcessFunction):
    """Keeps tuples where rows are declared, and gives what the states then hold, by name."""

    def open(self, context):
        self.value = context.get_state(ValueStateDescriptor("value", SEEN))
        self.list = context.get_list_state(ListStateDescriptor("list", SEEN))
        self.map = context.get_map_state(MapStateDescriptor("map", Types.STRING(), SEEN))
        add = lambda a, b: Row(a.name, a.count + b.count)  # noqa: E731
        self.reduced = context.get_reducing_state(ReducingStateDescriptor("reduced", add, SEEN))
        self.total = context.get_aggregating_state(AggregatingStateDescriptor("total", Total(), SEEN))

    def process_element(self, value, ctx):
        self.value.update(value)
        self.list.add(value)
        self.map.put("last", value)
        self.reduced.add(value)
        self.total.add(value)
        yield [self.value.value(), self.list.get()[-1], self.map.get("last"), self.reduced.get(), self.total.get()]


def test_states_hold_rows_whatever_was_put_there(env):
    stream = env.from_collection([("a", 1), ("b", 5), ("a", 2)]).key_by(lambda record: record[0]).process(Keeps())
    with stream.execute_and_collect() as results:
        found = {tuple(held[0]): held for held in results}
    for record, summed in ((("a", 1), 1), (("b", 5), 5), (("a", 2), 3)):
        row, total = Row(name=record[0], count=float(record[1])), Row(name=record[0], count=float(summed))
        assert found[record] == [row, row, row, total, total]
        assert all(type(held.count) is float for held in found[record])


class Breaks(KeyedProcessFunction):
    """Puts something else than a number where a number is declared."""

    def __init__(self, put):
        self.put = put

    def open(self, context):
        self.state = {
            "value": context.get_state(ValueStateDescriptor("value", Types.INT())),
            "list": context.get_list_state(ListStateDescriptor("list", Types.INT())),
            "map": context.get_map_state(MapStateDescriptor("map", Types.INT(), Types.INT())),
        }

    def process_element(self, value, ctx):
        self.put(self.state, value)


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        (lambda states, value: states["value"].update(value), "state 'value': expected INT, got str 'seven'"),
        (lambda states, value: states["list"].add(value), "state 'list': expected INT, got str 'seven'"),
        (lambda states, value: states["list"].update([value]), "state 'list': expected INT, got str 'seven'"),
        (lambda states, value: states["map"].put(1, value), "state 'map': expected INT, got str 'seven'"),
        (lambda states, value: states["map"].put(value, 1), "the keys of state 'map': expected INT, got str 'seven'"),
        (lambda states, value: states["map"].get(value), "the keys of state 'map': expected INT, got str 'seven'"),
    ],
)
def test_the_error_names_state_operator_and_record(inline_env, put, reason):
    stream = (
        inline_env.from_collection([1, "seven", 2]).key_by(lambda record: 0).process(Breaks(put)).name("keeps numbers")
    )
    with pytest.raises(JobExecutionError) as caught, stream.execute_and_collect() as results:
        list(results)
    message = str(caught.value)
    assert all(said in message for said in (reason, "keeps numbers", "record 'seven'")), message
