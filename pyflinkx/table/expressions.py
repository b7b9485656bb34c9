"""Where expressions of the Table API begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.names.asking import offering
from pyflinkx.sql.parser import parse_expression, parse_path
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.arguments import given
from pyflinkx.table.chosen_columns import Chosen
from pyflinkx.table.column_types import DataType
from pyflinkx.table.expression import Expression, called, node_of, type_node
from pyflinkx.table.expression_words import JsonOnNull

__all__ = [
    "CURRENT_RANGE",
    "CURRENT_ROW",
    "UNBOUNDED_RANGE",
    "UNBOUNDED_ROW",
    "and_",
    "array",
    "atan2",
    "call",
    "call_sql",
    "coalesce",
    "col",
    "concat",
    "concat_ws",
    "convert_tz",
    "current_database",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_watermark",
    "date_format",
    "descriptor",
    "e",
    "from_unixtime",
    "if_then_else",
    "json",
    "json_array",
    "json_array_agg",
    "json_object",
    "json_object_agg",
    "json_string",
    "lag",
    "lead",
    "lit",
    "local_time",
    "local_timestamp",
    "log",
    "map_",
    "map_from_arrays",
    "negative",
    "not_",
    "null_of",
    "or_",
    "pi",
    "rand",
    "rand_integer",
    "range_",
    "row",
    "row_interval",
    "source_watermark",
    "temporal_overlaps",
    "timestamp_diff",
    "to_date",
    "to_timestamp",
    "to_timestamp_ltz",
    "unix_timestamp",
    "uuid",
    "with_all_columns",
    "with_columns",
    "without_columns",
]


def col(name: str) -> Expression:
    """A column; a field of a row by ``col("column.field")`` is one, too, where no column has that name."""
    return Expression(tree.Name((name,)))


def lit(v: Any, data_type: DataType | None = None) -> Expression:
    """A constant, perhaps as a certain type."""
    constant = Expression(node_of(v))
    return constant if data_type is None else constant.cast(data_type)


def null_of(data_type: DataType) -> Expression:
    """The missing value of a type."""
    return Expression(tree.Cast(tree.Null(), type_node(data_type)))


def call_sql(sql_expression: str) -> Expression:
    """An expression in SQL.

    Raises:
        SqlError: it is none.
    """
    return Expression(parse_expression(sql_expression))


def and_(predicate0: Any, predicate1: Any, *predicates: Any) -> Expression:
    """Whether all are true."""
    return Expression(tree.Operation("AND", tuple(map(node_of, (predicate0, predicate1, *predicates)))))


def or_(predicate0: Any, predicate1: Any, *predicates: Any) -> Expression:
    """Whether one is true."""
    return Expression(tree.Operation("OR", tuple(map(node_of, (predicate0, predicate1, *predicates)))))


def not_(expression: Expression) -> Expression:
    """Whether it is not true."""
    return ~expression


def negative(v: Any) -> Expression:
    """A number with the other sign."""
    return Expression(tree.Prefix("-", node_of(v)))


def if_then_else(condition: Any, if_true: Any, if_false: Any) -> Expression:
    """One value where a condition is true, another elsewhere."""
    return called("IF", condition, if_true, if_false)


def coalesce(*args: Any) -> Expression:
    """The first value that is not missing."""
    return called("COALESCE", *args)


def concat(first: Any, *others: Any) -> Expression:
    """Texts one after the other."""
    return called("CONCAT", first, *others)


def concat_ws(separator: Any, first: Any, *others: Any) -> Expression:
    """Texts with a separator between; what is missing is left out."""
    return called("CONCAT_WS", separator, first, *others)


def pi() -> Expression:
    """The number pi."""
    return called("PI")


def e() -> Expression:
    """Euler's number."""
    return called("E")


def atan2(y: Any, x: Any) -> Expression:
    """The angle of a point."""
    return called("ATAN2", y, x)


def log(v: Any, base: Any = None) -> Expression:
    """The logarithm to a base, by default Euler's number."""
    return called("LOG", v) if base is None else called("LOG", base, v)


