"""Frames of a traceback as values, and tracebacks made of them in another process."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

MOST_FRAMES = 200


@dataclass(frozen=True)
class CodePlace:
    """Where a frame was when an exception went through it.

    Args:
        file: of its code.
        name: of its function.
        qualified_name: of its function, with what that is defined in.
        module: that the code belongs to.
        line: from 1.
        end_line: last line of the expression that failed.
        column: in bytes, from 0; where the expression begins, and
        end_column: where it ends; None where the interpreter does not know.
    """

    file: str
    name: str
    qualified_name: str
    module: str
    line: int
    end_line: int
    column: int | None
    end_column: int | None


def places(entries: Iterable[TracebackType]) -> tuple[CodePlace, ...]:
    """The places of the entries of a traceback; of very many the first and the last."""
    found = [place_of(entry) for entry in entries]
    half = MOST_FRAMES // 2
    return tuple(found if len(found) <= MOST_FRAMES else [*found[:half], *found[-half:]])


def place_of(entry: TracebackType) -> CodePlace:
    """Where an entry of a traceback points to."""
    code = entry.tb_frame.f_code
    line = entry.tb_lineno or 1
    first, end_line, column, end_column = position_of(entry)
    if first != line or end_line is None:
        end_line, column, end_column = line, None, None
    module = entry.tb_frame.f_globals.get("__name__")
    return CodePlace(
        file=code.co_filename,
        name=code.co_name,
        qualified_name=getattr(code, "co_qualname", code.co_name),
        module=module if isinstance(module, str) else "",
        line=line,
        end_line=end_line,
        column=column,
        end_column=end_column,
    )


def position_of(entry: TracebackType) -> tuple[int | None, int | None, int | None, int | None]:
    """First and last line, first and last column of where an entry was; None where the interpreter does not know."""
    positions = getattr(entry.tb_frame.f_code, "co_positions", None)  # new in Python 3.11
    unknown = (None, None, None, None)
    if positions is None or entry.tb_lasti < 0:
        return unknown
    found: tuple[int | None, int | None, int | None, int | None] = next(
        itertools.islice(positions(), entry.tb_lasti // 2, None), unknown
    )
    return found if None not in found else unknown


def traceback_of(found: tuple[CodePlace, ...]) -> TracebackType | None:
    """A traceback that shows these places; its frames have no variables."""
    traceback = None
    for place in reversed(found):
        entry = entry_at(place)
        entry.tb_next = traceback
        traceback = entry
    return traceback


def entry_at(place: CodePlace) -> TracebackType:
    """An entry of a traceback that points to a place: code that raises just there is run."""
    try:
        exec(raising_code(place), {"__name__": place.module, "__file__": place.file, "__builtins__": {}})
    except TypeError as error:
        traceback = error.__traceback__
        assert traceback is not None
        assert traceback.tb_next is not None
        return traceback.tb_next
    raise AssertionError("what is raised is no exception")


def raising_code(place: CodePlace) -> CodeType:
    """Code with the name of a place's function, which raises a TypeError there."""
    # Not without a value: that would raise what is being handled just now, by whoever calls.
    statement = ast.Raise(ast.Constant(0))
    statement.lineno = statement.end_lineno = place.line
    statement.col_offset = statement.end_col_offset = 0
    if place.column is not None and place.end_column is not None:
        statement.end_lineno, statement.col_offset, statement.end_col_offset = (
            place.end_line,
            place.column,
            place.end_column,
        )
    ast.fix_missing_locations(statement)
    code = compile(ast.Module([statement], []), place.file, "exec")
    names: dict[str, Any] = {"co_name": place.name}
    if hasattr(code, "co_qualname"):
        names["co_qualname"] = place.qualified_name
    return code.replace(**names)
