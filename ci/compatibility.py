"""Compares the public names of pyflinkx with PyFlink's, and writes docs/compatibility.md.

Run with --write to write the page; without, to see whether it is true (exit status 1 when it is not).

PyFlink's side is docs/pyflink-2.3-api.txt; ours is read by introspection. A name is the same when it can be imported
from where PyFlink has it, is of the same kind, has the same members if it is an enum, and takes PyFlink's parameters:
same order, names and defaults, with nothing required on top. Ours may take more, if that is optional.
"""

from __future__ import annotations

import argparse
import ast
import enum
import importlib
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "docs" / "pyflink-2.3-api.txt"
PAGE = ROOT / "docs" / "compatibility.md"

# Why a name is not to be had, by a pattern of module.name; the first that matches counts. These are out of scope.
JAVA = "Java object"
INSIDE = "PyFlink's inside: what stands between its functions and its Java operators"
CONNECTOR = "later: external connector"
TABLES = "later: the rest of SQL and the Table API"
OUT_OF_SCOPE: list[tuple[str, str]] = [
    (r"\.(get_java_\w+|to_j_row_kind)$|\.table\.types\.DataType\.bridged_to$", JAVA),
    (r"\.table\.types\.(\w+\.(need_conversion|(to|from)_sql_type)$|RawType\b|(\w+_arrow_(type|schema))$)", INSIDE),
    (r"^pyflink\.common\.io\.InputFormat|\.create_input$|\.InputFormat$", JAVA),
    (r"\.JavaFunctionWrapper\b|\.AssignerWithPeriodicWatermarksWrapper$", JAVA),
    (r"^pyflink\.common\.serialization\.(RowData)?BulkWriterFactory\b", JAVA),
    (r"\.functions\.(Internal\w+|FunctionWrapper|ReduceFunctionWrapper|AsyncFunctionDescriptor)\b", INSIDE),
    (r"\.window\.(WindowOperationDescriptor|long_to_int_with_bit_mixing|mod_inverse)\b", INSIDE),
    (r"\.connectors\.(cassandra|dynamic_kafka|elasticsearch|jdbc|kafka|kinesis|pulsar|rabbitmq)\b", CONNECTOR),
    (r"\.connectors\.hybrid_source\b|\.formats\.(avro|orc|parquet)\b|\.CsvBulkWriters\b", CONNECTOR),
    (r"\.file_system\.(BulkFormat|FileSource\.for_bulk_file_format|StreamingFileSink)\b", CONNECTOR),
    (r"\.file_system\.FileSink\.(BulkFormatBuilder|for_bulk_format)\b", CONNECTOR),
    (r"^pyflink\.table\.", TABLES),
]


@dataclass(frozen=True)
class Name:
    """One of PyFlink's public names.

    Args:
        module: the module that defines it.
        path: class and member, or class or function alone.
        kind: "class", "function" (of a module), "method", "static", "classmethod", "property", "members" (of an enum)
            or "export" (a name that another module defines).
        parameters: as source text, without self; for an enum its members.
    """

    module: str
    path: tuple[str, ...]
    kind: str
    parameters: str | None = None

    @property
    def dotted(self) -> str:
        return ".".join((self.module, *self.path))


def parse(text: str) -> Iterator[Name]:
    """The names of PyFlink's list."""
    module = owner = ""
    for line in text.splitlines():
        if line.startswith("== "):
            module = line[3:].strip()
        elif not line.strip() or not module:
            continue
        elif line.startswith(("exports: ", "also: ")):
            for export in line.partition(": ")[2].split(", "):
                yield Name(module, (export,), "export")
        elif not line.startswith(" "):
            match = re.fullmatch(r"(def )?(\w+)(\(.*\))?( -> .*)?", line)
            assert match, line
            if match[1]:
                yield Name(module, (match[2],), "function", arguments(line))
            else:
                owner = match[2]
                yield Name(module, (owner,), "class")
        elif line.startswith("    = "):
            yield Name(module, (owner,), "members", line[6:])
        else:
            yield member(module, owner, line.strip())


