"""The streams of OVER."""

from __future__ import annotations

from dataclasses import replace

from pyflinkx.errors import SqlError
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.keyed_rows import keyed, schema_of
from pyflinkx.relational.over.change_operator import STATE as CHANGING
from pyflinkx.relational.over.change_operator import ChangingOverOperator
from pyflinkx.relational.over.final_operator import FinalOverOperator
from pyflinkx.relational.over.functions import PLACE_FUNCTIONS
from pyflinkx.relational.over.nodes import RANGE, Over, OverWindow, PlaceCall
from pyflinkx.relational.over.time_operator import STATE, TIMERS, TimeOverOperator
from pyflinkx.relational.times import units_of
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.types.changes import INSERT_ONLY, RETRACT
from pyflinkx.types.data_type import PROCTIME


@translates(Over)
def with_results(node: Over, translation: Translation) -> Stream:
    """The stream of rows with the results of OVER."""
    stream = keyed(translation.stream(node.input), node.window.partition)
    columns = node.input.columns
    if not translation.streaming:
        spec = OperatorSpec.of(FinalOverOperator, columns, node.window, node.calls, node.columns)
        spec = spec.reading(stream.asks(True)).producing(INSERT_ONLY)
    elif node.changes != INSERT_ONLY:
        spec = OperatorSpec.of(ChangingOverOperator, columns, node.window, node.calls, node.columns)
        spec = spec.reading(stream.asks()).producing(RETRACT).keeping(CHANGING)
    else:
        check(node)
        by_clock = node.by_time == PROCTIME
        spec = OperatorSpec.of(TimeOverOperator, columns, in_millis(node), node.calls, node.columns, by_clock)
        spec = spec.reading(stream.asks(True)).producing(INSERT_ONLY).keeping(STATE, TIMERS, WATERMARK)
    settings = Settings() if node.window.partition else Settings(parallelism=1, max_parallelism=1)
    return columnar_operator("Over Aggregate", spec, [stream], schema_of(node.columns), settings=settings)


def in_millis(node: Over) -> OverWindow:
    """The window with distances of time in milliseconds."""
    frame = node.window.frame
    if frame.unit != RANGE or not frame.start:
        return node.window
    unit = units_of(node.input.columns[node.window.order[0].index][1])
    return replace(node.window, frame=replace(frame, start=frame.start * 1000 // unit))


def check(node: Over) -> None:
    """See that a stream's OVER in the order of time looks back only.

    Raises:
        SqlError: it does not.
    """
    frame = node.window.frame
    if frame.end != 0 or (frame.start is not None and frame.start > 0):
        raise SqlError(f"OVER in a stream ends with the CURRENT ROW, as no later row is known, and this is {frame}")
    for call in node.calls:
        if isinstance(call, PlaceCall) and (PLACE_FUNCTIONS[call.function].batch_only or call.skip_nulls):
            raise SqlError(f"{call.function} looks at later rows, which a stream does not know; batch mode does")
