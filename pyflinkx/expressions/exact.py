"""Casts of numbers of any number of digits, decimals and whole numbers, value by value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.errors import TypeInformationError
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import Typed, fail_row, kind_of, type_name
from pyflinkx.expressions.vectors import Frame, Vector, load_column
from pyflinkx.types.data_type import DataType, Kind
from pyflinkx.types.data_type_field import field_of


def is_exact(operand: Typed) -> bool:
    """Whether it is a column of decimals, or of whole numbers or decimals that are carried."""
    return operand.type.kind is Kind.DECIMAL


def exact_cast(operand: Typed, to: DataType, expression: Expression) -> Typed:
    """Such numbers as integers, floats, truth values or text."""
    run, wanted = operand.run, kind_of(to)

    def convert(value: Any) -> Any:
        if value is None:
            return None
        if wanted == "int":
            return int(value)
        if wanted == "float":
            return float(value)
        return value != 0 if wanted == "bool" else f"{value:f}" if isinstance(value, Decimal) else str(value)

    def cast(frame: Frame) -> Vector:
        vector = run(frame)
        if not isinstance(vector.values, Column):
            return vector
        counting = frame.counting(vector.valid)
        builder = ColumnBuilder(field_of("value", to))
        for row, value in enumerate(to_values(vector.values)):
            try:
                builder.append(None if counting is not None and not counting[row] else convert(value))
            except (TypeInformationError, ArithmeticError, ValueError):
                raise fail_row(OverflowError, expression, frame, row, misfit(value, to)) from None
        return load_column(builder.finish(), frame.numpy)

    return Typed(to, cast, expression)


def misfit(value: Any, to: DataType) -> str:
    shown = f"{value:.30g}" if isinstance(value, Decimal) else str(value)
    return f"{shown:.60} does not fit {type_name(to)}"
