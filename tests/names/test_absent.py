"""PyFlink's names that are not there yet say so, and those that are there are not on the list."""

import copy
import importlib
import importlib.util
import inspect
import pickle
import subprocess
import sys

import pytest

import pyflinkx
from pyflinkx.common import Configuration, ExecutionConfig, Row, RowKind, Types
from pyflinkx.datastream import DataStream, OutputTag, StreamExecutionEnvironment, connectors
from pyflinkx.datastream.connectors import FileSink
from pyflinkx.names import absent
from pyflinkx.names.absent import COMPACTION, CONNECTORS, JAVA, MEMBERS, MODULES, NAMES, TABLES
from pyflinkx.names.asking import AbsentModules, Answering, install
from pyflinkx.names.elsewhere import ELSEWHERE
from tests.pages import ROOT, anchors
from tests.test_compatibility import script

LISTED = list(script.parse(script.NAMES.read_text(encoding="utf-8")))


def ours(name):
    return name.module.replace("pyflink", "pyflinkx", 1)


def said_on_import(statement):
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    return str(caught.value)


def absent_names():
    """One parameter for each name of PyFlink's that is absent: what to import, and the members to ask for."""
    found = {}
    for name in LISTED:
        if script.compare(name)[0] == "absent":
            found.setdefault((ours(name), name.path[0]), []).extend(name.path[1:])
    return found


ABSENT = absent_names()


def test_there_are_absent_names():
    # Names leave the list as they come; then this number goes down.
    assert len(ABSENT) > 100


@pytest.mark.parametrize(("module", "name"), ABSENT)
def test_an_absent_name_says_why(module, name):
    whole = next((m for m in MODULES if f"{module}.".startswith(f"{m}.")), None)
    if whole is not None:
        assert f": {MODULES[whole]}" in said_on_import(f"import {module}")
        assert f": {MODULES[whole]}" in said_on_import(f"from {module} import {name}")
        return
    found = importlib.import_module(module)
    if not hasattr(found, name):
        assert any(f": {topic}" in said_on_import(f"from {module} import {name}") for topic in topics())
        with pytest.raises(AttributeError, match=f"module '{module}' has no attribute '{name}': .*, see https://"):
            getattr(found, name)
        assert name not in dir(found)
        return
    owner = getattr(found, name)
    for member in ABSENT[module, name]:
        assert member not in dir(owner)
        asked = owner if isinstance(owner, Answering) else instance(owner)
        with pytest.raises(AttributeError, match=f" has no attribute '{member}': .*, see https://"):
            getattr(asked, member)


def topics():
    return [topic for topic in vars(absent).values() if isinstance(topic, absent.Topic)]


def instance(cls):
    """An object of a class that was never initialised; the answer does not depend on what is in it."""
    return RowKind.INSERT if cls is RowKind else object.__new__(cls)


def test_what_is_on_the_list_is_not_there():
    for module in MODULES:
        assert importlib.util.find_spec(module) is None, module
    for module, names in NAMES.items():
        assert not names.keys() & {*vars(importlib.import_module(module)), *ELSEWHERE.get(module, ())}, module
    for place, names in MEMBERS.items():
        module, _, owner = place.rpartition(".")
        cls = getattr(importlib.import_module(f"pyflinkx.{module}"), owner)
        assert not names.keys() & set(dir(cls)), place


def test_what_is_elsewhere_is_found():
    for module, names in ELSEWHERE.items():
        offering = importlib.import_module(module)
        for name, home in names.items():
            defining = importlib.import_module(home)
            assert getattr(offering, name) is (defining if home == f"{module}.{name}" else getattr(defining, name))


def test_sections_that_are_named_are_there():
    page = ROOT / "docs" / absent.PAGE.rpartition("/")[2]
    assert {topic.section for topic in topics()} <= anchors(page.read_text(encoding="utf-8"))


def test_modules_answer_importers_only():
    assert importlib.util.find_spec("pyflinkx.table.compiled_plan") is None
    assert importlib.util.find_spec("pyflinkx.nothing") is None
    assert AbsentModules().find_spec("pyflinkx.dataframe") is None
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("pyflinkx.table.compiled_plan")
    module = "pyflinkx.table.compiled_plan"
    assert (caught.value.name, str(caught.value)) == (module, f"No module named '{module}': {TABLES}")
    assert said_on_import("import pyflinkx.nothing") == "No module named 'pyflinkx.nothing'"
    install()
    assert sum(isinstance(finder, AbsentModules) for finder in sys.meta_path) == 1


def test_absent_names_of_programs():
    assert str(TABLES) in said_on_import("from pyflinkx.table import CompiledPlan")
    assert str(TABLES) in said_on_import("from pyflinkx.table import compiled_plan")
    assert str(CONNECTORS) in said_on_import("from pyflinkx.datastream.connectors import PulsarSource as C")
    assert str(CONNECTORS) in said_on_import("from pyflinkx.datastream import (DataStream,\n PulsarSource)")
    assert str(COMPACTION) in said_on_import("from pyflinkx.datastream.connectors import FileCompactStrategy")
    assert "see https" not in said_on_import("from pyflinkx.datastream import Nothing")
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(AttributeError) as caught:
        env.create_input(None)
    assert str(caught.value) == f"'StreamExecutionEnvironment' object has no attribute 'create_input': {JAVA}"
    with pytest.raises(AttributeError, match="'KeyedStream' object has no attribute '_j_data_stream'"):
        env.from_collection([1]).key_by(abs)._j_data_stream  # noqa: B018
    with pytest.raises(AttributeError) as caught:
        env.nothing  # noqa: B018
    assert str(caught.value) == "'StreamExecutionEnvironment' object has no attribute 'nothing'"
    with pytest.raises(AttributeError) as caught:
        FileSink.nothing  # noqa: B018
    assert str(caught.value) == "type object 'FileSink' has no attribute 'nothing'"


def test_whoever_only_looks_sees_nothing():
    env = StreamExecutionEnvironment.get_execution_environment()
    for owner, name in [
        (env, "create_input"),
        (StreamExecutionEnvironment, "create_input"),
        (FileSink, "get_transformer"),
        (connectors, "PulsarSource"),
        (pyflinkx, "dataframe"),
        (RowKind.INSERT, "to_j_row_kind"),
    ]:
        assert not hasattr(owner, name)
        assert getattr(owner, name, 7) == 7
        assert name not in dir(owner)
        assert name not in dict(inspect.getmembers(owner))
    space = {}
    exec("from pyflinkx.datastream.connectors import *\nfrom pyflinkx.datastream import *", space)
    assert space.keys() >= {*connectors.__all__, "TimeCharacteristic", "FileSink"}


def test_objects_that_answer_are_copied_and_pickled():
    tag = OutputTag("late", Types.ROW([Types.INT()]))
    configuration = Configuration.from_dict({"a": "b"})
    for value in (tag, configuration, RowKind.DELETE, Types.LIST(Types.INT()), Row(1)):
        assert type(copy.deepcopy(value)) is type(value)
        assert type(pickle.loads(pickle.dumps(value))) is type(value)
    assert isinstance(copy.copy(ExecutionConfig()), ExecutionConfig)

    class Mine(DataStream):
        def __getattr__(self, name):
            return name

    assert object.__new__(Mine)._j_data_stream == "_j_data_stream"


def test_python_names_the_reason_in_a_traceback():
    program = "from pyflinkx.common.typeinfo import Types\nTypes.INT().get_java_type_info()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    assert f"'BasicTypeInfo' object has no attribute 'get_java_type_info': {JAVA}" in done.stderr
