"""Errors that no record is to blame for say the operator and the line that made it."""

import pytest

from pyflinkx.datastream import MapFunction, ProcessFunction, StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError
from pyflinkx.state import ValueStateDescriptor


class Counted(MapFunction):
    def open(self, runtime_context):
        self.count = runtime_context.get_state(ValueStateDescriptor("count"))

    def map(self, value):
        return value


class Timed(ProcessFunction):
    def process_element(self, value, ctx):
        ctx.timer_service().register_event_time_timer(1)
        yield value


def lost():
    yield 1
    raise KeyError("lost")


def stopped():
    yield 1
    raise SystemExit(3)


PROGRAMS = {
    "state without keys": (lambda env: env.from_collection([1]).map(Counted()), "WrongStateError: keyed state needs"),
    "timer without keys": (lambda env: env.from_collection([1]).process(Timed()), "WrongStateError: timers need"),
    "iterator": (lambda env: env.from_iterator(lost()), "failed in the client; .*KeyError: 'lost'"),
    "iterator that exits": (lambda env: env.from_iterator(stopped()), "failed in the client; .*SystemExit: 3"),
}


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_operator_and_line_are_named(name, parallelism):
    build, reason = PROGRAMS[name]
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    with pytest.raises(JobExecutionError, match=reason) as caught, build(env).execute_and_collect() as results:
        list(results)
    assert str(caught.value).startswith("operator '")
    assert "created at" in str(caught.value)
    assert "test_error_places.py:" in str(caught.value)
