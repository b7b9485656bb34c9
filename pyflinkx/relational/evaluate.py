"""From bound expressions to what evaluates them on batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.functions import UserFunctions
from pyflinkx.relational import library, time_functions
from pyflinkx.relational.bound import Apply, Bound, Constant, Input
from pyflinkx.relational.logic import truth
from pyflinkx.relational.moment import Held, Moment
from pyflinkx.relational.registry import FUNCTIONS
from pyflinkx.relational.scaled import DecimalRun
from pyflinkx.relational.user.definition import Invoke
from pyflinkx.relational.user.scalar import Invoked, column_for, opened
from pyflinkx.relational.values import Run, column_of, constant, field, load
from pyflinkx.types.data_type import DataType

assert library  # entered into the registry
assert time_functions


def compiled(bound: Bound, calls: dict[int, Invoked] | None = None) -> Run:
    """What evaluates an expression on the frame of a batch.

    Args:
        bound: the expression.
        calls: the calls of the user's functions that there are already, by identity; those of this expression are
            added.

    Raises:
        NotImplementedError: a cast of these types is not there yet.
    """
    if isinstance(bound, Input):
        return ColumnRun(bound.name, bound.type)
    if isinstance(bound, Constant):
        return constant(bound.value, bound.type)
    assert isinstance(bound, Apply)
    if isinstance(bound, Invoke):
        calls = {} if calls is None else calls
        made = calls.get(id(bound))
        if made is None:
            made = calls[id(bound)] = Invoked(bound, [compiled(operand, calls) for operand in bound.operands])
        return made
    return FUNCTIONS[bound.function].kernel(bound, [compiled(operand, calls) for operand in bound.operands])


class ColumnRun:
    """A column as it comes in."""

    def __init__(self, name: str, kind: DataType) -> None:
        self.name = name
        self.kind = kind

    def __call__(self, frame: Frame) -> Vector:
        return load(self.name, self.kind, frame)

    def column(self, field: Field, frame: Frame) -> Column | None:
        """The column itself, for a result that is nothing else; None where it is held otherwise."""
        try:
            return frame.batch.column(self.name).with_field(field)
        except ValueError:  # its values are held otherwise, such as a column of nulls only
            return None


class Projection:
    """New columns of those that there are, of the rows for which a condition is true.

    Args:
        columns: name and expression of each.
        condition: None for all rows.
        moment: the clock and the watermark; by default the machine's clock.
    """

    def __init__(
        self, columns: Sequence[tuple[str, Bound]], condition: Bound | None = None, moment: Moment | None = None
    ) -> None:
        self.moment = Moment() if moment is None else moment
        self.columns = tuple(columns)
        self.condition = condition
        self.schema = Schema([field(name, bound.type) for name, bound in columns])
        self._calls: dict[int, Invoked] = {}
        self._runs = [compiled(bound, self._calls) for _, bound in self.columns]
        self._condition = None if condition is None else compiled(condition, self._calls)
        self._functions: UserFunctions | None = None

    def open(self, context: OperatorContext) -> None:
        """Begin the user's functions; where this is not called, each begins with its first batch."""
        if self._calls:
            self._functions = opened(self._calls.values(), context)

    def close(self) -> None:
        """End the user's functions that were begun."""
        if self._functions is not None:
            self._functions.close()

    def __call__(self, batch: ColumnBatch) -> ColumnBatch:
        """The new batch.

        Raises:
            ValueError, OverflowError, ZeroDivisionError: a value has no result; it names expression and record.
        """
        import numpy

        with numpy.errstate(all="ignore"):
            if self._condition is not None:
                frame = self.frame(batch, numpy)
                kept, _ = truth(self._condition(frame), frame)
                batch = batch.filter(numpy.ascontiguousarray(kept).view("uint8"))
            frame = self.frame(batch, numpy)
            made = [
                made_column(run, column, bound.type, frame)
                for run, column, (_, bound) in zip(self._runs, self.schema, self.columns, strict=True)
            ]
        return ColumnBatch(self.schema, made, len(batch), batch.timestamps, batch.kinds)

    def frame(self, batch: ColumnBatch, numpy: Any) -> Frame:
        """What expressions are evaluated on."""
        frame = Frame(batch, numpy)
        frame.moment = Held(self.moment)
        return frame


def made_column(run: Run, field: Field, kind: DataType, frame: Frame) -> Column:
    """The values of an expression as a column."""
    if isinstance(run, Invoked):
        return column_for(run, frame, field)
    column = run.column(field, frame) if isinstance(run, (ColumnRun, DecimalRun)) else None
    return column_of(run(frame), field, kind, frame) if column is None else column
