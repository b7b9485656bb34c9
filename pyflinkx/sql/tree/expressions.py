"""Expressions."""

from __future__ import annotations

from decimal import Decimal

from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.tree.types import IntervalUnit, TypeName


class Expression(Node):
    """What has a value, or stands among the arguments of a function."""


class Query(Expression):
    """What gives rows: see ``tree.queries``."""


class Name(Expression):
    """A name of one part or more, such as ``db.t`` or ``t.row_column.field``."""

    parts: tuple[str, ...]


class Star(Expression):
    """``*`` or ``t.*``."""

    qualifier: Name | None = None


# ---- Literals


class Null(Expression):
    """``NULL``."""


class Boolean(Expression):
    """``TRUE``, ``FALSE``, and ``UNKNOWN`` as None."""

    value: bool | None


class Number(Expression):
    """A number without a sign, as it is written."""

    text: str

    @property
    def value(self) -> int | Decimal | float:
        """An int, a Decimal if there is a point, a float if there is an exponent: Flink's DOUBLE."""
        if self.text.isdigit():
            return int(self.text)
        return float(self.text) if "e" in self.text.lower() else Decimal(self.text)


class String(Expression):
    """A text, with the name of its character set if there is one."""

    value: str
    charset: str | None = None


class Bytes(Expression):
    """``X'...'``."""

    value: bytes


class Temporal(Expression):
    """``DATE``, ``TIME``, ``TIMESTAMP``, ``TIMESTAMP_LTZ`` (TIMESTAMP WITH LOCAL TIME ZONE) or ``UUID`` and a text."""

    kind: str
    value: str


class Interval(Expression):
    """``INTERVAL '1:30' HOUR TO MINUTE``; the value of ``INTERVAL (x) DAY`` is an expression."""

    value: Expression
    unit: IntervalUnit
    negative: bool = False


class Parameter(Expression):
    """``?``."""


class Symbol(Expression):
    """A word among the arguments of a function: a unit of time, ``BOTH``, the name of a character set."""

    name: str


# ---- Operators


class Prefix(Expression):
    """``+``, ``-``, ``NOT``, ``UNIQUE``; ``FINAL`` and ``RUNNING`` in MATCH_RECOGNIZE."""

    operator: str
    operand: Expression


class Operation(Expression):
    """Operands with the same operator between them, taken from left to right.

    There are two of them, or more with ``AND``, ``OR``, ``||``, ``+``, ``-``, ``*``, ``/`` and ``%``: a condition of
    thousands of parts is not thousands of levels deep.
    """

    operator: str
    operands: tuple[Expression, ...]


class Is(Expression):
    """``a IS [NOT]`` ``NULL``, ``TRUE``, ``FALSE``, ``UNKNOWN``, ``A SET``, ``EMPTY``, ``JSON VALUE`` and so on."""

    operand: Expression
    what: str
    negated: bool = False


class Between(Expression):
    """``a [NOT] BETWEEN [SYMMETRIC] low AND high``."""

    operand: Expression
    low: Expression
    high: Expression
    negated: bool = False
    symmetric: bool = False


class Like(Expression):
    """``a [NOT] LIKE pattern [ESCAPE c]``; the operator is ``LIKE``, ``ILIKE``, ``RLIKE`` or ``SIMILAR TO``."""

    operand: Expression
    pattern: Expression
    escape: Expression | None = None
    operator: str = "LIKE"
    negated: bool = False


class In(Expression):
    """``a [NOT] IN (...)``: a query, or expressions."""

    operand: Expression
    candidates: Query | tuple[Expression, ...]
    negated: bool = False


class Quantified(Expression):
    """``a > ALL (...)``; the quantifier is ``ALL``, ``ANY`` or ``SOME``."""

    operand: Expression
    operator: str
    quantifier: str
    candidates: Query | tuple[Expression, ...]


class Exists(Expression):
    """``EXISTS (query)``."""

    query: Query


class Subquery(Expression):
    """``(query)`` as a value."""

    query: Query


class When(Node):
    """``WHEN ... THEN``; with CASE x there may be several values."""

    conditions: tuple[Expression, ...]
    result: Expression


class Case(Expression):
    """``CASE [operand] WHEN ... THEN ... [ELSE otherwise] END``."""

    operand: Expression | None
    branches: tuple[When, ...]
    otherwise: Expression | None = None


class Cast(Expression):
    """``CAST(a AS type)``; TRY_CAST is safe: it gives NULL where the other fails."""

    operand: Expression
    type: TypeName
    safe: bool = False


class Difference(Expression):
    """``(a - b) unit``: the interval between two times."""

    left: Expression
    right: Expression
    unit: IntervalUnit


# ---- Constructors and access


class Row(Expression):
    """``ROW(...)``, or several expressions between parentheses."""

    items: tuple[Expression, ...]


class Array(Expression):
    """``ARRAY[...]``."""

    items: tuple[Expression, ...]


