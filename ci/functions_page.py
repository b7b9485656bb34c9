"""The text of docs/sql-functions.md: the functions of the registry, with what the Table API says of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

from pyflinkx.relational import library, time_functions
from pyflinkx.relational.aggregation.functions import AGGREGATES
from pyflinkx.relational.registry import FUNCTIONS, Function

assert library  # entered into the registry
assert time_functions
ROOT = Path(__file__).resolve().parent.parent
# What is said of functions of which the Table API says nothing.
SAID = {
    "=": "Whether both are equal; text is read as what it is compared with.",
    "<>": "Whether they differ.",
    "<": "Whether the first is less.",
    "<=": "Whether the first is less, or both are equal.",
    ">": "Whether the first is greater.",
    ">=": "Whether the first is greater, or both are equal.",
    "IS DISTINCT FROM": "Whether they differ; null is a value like others.",
    "IS NOT DISTINCT FROM": "Whether they are equal; null is a value like others.",
    "+": "The sum; of a time and an interval a later time.",
    "-": "The difference; of a time and an interval an earlier time.",
    "*": "The product.",
    "/": "The quotient, of whole numbers towards zero.",
    "%": "What a division leaves, with the sign of the first.",
    "AND": "Whether both are true.",
    "OR": "Whether one is true.",
    "NOT": "Whether it is not true.",
    "IS NULL": "Whether it is missing.",
    "IS NOT NULL": "Whether it is there.",
    "IS TRUE": "Whether it is true; never null.",
    "IS NOT TRUE": "Whether it is false or missing.",
    "IS FALSE": "Whether it is false; never null.",
    "IS NOT FALSE": "Whether it is true or missing.",
    "NEGATIVE": "With the other sign.",
    "CASE": "The value of the first condition that is true.",
    "IN": "Whether it is one of the values.",
    "LIKE": "Whether it is like a pattern of % and _.",
    "ILIKE": "As LIKE, whatever the case.",
    "||": "One text after the other.",
    "CAST": "The value as another type; what cannot be is an error.",
    "TRY_CAST": "The value as another type; null where that cannot be.",
    "GREATEST": "The greatest; null where one is missing.",
    "LEAST": "The least; null where one is missing.",
    "MOD": "What a division leaves, with the sign of the first.",
    "FLOOR": "Rounded down.",
    "CEIL": "Rounded up.",
    "POWER": "A number to the power of another.",
    "TRIM": "Without spaces, or other characters, at its ends.",
    "IS_ALPHA": "Whether there are letters only.",
    "IS_DIGIT": "Whether there are digits only.",
    "IS_DECIMAL": "Whether it is a number.",
    "RLIKE": "Whether all of it is like a regular expression.",
    "ROW": "A row of values.",
    "ARRAY": "An array of values.",
    "MAP": "A map of keys and values in turns.",
    "MULTISET": "A multiset of values.",
    ".": "A field of a row.",
    "ITEM": "An element of an array, from 1, or the value of a key of a map; null where there is none.",
    "IS_VALID_UTF8": "Whether bytes are text in UTF-8.",
    "MAKE_VALID_UTF8": "Text of bytes, with a mark for what is none.",
    "HASH_CODE": "The hash that Java has of a value.",
    "JSON_EXISTS": "Whether a path leads to something.",
    "JSON_VALUE": "The text, number or truth value that a path leads to.",
    "JSON_QUERY": "The object or array that a path leads to, as text.",
    "JSON_OBJECT": "An object of keys and values, as text.",
    "JSON_ARRAY": "An array of values, as text.",
    "JSON_TYPE": "object, array, string, number, boolean or null.",
    "JSON_LENGTH": "How many members an object, how many elements an array has; 1 of others.",
    "SIMILAR TO": "Whether all of it is like a pattern of SQL's, with %, _ and the signs of regular expressions.",
    "EXTRACT": "A part of a time, also as YEAR(time), MONTH(time) and so on.",
    "FLOOR TO": "The last begin of a unit that is not after a time.",
    "CEIL TO": "The first begin of a unit that is not before a time.",
    "TIMESTAMPADD": "A time so many units later.",
    "TIMESTAMPDIFF": "From one time to another in a unit, towards zero.",
    "NOW": "The instant of now.",
    "CURRENT_ROW_TIMESTAMP": "The instant of now.",
    "PROCTIME": "The instant of now, as the time of rows.",
    "JSON_OBJECTAGG": "An object of the keys and values of many rows, as text.",
    "JSON_ARRAYAGG": "An array of the values of many rows, as text.",
    "SINGLE_VALUE": "The value of the only row.",
    "APPROX_COUNT_DISTINCT": "About how many different values there are.",
    "STDDEV": "The standard deviation of a sample.",
    "VARIANCE": "The variance of a sample.",
}


def docstrings() -> dict[str, str]:
    """What the Table API says of functions, by their names in SQL."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "pyflinkx" / "table").glob("expression*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
            for call in ast.walk(node) if text else ():
                name = called_name(call)
                if name is not None and text is not None:
                    found.setdefault(name, text.splitlines()[0])
    return found


def called_name(call: ast.AST) -> str | None:
    """The function that a method makes a call of."""
    if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[0], ast.Constant):
        return None
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    return str(call.args[0].value) if name in ("_call", "called") else None


def said_of(name: str, known: dict[str, str]) -> str:
    """What is said of a function."""
    if name.startswith("IS ") and "JSON" in name:
        what = name.rpartition(" ")[2].lower()
        negated = "no" if "NOT" in name else "a"
        return f"Whether text is {negated} JSON {what}.".replace("a JSON value", "JSON").replace(
            "no JSON value", "no JSON"
        )
    return SAID.get(name) or known[name]


def functions_page(table: Callable[[Iterable[str], Iterable[Iterable[str]]], list[str]]) -> str:
    """The page.

    Args:
        table: makes a table of Markdown.
    """
    known = docstrings()
    topics: dict[str, list[list[str]]] = {}
    entries: dict[tuple[int, str], list[Function]] = {}
    for function in FUNCTIONS.values():
        entries.setdefault((id(function.resolve), function.usage), []).append(function)
    for same in entries.values():
        first = same[0]
        others = [f"`{each.name}`" for each in same[1:]]
        text = said_of(next((each.name for each in same if each.name in SAID or each.name in known), first.name), known)
        if others:
            text += f" Also {', '.join(others)}."
        topics.setdefault(first.topic, []).append([f"`{first.usage}`", text])
    aggregates = [
        [f"`{each.usage}`", said_of(name, known)] for name, each in AGGREGATES.items() if not name.startswith("$")
    ]
    lines = [
        "# Functions of SQL",
        "",
        "Written by `ci/pages.py` from the code (`make pages`); a test fails when it is not true.",
        "",
        "Functions of one's own: [SQL and tables](sql.md). Result types, nulls, overflow and time zones are Flink's.",
        "",
    ]
    for topic, rows in topics.items():
        lines += [f"## {topic}", "", *table(["Written", "What it gives"], rows)]
    lines += ["## Aggregates", "", *table(["Written", "What it gives"], aggregates)]
    return "\n".join(lines).rstrip() + "\n"
