"""Flink's config.yaml."""

import sys

import pytest

from pyflinkx.config.files import default_file, read_file
from pyflinkx.errors import ConfigurationError, MissingExtraError


@pytest.fixture
def write(tmp_path):
    def write_file(text):
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write_file


def test_without_yaml_the_extra_is_named(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match=r"config.yaml needs pyyaml: pip install 'pyflinkx\[yaml\]'"):
        read_file(write("a: 1"))


def test_the_default_file_is_that_of_flinks_variable(write, monkeypatch, tmp_path):
    monkeypatch.setenv("FLINK_CONF_DIR", str(tmp_path))
    assert default_file() is None
    assert write("a: 1") == default_file()
    monkeypatch.delenv("FLINK_CONF_DIR")
    assert default_file() is None


class TestReading:
    @pytest.fixture(autouse=True)
    def yaml(self):
        pytest.importorskip("yaml")

    @pytest.mark.parametrize(
        "text",
        [
            "parallelism.default: 4\npipeline.name: x",
            "parallelism: {default: 4}\npipeline: {name: x}",
            "parallelism:\n  default: 4\npipeline:\n  name: x  # a comment",
            "parallelism.default: '4'\npipeline:\n  name: \"x\"\n  jars:\n  classpaths: ~\n  max-parallelism: null",
        ],
    )
    def test_nested_and_flat_keys(self, write, text):
        assert read_file(write(text)) == {"parallelism.default": "4", "pipeline.name": "x"}

    def test_a_folder(self, write, tmp_path):
        write("pipeline:\n  operator-chaining:\n    enabled: false")
        assert read_file(str(tmp_path)) == {"pipeline.operator-chaining.enabled": "false"}

    def test_values_stay_as_they_are_written(self, write):
        assert read_file(write("a: 1:30\nb: yes\nc: 0123\nd: 2024-01-01\ne: 1_000\nf: 64 mb\ng: 1.50")) == {
            "a": "1:30",
            "b": "yes",
            "c": "0123",
            "d": "2024-01-01",
            "e": "1_000",
            "f": "64 mb",
            "g": "1.50",
        }

    def test_lists_and_maps(self, write):
        text = "pipeline:\n  global-job-parameters:\n    city: 'Oslo, N'\n    n: 7\nmy: {list: [a, 'b;c']}"
        assert read_file(write(text)) == {
            "pipeline.global-job-parameters": "city:'Oslo, N',n:7",
            "my.list": "a;'b;c'",
        }

    def test_objects_are_not_made(self, write):
        found = read_file(write("a: !!python/object/apply:os.getcwd []\nb: 1"))
        assert found == {"a": "", "b": "1"}

    @pytest.mark.parametrize("text", ["", "# nothing", "---"])
    def test_an_empty_file(self, write, text):
        assert read_file(write(text)) == {}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a: [1", "is no YAML"),
            ("- a\n- b", "holds keys and values"),
            ("just text", "holds keys and values"),
            ("a.b: 1\na: {b: 2}", "the key a.b twice"),
            (b"a: \xff", "cannot be read"),
            ("a: &x {b: *x}", "is no YAML"),
        ],
    )
    def test_what_is_wrong(self, write, text, message):
        with pytest.raises(ConfigurationError, match=message):
            read_file(write(text))

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(ConfigurationError, match=r"none.yaml cannot be read"):
            read_file(str(tmp_path / "none.yaml"))