class Map(Expression):
    """``MAP[key, value, ...]``."""

    items: tuple[Expression, ...]


class Multiset(Expression):
    """``MULTISET[...]``."""

    items: tuple[Expression, ...]


class Collected(Expression):
    """``ARRAY(query)``, ``MAP(query)``, ``MULTISET(query)``."""

    kind: str
    query: Query


class Item(Expression):
    """``collection[index]``."""

    collection: Expression
    index: Expression


class Field(Expression):
    """``expression.name`` of what is no name itself, such as ``f(x).name`` or ``a[1].name``; ``*`` for all fields."""

    operand: Expression
    name: str


# ---- Functions


class OrderItem(Node):
    """A part of ORDER BY."""

    expression: Expression
    descending: bool = False
    nulls_first: bool | None = None


class Bound(Node):
    """Where a frame begins or ends: ``CURRENT ROW``, ``PRECEDING`` or ``FOLLOWING``, without an offset unbounded."""

    kind: str
    offset: Expression | None = None


class Frame(Node):
    """``ROWS`` or ``RANGE`` from a bound to a bound; without an end, up to the current row.

    Args:
        exclude: ``CURRENT ROW``, ``GROUP``, ``TIES`` or ``NO OTHERS``.
    """

    unit: str
    start: Bound
    end: Bound | None = None
    exclude: str | None = None


class Window(Node):
    """What OVER says: the name of a window to begin with, partition, order, frame."""

    base: str | None = None
    partition_by: tuple[Expression, ...] = ()
    order_by: tuple[OrderItem, ...] = ()
    frame: Frame | None = None


class Call(Expression):
    """A call of a function; what has a syntax of its own (EXTRACT, TRIM, ...) is one with its arguments in order.

    Args:
        name: as it is written.
        arguments: also ``Star`` in COUNT(*), ``NamedArgument``, ``TableArgument``, ``Descriptor``, ``Lambda``
            and ``Symbol``.
        quantifier: ``DISTINCT`` or ``ALL``.
        order_by: within the parentheses.
        nulls: ``IGNORE`` or ``RESPECT`` of IGNORE NULLS.
        separator: after SEPARATOR.
        on_null: ``NULL`` or ``ABSENT`` of NULL ON NULL.
        within_group: the order of WITHIN GROUP.
        filter: the condition of FILTER.
        over: a window, or the name of one.
    """

    name: Name
    arguments: tuple[Expression, ...] = ()
    quantifier: str | None = None
    order_by: tuple[OrderItem, ...] = ()
    nulls: str | None = None
    separator: String | None = None
    on_null: str | None = None
    within_group: tuple[OrderItem, ...] = ()
    filter: Expression | None = None
    over: Window | str | None = None


class NamedArgument(Expression):
    """``name => value``."""

    name: str
    value: Expression


class Default(Expression):
    """``DEFAULT`` in place of an argument or of a value that is inserted."""


class Lambda(Expression):
    """``(x, y) -> body``."""

    parameters: tuple[str, ...]
    body: Expression


class DescribedColumn(Node):
    """A column of a DESCRIPTOR, with its type if it is said."""

    name: Name
    type: TypeName | None = None


class Descriptor(Expression):
    """``DESCRIPTOR(ts)``."""

    columns: tuple[DescribedColumn, ...]


class TableArgument(Expression):
    """``TABLE t`` or a query, with ``PARTITION BY`` and ``ORDER BY``, as the argument of a function."""

    source: Name | Query
    partition_by: tuple[Expression, ...] = ()
    order_by: tuple[OrderItem, ...] = ()


class ModelArgument(Expression):
    """``MODEL m``."""

    name: Name


# ---- JSON


class JsonEntry(Expression):
    """``KEY key VALUE value`` in JSON_OBJECT and JSON_OBJECTAGG."""

    key: Expression
    value: Expression


class FormatJson(Expression):
    """``a FORMAT JSON [ENCODING UTF8]``."""

    operand: Expression
    encoding: str | None = None


class JsonBehavior(Node):
    """``ERROR``, ``NULL``, ``DEFAULT ...``, ``EMPTY ARRAY``, ``EMPTY OBJECT``, ``TRUE``, ``FALSE``, ``UNKNOWN``."""

    kind: str
    default: Expression | None = None


class JsonPath(Expression):
    """JSON_EXISTS, JSON_VALUE or JSON_QUERY.

    Args:
        function: which of them.
        passing: named values for the path.
        wrapper: ``WITHOUT``, ``WITH CONDITIONAL`` or ``WITH UNCONDITIONAL``.
    """

    function: str
    document: Expression
    path: Expression
    passing: tuple[NamedArgument, ...] = ()
    returning: TypeName | None = None
    wrapper: str | None = None
    on_empty: JsonBehavior | None = None
    on_error: JsonBehavior | None = None
