"""Regular expressions in functions of text: Python's, which agree with Java's but for what only one of them has."""

from __future__ import annotations

import re
from functools import lru_cache

from pyflinkx.relational.faults import ValueFault

# What stands for a group in a replacement, and what is escaped in one.
REFERENCE = re.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, read once.

    Raises:
        ValueFault: it is none.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueFault(f"{pattern!r:.100} is no regular expression: {error}") from None


def matches(text: str, pattern: str) -> bool:
    """REGEXP: whether some part of a text is like that."""
    return bool(pattern) and compiled(pattern).search(text) is not None


def similar(text: str, pattern: str) -> bool:
    """Whether the whole text is like that."""
    return compiled(pattern).fullmatch(text) is not None


def replaced(text: str, pattern: str, new: str) -> str | None:
    """REGEXP_REPLACE: $1 stands for a group; null of a pattern that is none.

    Raises:
        ValueFault: a group is not there.
    """

    try:
        regex = compiled(pattern)
    except ValueFault:
        return None

    def filled(found: re.Match[str]) -> str:
        def group(reference: re.Match[str]) -> str:
            if reference[1] is not None:
                return reference[1]
            return found[int(reference[2])] or "" if reference[2] else found[reference[3]] or ""

        return REFERENCE.sub(group, new)

    try:
        return regex.sub(filled, text)
    except IndexError:
        raise ValueFault(f"the replacement {new!r:.100} names a group that {pattern!r:.100} has not") from None


def extracted(text: str, pattern: str, group: int = 0) -> str | None:
    """REGEXP_EXTRACT: a group of the first place that is like that; null where there is none."""
    found = compiled(pattern).search(text)
    if found is None or not 0 <= group <= compiled(pattern).groups:
        return None
    return found[group]


def counted(text: str, pattern: str) -> int | None:
    """REGEXP_COUNT; null of a pattern that is none."""
    try:
        return sum(1 for _ in compiled(pattern).finditer(text))
    except ValueFault:
        return None


def placed(text: str, pattern: str) -> int | None:
    """REGEXP_INSTR: where the first place begins, from 1; 0 where there is none; null of a pattern that is none."""
    try:
        found = compiled(pattern).search(text)
    except ValueFault:
        return None
    return 0 if found is None else found.start() + 1


def first(text: str, pattern: str) -> str | None:
    """REGEXP_SUBSTR; null where there is none, and of a pattern that is none."""
    try:
        found = compiled(pattern).search(text)
    except ValueFault:
        return None
    return None if found is None else found[0]
