"""Where PyFlink's names are."""

import subprocess
import sys

import pytest

import pyflinkx.datastream as datastream
from pyflinkx.datastream import StreamExecutionEnvironment, data_stream, functions
from pyflinkx.datastream.functions import (
    NullByteKeySelector,
    PassThroughAllWindowFunction,
    PassThroughWindowFunction,
    ProcessWindowFunction,
)
from pyflinkx.datastream.window import CountTumblingWindowAssigner


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
