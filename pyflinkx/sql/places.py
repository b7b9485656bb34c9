"""Places in a text, as errors show them."""

from __future__ import annotations

from pyflinkx.errors import SqlError

# What is shown of a line at most; the rest of a longer one is left out on both sides of the place.
SHOWN = 120


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """The line and the column of a character, both from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def marked(text: str, start: int, end: int) -> str:
    """The line that a place begins in, with carets under the place.

    Example:
        >>> print(marked("SELECT a\\nFORM t", 9, 13))
            2 | FORM t
              | ^^^^
    """
    line, column = line_and_column(text, start)
    first = start - column + 1
    last = text.find("\n", first)
    shown = text[first : len(text) if last < 0 else last].rstrip("\r")
    left, width = column - 1, max(1, min(end - start, len(shown) - column + 1))
    if len(shown) > SHOWN:
        cut = max(0, min(left - SHOWN // 3, len(shown) - SHOWN))
        tail = "" if cut + SHOWN >= len(shown) else "..."
        head = "..." if cut else ""
        shown = head + shown[cut : cut + SHOWN] + tail
        left += len(head) - cut
        width = max(1, min(width, len(shown) - left))
    # A tab stays one, so that the carets stand below it however wide it is.
    space = "".join("\t" if sign == "\t" else " " for sign in shown[:left])
    return f"{line:5} | {shown}\n      | {space}{'^' * width}"


def error_at(text: str, start: int, end: int, message: str) -> SqlError:
    """An error about a place in a text."""
    error = SqlError()
    error.line, error.column = line_and_column(text, start)
    error.args = (f"line {error.line}, column {error.column}: {message}\n{marked(text, start, end)}",)
    return error
