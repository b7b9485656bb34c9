"""Java's property files: ``java.util.Properties.load``, by its documentation."""

from __future__ import annotations

import re

ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.|$)", re.DOTALL)
SEPARATOR = re.compile(r"(?:[^\\:= \t\f]|\\.)*")


def parse_properties(text: str) -> dict[str, str]:
    r"""Keys and values of a property file.

    A line is ``key=value``, ``key: value`` or ``key value``; one that begins with # or ! is a comment; one that ends
    with a backslash goes on in the next, without the space that begins it. ``\t``, ``\n``, ``\r``, ``\f`` and
    ``\uXXXX`` stand for characters; before any other character a backslash makes that plain text.

    Raises:
        ValueError: ``\u`` is not followed by four hexadecimal digits.

    Example:
        >>> parse_properties("# where\nhost = example.org\npath: a\\\n   b")
        {'host': 'example.org', 'path': 'ab'}
    """
    found = {}
    for line in logical_lines(text):
        match = SEPARATOR.match(line)
        assert match is not None
        rest = line[match.end() :].lstrip(" \t\f")
        if rest[:1] in ("=", ":"):
            rest = rest[1:].lstrip(" \t\f")
        found[unescaped(match[0])] = unescaped(rest)
    return found


def logical_lines(text: str) -> list[str]:
    """Lines put together where they go on, without comments and blank ones."""
    lines: list[str] = []
    going_on = False
    for natural in re.split(r"\r\n|\r|\n", text):
        line = natural.lstrip(" \t\f")
        if not going_on and (not line or line[0] in "#!"):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        goes_on = backslashes % 2 == 1
        line = line[:-1] if goes_on else line
        if going_on:
            lines[-1] += line
        else:
            lines.append(line)
        going_on = goes_on
    return [line for line in lines if line]


def unescaped(text: str) -> str:
    """Text with its escapes resolved."""

    def resolve(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape == "u":
            raise ValueError(f"\\u without four hexadecimal digits in {text!r}")
        return ESCAPES.get(escape, escape)

    # Java writes characters beyond U+FFFF as two surrogates.
    resolved = ESCAPE.sub(resolve, text)
    return resolved.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def format_properties(pairs: dict[str, str]) -> str:
    """A property file, in ASCII."""
    lines = []
    for key, value in pairs.items():
        # Only the space that begins a value would be lost.
        lines.append(f"{escaped(key, True)}={escaped(value, False)}\n")
    return "".join(lines)


def escaped(text: str, all_spaces: bool) -> str:
    """Text as it stands in a property file."""
    parts = []
    names = {value: name for name, value in ESCAPES.items()}
    for index, character in enumerate(text):
        if character in names:
            parts.append("\\" + names[character])
        elif (character == " " and (all_spaces or index == 0)) or character in "\\=:#!":
            parts.append("\\" + character)
        elif " " <= character <= "~":
            parts.append(character)
        else:
            units = character.encode("utf-16-be", "surrogatepass").hex()
            parts.extend(f"\\u{units[start : start + 4].upper()}" for start in range(0, len(units), 4))
    return "".join(parts)
