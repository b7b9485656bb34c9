"""From an expression and the columns there are to what evaluates it on batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import GraphError
from pyflinkx.expressions.arithmetic import absolute, arithmetic, negated
from pyflinkx.expressions.casts import cast
from pyflinkx.expressions.dates import CALENDAR, OF_DAY, date_part
from pyflinkx.expressions.exact import is_exact
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import Typed, literal, type_name
from pyflinkx.expressions.logic import (
    NUMPY_NAMES,
    chosen,
    compared,
    conditional,
    connected,
    constant,
    membership,
    nan_test,
    negation,
    null_test,
)
from pyflinkx.expressions.text import FUNCTIONS, concatenated, text_function
from pyflinkx.types.data_type_field import is_opaque, type_of_field

# What types the operands of an operation; None, or a reason, where their types do not allow it.
OPERATIONS: dict[str, Callable[..., Typed | str | None]] = {
    "add": lambda expression, left, right: (
        concatenated(expression, [left, right])
        if "text" in (left.kind, right.kind)
        else arithmetic(expression, left, right)
    ),
    **dict.fromkeys(("subtract", "multiply", "divide", "floor_divide", "modulo", "power"), arithmetic),
    **dict.fromkeys(NUMPY_NAMES, compared),
    **dict.fromkeys(("and", "or"), connected),
    **dict.fromkeys(("is_null", "is_not_null"), null_test),
    **dict.fromkeys((*CALENDAR, *OF_DAY, "millisecond"), date_part),
    **dict.fromkeys(FUNCTIONS, text_function),
    "negate": negated,
    "abs": absolute,
    "not": negation,
    "is_nan": nan_test,
    "isin": membership,
    "cast": cast,
    "if_then_else": conditional,
    "coalesce": lambda expression, *values: chosen(expression, values),
    "concat": lambda expression, *values: concatenated(expression, values),
}


def typed(expression: Expression, schema: Schema, call: str) -> Typed:
    """The expression with its type.

    Args:
        expression: what the program wrote.
        schema: the columns.
        call: the API call, for errors.

    Raises:
        GraphError: a column is not there, or the types do not fit; it names the expression and the columns.
    """
    operation = expression.operation
    if operation == "column":
        name = expression.options[0]
        if name not in schema.names:
            raise GraphError(f"{call}: there is no column '{name}'; there are {described(schema)}")
        return Typed(type_of_field(schema[name]).with_nullable(True), lambda frame: frame.load(name), expression)
    if operation == "literal":
        value = expression.options[0]
        if literal(value) is None:
            raise GraphError(
                f"{call}: {short_repr(value)} ({type(value).__name__}) is no constant that a column could hold"
            )
        return constant(value)
    operands = [typed(operand, schema, call) for operand in expression.operands]
    if operation == "alias":
        return operands[0]
    result = OPERATIONS[operation](expression, *operands)
    if isinstance(result, Typed):
        return result
    kinds = ", ".join(f"{operand.expression} is {type_name(operand.type)}" for operand in operands)
    reason = f"; {result}" if isinstance(result, str) else carried_reason(operands)
    raise GraphError(f"{call}: {expression} does not fit its types: {kinds}{reason}; there are {described(schema)}")


def carried_reason(operands: Sequence[Typed]) -> str:
    """Why there is no operation on decimals and what is carried, and what to do; nothing where there are none."""
    for operand in operands:
        if is_opaque(operand.type) or is_exact(operand):
            what = type_name(operand.type)
            numbers = " make numbers of it by cast('int64') or cast('float64')," if is_exact(operand) else ""
            return f"; expressions do not look into values of {what}:{numbers} or use Python's operators in a map()"
    return ""


def referenced(expression: Expression) -> set[str]:
    """The names of the columns that it reads."""
    if expression.operation == "column":
        return {expression.options[0]}
    return {name for operand in expression.operands for name in referenced(operand)}


def condition(expression: Any, schema: Schema, call: str) -> Typed:
    """An expression that is true or false.

    Raises:
        GraphError: it is anything else.
    """
    result = typed(expression, schema, call)
    if result.kind not in ("bool", "null"):
        raise GraphError(f"{call} takes a condition, but {expression} is {type_name(result.type)}")
    return result


def described(schema: Schema) -> str:
    """The columns, for an error."""
    return ", ".join(f"'{field.name}' {field.type_name}" for field in schema)
