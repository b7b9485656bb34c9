"""What of an error reaches the user: operator and line, and the exception itself."""

import pytest

from pyflinkx.datastream import MapFunction, ProcessFunction, StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError, RemoteError
from pyflinkx.runtime.control.failures import pack, unpack
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


class Rejected(Exception):
    """Its arguments are not those that it hands on."""

    def __init__(self, order, *, reason):
        super().__init__(f"order {order}: {reason}")
        self.order, self.reason = order, reason


class Unreadable(Rejected):
    def __reduce__(self):
        return Unreadable, (1,)


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


@pytest.mark.parametrize("parallelism", [1, 2])
def test_an_exception_whose_init_takes_other_arguments_comes_back(parallelism):
    class Local(Rejected):
        pass

    for kind in (Rejected, Local):

        def reject(value, kind=kind):
            raise kind(value, reason="late")

        env = StreamExecutionEnvironment.get_execution_environment()
        env.set_parallelism(parallelism)
        with (
            pytest.raises(JobExecutionError, match=r"order 7: late") as caught,
            env.from_collection([7]).map(reject).execute_and_collect() as results,
        ):
            list(results)
        cause = caught.value.__cause__
        assert type(cause).__name__ == kind.__name__
        assert isinstance(cause, kind)
        assert (cause.args, cause.order, cause.reason) == (("order 7: late",), 7, "late")


def test_an_exception_that_cannot_be_read_again_is_text():
    failure = unpack(pack(Unreadable(7, reason="late")))
    assert isinstance(failure, RemoteError)
    assert "order 7: late" in str(failure)
