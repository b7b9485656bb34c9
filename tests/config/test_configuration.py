import copy
import pickle

import pytest

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import ConfigurationError


def test_typed_access():
    configuration = Configuration()
    assert configuration.set_string("s", "text") is configuration
    configuration.set_integer("i", -(2**63)).set_boolean("b", True).set_float("f", 0.5).set_float("whole", 2)
    assert configuration.get_string("s", "") == "text"
    assert configuration.get_integer("i", 0) == -(2**63)
    assert configuration.get_boolean("b", False) is True
    assert configuration.get_float("f", 0.0) == 0.5
    assert type(configuration.get_float("whole", 0.0)) is float
    assert configuration.get_string("b", "") == "true"
    assert configuration.get_string("i", "") == "-9223372036854775808"


def test_defaults():
    configuration = Configuration()
    assert configuration.get_string("k", "d") == "d"
    assert configuration.get_integer("k", 7) == 7
    assert configuration.get_boolean("k", True) is True
    assert configuration.get_float("k", 1) == 1.0
    assert configuration.get_bytearray("k", bytearray(b"d")) == bytearray(b"d")
    assert configuration.get(options.BATCH_SIZE) == 1024
    assert configuration.get(options.BATCH_SIZE, 5) == 5


def test_bytes():
    configuration = Configuration().set_bytearray("k", bytearray(range(256)))
    assert configuration.get_bytearray("k", bytearray()) == bytearray(range(256))
    with pytest.raises(ConfigurationError, match="k: 'é' is not bytes"):
        Configuration().set_string("k", "é").get_bytearray("k", bytearray())
    with pytest.raises(ConfigurationError, match="k: 'x' is not bytes"):
        configuration.set_bytearray("k", "x")


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda c: c.get_integer("k", 0), "k: 'x1' is not a whole number of 64 bits"),
        (lambda c: c.get_boolean("k", False), "k: 'x1' is not true or false"),
        (lambda c: c.get_float("k", 0.0), "k: 'x1' is not a number"),
    ],
)
def test_ill_typed_values_are_errors_when_read(read, message):
    with pytest.raises(ConfigurationError, match=message):
        read(Configuration().set_string("k", "x1"))


@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.set_string("k", 1),
        lambda c: c.set_string("", "v"),
        lambda c: c.set_string(None, "v"),
        lambda c: c.set_integer("k", "1"),
        lambda c: c.set_integer("k", True),
        lambda c: c.set_integer("k", 2**63),
        lambda c: c.set_boolean("k", 1),
        lambda c: c.set_float("k", "1.0"),
        lambda c: c.set(options.BATCH_SIZE, 0),
        lambda c: Configuration.from_dict({"k": None}),
        lambda c: Configuration.from_dict({1: "v"}),
    ],
)
def test_ill_typed_values_are_errors_when_set(write):
    configuration = Configuration()
    with pytest.raises(ConfigurationError):
        write(configuration)
    assert configuration.to_dict() == {}


def test_options_are_read_under_their_older_names():
    configuration = Configuration().set_string("execution.buffer-timeout", "5 s")
    assert configuration.get(options.BUFFER_TIMEOUT) == 5000
    configuration.set(options.BUFFER_TIMEOUT, 1)
    assert configuration.get(options.BUFFER_TIMEOUT) == 1
    assert configuration.to_dict()["execution.buffer-timeout.interval"] == "1 ms"


def test_as_a_whole():
    first = Configuration.from_dict({"a": "1", "b": 2, "c": True, "d": 0.5})
    assert first.to_dict() == {"a": "1", "b": "2", "c": "true", "d": "0.5"}
    assert first.key_set() == {"a", "b", "c", "d"}
    second = Configuration(first).add_all(Configuration.from_dict({"a": "9"})).add_all(first, "x.")
    assert first.get_string("a", "") == "1"
    assert second.get_string("a", "") == "9"
    assert second.get_integer("x.b", 0) == 2
    assert second.contains_key("x.a")
    assert not second.contains_key("y")
    assert second.remove_config("x.a") is True
    assert second.remove_config("x.a") is False
    target = {"z": 1}
    first.add_all_to_dict(target)
    assert target == {"z": 1, "a": "1", "b": 2, "c": True, "d": 0.5}
    first.set_bytearray("e", b"\x01").set_string("b", "two")
    second.add_all(first, "y.").add_all_to_dict(target)
    assert (target["y.b"], target["y.e"], target["x.b"]) == ("two", bytearray(b"\x01"), 2)
    target["y.e"].append(2)
    assert first.get_bytearray("e", b"") == bytearray(b"\x01")
    assert first.to_dict() == {"a": "1", "b": "two", "c": "true", "d": "0.5", "e": "AQ=="}


def test_equality_and_copies():
    configuration = Configuration.from_dict({"a": "1"})
    for again in (
        Configuration(configuration),
        copy.deepcopy(configuration),
        pickle.loads(pickle.dumps(configuration)),
    ):
        assert again == configuration
        assert hash(again) == hash(configuration)
        again.set_string("b", "2")
        assert again != configuration
    assert configuration != {"a": "1"}


def test_text_masks_secrets():
    configuration = Configuration.from_dict({"a": "1", "store.PassWord": "hunter2", "api-key": "hunter2"})
    assert str(configuration) == "{a=1, store.PassWord=******, api-key=******}"
    assert "hunter2" not in repr(configuration)
    with pytest.raises(ConfigurationError) as caught:
        configuration.get_integer("api-key", 0)
    assert "hunter2" not in str(caught.value)


def test_parse_list_value():
    assert Configuration.parse_list_value("a;b") == ["a", "b"]
    assert Configuration.parse_list_value("[a, b]") == ["a", "b"]
    assert Configuration.parse_list_value("- a\n- 'b; c'\n - d") == ["a", "b; c", "d"]
    assert Configuration.parse_list_value("") == Configuration.parse_list_value(None) == []
    with pytest.raises(ConfigurationError, match="is not a list"):
        Configuration.parse_list_value("'a")
