"""Paths into documents of JSON, with the rules of Jayway's JsonPath: ``$.a[0]``, ``$..b``, ``$[?(@.c > 1)]``."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from pyflinkx.relational.faults import ValueFault

MODE = re.compile(r"\s*(strict|lax)\s+(.+)", re.IGNORECASE | re.DOTALL)
NAME = re.compile(r"[^.\[\]()\s'\"]+")
SLICE = re.compile(r"(-?\d*)\s*:\s*(-?\d*)")
COMPARISON = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>|=~)\s*(.+)", re.DOTALL)
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "length": len,
    "size": len,
    "min": min,
    "max": max,
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "keys": list,
}
Step = Callable[[Any], Iterator[Any]]


class PathFault(ValueFault):
    """A path that leads nowhere, or is none."""


class Path:
    """A path that was read.

    Args:
        steps: from a value to those that it leads to.
        definite: whether it leads to one value at most.
        function: what is calculated of the values at its end; None for nothing.
    """

    def __init__(self, steps: list[Step], definite: bool, function: Callable[[Any], Any] | None) -> None:
        self.steps = steps
        self.definite = definite
        self.function = function

    def found(self, document: Any) -> list[Any]:
        """What it leads to."""
        values = [document]
        for step in self.steps:
            values = [after for value in values for after in step(value)]
        return values

    def read(self, document: Any) -> Any:
        """The value that it leads to, or a list of them where there may be several.

        Raises:
            PathFault: there is none.
        """
        values = self.found(document)
        if self.definite:
            if not values:
                raise PathFault("the path leads nowhere")
            result = values[0]
        else:
            result = values
        if self.function is None:
            return result
        try:
            return self.function(result)
        except (TypeError, ValueError, IndexError, ZeroDivisionError):
            raise PathFault("the function at the end of the path does not take what is there") from None


def moded(text: str) -> tuple[str, str]:
    """A path's mode, which is strict where it says none, and the path."""
    found = MODE.fullmatch(text)
    return ("strict", text) if found is None else (found[1].lower(), found[2])


@lru_cache(maxsize=512)
def path_of(text: str) -> Path:
    """A path.

    Raises:
        PathFault: it is none.
    """
    body = text.strip()
    if not body:
        raise PathFault("the path is empty")
    if body[0] not in "$@":
        body = f"$.{body}"
    return Reader(body).path()