def member(module: str, owner: str, line: str) -> Name:
    """One line below a class."""
    match = re.match(r"(?:(static|class|property) )?(\w+)(\(| = |$)", line)
    assert match, line
    path = (owner, match[2])
    if match[1] == "property":
        return Name(module, path, "property")
    if match[3] == "(":
        kind = {"static": "static", "class": "classmethod", None: "method"}[match[1]]
        return Name(module, path, kind, arguments(line))
    if match[3] == " = ":
        return Name(module, path, "members", line.split(" = ")[1])
    return Name(module, path, "class")


def arguments(line: str) -> str:
    """What stands between a signature's parentheses."""
    inner = line[line.index("(") + 1 :]
    depth = 1
    for position, character in enumerate(inner):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return inner[:position]
    raise ValueError(line)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a signature; ``default`` is source text, None for a required one."""

    name: str
    default: str | None = None


def expected(text: str) -> list[Parameter]:
    """Parameters of PyFlink's list."""
    function: Any = ast.parse(f"def f({named_members(text.replace('~', ''))}): ...").body[0]
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults: list[Any] = [None] * (len(positional) - len(spec.defaults)) + spec.defaults
    found = [Parameter(p.arg, None if d is None else ast.unparse(d)) for p, d in zip(positional, defaults, strict=True)]
    found += [Parameter("*" + spec.vararg.arg)] if spec.vararg else []
    found += [Parameter(p.arg, d and ast.unparse(d)) for p, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
    return found + ([Parameter("**" + spec.kwarg.arg)] if spec.kwarg else [])


def named_members(text: str) -> str:
    """Members of enumerations by their names, and not as they are printed: ``<Color.RED: 1>``."""
    return re.sub(r"<([\w.]+): [^>]*>", r"\1", text)


def actual(target: Any, bound: bool) -> list[Parameter] | None:
    """Parameters of one of our callables; None when they cannot be read.

    Args:
        target: the callable.
        bound: whether its first parameter is self.
    """
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return None
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        Parameter(
            marks.get(p.kind, "") + p.name,
            None if p.default is inspect.Parameter.empty else named_members(repr(p.default)),
        )
        for p in parameters[bound:]
    ]


def difference(theirs: list[Parameter], ours: list[Parameter]) -> str | None:
    """How our parameters differ from PyFlink's; None when every call of theirs means the same here."""
    spread = {p.name for p in ours if p.name.startswith("*")}
    for index, parameter in enumerate(theirs):
        if parameter.name.startswith("*"):
            if not any(name.startswith("*") for name in spread):
                return f"has no {parameter.name}"
            continue
        if index >= len(ours):
            return None if "**" in "".join(spread) else f"has no parameter {parameter.name}"
        own = ours[index]
        if own.name.startswith("*"):
            return None
        if own.name != parameter.name:
            return f"parameter {parameter.name} is called {own.name}"
        if parameter.default is None and own.default is None:
            continue
        if parameter.default is not None and own.default is None:
            return f"parameter {parameter.name} has no default"
        if parameter.default not in (None, "...", own.default):
            return f"{parameter.name} is {own.default} by default, not {parameter.default}"
    for extra in ours[len(theirs) :]:
        if extra.default is None and not extra.name.startswith("*"):
            return f"needs {extra.name} as well"
    return None


def looked_up(name: Name) -> Any:
    """Our object of that name; raises ImportError or AttributeError if there is none."""
    found: Any = importlib.import_module(name.module.replace("pyflink", "pyflinkx", 1))
    for part in name.path:
        found = getattr(found, part)
    return found


def reason(name: Name, homes: dict[str, str] | None = None) -> str | None:
    """Why a name is out of scope; None if it is not.

    Args:
        name: the name.
        homes: the modules that define classes and functions, by name: what holds there holds where it is exported.
    """
    home = (homes or {}).get(name.path[0]) if name.kind == "export" else None
    places = [name.dotted, *([f"{home}.{name.path[0]}"] if home else [])]
    return next((why for place in places for pattern, why in OUT_OF_SCOPE if re.search(pattern, place)), None)