def rand(seed: Any = None) -> Expression:
    """A random number from 0 up to 1 in each row."""
    return called("RAND", *given(seed))


def rand_integer(bound: Any, seed: Any = None) -> Expression:
    """A random whole number from 0 up to a bound in each row."""
    return called("RAND_INTEGER", bound) if seed is None else called("RAND_INTEGER", seed, bound)


def uuid() -> Expression:
    """A random id in each row."""
    return called("UUID")


# ---- times ----


def current_date() -> Expression:
    """The date of today."""
    return called("CURRENT_DATE")


def current_time() -> Expression:
    """The time of day."""
    return called("CURRENT_TIME")


def current_timestamp() -> Expression:
    """The instant of now."""
    return called("CURRENT_TIMESTAMP")


def local_time() -> Expression:
    """The time of day."""
    return called("LOCALTIME")


def local_timestamp() -> Expression:
    """The local time of now."""
    return called("LOCALTIMESTAMP")


def current_watermark(rowtimeAttribute: Any) -> Expression:
    """Where event time stands."""
    return called("CURRENT_WATERMARK", rowtimeAttribute)


def source_watermark() -> Expression:
    """The watermark that a source gives."""
    return called("SOURCE_WATERMARK")


def to_date(date_str: Any, format: Any = None) -> Expression:
    """The date that is written."""
    return called("TO_DATE", date_str, *given(format))


def to_timestamp(timestamp_str: Any, format: Any = None) -> Expression:
    """The timestamp that is written."""
    return called("TO_TIMESTAMP", timestamp_str, *given(format))


def to_timestamp_ltz(*args: Any) -> Expression:
    """The instant of a number and its precision, or of a text, its pattern and its zone."""
    return called("TO_TIMESTAMP_LTZ", *args)


def from_unixtime(unixtime: Any, format: Any = None) -> Expression:
    """Seconds since 1970 as local time, written."""
    return called("FROM_UNIXTIME", unixtime, *given(format))


def unix_timestamp(date_str: Any = None, format: Any = None) -> Expression:
    """Seconds since 1970: now, or of a local time that is written."""
    return called("UNIX_TIMESTAMP", *given(date_str, format))


def date_format(timestamp: Any, format: Any) -> Expression:
    """A time, written by a pattern."""
    return called("DATE_FORMAT", timestamp, format)


def convert_tz(date_str: Any, tz_from: Any, tz_to: Any) -> Expression:
    """A local time that is written, in another time zone."""
    return called("CONVERT_TZ", date_str, tz_from, tz_to)


def timestamp_diff(time_point_unit: Any, time_point1: Any, time_point2: Any) -> Expression:
    """From one time to another in a unit."""
    arguments = (tree.Symbol(time_point_unit.name), node_of(time_point1), node_of(time_point2))
    return Expression(tree.Call(tree.Name(("TIMESTAMPDIFF",)), arguments))


def temporal_overlaps(
    left_time_point: Any, left_temporal: Any, right_time_point: Any, right_temporal: Any
) -> Expression:
    """Whether two periods have a time in common."""
    left = tree.Row((node_of(left_time_point), node_of(left_temporal)))
    right = tree.Row((node_of(right_time_point), node_of(right_temporal)))
    return Expression(tree.Operation("OVERLAPS", (left, right)))


# ---- values with parts ----


def array(head: Any, *tail: Any) -> Expression:
    """An array of elements."""
    return Expression(tree.Array(tuple(map(node_of, (head, *tail)))))


def map_(key: Any, value: Any, *tail: Any) -> Expression:
    """A map of keys and values in turns."""
    return Expression(tree.Map(tuple(map(node_of, (key, value, *tail)))))


def map_from_arrays(key: Any, value: Any) -> Expression:
    """A map of an array of keys and one of values."""
    return called("MAP_FROM_ARRAYS", key, value)


def row(head: Any, *tail: Any) -> Expression:
    """A row of fields."""
    return Expression(tree.Row(tuple(map(node_of, (head, *tail)))))


