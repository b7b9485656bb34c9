"""How an environment comes to its settings."""

from importlib import import_module
from typing import TypedDict

import pytest

from pyflinkx.common import Configuration, Types
from pyflinkx.config.dynamic import with_dynamic_properties, with_file_properties
from pyflinkx.datastream import StreamExecutionEnvironment, data_stream, functions
from pyflinkx.errors import ConfigurationError, GraphError
from pyflinkx.names.elsewhere import ELSEWHERE
from pyflinkx.types.structured import TypedDictTypeInfo


def test_sources_of_options_in_order(tmp_path, monkeypatch):
    pytest.importorskip("yaml")
    (tmp_path / "config.yaml").write_text("pipeline: {name: file, max-parallelism: 7}\nparallelism.default: 3\n")
    (tmp_path / "other.yaml").write_text("pipeline.name: other\n")
    monkeypatch.setenv("FLINK_CONF_DIR", str(tmp_path))

    def names(configuration=None):
        env = StreamExecutionEnvironment.get_execution_environment(configuration)
        return env._configuration.get_string("pipeline.name", ""), env.get_max_parallelism(), env.get_parallelism()

    program = Configuration().set_string("pipeline.name", "program")
    assert names() == ("file", 7, 3)
    assert names(program) == ("program", 7, 3)
    with with_dynamic_properties({"pipeline.name": "line"}):
        assert names(program) == ("line", 7, 3)
    with with_file_properties(str(tmp_path / "other.yaml")):
        assert names() == ("other", -1, 1)
    assert names() == ("file", 7, 3)
    with pytest.raises(ConfigurationError), with_file_properties(str(tmp_path / "none.yaml")):
        pass


@pytest.fixture
def default_parallelism(monkeypatch):
    monkeypatch.setattr(StreamExecutionEnvironment, "_default_local_parallelism", None)


@pytest.mark.usefixtures("default_parallelism")
def test_default_local_parallelism():
    env = StreamExecutionEnvironment.get_execution_environment()
    assert env.get_default_local_parallelism() == env.get_parallelism() == 1
    env.set_default_local_parallelism(3)
    assert env.get_parallelism() == 1
    later = StreamExecutionEnvironment.create_local_environment()
    assert (later.get_default_local_parallelism(), later.get_parallelism()) == (3, 3)
    assert StreamExecutionEnvironment.create_local_environment(2).get_parallelism() == 2
    named = Configuration().set_integer("parallelism.default", 5)
    assert StreamExecutionEnvironment.create_local_environment(configuration=named).get_parallelism() == 5


@pytest.mark.usefixtures("default_parallelism")
@pytest.mark.parametrize("parallelism", [0, -1, "2", True])
def test_wrong_parallelisms(parallelism):
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(GraphError, match="parallelism"):
        env.set_default_local_parallelism(parallelism)
    with pytest.raises(GraphError, match="parallelism"):
        StreamExecutionEnvironment.create_local_environment(parallelism)


@pytest.mark.parametrize("module", [data_stream])
def test_names_that_pyflink_has_in_one_module(module):
    for name, home in ELSEWHERE[module.__name__].items():
        assert getattr(module, name) is getattr(import_module(home), name)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        module.Nothing  # noqa: B018


def test_functions_that_change_nothing():
    assert functions.NullByteKeySelector().get_key("anything") == 0
    assert list(functions.PassThroughWindowFunction().apply("key", None, [1, 2])) == [1, 2]
    assert list(functions.PassThroughAllWindowFunction().apply(None, [1, 2])) == [1, 2]


class Stop(TypedDict):
    station: str
    minutes: int | None


def test_typed_dicts_are_records(env):
    stops = [Stop(station=f"s{number}", minutes=number or None) for number in range(50)]
    kind = TypedDictTypeInfo(Stop, [Types.STRING(), Types.LONG()], [True, False])

    def later(stop: Stop) -> Stop:
        return {"minutes": (stop["minutes"] or 0) + 1, "station": stop["station"]}

    stream = env.from_collection(stops, kind).rebalance().map(later)
    assert stream.get_type() == TypedDictTypeInfo(Stop, [Types.STRING(), Types.LONG()], [True, False])
    with stream.map(later, output_type=kind).rebalance().map(lambda stop: stop).execute_and_collect() as results:
        assert sorted(results, key=lambda stop: stop["minutes"]) == [
            {"station": f"s{number}", "minutes": number + 2} for number in range(50)
        ]
