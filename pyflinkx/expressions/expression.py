"""What programs write: ``col("price") * 1.1 > lit(50)``."""

from __future__ import annotations

from typing import Any, NoReturn

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import GraphError

INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "floor_divide": "//",
    "modulo": "%",
    "power": "**",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "and": "&",
    "or": "|",
}


class Expression:
    """A calculation on the columns of a stream, row by row; made by ``col``, ``lit`` and the methods here.

    Nulls behave as in SQL: what is calculated from a null is null; ``&`` and ``|`` know true, false and null; a filter
    drops rows whose condition is null. Whole numbers are calculated as int64, and a result that does not fit, like a
    division by zero, is an error that names the expression and the record; other numbers are calculated as float64, by
    the rules of IEEE 754 (1.0 / 0.0 is inf, NaN equals nothing). ``/`` always gives float64; ``//`` and ``%`` round
    down, as in Python.

    Args:
        operation: what is calculated; "column" and "literal" are the leaves.
        operands: of what.
        options: what else it takes: the column's name, the literal's value, ...

    Example:
        >>> (col("value") * 1.1 > 50) & col("name").is_not_null
        ((col('value') * 1.1) > 50) & col('name').is_not_null
    """

    __slots__ = ("operands", "operation", "options")
    __hash__ = object.__hash__

    def __init__(self, operation: str, operands: tuple[Expression, ...] = (), options: tuple[Any, ...] = ()) -> None:
        self.operation = operation
        self.operands = operands
        self.options = options

    # ---- arithmetic ----

    def __add__(self, other: Any) -> Expression:
        return binary("add", self, other)

    def __radd__(self, other: Any) -> Expression:
        return binary("add", other, self)

    def __sub__(self, other: Any) -> Expression:
        return binary("subtract", self, other)

    def __rsub__(self, other: Any) -> Expression:
        return binary("subtract", other, self)

    def __mul__(self, other: Any) -> Expression:
        return binary("multiply", self, other)

    def __rmul__(self, other: Any) -> Expression:
        return binary("multiply", other, self)

    def __truediv__(self, other: Any) -> Expression:
        return binary("divide", self, other)

    def __rtruediv__(self, other: Any) -> Expression:
        return binary("divide", other, self)

    def __floordiv__(self, other: Any) -> Expression:
        return binary("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Expression:
        return binary("floor_divide", other, self)

    def __mod__(self, other: Any) -> Expression:
        return binary("modulo", self, other)

    def __rmod__(self, other: Any) -> Expression:
        return binary("modulo", other, self)

    def __pow__(self, other: Any) -> Expression:
        return binary("power", self, other)

    def __rpow__(self, other: Any) -> Expression:
        return binary("power", other, self)

    def __neg__(self) -> Expression:
        return Expression("negate", (self,))

    def __abs__(self) -> Expression:
        return Expression("abs", (self,))

    # ---- comparison ----

    def __eq__(self, other: Any) -> Expression:  # type: ignore[override]
        return binary("equal", self, other)

    def __ne__(self, other: Any) -> Expression:  # type: ignore[override]
        return binary("not_equal", self, other)

    def __lt__(self, other: Any) -> Expression:
        return binary("less", self, other)

    def __le__(self, other: Any) -> Expression:
        return binary("less_equal", self, other)

    def __gt__(self, other: Any) -> Expression:
        return binary("greater", self, other)

    def __ge__(self, other: Any) -> Expression:
        return binary("greater_equal", self, other)

    def between(self, lower: Any, upper: Any) -> Expression:
        """Whether it lies from ``lower`` up to ``upper``, both included."""
        return (self >= lower) & (self <= upper)

    def isin(self, values: Any) -> Expression:
        """Whether it equals one of some constants; null where it does not and one of them is None.

        Args:
            values: a collection of constants of one type.
        """
        if isinstance(values, (str, bytes, Expression)) or not hasattr(values, "__iter__"):
            raise GraphError(f"isin() takes a collection of constants, not {values!r}")
        constants = tuple(values)
        if any(isinstance(value, Expression) for value in constants):
            raise GraphError("isin() takes constants, not expressions; compare with == and |")
        return Expression("isin", (self,), (constants,))

    # ---- true, false, null ----

    def __and__(self, other: Any) -> Expression:
        return binary("and", self, other)

    def __rand__(self, other: Any) -> Expression:
        return binary("and", other, self)

    def __or__(self, other: Any) -> Expression:
        return binary("or", self, other)

    def __ror__(self, other: Any) -> Expression:
        return binary("or", other, self)

    def __invert__(self) -> Expression:
        return Expression("not", (self,))

    def __bool__(self) -> NoReturn:
        raise GraphError(
            f"{self} has no value of its own before the job runs: combine conditions with & | ~ (in parentheses) in "
            "place of and, or, not, chained comparisons and if"
        )

    @property
    def is_null(self) -> Expression:
        """Whether it is null."""
        return Expression("is_null", (self,))

    @property
    def is_not_null(self) -> Expression:
        """Whether it is not null."""
        return Expression("is_not_null", (self,))

    @property
    def is_nan(self) -> Expression:
        """Whether a float is NaN."""
        return Expression("is_nan", (self,))

    def fill_null(self, value: Any) -> Expression:
        """It, or ``value`` where it is null."""
        return coalesce(self, value)

    def then(self, if_true: Any, if_false: Any) -> Expression:
        """``if_true`` where this condition is true, else (also where it is null) ``if_false``.

        What the other rows would make of the branch that is not theirs does not matter: it may overflow.
        """
        return if_then_else(self, if_true, if_false)

    # ---- types ----

    def cast(self, data_type: Any) -> Expression:
        """It as another type; a value that the type cannot hold is an error.

        Args:
            data_type: a type of ``Types``, or an Arrow name: "bool", "int8" to "int64", "uint8" to "uint64", "float32",
                "float64", "utf8", "date32", "timestamp[ms]", "timestamp[us, UTC]", ... Decimals and whole numbers of
                any size become any of these numbers, or text. Floats and decimals lose what follows the point, times
                are rounded down to coarser units; a timestamp becomes int64, and an int64 a timestamp, as the number of
                its units since the epoch.
        """
        return Expression("cast", (self,), (data_type,))

    def alias(self, name: str) -> Expression:
        """It under a name, which ``select`` gives its column."""
        return Expression("alias", (self,), (constant_text(name, "alias()"),))

    # ---- parts of dates and timestamps ----

    def year(self) -> Expression:
        """The year of a date or timestamp; like all parts in the column's time zone, if it has one."""
        return Expression("year", (self,))

    def quarter(self) -> Expression:
        """1 to 4."""
        return Expression("quarter", (self,))

    def month(self) -> Expression:
        """1 to 12."""
        return Expression("month", (self,))

    def day(self) -> Expression:
        """The day of the month, 1 to 31."""
        return Expression("day", (self,))

    def day_of_week(self) -> Expression:
        """1 for Monday to 7 for Sunday, as in ISO 8601."""
        return Expression("day_of_week", (self,))

    def day_of_year(self) -> Expression:
        """1 to 366."""
        return Expression("day_of_year", (self,))

    def hour(self) -> Expression:
        """0 to 23."""
        return Expression("hour", (self,))

    def minute(self) -> Expression:
        """0 to 59."""
        return Expression("minute", (self,))

    def second(self) -> Expression:
        """0 to 59, rounded down."""
        return Expression("second", (self,))

    def millisecond(self) -> Expression:
        """0 to 999, rounded down."""
        return Expression("millisecond", (self,))

    # ---- text ----

    def lower(self) -> Expression:
        """In lower case."""
        return Expression("lower", (self,))

    def upper(self) -> Expression:
        """In upper case."""
        return Expression("upper", (self,))

    def length(self) -> Expression:
        """How many characters it has."""
        return Expression("length", (self,))

    def substring(self, begin: int, length: int | None = None) -> Expression:
        """A part of it.

        Args:
            begin: its first character, counted from 1.
            length: characters at most; None for all that follow.
        """
        if not is_count(begin, 1) or not (length is None or is_count(length, 0)):
            raise GraphError(
                f"substring() takes a position from 1 up and a length from 0 up, not {begin!r}, {length!r}"
            )
        return Expression("substring", (self,), (begin, length))

    def contains(self, text: str) -> Expression:
        """Whether ``text`` occurs in it."""
        return Expression("contains", (self,), (constant_text(text, "contains()"),))

    def starts_with(self, text: str) -> Expression:
        """Whether it begins with ``text``."""
        return Expression("starts_with", (self,), (constant_text(text, "starts_with()"),))

    def ends_with(self, text: str) -> Expression:
        """Whether it ends with ``text``."""
        return Expression("ends_with", (self,), (constant_text(text, "ends_with()"),))

    def trim(self) -> Expression:
        """Without white space at both ends."""
        return Expression("trim", (self,))

    def replace(self, search: str, replacement: str) -> Expression:
        """With every occurrence of ``search`` replaced."""
        texts = constant_text(search, "replace()"), constant_text(replacement, "replace()")
        return Expression("replace", (self,), texts)

    # ---- text form ----

    def __repr__(self) -> str:
        if self.operation == "column":
            return f"col({self.options[0]!r})"
        if self.operation == "literal":
            return short_repr(self.options[0])
        parts = [repr(operand) for operand in self.operands]
        sign = INFIX.get(self.operation)
        if sign is not None:
            return f" {sign} ".join(
                f"({part})" if operand.operation in INFIX else part
                for part, operand in zip(parts, self.operands, strict=True)
            )
        if self.operation in ("negate", "not"):
            prefix = "-" if self.operation == "negate" else "~"
            return f"{prefix}({parts[0]})" if self.operands[0].operation in INFIX else f"{prefix}{parts[0]}"
        if self.operation in ("coalesce", "concat", "if_then_else", "abs"):
            return f"{self.operation}({', '.join(parts)})"
        first = f"({parts[0]})" if self.operands[0].operation in INFIX else parts[0]
        if self.operation in ("is_null", "is_not_null", "is_nan"):
            return f"{first}.{self.operation}"
        return f"{first}.{self.operation}({', '.join(map(short_repr, self.options))})"


def col(name: str) -> Expression:
    """The column of that name.

    Example:
        >>> col("value") > 3
        col('value') > 3
    """
    if not isinstance(name, str):
        raise GraphError(f"col() takes the name of a column, not {name!r}")
    return Expression("column", (), (name,))


def lit(value: Any) -> Expression:
    """A constant: None, bool, int, float, str, bytes, date, datetime, timedelta or a NumPy scalar."""
    if isinstance(value, Expression):
        return value
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    return Expression("literal", (), (value,))


def coalesce(*values: Any) -> Expression:
    """The first of the values that is not null, row by row."""
    if not values:
        raise GraphError("coalesce() takes at least one value")
    return Expression("coalesce", tuple(map(lit, values)))


def concat(*values: Any) -> Expression:
    """Texts one after the other; null where one of them is."""
    if not values:
        raise GraphError("concat() takes at least one value")
    return Expression("concat", tuple(map(lit, values)))


def if_then_else(condition: Any, if_true: Any, if_false: Any) -> Expression:
    """``if_true`` where the condition is true, else (also where it is null) ``if_false``; see ``Expression.then``."""
    return Expression("if_then_else", (lit(condition), lit(if_true), lit(if_false)))


def and_(*conditions: Any) -> Expression:
    """Whether all are true: the conditions joined by ``&``."""
    return joined("and", conditions)


def or_(*conditions: Any) -> Expression:
    """Whether one is true: the conditions joined by ``|``."""
    return joined("or", conditions)


def joined(operation: str, conditions: tuple[Any, ...]) -> Expression:
    """All conditions, two at a time from the left."""
    if not conditions:
        raise GraphError(f"{operation}_() takes at least one condition")
    first, *others = map(lit, conditions)
    for other in others:
        first = binary(operation, first, other)
    return first


def binary(operation: str, left: Any, right: Any) -> Expression:
    """An operation of two."""
    return Expression(operation, (lit(left), lit(right)))


def is_count(value: Any, smallest: int) -> bool:
    """Whether it is a whole number from ``smallest`` up."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= smallest


def constant_text(value: Any, call: str) -> str:
    """A constant text that a call takes."""
    if not isinstance(value, str):
        raise GraphError(f"{call} takes text, not {value!r}")
    return value
