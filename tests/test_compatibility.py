"""docs/compatibility.md says the truth, and the script that writes it can tell names apart."""

import enum
import importlib.util
import re
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def load_script():
    spec = importlib.util.spec_from_file_location("compatibility", ROOT / "ci" / "compatibility.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = load_script()


def test_the_page_is_true():
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    assert page == script.page(), "run `make compatibility`"


def test_every_line_of_the_list_is_read():
    text = script.NAMES.read_text(encoding="utf-8")
    body = [line for line in text[text.index("\n== ") :].splitlines() if line.strip() and not line.startswith("== ")]
    exports = [line for line in body if line.startswith(("exports: ", "also: "))]
    names = list(script.parse(text))
    assert len(names) == len(body) - len(exports) + sum(line.count(",") + 1 for line in exports)
    assert {"class", "function", "method", "static", "classmethod", "members", "export", "property"} == {
        n.kind for n in names
    }


def test_lines_are_read():
    text = """
== pyflink.a
exports: B, C
also: D
B(Base)
    = ONE, TWO
    static of(size: Time, pair: Tuple[int, str]=(1, 'a')) -> B
    class from_dict(map: dict)
    class Builder
    class Kind = X, Y
    get(key: ~K, *more, **rest) -> ~V
    property size
def free(x: int=3) -> int
"""
    found = [(n.path, n.kind, n.parameters) for n in script.parse(text)]
    assert found == [
        (("B",), "export", None),
        (("C",), "export", None),
        (("D",), "export", None),
        (("B",), "class", None),
        (("B",), "members", "ONE, TWO"),
        (("B", "of"), "static", "size: Time, pair: Tuple[int, str]=(1, 'a')"),
        (("B", "from_dict"), "classmethod", "map: dict"),
        (("B", "Builder"), "class", None),
        (("B", "Kind"), "members", "X, Y"),
        (("B", "get"), "method", "key: ~K, *more, **rest"),
        (("B", "size"), "property", None),
        (("free",), "function", "x: int=3"),
    ]


@pytest.mark.parametrize(
    ("theirs", "ours", "how"),
    [
        ("a, b: int=1", lambda a, b=1: 0, None),
        ("a, b: str='x'", lambda a, b="x": 0, None),
        ("a", lambda a, more=None: 0, None),
        ("a, *b", lambda a, *rest: 0, None),
        ("a, **b", lambda a, **rest: 0, None),
        ("a, b", lambda *rest: 0, None),
        ("a=...", lambda a=object(): 0, None),  # noqa: B008
        ("a, b", lambda a: 0, "has no parameter b"),
        ("a, b", lambda b, a: 0, "parameter a is called b"),
        ("a=1", lambda a: 0, "parameter a has no default"),
        ("a=1", lambda a=2: 0, "a is 2 by default, not 1"),
        ("a: bool=True", lambda a=1: 0, "a is 1 by default, not True"),
        ("a", lambda a, b: 0, "needs b as well"),
        ("*a", lambda a: 0, "has no *a"),
    ],
)
def test_parameters_are_compared(theirs, ours, how):
    assert script.difference(script.expected(theirs), script.actual(ours, False)) == how


class Colour(enum.Enum):
    RED = 1


class Ours:
    limit = 3
    Colour = Colour

    @staticmethod
    def make(size=1):
        pass

    def get(self, key):
        pass


@pytest.mark.parametrize(
    ("path", "kind", "parameters", "verdict"),
    [
        ("Ours", "class", None, ("same", "")),
        ("Ours.make", "static", "size=1", ("same", "")),
        ("Ours.make", "static", "size=2", ("differs", "size is 1 by default, not 2")),
        ("Ours.get", "method", "key", ("same", "")),
        ("Ours.get", "static", "key", ("differs", "needs an object")),
        ("Ours.limit", "method", "", ("differs", "is no callable")),
        ("Ours.Colour", "members", "RED", ("same", "")),
        ("Ours.Colour", "members", "RED, BLUE", ("differs", "has no BLUE")),
        ("Ours.none", "method", "", ("absent", "not there")),
        ("Ours.get_java_type_info", "method", "", ("absent", "Java object")),
    ],
)
def test_names_are_compared(monkeypatch, path, kind, parameters, verdict):
    module = types.ModuleType("pyflinkx.planted")
    module.Ours = Ours
    monkeypatch.setitem(sys.modules, "pyflinkx.planted", module)
    assert script.compare(script.Name("pyflink.planted", tuple(path.split(".")), kind, parameters)) == verdict


def test_an_export_is_out_of_scope_where_its_home_is():
    export = script.Name("pyflink.datastream.connectors", ("PulsarSource",), "export")
    assert script.compare(export) == ("absent", "not there")
    homes = {"PulsarSource": "pyflink.datastream.connectors.pulsar"}
    assert script.compare(export, homes) == ("absent", "later: external connector")


def test_at_least_97_percent_are_the_same():
    share = re.search(r"^\| same \| \d+ \(([\d.]+) %", script.page(), re.MULTILINE)[1]
    assert float(share) >= 97