# ---- JSON ----


def json(value: Any) -> Expression:
    """A text of JSON, to be put into an object or array as it is."""
    return called("JSON", value)


def json_string(value: Any) -> Expression:
    """A value as JSON."""
    return called("JSON_STRING", value)


def json_object(on_null: JsonOnNull = JsonOnNull.NULL, *args: Any) -> Expression:
    """An object of keys and values in turns, as text.

    Raises:
        TypeError: a value is missing.
    """
    if len(args) % 2:
        raise TypeError("json_object() takes keys and values in turns")
    entries = tuple(
        tree.JsonEntry(node_of(key), node_of(value)) for key, value in zip(args[::2], args[1::2], strict=True)
    )
    return Expression(tree.Call(tree.Name(("JSON_OBJECT",)), entries, on_null=on_null.name))


def json_array(on_null: JsonOnNull = JsonOnNull.ABSENT, *args: Any) -> Expression:
    """An array of values, as text."""
    return Expression(tree.Call(tree.Name(("JSON_ARRAY",)), tuple(map(node_of, args)), on_null=on_null.name))


def json_object_agg(on_null: JsonOnNull, key_expr: Any, value_expr: Any) -> Expression:
    """An object of the keys and values of many rows, as text."""
    entry = tree.JsonEntry(node_of(key_expr), node_of(value_expr))
    return Expression(tree.Call(tree.Name(("JSON_OBJECTAGG",)), (entry,), on_null=on_null.name))


def json_array_agg(on_null: JsonOnNull, item_expr: Any) -> Expression:
    """An array of the values of many rows, as text."""
    return Expression(tree.Call(tree.Name(("JSON_ARRAYAGG",)), (node_of(item_expr),), on_null=on_null.name))


# ---- rows and columns ----


def call(f: Any, *args: Any) -> Expression:
    """A function's call.

    Args:
        f: its name, or what ``udf()`` and its like made.
        args: its arguments.
    """
    if not isinstance(f, str):
        from pyflinkx.table.udf import wrapper_of

        made: Expression = wrapper_of(f)(*args)
        return made
    return Expression(tree.Call(parse_path(f), tuple(map(node_of, args))))


def lead(expr: Any, offset: Any = 1, default: Any = None) -> Expression:
    """The value of a later row of a window."""
    return called("LEAD", expr, offset, *given(default))


def lag(expr: Any, offset: Any = 1, default: Any = None) -> Expression:
    """The value of an earlier row of a window."""
    return called("LAG", expr, offset, *given(default))


def descriptor(*column_names: str) -> Expression:
    """Columns as the argument of a function."""
    return Expression(tree.Descriptor(tuple(tree.DescribedColumn(tree.Name((name,))) for name in column_names)))


def with_all_columns() -> Expression:
    """All columns, as ``*`` in SQL."""
    return Expression(tree.Star())


def range_(start: str | int, end: str | int) -> Expression:
    """Columns from one to another, by name or by position from 1, for ``with_columns()``."""
    return Chosen((("range", start, end),), True)


def with_columns(head: Any, *tails: Any) -> Expression:
    """Some of the columns: names, positions from 1, ranges."""
    return Chosen((head, *tails), True)


def without_columns(head: Any, *tails: Any) -> Expression:
    """The columns but for some."""
    return Chosen((head, *tails), False)


def current_database() -> Expression:
    """The name of the current database."""
    return called("CURRENT_DATABASE")


def row_interval(rows: int) -> Expression:
    """A number of rows, for windows of rows."""
    return Expression(tree.Number(str(rows)))


# Ends of frames, for windows of Over.
UNBOUNDED_ROW, UNBOUNDED_RANGE, CURRENT_ROW, CURRENT_RANGE = (
    Expression(tree.Symbol(word)) for word in ("UNBOUNDED_ROW", "UNBOUNDED_RANGE", "CURRENT_ROW", "CURRENT_RANGE")
)

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
