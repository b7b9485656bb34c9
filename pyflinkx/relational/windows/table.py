"""Window table functions: rows with the windows that they are in."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import SqlError
from pyflinkx.graph.runtime_mode import AUTOMATIC, runs_as_batch
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.stream_graph import topological_order
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.timestamps import TimestampsAndWatermarksOperator
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.keyed_rows import keyed
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.values import field
from pyflinkx.relational.windows.local_time import zone_of
from pyflinkx.relational.windows.session_operator import STATE, TIMERS, SessionTableOperator
from pyflinkx.relational.windows.spec import SESSION, WindowSpec
from pyflinkx.relational.windows.table_operator import WindowTableOperator
from pyflinkx.types.changes import INSERT_ONLY, Changes
from pyflinkx.types.data_type import PROCTIME, ROWTIME, DataType, Kind

BOUNDS = ("window_start", "window_end", "window_time")
BOUND = DataType(Kind.TIMESTAMP, 3, nullable=False)


@dataclass(frozen=True)
class WindowTable(Node):
    """Rows with the begin, the end and the time of each window that they are in, as often as there are such.

    Args:
        input: the rows.
        spec: the windows.
    """

    input: Node
    spec: WindowSpec

    @property
    def columns(self) -> Columns:
        names = {name for name, _ in self.input.columns}
        added = []
        for name, kind in zip(BOUNDS, (BOUND, BOUND, time_type(self.spec)), strict=True):
            found, number = name, 0
            while found in names:
                found, number = f"{name}{number}", number + 1
            names.add(found)
            added.append((found, kind))
        return (*self.input.columns, *added)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        return self.input.changes

    def describe(self) -> str:
        time = self.input.columns[self.spec.time][0]
        return f"WindowTableFunction(window=[{self.spec.shown(time)}])"


def time_type(spec: WindowSpec) -> DataType:
    """The type of window_time: the time of its rows."""
    if spec.by_clock:
        return DataType(Kind.TIMESTAMP_LTZ, 3, nullable=False, time=PROCTIME)
    return DataType(Kind.TIMESTAMP_LTZ if spec.local else Kind.TIMESTAMP, 3, nullable=False, time=ROWTIME)


def check_time(node: Node, spec: WindowSpec, translation: Translation) -> None:
    """See that rows of a stream have a time that goes on, or that there is an end of them, where all windows end.

    Raises:
        SqlError: the column is none of a stream's times, and the stream never ends.
    """
    name, kind = node.columns[spec.time]
    if not translation.streaming or kind.time is not None:
        return
    before = topological_order(up.transformation for up in translation.stream(node).upstreams)
    # Watermarks of another column would make rows late for windows of this one.
    marked = any(
        each.spec is not None and issubclass(each.spec.operator, TimestampsAndWatermarksOperator) for each in before
    )
    if marked or not runs_as_batch(AUTOMATIC, before):
        raise SqlError(
            f"windows of a stream need a column that is the time of its rows, and {name} is {kind}: declare a "
            f"WATERMARK FOR {name}, use a column AS PROCTIME(), or run in batch mode"
        )


@translates(WindowTable)
def with_windows(node: WindowTable, translation: Translation) -> Stream:
    """The stream of rows with their windows."""
    check_time(node.input, node.spec, translation)
    if node.spec.kind == SESSION:
        return with_sessions(node, translation)
    stream = translation.stream(node.input)
    schema = Schema([field(name, kind) for name, kind in node.columns])
    names = [name for name, _ in node.input.columns]
    spec = OperatorSpec.of(WindowTableOperator, node.spec, names[node.spec.time], schema, zone_of(translation.options))
    if node.changes is INSERT_ONLY:
        spec = spec.producing(INSERT_ONLY)
    return columnar_operator("WindowTableFunction", spec, [stream], schema)


def with_sessions(node: WindowTable, translation: Translation) -> Stream:
    """The stream of rows with their sessions, each session once it is over."""
    stream = keyed(translation.stream(node.input), node.spec.partition)
    schema = Schema([field(name, kind) for name, kind in node.columns])
    spec = OperatorSpec.of(
        SessionTableOperator, node.spec, node.input.columns, node.columns, schema, zone_of(translation.options)
    )
    spec = spec.reading(stream.asks()).keeping(STATE, TIMERS, WATERMARK)
    settings = Settings() if node.spec.partition else Settings(parallelism=1, max_parallelism=1)
    return columnar_operator("WindowTableFunction", spec, [stream], schema, settings=settings)