class Reader:
    """Reads a path."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 1

    def refuse(self) -> PathFault:
        return PathFault(f"{self.text!r:.100} is no path of JSON")

    def path(self) -> Path:
        steps: list[Step] = []
        definite = True
        function = None
        while self.place < len(self.text):
            sign = self.text[self.place]
            if sign == ".":
                self.place += 1
                if self.text.startswith(".", self.place):
                    self.place += 1
                    steps.append(descendants)
                    definite = False
                    if self.text.startswith("[", self.place):
                        continue
                if self.text.startswith("*", self.place):
                    self.place += 1
                    steps.append(children)
                    definite = False
                    continue
                found = NAME.match(self.text, self.place)
                if found is None:
                    raise self.refuse()
                self.place = found.end()
                if self.text.startswith("()", self.place):
                    function = FUNCTIONS.get(found[0])
                    if function is None or self.place + 2 != len(self.text):
                        raise self.refuse()
                    self.place += 2
                else:
                    steps.append(member(found[0]))
            elif sign == "[":
                end = self.end_of_bracket()
                step, one = bracket(self.text[self.place + 1 : end].strip(), self)
                steps.append(step)
                definite = definite and one
                self.place = end + 1
            elif sign.isspace():
                self.place += 1
            else:
                raise self.refuse()
        return Path(steps, definite, function)

    def end_of_bracket(self) -> int:
        """Where the bracket ends that begins here."""
        depth, quote = 0, ""
        for place in range(self.place, len(self.text)):
            sign = self.text[place]
            if quote:
                if sign == quote and self.text[place - 1] != "\\":
                    quote = ""
            elif sign in "'\"":
                quote = sign
            elif sign in "[(":
                depth += 1
            elif sign in "])":
                depth -= 1
                if not depth:
                    return place
        raise self.refuse()


def children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def descendants(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    for child in children(value):
        yield from descendants(child)


def member(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def bracket(inside: str, reader: Reader) -> tuple[Step, bool]:
    """What stands between brackets: names, positions, a range, a filter; and whether it leads to one value."""
    if inside == "*":
        return children, False
    if inside[:1] in "'\"" and inside:
        names = [unquoted(name) for name in re.findall(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", inside)]
        if not names:
            raise reader.refuse()
        if len(names) == 1:
            return member(names[0]), True

        def several(value: Any) -> Iterator[Any]:
            if isinstance(value, dict):
                yield {name: value[name] for name in names if name in value}

        return several, False
    if inside.startswith("?"):
        return filtered(condition(inside[1:].strip(), reader)), False
    found = SLICE.fullmatch(inside)
    if found is not None:
        first, last = (int(part) if part else None for part in found.groups())

        def part(value: Any) -> Iterator[Any]:
            if isinstance(value, list):
                yield from value[first:last]

        return part, False
    if not re.fullmatch(r"-?\d+(\s*,\s*-?\d+)*", inside):
        raise reader.refuse()
    places = [int(place) for place in inside.split(",")]

    def at(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            for place in places:
                if -len(value) <= place < len(value):
                    yield value[place]

    return at, len(places) == 1


def unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1])


def filtered(test: Callable[[Any], bool]) -> Step:
    def step(value: Any) -> Iterator[Any]:
        for child in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
            if test(child):
                yield child

    return step


def condition(text: str, reader: Reader) -> Callable[[Any], bool]:
    """The condition of a filter."""
    body = text.strip()
    while body.startswith("(") and body.endswith(")") and closes_at_end(body):
        body = body[1:-1].strip()
    for word, choose in (("||", any), ("&&", all)):
        parts = split_outside(body, word)
        if len(parts) > 1:
            tests = [condition(part, reader) for part in parts]
            return lambda value: choose(test(value) for test in tests)
    if body.startswith("!"):
        inner = condition(body[1:], reader)
        return lambda value: not inner(value)
    found = COMPARISON.fullmatch(body)
    if found is None:
        there = operand(body, reader)
        return lambda value: bool(there(value))
    left, right = operand(found[1], reader), None if found[2] == "=~" else operand(found[3], reader)
    if right is None:
        regex = re.fullmatch(r"/(.*)/(i?)", found[3].strip())
        if regex is None:
            raise reader.refuse()
        pattern = re.compile(regex[1], re.IGNORECASE if regex[2] else 0)
        return lambda value: any(isinstance(one, str) and pattern.fullmatch(one) is not None for one in left(value))
    compare = OPERATORS[found[2]]

    def holds(value: Any) -> bool:
        first, second = left(value), right(value)
        if not first or not second:
            return found[2] == "!=" and bool(first) != bool(second)
        try:
            return compare(first[0], second[0])
        except TypeError:
            return found[2] == "!="

    return holds


def closes_at_end(text: str) -> bool:
    """Whether the first parenthesis closes at the end."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return place == len(text) - 1
    return False


def split_outside(text: str, word: str) -> list[str]:
    """Parts between a word that stands outside of parentheses and quotes."""
    parts, depth, quote, begin = [], 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        else:
            depth += (sign in "([") - (sign in ")]")
            if not depth and text.startswith(word, place) and place >= begin:
                parts.append(text[begin:place])
                begin = place + len(word)
    return [*parts, text[begin:]]


def operand(text: str, reader: Reader) -> Callable[[Any], list[Any]]:
    """A side of a comparison: what it is in a value, in a list, which is empty where it is not there."""
    body = text.strip()
    if body.startswith("@"):
        path = Reader(body).path()

        def values(value: Any) -> list[Any]:
            found = path.found(value)
            if path.function is None or not found:
                return found
            try:
                return [path.function(found[0] if path.definite else found)]
            except (TypeError, ValueError, IndexError):
                return []

        return values
    if len(body) > 1 and body[0] == body[-1] == "'":
        constant: Any = unquoted(body)
    else:
        try:
            constant = json.loads(body)
        except ValueError:
            raise reader.refuse() from None
    return lambda value: [constant]
