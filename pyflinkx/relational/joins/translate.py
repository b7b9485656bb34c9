"""From joins to streams: which operator joins, and by which keys its inputs are spread."""

from __future__ import annotations

from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.native_join import JoinSpec
from pyflinkx.plan.columns import columnar_operator, keyed_by_columns
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.calc import CalcOperator
from pyflinkx.relational.joins.batch import BatchJoinOperator
from pyflinkx.relational.joins.identity import identity
from pyflinkx.relational.joins.inserts import InsertsJoinOperator
from pyflinkx.relational.joins.interval_operator import CLEAN_UP, IntervalJoinOperator, IntervalPlan
from pyflinkx.relational.joins.interval_operator import STATES as INTERVAL_STATES
from pyflinkx.relational.joins.nodes import INNER, Join, paired
from pyflinkx.relational.joins.regular import JoinPlan, operator_of
from pyflinkx.relational.joins.views import ONE, ROWS, UNIQUE, ViewSpec
from pyflinkx.relational.joins.window_operator import ENDS as WINDOW_ENDS
from pyflinkx.relational.joins.window_operator import STATES as WINDOW_STATES
from pyflinkx.relational.joins.window_operator import WindowJoinOperator
from pyflinkx.relational.keyed_rows import schema_of, ttl_of
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.windows.local_time import zone_of
from pyflinkx.state.spec import NATIVE, StateSpec
from pyflinkx.types.changes import INSERT_ONLY, RETRACT
from pyflinkx.types.data_type import ROWTIME, Family

SINGLE = Settings(parallelism=1, max_parallelism=1)


def with_keys(
    node: Node, keys: list[Bound], translation: Translation, taken: set[str]
) -> tuple[Stream, Columns, tuple[int, ...]]:
    """The stream of a node with the values of keys as columns, its columns, and where in them the keys are."""
    stream = translation.stream(node)
    columns = list(node.columns)
    projection = list(identity(node))
    positions: list[int] = []
    for key in keys:
        if isinstance(key, Input) and key.index not in positions:
            positions.append(key.index)
            continue
        number = len(projection)
        while f"$key{number}" in taken:
            number += 1
        name = f"$key{number}"
        taken.add(name)
        positions.append(len(projection))
        projection.append((name, key))
        columns.append((name, key.type))
    made = tuple(columns)
    if len(projection) > len(node.columns):
        spec = OperatorSpec.of(CalcOperator, tuple(projection), None)
        stream = columnar_operator("Calc", spec, [stream], schema_of(made))
    return stream, made, tuple(positions)


def keyed(stream: Stream, columns: Columns, positions: tuple[int, ...]) -> Stream:
    """A stream that is spread by columns; as it is where there are none."""
    if not positions:
        return stream
    found = keyed_by_columns(stream, [columns[position][0] for position in positions])
    assert found is not None, columns
    return found


def view_spec(node: Join, side: int, ttl: int) -> ViewSpec:
    """How the rows of a side are held."""
    source = node.inputs[side]
    name = ("left", "right")[side]
    kinds = [kind for _, kind in source.columns]
    if node.is_unique(side):
        return ViewSpec(name, ONE, ttl=ttl)
    if source.unique:
        unique = min((sorted(key) for key in source.unique), key=len)
        nested = any(kinds[position].family(Family.CONSTRUCTED) for position in unique)
        if unique:
            return ViewSpec(name, UNIQUE, tuple(unique), nested, ttl)
    return ViewSpec(name, ROWS, (), any(kind.family(Family.CONSTRUCTED) for kind in kinds), ttl)


def plan_of(node: Join, keys: tuple[tuple[int, ...], tuple[int, ...]], ttl: int) -> JoinPlan:
    """What an operator joins.

    Args:
        node: the join.
        keys: where the keys are in the batches of both sides.
        ttl: milliseconds that rows are held; 0 for ever.
    """
    return JoinPlan(
        node.kind,
        schema_of(node.columns),
        schema_of(node.pair),
        (len(node.left.columns), len(node.right.columns)),
        keys,
        tuple(key.nulls for key in node.keys),
        (view_spec(node, 0, ttl), view_spec(node, 1, ttl)),
        node.condition,
    )


@translates(Join)
def joined_stream(node: Join, translation: Translation) -> Stream:
    """The stream of a join."""
    taken = {name for name, _ in node.pair}
    left, left_columns, left_keys = with_keys(node.left, [key.left for key in node.keys], translation, taken)
    right, right_columns, right_keys = with_keys(node.right, [key.right for key in node.keys], translation, taken)
    ttl = ttl_of(translation.options)
    plan = plan_of(node, (left_keys, right_keys), ttl)
    result = plan.result
    inputs = [keyed(left, left_columns, left_keys), keyed(right, right_columns, right_keys)]
    settings = Settings() if node.keys else SINGLE
    if not translation.streaming and not is_native(node, 0):
        spec = OperatorSpec.of(BatchJoinOperator, plan).reading(*(each.asks(True) for each in inputs))
        return columnar_operator("Join", spec.producing(INSERT_ONLY), inputs, result, settings=settings)
    if node.windows is not None:
        zone = zone_of(translation.options)
        bounds = tuple(each.bounds(zone) for each in node.windows)
        spec = OperatorSpec.of(WindowJoinOperator, plan, (schema_of(left_columns), schema_of(right_columns)), bounds)
        spec = spec.reading(*(each.asks(True) for each in inputs)).producing(INSERT_ONLY)
        spec = spec.keeping(*WINDOW_STATES, WINDOW_ENDS, WATERMARK)
        return columnar_operator("WindowJoin", spec, inputs, result, settings=settings)
    if translation.streaming and node.interval is not None:
        interval, condition = node.interval
        times = (interval.left, interval.right) if interval.by == ROWTIME else None
        waiting = IntervalPlan(plan._replace(condition=condition), times, interval.lower, interval.upper)
        spec = OperatorSpec.of(IntervalJoinOperator, waiting).reading(*(each.asks(True) for each in inputs))
        kept = [WATERMARK] if times is not None else []
        spec = spec.producing(INSERT_ONLY).keeping(*INTERVAL_STATES, CLEAN_UP, *kept)
        return columnar_operator("IntervalJoin", spec, inputs, result, settings=settings)
    if is_native(node, ttl if translation.streaming else 0):
        pairs = schema_of(paired(left_columns, right_columns))
        native = JoinSpec(pairs, left_keys, right_keys)
        spec = OperatorSpec.of(InsertsJoinOperator, native, plan).reading(*(each.asks(True) for each in inputs))
        spec = spec.producing(INSERT_ONLY).keeping(StateSpec("rows", NATIVE))
        return columnar_operator("Join", spec, inputs, result)
    spec = OperatorSpec.of(operator_of(node.kind), plan).reading(*(each.asks() for each in inputs))
    changes = INSERT_ONLY if node.changes == INSERT_ONLY else RETRACT
    spec = spec.producing(changes).keeping(*(view.state for view in plan.views))
    return columnar_operator("Join", spec, inputs, result, settings=settings)


def is_native(node: Join, ttl: int) -> bool:
    """Whether columns are joined as they are: pairs of inserts, by key and for ever."""
    return node.kind == INNER and bool(node.keys) and node.changes == INSERT_ONLY and not ttl
