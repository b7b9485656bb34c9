"""Parameters of programs."""

import sys

import pytest

from pyflinkx.common import ExecutionConfig
from pyflinkx.common.parameter_tool import ParameterTool
from pyflinkx.errors import ConfigurationError

NOTHING = ParameterTool.NO_VALUE_KEY


@pytest.mark.parametrize(
    ("args", "pairs"),
    [
        ([], {}),
        (["--input", "a b", "-limit", "5"], {"input": "a b", "limit": "5"}),
        (["--low", "-5", "--rate", "-1.5e3"], {"low": "-5", "rate": "-1.5e3"}),
        (["--verbose"], {"verbose": NOTHING}),
        (["--verbose", "--dry", "-x", "1"], {"verbose": NOTHING, "dry": NOTHING, "x": "1"}),
        (["--a", "1", "--a", "2"], {"a": "2"}),
        (["--a", ""], {"a": ""}),
        (["---a", "1"], {"-a": "1"}),
    ],
)
def test_arguments(args, pairs):
    assert ParameterTool.from_args(args).to_map() == pairs


@pytest.mark.parametrize(
    ("args", "named"), [(["a"], "'a'"), (["--a", "1", "b"], "'b'"), (["--"], "'--'"), (["-"], "'-'")]
)
def test_wrong_arguments(args, named):
    with pytest.raises(ConfigurationError, match=named):
        ParameterTool.from_args(args)


def test_the_programs_own_arguments(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["job.py", "--n", "3"])
    assert ParameterTool.from_args().get_int("n") == 3


def test_the_environment(monkeypatch):
    monkeypatch.setenv("PYFLINKX_TEST_CITY", "Oslo")
    assert ParameterTool.from_system_properties().get("PYFLINKX_TEST_CITY") == "Oslo"


def test_property_files(tmp_path):
    path = tmp_path / "job.properties"
    path.write_bytes("city = Tromsø\n".encode())
    assert ParameterTool.from_properties_file(path).to_map() == {"city": "Tromsø"}
    path.write_bytes("city = Tromsø\n".encode("latin-1"))
    assert ParameterTool.from_properties_file(str(path)).to_map() == {"city": "Tromsø"}
    tool = ParameterTool.from_map({"a b": 1, "c": "#x"})
    with pytest.raises(ConfigurationError, match="cannot be written"):
        tool.create_properties_file(path, overwrite=False)
    tool.create_properties_file(path)
    assert ParameterTool.from_properties_file(path) == tool
    with pytest.raises(ConfigurationError, match="none cannot be read"):
        ParameterTool.from_properties_file(tmp_path / "none")


@pytest.mark.parametrize(
    ("method", "text", "value", "wrong", "default"),
    [
        ("get_int", "5", 5, str(2**31), 7),
        ("get_long", str(-(2**63)), -(2**63), "5.0", 7),
        ("get_short", "-32768", -32768, "32768", 7),
        ("get_byte", "127", 127, "-129", 7),
        ("get_float", "0.5", 0.5, "half", 0.25),
        ("get_double", "1e300", 1e300, "", 0.1),
        ("get_boolean", "TRUE", True, "yes", False),
    ],
)
def test_typed_getters(method, text, value, wrong, default):
    tool = ParameterTool.from_map({"right": text, "wrong": wrong, "bare": NOTHING})
    get = getattr(tool, method)
    assert get("right") == value
    assert get("right", default) == value
    assert get("none", default) == default
    with pytest.raises(ConfigurationError, match="'none' is required"):
        get("none")
    with pytest.raises(ConfigurationError, match="'wrong' is"):
        get("wrong", default)
    with pytest.raises(ConfigurationError, match="'bare' stands without a value"):
        get("bare")


def test_text():
    tool = ParameterTool.from_map({"a": "1"})
    assert (tool.get("a"), tool.get("b"), tool.get("b", "2")) == ("1", None, "2")
    assert tool.get_required("a") == "1"
    assert (tool.has("a"), tool.has("b")) == (True, False)
    with pytest.raises(ConfigurationError, match=r"'b' is required; there are \['a'\]"):
        tool.get_required("b")


def test_merging_and_what_nobody_asked_for():
    tool = ParameterTool.from_map({"a": "1", "b": "2"})
    tool.get("a")
    assert tool.get_unrequested_parameters() == {"b"}
    merged = tool.merge_with(ParameterTool.from_map({"b": "3", "c": "4"}))
    assert merged.to_map() == {"a": "1", "b": "3", "c": "4"} == merged.get_properties()
    assert merged.get_unrequested_parameters() == {"b", "c"}
    assert merged.get_number_of_parameters() == 3
    assert tool.to_map() == {"a": "1", "b": "2"}


def test_as_configuration_and_as_global_job_parameters():
    tool = ParameterTool.from_map({"n": 3})
    assert tool.get_configuration().get_integer("n", 0) == 3
    assert ExecutionConfig().set_global_job_parameters(tool).get_global_job_parameters() == {"n": "3"}


def test_its_text_tells_no_secrets():
    assert repr(ParameterTool.from_map({"password": "swordfish"})) == "ParameterTool(password)"
