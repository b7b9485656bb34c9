"""A naive evaluator of expressions: one row at a time, in Python, by the rules in Expression's docstring."""

import datetime
import math
import operator
import re
import struct

EPOCH = datetime.datetime(1970, 1, 1)
INTEGER = re.compile(r"(u?)int(8|16|32|64)")
UNITS = {"s": 10**6, "ms": 1000, "us": 1}
MICROSECOND = datetime.timedelta(microseconds=1)


class Undefined(Exception):
    """The row has no result: overflow, or a division by zero."""


def evaluate(expression, row):
    operation, operands, options = expression.operation, expression.operands, expression.options
    if operation == "column":
        return row[options[0]]
    if operation == "literal":
        return options[0]
    if operation in ("and", "or"):
        return three_valued(operation, operands, row)
    if operation == "is_null":
        return evaluate(operands[0], row) is None
    if operation == "is_not_null":
        return evaluate(operands[0], row) is not None
    if operation == "coalesce":
        for operand in operands:
            value = evaluate(operand, row)
            if value is not None:
                return value
        return None
    if operation == "if_then_else":
        return evaluate(operands[1 if evaluate(operands[0], row) is True else 2], row)
    values = [evaluate(operand, row) for operand in operands]
    if any(value is None for value in values):
        return None
    if operation == "isin":
        if any(value is not None and OPERATIONS["equal"](values[0], value) for value in options[0]):
            return True
        return None if None in options[0] else False
    return OPERATIONS[operation](*values, *options)


def three_valued(operation, operands, row):
    decisive = operation == "or"
    left = evaluate(operands[0], row)
    if left is decisive:
        return decisive
    right = evaluate(operands[1], row)
    if right is decisive:
        return decisive
    return None if left is None or right is None else not decisive


def number(value):
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Undefined
    return value


def mixed(function):
    def of_two(left, right):
        if isinstance(left, int) and isinstance(right, int):
            return number(function(left, right))
        return function(float(left), float(right))

    return of_two


def floor_divide(left, right):
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise Undefined
        return number(left // right)
    return float(left) // float(right) if right else divide(left, right)


def modulo(left, right):
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise Undefined
        return left % right
    return float(left) % float(right) if right else math.nan


def divide(left, right):
    left, right = float(left), float(right)
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left * math.copysign(1, right))
    return left / right


def alike(left, right):
    """Two operands of a comparison: a whole number as a float beside one, a date as its midnight beside a time."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)
    if isinstance(left, datetime.datetime) != isinstance(right, datetime.datetime):
        return as_time(left), as_time(right)
    return left, right


def as_time(value):
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime(value.year, value.month, value.day)
    return value


def with_times(function, of_numbers):
    def of_two(left, right):
        if isinstance(left, str):
            return left + right
        if isinstance(left, (datetime.date, datetime.timedelta)):
            try:
                return function(as_time(left), as_time(right))
            except OverflowError:
                raise Undefined from None
        return of_numbers(left, right)

    return of_two


def cast(value, name):
    integer = INTEGER.fullmatch(name)
    if integer:
        return cast_to_integer(value, bool(integer[1]), int(integer[2]))
    if name == "bool":
        return value != 0
    if name == "float64":
        return float(value)
    if name == "float32":
        return single(float(value))
    if name == "utf8":
        return str(value)
    if name == "date32":
        return value.date() if isinstance(value, datetime.datetime) else value
    if name.startswith("timestamp"):
        unit = UNITS[name[10:-1]]
        return EPOCH + (as_time(value) - EPOCH) // MICROSECOND // unit * unit * MICROSECOND
    return value


def cast_to_integer(value, unsigned, bits):
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(milliseconds=1)
    if isinstance(value, float) and not math.isfinite(value):
        raise Undefined
    value = int(value)
    if not (0 if unsigned else -(2 ** (bits - 1))) <= value < 2 ** (bits if unsigned else bits - 1):
        raise Undefined
    return value


def single(value):
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        raise Undefined from None


OPERATIONS = {
    "add": with_times(lambda a, b: a + b, mixed(lambda a, b: a + b)),
    "subtract": with_times(lambda a, b: a - b, mixed(lambda a, b: a - b)),
    "multiply": mixed(lambda a, b: a * b),
    "divide": divide,
    "floor_divide": floor_divide,
    "modulo": modulo,
    "negate": lambda a: number(-a) if isinstance(a, (int, float)) else -a,
    "cast": cast,
    "is_nan": math.isnan,
    "trim": lambda text: text.strip(" "),
    "abs": lambda a: number(abs(a)),
    "equal": lambda a, b: operator.eq(*alike(a, b)),
    "not_equal": lambda a, b: operator.ne(*alike(a, b)),
    "less": lambda a, b: operator.lt(*alike(a, b)),
    "less_equal": lambda a, b: operator.le(*alike(a, b)),
    "greater": lambda a, b: operator.gt(*alike(a, b)),
    "greater_equal": lambda a, b: operator.ge(*alike(a, b)),
    "not": lambda a: not a,
    "lower": str.lower,
    "upper": str.upper,
    "length": len,
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "replace": lambda text, search, new: text.replace(search, new),
    "substring": lambda text, begin, length: text[begin - 1 :][:length],
    "concat": lambda *texts: "".join(texts),
    "year": lambda time: time.year,
    "quarter": lambda time: (time.month + 2) // 3,
    "month": lambda time: time.month,
    "day": lambda time: time.day,
    "day_of_week": lambda time: time.isoweekday(),
    "day_of_year": lambda time: time.timetuple().tm_yday,
    "hour": lambda time: time.hour,
    "minute": lambda time: time.minute,
    "second": lambda time: time.second,
    "millisecond": lambda time: time.microsecond // 1000,
}
