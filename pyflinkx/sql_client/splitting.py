"""Where the statements of a text end."""

from __future__ import annotations

from pyflinkx.sql.lexer import END, WRONG, Tokens
from pyflinkx.sql.parse_statements import COMMANDS


def statements(text: str) -> list[str]:
    """The statements of a script.

    Each has empty lines and spaces before it, so that errors name its place in the script.

    Example:
        >>> statements("USE db; SELECT ';'")
        ['USE db', "        SELECT ';'"]
    """
    tokens = Tokens(text)
    found = []
    first = None
    for kind, start, end in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True):
        if kind not in (";", END):
            first = start if first is None else first
            last = end
        elif first is not None:
            found.append(_padding(text[:first]) + text[first:last])
            first = None
    return found


def is_complete(text: str) -> bool:
    """Whether a text that is being typed can be run: it ends with a semicolon, or is a client's own word.

    Example:
        >>> is_complete("SELECT 'a;"), is_complete("SELECT 1;"), is_complete("quit")
        (False, True, True)
    """
    tokens = Tokens(text)
    if WRONG in tokens.kinds or len(tokens.kinds) == 1:
        return len(tokens.kinds) == 1
    if len(tokens.kinds) == 2:
        return tokens.kinds[0] == ";" or tokens.image(0).upper() in COMMANDS
    return tokens.kinds[-2] == ";"


def _padding(before: str) -> str:
    lines = before.split("\n")
    return "\n" * (len(lines) - 1) + " " * len(lines[-1])
