"""A record that breaks the type that the program declares is an error, whether or not it leaves its process."""

import logging

import pytest

from pyflinkx.common import Row, Types
from pyflinkx.datastream import AggregateFunction, OutputTag, ProcessFunction
from pyflinkx.errors import JobExecutionError

PAIR = Types.ROW_NAMED(["name", "age"], [Types.STRING(), Types.INT()])


class Describe(AggregateFunction):
    def create_accumulator(self):
        return 0

    def add(self, value, accumulator):
        return accumulator + value

    def get_result(self, accumulator):
        return f"sum {accumulator}"

    def merge(self, a, b):
        return a + b


TAG = OutputTag("texts", Types.STRING())


class Divert(ProcessFunction):
    def process_element(self, value, ctx):
        yield TAG, value


PROGRAMS = {
    "map": (lambda stream: stream.map(lambda value: f"no {value}", output_type=Types.INT()), "Map", "INT", "'no 3'"),
    "field": (
        lambda stream: stream.map(lambda value: Row("Ann", str(value)), output_type=PAIR),
        "Map",
        "field 'age': expected INT, got str '3'",
        "'Ann'",
    ),
    "flat_map": (lambda stream: stream.flat_map(lambda value: [value, 2**40], output_type=Types.INT()), "", "INT", ""),
    "window": (
        lambda stream: stream.key_by(lambda value: 0).count_window(1).aggregate(Describe(), output_type=Types.LONG()),
        "Window",
        "LONG",
        "'sum 3'",
    ),
    "reduce": (
        lambda stream: (
            stream.map(lambda value: value, output_type=Types.INT())
            .key_by(lambda value: 0)
            .reduce(lambda left, right: str(right))
        ),
        "Reduce",
        "INT",
        "str '3'",
    ),
    "side output": (lambda stream: stream.process(Divert()).get_side_output(TAG), "", "STRING", "int 3"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_record_that_breaks_its_declared_type_names_operator_field_value_and_types(env, program):
    build, operator, types, value = PROGRAMS[program]
    stream = build(env.from_collection([3, 3], type_info=Types.INT()))
    with pytest.raises(JobExecutionError) as raised:
        list(stream.execute_and_collect())
    message = str(raised.value)
    assert operator in message
    assert types in message
    assert value in message
    assert "declared output type" in message or "while its records were encoded" in message
    assert "test_declared_types.py" in message


def test_records_of_their_declared_type_stay_as_they_are(inline_env):
    rows = inline_env.from_collection([1, 2]).map(lambda value: Row(name="Ann", age=value), output_type=PAIR)
    kept = rows.filter(lambda row: row.age > 1)
    assert list(kept.execute_and_collect()) == [Row(name="Ann", age=2)]


def test_a_type_that_is_not_declared_is_pickled_and_said_once(env, caplog):
    class Thing:
        def __init__(self, number):
            self.number = number

    with caplog.at_level(logging.INFO):
        things = env.from_collection([*range(50)]).map(Thing).rebalance().map(lambda thing: thing.number)
        assert sorted(things.execute_and_collect()) == [*range(50)]
    said = [record for record in caplog.records if "have no declared type" in record.getMessage()]
    assert len(said) <= 2
