"""Aggregates of windows by the engine's compiled windows, where rows are inserted only and all functions are such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.expressions.vectors import Frame, Vector, load_column
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.base import Operator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
    WindowAssigner,
)
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.plan.aggregate import window_aggregates
from pyflinkx.plan.columns import columnar_operator, keyed_by_columns
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.bound import Bound, Constant, Input
from pyflinkx.relational.calc import CalcOperator
from pyflinkx.relational.keyed_rows import schema_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.translation import Translation
from pyflinkx.relational.values import column_of, field
from pyflinkx.relational.windows.decimal_halves import (
    MOST_DIGITS,
    DecimalHalvesOperator,
    decimals,
    halves,
    with_halves,
)
from pyflinkx.relational.windows.local_time import UTC, zone_of
from pyflinkx.relational.windows.pulled_up import Rows, before_windows
from pyflinkx.relational.windows.row_times import times_column
from pyflinkx.relational.windows.spec import CUMULATE, HOP, SESSION, TUMBLE, WindowSpec
from pyflinkx.relational.windows.table import check_time
from pyflinkx.relational.windows.table_operator import NULL_TIMES
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import BIGINT, DataType, Family, Kind

if TYPE_CHECKING:
    from pyflinkx.relational.windows.aggregate import WindowAggregate

FLOATS = Family.APPROXIMATE_NUMERIC
TIME = "$time"
# What is made of which columns; the scale, if it is decimals.
Made = tuple[str, tuple[str, ...], int | None]


def native_parts(call: AggregateCall, argument: str | None) -> dict[str, Aggregation] | None:
    """The compiled aggregates that a call is made of, by what they are called in it; None where it is of none.

    Args:
        call: the call.
        argument: name of the column of its argument; None where it has none.
    """
    kinds = call.parameters
    if call.filter is not None or len(kinds) > 1 or any(kind.family(Family.CONSTRUCTED) for kind in kinds):
        return None
    name = call.function
    if name == "COUNT":
        if argument is None:
            return {"count": Aggregation("count")}
        if call.distinct:
            return None if kinds[0].family(FLOATS) else {"count": Aggregation("count_distinct", argument)}
        return {"count": Aggregation("count", argument)}
    if argument is None or kinds[0].kind is Kind.RAW:
        return None
    if name in ("MIN", "MAX"):
        # Of floats NaN has a place of its own.
        return None if kinds[0].family(FLOATS) else {"value": Aggregation(name.lower(), argument)}
    if name in ("SUM", "AVG") and not call.distinct:
        if is_halved(kinds[0]):
            high, low = halves(argument)
            count = Aggregation("count", high)
            return {"high": Aggregation("sum", high), "low": Aggregation("sum", low), "count": count}
        if not kinds[0].family(Family.INTEGER) and kinds[0].kind is not Kind.DOUBLE:
            return None
        parts = {"sum": Aggregation("sum", argument)}
        return parts if name == "SUM" else {**parts, "count": Aggregation("count", argument)}
    return None


def is_halved(kind: DataType) -> bool:
    """Whether sums of a type are those of halves."""
    return kind.kind is Kind.DECIMAL and (kind.precision or 0) <= MOST_DIGITS


def assigner_of(spec: WindowSpec, zone: str) -> WindowAssigner[Any, Any] | None:
    """The compiled windows; None where there are none such."""
    if spec.local and zone != UTC:
        return None
    offset = spec.offset % (spec.step if spec.kind == HOP else spec.size) if spec.kind != SESSION else 0
    if spec.kind == TUMBLE:
        tumbling = TumblingProcessingTimeWindows if spec.by_clock else TumblingEventTimeWindows
        return tumbling.of(spec.size, offset)
    if spec.kind == HOP and spec.step <= spec.size:
        sliding = SlidingProcessingTimeWindows if spec.by_clock else SlidingEventTimeWindows
        return sliding.of(spec.size, spec.step, offset)
    if spec.by_clock:
        return None
    if spec.kind == CUMULATE:
        return CumulativeEventTimeWindows(spec.size, spec.step, offset)
    return EventTimeSessionWindows.with_gap(spec.size) if spec.kind == SESSION else None


class TimedCalcOperator(CalcOperator):
    """A Calc whose rows have their timestamps from one of its columns; rows without one are left out and counted.

    Args:
        columns, condition: as for ``CalcOperator``.
        time: name of the column.
    """

    def __init__(self, columns: Sequence[tuple[str, Bound]], condition: Bound | None, time: str) -> None:
        super().__init__(columns, condition)
        self.time = time

    def project(self, batch: ColumnBatch) -> ColumnBatch:
        import numpy

        made = super().project(batch)
        column = made.column(self.time)
        if column.null_count:
            there = numpy.array([not column.is_null(row) for row in range(len(made))], "uint8")
            self.context.count(NULL_TIMES, len(made) - int(there.sum()))
            made = made.filter(there)
        return made.with_timestamps_from(self.time)


class WindowResultsOperator(Operator):
    """Makes the columns of SQL of those of compiled windows.

    Args:
        results: names and types of the columns that come out.
        sources: for each of them what is made of columns, the columns, and the scale of decimals.
    """

    def __init__(self, results: Columns, sources: Sequence[Made]) -> None:
        self.results = results
        self.sources = tuple(sources)
        self.schema = schema_of(results)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        columns = [
            decimals(batch, names, scale, how == "average", kind, column)
            if scale is not None
            else MADE[how](batch, names, kind, column, numpy)
            for (how, names, scale), (_, kind), column in zip(self.sources, self.results, self.schema, strict=True)
        ]
        self.output.emit(ColumnBatch(self.schema, columns, len(batch), batch.timestamps, batch.kinds))


def as_it_is(batch: ColumnBatch, names: tuple[str, ...], kind: DataType, column: Any, numpy: Any) -> Any:
    return batch.column(names[0]).with_field(column)


def bound_of(shift: int) -> Any:
    """The begin or end of a window as a timestamp, so many milliseconds earlier."""

    def made(batch: ColumnBatch, names: tuple[str, ...], kind: DataType, column: Any, numpy: Any) -> Any:
        return times_column(column, numpy.asarray(batch.column(names[0])).view("int64") - shift, numpy)

    return made


def number(batch: ColumnBatch, names: tuple[str, ...], kind: DataType, column: Any, numpy: Any) -> Any:
    """A sum in the width of its type, or an average, which of whole numbers is cut off."""
    values, valid = load_column(batch.column(names[0]), numpy)
    if values is None:
        values, valid = numpy.zeros(len(batch), "int64"), numpy.zeros(len(batch), "bool")
    if len(names) > 1:
        counts, _ = load_column(batch.column(names[1]), numpy)
        counts = numpy.maximum(counts, 1)
        whole = kind.family(Family.INTEGER)
        values = (numpy.abs(values) // counts) * numpy.sign(values) if whole else values / counts
    width = {Kind.TINYINT: "int8", Kind.SMALLINT: "int16", Kind.INT: "int32"}.get(kind.kind)
    if width is not None:
        values = values.astype(width)
    return column_of(Vector(values, valid), column, kind, Frame(batch, numpy))


MADE = {"key": as_it_is, "begin": bound_of(0), "end": bound_of(0), "time": bound_of(1), "number": number}


def native_stream(node: WindowAggregate, translation: Translation) -> Stream | None:
    """The stream of an aggregate of windows by compiled ones; None where it cannot be by such."""
    assigner = assigner_of(node.window.spec, zone_of(translation.options))
    if assigner is None or node.input.changes != INSERT_ONLY or not node.calls:
        return None
    read = list(dict.fromkeys(index for call in node.calls for index in call.arguments))
    names = {index: f"$f{place}" for place, index in enumerate(read)}
    parts: dict[str, Aggregation] = {}
    sources: list[Made] = []
    halved: list[str] = []
    for index in node.keys:
        sources.append(bound_source(node, index))
    for place, call in enumerate(node.calls):
        made = native_parts(call, names[call.arguments[0]] if call.arguments else None)
        if made is None:
            return None
        found = tuple(f"$r{place}{part}" for part in made)
        parts.update(zip(found, made.values(), strict=True))
        adds = call.function in ("SUM", "AVG")
        if adds and is_halved(call.parameters[0]):
            halved.append(names[call.arguments[0]])
            how = "average" if call.function == "AVG" else "sum"
            sources.append((how, found, call.parameters[0].scale))
        else:
            sources.append(("number" if adds else "key", found, None))
    rows = before_windows(node.input, [*node.plain_keys, *read])
    if rows is None or rows.table.input.changes != INSERT_ONLY:
        return None
    check_time(rows.table.input, rows.table.spec, translation)
    stream = calculated(node, rows, [names[index] for index in read], translation)
    if halved:
        halved = list(dict.fromkeys(halved))
        halving = OperatorSpec.of(DecimalHalvesOperator, stream.columns, halved)
        stream = columnar_operator("Halves", halving, [stream], with_halves(stream.columns, halved))
    keys = [f"$k{place}" for place in range(len(node.plain_keys))]
    if keys:
        keyed = keyed_by_columns(stream, keys)
        if keyed is None:
            return None
        stream = keyed
    results = window_aggregates(stream, assigner, parts, call="GROUP BY")
    spec = OperatorSpec.of(WindowResultsOperator, node.columns, sources).producing(INSERT_ONLY)
    return columnar_operator("Window Results", spec, [results], schema_of(node.columns))


def bound_source(node: WindowAggregate, index: int) -> Made:
    """What a column of the key is made of."""
    if index in node.window.begins:
        return "begin", ("window_start",), None
    if index in node.window.ends:
        return "end", ("window_end",), None
    if index in node.window.times:
        return "time", ("window_end",), None
    return "key", (f"$k{node.plain_keys.index(index)}",), None


def calculated(node: WindowAggregate, rows: Rows, names: Sequence[str], translation: Translation) -> Stream:
    """The rows with the columns that are read: the keys, the arguments, and the time."""
    table = rows.table
    keys = [f"$k{place}" for place in range(len(node.plain_keys))]
    columns: list[tuple[str, Bound]] = list(zip([*keys, *names], rows.columns, strict=True))
    before = translation.stream(table.input)
    if table.spec.by_clock:
        columns = columns or [("$one", Constant(BIGINT.not_null(), 1))]
        spec = OperatorSpec.of(CalcOperator, tuple(columns), rows.condition)
    else:
        name, kind = table.input.columns[table.spec.time]
        columns.append((TIME, Input(kind, table.spec.time, name)))
        spec = OperatorSpec.of(TimedCalcOperator, tuple(columns), rows.condition, TIME)
    schema = Schema([field(each, bound.type) for each, bound in columns])
    return columnar_operator("Calc", spec, [before], schema)
