"""What all writers use: names, strings, lists, and the choice of a writer by the class of a node."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import singledispatch

from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.words import RESERVED

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words that are no names where an expression begins, or an object is named, unless they are quoted.
_MEANING_WORDS = """
    CATALOG CONNECTION DATABASE DEFAULT DESCRIPTOR FINAL IF JOB KEY MAP MODEL RUNNING TIMESTAMPADD
    TIMESTAMPDIFF UNBOUNDED UUID
"""
_MEANING = frozenset(_MEANING_WORDS.split())


@singledispatch
def write(node: Node) -> str:
    """A node as text."""
    raise TypeError(f"no text is known for {type(node).__name__}")


def name(value: str) -> str:
    """A name, quoted where it has to be.

    Example:
        >>> name("total"), name("order"), name("two words")
        ('total', '`order`', '`two words`')
    """
    upper = value.upper()
    if _PLAIN.fullmatch(value) and upper not in RESERVED and upper not in _MEANING:
        return value
    return quoted(value)


def quoted(value: str) -> str:
    """A name in back quotes."""
    return f"`{value.replace('`', '``')}`"


def path(parts: Iterable[str]) -> str:
    """A name of several parts."""
    return ".".join(map(name, parts))


def string(value: str) -> str:
    """A string in quotes."""
    return f"'{value.replace(chr(39), chr(39) * 2)}'"


def names(values: Iterable[str]) -> str:
    """Names between parentheses."""
    return f"({', '.join(map(name, values))})"


def many(nodes: Iterable[Node]) -> str:
    """Nodes with commas between them."""
    return ", ".join(map(write, nodes))


def words(*parts: str | bool | None) -> str:
    """Parts with spaces between them; what is empty, None or False is left out.

    Example:
        >>> words("SELECT", None, "a", False and "DISTINCT")
        'SELECT a'
    """
    return " ".join(part for part in parts if isinstance(part, str) and part)


def clause(word: str, node: Node | None) -> str | None:
    """A node after a word, if there is one."""
    return None if node is None else words(word, write(node))


def options(pairs: Iterable[tuple[str, str]]) -> str:
    """Options between parentheses."""
    return f"({', '.join(f'{string(key)} = {string(value)}' for key, value in pairs)})"
