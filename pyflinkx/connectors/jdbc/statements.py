"""Statements of users': where their parameters are, in every driver's way of saying it."""

from __future__ import annotations

import re
from functools import lru_cache

from pyflinkx.errors import ConfigurationError

# What a question mark in it is none of ours: text, quoted names, comments, dollar-quoted text; and ??, which is an
# operator of PostgreSQL's, written as its JDBC driver has it.
PIECES = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | --[^\n]* | /\*.*?\*/ | (\$\w*\$).*?\1 | \?\? | \? | %""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(64)
def parameters(sql: str) -> int:
    """How many parameters a statement has.

    Example:
        >>> parameters("INSERT INTO t VALUES (?, '?', ?) -- ?")
        2
    """
    return sum(piece.group() == "?" for piece in PIECES.finditer(sql))


@lru_cache(64)
def for_driver(sql: str, placeholder: str) -> str:
    """A statement as a driver wants it.

    Args:
        sql: with a ``?`` for each parameter.
        placeholder: ``?``, or ``%s`` for a driver to which every other ``%`` is written twice.

    Example:
        >>> for_driver("SELECT '?%' WHERE a LIKE ? AND b ?? 'c'", "%s")
        "SELECT '?%%' WHERE a LIKE %s AND b ? 'c'"
    """

    def piece(match: re.Match[str]) -> str:
        text = match.group()
        if text == "?":
            return placeholder
        if text == "??":
            return "?"
        return text if placeholder == "?" else text.replace("%", "%%")

    return PIECES.sub(piece, sql)


def check_parameters(sql: str, count: int, what: str) -> None:
    """Raise ConfigurationError unless a statement has ``count`` parameters."""
    found = parameters(sql)
    if found != count:
        raise ConfigurationError(f"the statement has {found} parameters (?), and {what} has {count} fields: {sql}")
