"""Scalar functions of the user's while batches are evaluated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field
from pyflinkx.errors import MissingExtraError, TypeInformationError, add_note
from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.functions import UserFunctions
from pyflinkx.relational.user.context import FunctionContext, context_of
from pyflinkx.relational.user.conversion import built, external
from pyflinkx.relational.user.definition import ARROW, ASYNC, GENERAL, Invoke
from pyflinkx.relational.values import Run, field, loaded
from pyflinkx.types.data_type import Family, Kind

# How many calls of an async function are under way at a time.
AT_ONCE = 10


class Invoked:
    """Evaluates a call.

    Args:
        bound: the call.
        runs: evaluate its arguments.

    Attributes:
        owner: the function's object, to be opened and closed.
    """

    def __init__(self, bound: Invoke, runs: Sequence[Run]) -> None:
        self.bound = bound
        self.runs = runs
        self.owner = bound.definition.instance()
        self.call: Callable[..., Any] = getattr(self.owner, "eval", None) or self.owner
        self.is_open = not hasattr(self.owner, "open")
        self.field = field("result", bound.type)
        style, kind = bound.definition.style, bound.definition.kind
        self.evaluate = self.awaited if kind == ASYNC else self.each if style == GENERAL else self.whole

    def __call__(self, frame: Frame) -> Vector:
        return loaded(self.column(frame), self.bound.type, frame)

    def column(self, frame: Frame) -> Column:
        """The results of all rows; asked for once in a batch, though several columns read it.

        Raises:
            TypeInformationError: a result is none of the type that was said.
        """
        if not self.is_open:
            self.owner.open(FunctionContext())
            self.is_open = True
        key = f"\0{id(self.bound)}"
        made: Any = frame.loaded.get(key)
        if made is None:
            active = None if frame.active is None or frame.active.all() else frame.active
            arguments = [external(bound, run, frame) for bound, run in zip(self.bound.operands, self.runs, strict=True)]
            if active is None:
                results = self.evaluate(arguments, frame, None)
            else:
                rows = active.nonzero()[0].tolist()
                chosen = [[column[row] for row in rows] for column in arguments]
                results = [None] * frame.length
                for row, result in zip(rows, self.evaluate(chosen, frame, rows), strict=True):
                    results[row] = result
            try:
                made = built(results, self.field, self.bound.type)
            except (TypeInformationError, ValueError, TypeError, OverflowError) as error:
                raise TypeInformationError(
                    f"{self.bound!s:.200} gives values that are no {self.bound.type}: {error}"
                ) from error
            if active is None:
                frame.loaded[key] = made
        return made

    def each(self, arguments: list[list[Any]], frame: Frame, rows: list[int] | None) -> list[Any]:
        """A call for each row."""
        results: list[Any] = []
        count = frame.length if rows is None else len(rows)
        try:
            if arguments:
                results.extend(map(self.call, *arguments))
            else:
                for _ in range(count):
                    results.append(self.call())
        except Exception as error:
            # What is there already says which row failed.
            place = len(results) if rows is None else rows[len(results)]
            add_note(error, f"in {self.bound!s:.200}, of the record {frame.record(place)}")
            raise
        return results

    def whole(self, arguments: list[list[Any]], frame: Frame, rows: list[int] | None) -> list[Any]:
        """A call for all rows, of pandas' series or Arrow's arrays."""
        count = frame.length if rows is None else len(rows)
        if not count:
            return []
        if self.bound.definition.style == ARROW:
            found = self.call(*map(self.arrow, range(len(arguments)), arguments))
            results = found.to_pylist() if hasattr(found, "to_pylist") else list(found)
        else:
            results = listed(self.call(*map(self.series, range(len(arguments)), arguments)))
            if self.bound.type.family(Family.INTEGER):  # pandas' numbers are floats as soon as one is missing
                results = [int(each) if isinstance(each, float) and each.is_integer() else each for each in results]
        if len(results) != count:
            raise ValueError(f"{self.bound!s:.200} gave {len(results)} values for {count} rows")
        return results

    def series(self, place: int, values: list[Any]) -> Any:
        """An argument for pandas; a row is a DataFrame."""
        pandas = module("pandas")
        kind = self.bound.operands[place].type
        if kind.kind is Kind.ROW:
            return pandas.DataFrame([list(value) for value in values], columns=list(kind.names))
        return pandas.Series(values)

    def arrow(self, place: int, values: list[Any]) -> Any:
        """An argument as an array of Arrow's."""
        column = built(values, field("argument", self.bound.operands[place].type), self.bound.operands[place].type)
        return module("pyarrow").array(column)

    def awaited(self, arguments: list[list[Any]], frame: Frame, rows: list[int] | None) -> list[Any]:
        """A coroutine for each row, some at a time."""
        count = frame.length if rows is None else len(rows)

        async def all_of() -> list[Any]:
            free = asyncio.Semaphore(AT_ONCE)

            async def one(place: int) -> Any:
                async with free:
                    try:
                        return await self.call(*[column[place] for column in arguments])
                    except Exception as error:
                        row = place if rows is None else rows[place]
                        add_note(error, f"in {self.bound!s:.200}, of the record {frame.record(row)}")
                        raise

            return await asyncio.gather(*map(one, range(count)))

        return asyncio.run(all_of())


def listed(found: Any) -> list[Any]:
    """What a function of pandas' gave, as values: of a DataFrame a tuple for each row."""
    if hasattr(found, "itertuples"):
        return [tuple(map(plain, row)) for row in found.itertuples(index=False, name=None)]
    values = found.tolist() if hasattr(found, "tolist") else list(found)
    return [plain(value) for value in values]


def plain(value: Any) -> Any:
    """A value without pandas' marks of what is missing."""
    if value is None or isinstance(value, (str, bytes, bool, int, list, dict, tuple)):
        return value
    if isinstance(value, float):
        return None if value != value else value
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def module(name: str) -> Any:
    """A package that functions of that style need.

    Raises:
        MissingExtraError: it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"functions of {name} need the package {name}: pip install {name}") from error


def column_for(run: Any, frame: Frame, wanted: Field) -> Column:
    """The results of a call as a column of a query."""
    return run.column(frame).with_field(wanted)


def opened(calls: Iterable[Invoked], context: OperatorContext) -> UserFunctions:
    """The functions of calls, begun in an operator.

    Raises:
        JobExecutionError: one failed.
    """
    some = list(calls)
    functions = UserFunctions([call.owner for call in some if hasattr(call.owner, "open")])
    functions.open(context.site, context_of(context))
    for call in some:
        call.is_open = True
    return functions