def compare(name: Name, homes: dict[str, str] | None = None) -> tuple[str, str]:
    """ "same", "differs" or "absent", and how or why; ``homes`` as for ``reason``."""
    try:
        found = looked_up(name)
    except (ImportError, AttributeError):
        return "absent", reason(name, homes) or "not there"
    if name.kind == "members":
        return compare_members(name, found)
    if name.kind in ("class", "export", "property"):
        return "same", ""
    if not callable(found):
        return "differs", "is no callable"
    if name.parameters is None:
        return "same", ""
    owner = looked_up(Name(name.module, name.path[:-1], "class")) if len(name.path) > 1 else None
    declared = inspect.getattr_static(owner, name.path[-1]) if owner is not None else None
    is_bound = name.kind == "method" and not isinstance(declared, (staticmethod, classmethod))
    if name.kind in ("static", "classmethod") and inspect.isfunction(declared):
        return "differs", "needs an object"
    ours = actual(found, is_bound)
    how = None if ours is None else difference(expected(name.parameters), ours)
    return ("same", "") if how is None else ("differs", how)


def compare_members(name: Name, found: Any) -> tuple[str, str]:
    """The members of an enum."""
    if not (isinstance(found, type) and issubclass(found, enum.Enum)):
        return "differs", "is no Enum"
    missing = [each for each in name.parameters.split(", ") if each not in found.__members__]  # type: ignore[union-attr]
    return ("differs", "has no " + ", ".join(missing)) if missing else ("same", "")


def out_of_scope(verdict: str, why: str) -> bool:
    return verdict == "absent" and why in (JAVA, INSIDE, CONNECTOR, TABLES)


def page() -> str:
    """The text of docs/compatibility.md."""
    names = list(parse(NAMES.read_text(encoding="utf-8")))
    homes = {name.path[0]: name.module for name in names if name.kind in ("class", "function") and len(name.path) == 1}
    results = [(name, *compare(name, homes)) for name in names]
    excluded = Counter(why for _, verdict, why in results if out_of_scope(verdict, why))
    inside = Counter(verdict for _, verdict, why in results if not out_of_scope(verdict, why))
    total = sum(inside.values())
    share = int(1000 * inside["same"] / total) / 10
    lines = [
        "# Compatibility with PyFlink",
        "",
        "Every public name of `pyflink.common`, `pyflink.datastream` and of those modules of `pyflink.table` that are",
        "there, of PyFlink 2.3.0, held against pyflinkx by `ci/compatibility.py` (`make compatibility` writes this",
        "page; a test fails when it is not true).",
        "",
        "*Same*: importable from PyFlink's module path with `pyflinkx` for `pyflink`, with the members of an enum, and",
        "with PyFlink's parameters: order, names, defaults. pyflinkx may take more parameters where they are optional.",
        "What a name does is proved by the tests, not by this page.",
        "",
        "| | names |",
        "|---|---|",
        f"| same | {inside['same']} ({share} % of those in scope) |",
        f"| differs | {inside['differs']} |",
        f"| absent | {inside['absent']} |",
        f"| **in scope** | **{total}** |",
        *(f"| out of scope, absent: {why} | {count} |" for why, count in sorted(excluded.items())),
        f"| **all** | **{len(results)}** |",
        "",
    ]
    modules: dict[str, list[tuple[Name, str, str]]] = {}
    for name, verdict, why in results:
        modules.setdefault(name.module, []).append((name, verdict, why))
    for module, entries in modules.items():
        lines += [f"## {module}", ""]
        for verdict in ("same", "differs", "absent"):
            groups: dict[str, list[str]] = {}
            for name, its, why in entries:
                if its == verdict:
                    label = ".".join(name.path) + {"members": " (members)", "export": " (export)"}.get(name.kind, "")
                    groups.setdefault(why, []).append(f"`{label}`")
            for why, labels in groups.items():
                lines += [f"- **{verdict}**{f', {why}' if why else ''}: {', '.join(labels)}"]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--write", action="store_true", help="write docs/compatibility.md")
    text = page()
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print("docs/compatibility.md is not true any more: run `make compatibility`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
