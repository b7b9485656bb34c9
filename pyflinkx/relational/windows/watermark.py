"""Watermarks of tables: WATERMARK FOR column AS expression."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx._core.columns.schema import Schema
from pyflinkx.config.options import AUTO_WATERMARK_INTERVAL
from pyflinkx.config.row_time_options import SOURCE_IDLE_TIMEOUT
from pyflinkx.errors import SqlError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.values import field
from pyflinkx.relational.windows.intervals import millis_of
from pyflinkx.relational.windows.watermark_operator import RowWatermarksOperator
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.changes import Changes
from pyflinkx.types.data_type import ROWTIME, Family

# The expression that takes the watermarks of the source.
SOURCE = "SOURCE_WATERMARK"
# Digits of a second that a time of rows has at most.
MOST_DIGITS = 3


@dataclass(frozen=True)
class Watermark(Node):
    """Rows with a column that is their event time.

    Args:
        input: the rows.
        index: of the column.
        delay: milliseconds that the watermark is behind the latest time; None where an expression says what it is.
        expression: the watermark of each row; None, and no delay, for the watermarks of the source.
        shown: the expression as it is written.
        gap: after how many rows a watermark follows each time, with which event time goes on; None for one from time
            to time.
        idle_timeout: milliseconds without a row after which the rows count as idle; None for the job's.
    """

    input: Node
    index: int
    delay: int | None = None
    expression: Bound | None = None
    shown: str = ""
    gap: int | None = None
    idle_timeout: int | None = None

    @property
    def columns(self) -> Columns:
        return tuple(
            (name, kind.with_time(ROWTIME) if index == self.index else kind)
            for index, (name, kind) in enumerate(self.input.columns)
        )

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        return self.input.changes

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.input.unique

    def describe(self) -> str:
        return f"WatermarkAssigner(rowtime=[{self.columns[self.index][0]}], watermark=[{self.shown}])"


def watermarked(node: Node, column: str, expression: tree.Expression, text: str) -> Watermark:
    """Rows whose event time is a column.

    Args:
        node: the rows.
        column: its name: a TIMESTAMP or TIMESTAMP_LTZ of at most three digits of a second.
        expression: the watermark, as it stands after AS.
        text: what the expression was read from, for errors.

    Raises:
        SqlError: there is no such column, it is no time, or the expression is none of times.
    """
    names = [name for name, _ in node.columns]
    if column not in names:
        raise SqlError(f"WATERMARK FOR {column}: there is no such column; there are {', '.join(names)}")
    index = names.index(column)
    kind = node.columns[index][1]
    if not kind.family(Family.TIME_STAMP) or (kind.precision or 0) > MOST_DIGITS:
        raise error_at(
            text,
            *expression.span,
            f"a time of rows is TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3, and {column} is {kind}"
            f"; a column AS CAST({column} AS TIMESTAMP(3)) can be it",
        )
    shown = text[slice(*expression.span)]
    if isinstance(expression, tree.Call) and expression.name.parts[-1].upper() == SOURCE and not expression.arguments:
        return Watermark(node, index, shown=shown)
    delay = delay_of(expression, column, text)
    if delay is not None:
        return Watermark(node, index, delay, shown=shown)
    bound = Binder(text, Scope([(None, name, each) for name, each in node.columns])).bind(expression)
    if not bound.type.family(Family.TIME_STAMP):
        raise error_at(text, *expression.span, f"a watermark is a TIMESTAMP or TIMESTAMP_LTZ, and this is {bound.type}")
    return Watermark(node, index, expression=bound, shown=shown)


def delay_of(expression: tree.Expression, column: str, text: str) -> int | None:
    """Milliseconds that are taken from the column itself; None where the expression is another one."""
    if isinstance(expression, tree.Name):
        return 0 if expression.parts[-1] == column else None
    if not isinstance(expression, tree.Operation) or expression.operator != "-" or len(expression.operands) != 2:
        return None
    time, interval = expression.operands
    if not isinstance(time, tree.Name) or time.parts[-1] != column or not isinstance(interval, tree.Interval):
        return None
    return millis_of(interval, text, "the delay of a watermark")


@translates(Watermark)
def with_watermarks(node: Watermark, translation: Translation) -> Stream:
    """The stream of rows with their timestamps, and watermarks behind them; in batch there is nothing to wait for."""
    if not translation.streaming:
        return translation.stream(node.input)
    name, kind = node.input.columns[node.index]
    spec = OperatorSpec.of(
        RowWatermarksOperator,
        Input(kind, node.index, name),
        node.delay,
        node.expression,
        translation.options.value_of(AUTO_WATERMARK_INTERVAL),
        (translation.options.value_of(SOURCE_IDLE_TIMEOUT) if node.idle_timeout is None else node.idle_timeout) or None,
        node.gap,
    )
    schema = Schema([field(each, kind) for each, kind in node.columns])
    return columnar_operator("WatermarkAssigner", spec, [translation.stream(node.input)], schema)
