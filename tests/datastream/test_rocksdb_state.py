"""Jobs whose state is in RocksDB."""

import os
import sys

import pytest

from pyflinkx.common import Configuration, Types
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.functions import KeyedProcessFunction
from pyflinkx.datastream.state import ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.errors import MissingExtraError


class Kept(KeyedProcessFunction):
    def open(self, runtime_context):
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))
        self.numbers = runtime_context.get_list_state(ListStateDescriptor("numbers", Types.LONG()))
        self.last = runtime_context.get_map_state(MapStateDescriptor("last", Types.LONG(), Types.LONG()))

    def process_element(self, value, ctx):
        self.count.update((self.count.value() or 0) + 1)
        self.numbers.add(value)
        self.last.put(value % 3, value)
        if self.count.value() == 100:
            yield ctx.get_current_key(), sum(self.numbers.get()), sorted(self.last.items())


def configured(folder, parallelism):
    configuration = Configuration()
    configuration.set_string("state.backend.type", "rocksdb")
    configuration.set_string("state.backend.rocksdb.localdir", str(folder))
    configuration.set_string("state.backend.rocksdb.memory.fixed-per-slot", "4mb")
    environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    environment.set_parallelism(parallelism)
    return environment


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_job_keeps_its_state_there_and_leaves_nothing(tmp_path, parallelism):
    environment = configured(tmp_path, parallelism)
    numbers = environment.from_sequence(0, 9_999).key_by(lambda value: value % 100, key_type=Types.LONG())
    with numbers.process(Kept()).execute_and_collect() as results:
        found = sorted(results)
    assert [(key, total) for key, total, _ in found] == [(key, sum(range(key, 10_000, 100))) for key in range(100)]
    assert all([rest for rest, _ in last] == [0, 1, 2] for _, _, last in found)
    assert os.path.isdir(tmp_path)  # it was used
    assert os.listdir(tmp_path) == []


def test_without_the_package_the_job_is_refused(tmp_path, monkeypatch):
    environment = configured(tmp_path, 1)
    environment.from_collection([1]).print()
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(MissingExtraError, match="rocksdb"):
        environment.execute()
