"""Where PyFlink's names are."""

import pickle
import subprocess
import sys

import pytest

import pyflinkx.datastream as datastream
from pyflinkx.common import Time, Types
from pyflinkx.datastream import AsyncDataStream, StreamExecutionEnvironment, data_stream, functions
from pyflinkx.datastream.functions import (
    AsyncFunction,
    AsyncRetryPredicate,
    AsyncRetryStrategy,
    BroadcastProcessFunction,
    KeyedBroadcastProcessFunction,
    NullByteKeySelector,
    PassThroughAllWindowFunction,
    PassThroughWindowFunction,
    ProcessAllWindowFunction,
    ProcessWindowFunction,
)
from pyflinkx.datastream.state import MapStateDescriptor
from pyflinkx.datastream.window import CountTumblingWindowAssigner, TimeWindow


def test_all_kinds_of_streams_are_in_the_module_of_data_stream():
    for name in data_stream.__all__:
        if name != "CloseableIterator":
            assert getattr(data_stream, name) is getattr(datastream, name)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        data_stream.Nothing  # noqa: B018


@pytest.mark.parametrize("module", [datastream, data_stream, functions])
def test_every_name_that_is_offered_is_there(module):
    for name in module.__all__:
        assert hasattr(module, name)


def test_functions_that_do_nothing():
    env = StreamExecutionEnvironment.get_execution_environment()
    stream = env.from_collection([3, 1, 2, 5])
    windows = stream.key_by(NullByteKeySelector()).window(CountTumblingWindowAssigner(2))
    assert list(windows.apply(PassThroughWindowFunction()).execute_and_collect()) == [3, 1, 2, 5]
    windows = env.from_collection([3, 1]).window_all(CountTumblingWindowAssigner(2))
    assert list(windows.apply(PassThroughAllWindowFunction()).execute_and_collect()) == [3, 1]


def test_contexts_can_be_named_in_annotations():
    def process(key: str, context: ProcessWindowFunction.Context, elements: list[int]) -> None:
        raise NotImplementedError

    assert process.__annotations__["context"] is functions.ProcessWindowContext


def test_asyncio_is_imported_when_it_is_needed():
    program = "import sys, pyflinkx.datastream; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def modules_after(program):
    """The modules that a new interpreter has loaded after the program."""
    program += "; import sys; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    )


def test_what_a_job_needs_is_imported_when_one_starts():
    usual = "from pyflinkx.common import Types, WatermarkStrategy; from pyflinkx.datastream import DataStream"
    loaded = modules_after(f"{usual}, StreamExecutionEnvironment, MapFunction")
    late = {"multiprocessing", "numpy", "pyarrow", "cloudpickle", "selectors", "socket", "subprocess", "tarfile"}
    late |= {
        "pyflinkx.runtime." + name
        for name in (
            "drivers.inline",
            "drivers.job",
            "task.task",
            "exchange.gates",
            "exchange.frames",
            "control.worker",
        )
    }
    late |= {"pyflinkx.operators." + name for name in ("window", "interval_join", "async_wait", "iteration")}
    late |= {"pyflinkx.datastream." + name for name in ("agg", "joined_streams", "async_data_stream", "window")}
    late |= {"pyflinkx.connectors.files.csv_sink", "pyflinkx.connectors.socket_text", "pyflinkx.connectors.columnar"}
    assert loaded & late == set()
    ran = modules_after(
        f"{usual}, StreamExecutionEnvironment as E; s = E().from_collection([1]); [*s.execute_and_collect()]"
    )
    assert ran >= {"pyflinkx.runtime.drivers.inline", "pyflinkx.runtime.task.task"}


def test_names_that_come_late_are_the_same_objects():
    everything = {}
    exec("from pyflinkx.datastream import *", everything)
    assert set(datastream.__all__) <= set(everything)
    assert set(datastream.__all__) <= set(dir(datastream))
    assert everything["agg"] is sys.modules["pyflinkx.datastream.agg"]
    for name in ("WindowedStream", "AsyncDataStream", "TimeWindow"):
        assert pickle.loads(pickle.dumps(everything[name])) is getattr(datastream, name)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        datastream.Nothing  # noqa: B018


def test_what_is_generic_in_pyflink_takes_type_arguments():
    class Sum(ProcessWindowFunction[int, int, str, TimeWindow]):
        def process(self, key: str, context: ProcessWindowFunction.Context[TimeWindow], elements):
            return [sum(elements)]

    class Alarm(BroadcastProcessFunction[int, str, str]):
        def process_element(self, value, ctx):
            yield value

        def process_broadcast_element(self, value, ctx):
            yield value

    class Ask(AsyncFunction[int, str]):
        async def async_invoke(self, value: int) -> list[str]:
            return [str(value)]

    assert ProcessAllWindowFunction.Context[TimeWindow] is not None
    assert KeyedBroadcastProcessFunction[str, int, int, str] is not None
    assert AsyncRetryStrategy[str] is not None
    assert AsyncRetryPredicate[str] is not None
    env = StreamExecutionEnvironment.get_execution_environment()
    stream = env.from_collection([3, 1])
    windows = stream.key_by(lambda value: "k").window(CountTumblingWindowAssigner(2))
    assert list(windows.process(Sum()).execute_and_collect()) == [4]
    assert list(AsyncDataStream.ordered_wait(stream, Ask(), Time.seconds(60)).execute_and_collect()) == ["3", "1"]
    connected = stream.connect(
        env.from_collection(["x"]).broadcast(MapStateDescriptor("m", Types.STRING(), Types.INT()))
    )
    assert sorted(map(str, connected.process(Alarm()).execute_and_collect())) == ["1", "3", "x"]
