"""LATERAL TABLE(SNAPSHOT(...)): joins with a table as it is when a row comes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.conditions import keys_and_rest
from pyflinkx.relational.joins.nodes import INNER, LEFT, Join, paired
from pyflinkx.relational.joins.parts import conjuncts
from pyflinkx.relational.joins.snapshot_node import SnapshotJoin
from pyflinkx.relational.joins.snapshot_operator import DRAIN, LOADED, WAITING, NoTimeOperator, SnapshotJoinOperator
from pyflinkx.relational.joins.translate import SINGLE, keyed, plan_of, with_keys
from pyflinkx.relational.keyed_rows import ttl_of
from pyflinkx.relational.nodes import Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.windows.intervals import millis_of
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.types.data_type import ROWTIME, Kind

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

SNAPSHOT = "SNAPSHOT"
KINDS = {"INNER": INNER, "CROSS": INNER, "COMMA": INNER, "LEFT": LEFT}
PARAMETERS = ("input", "load_completed_condition", "load_completed_time", "load_completed_idle_timeout", "state_ttl")
USAGE = (
    "SNAPSHOT(input => TABLE t [, load_completed_condition => 'compile_time' or 'user_time', load_completed_time => "
    "time, load_completed_idle_timeout => interval, state_ttl => interval])"
)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def snapshot_call(source: queries.Source) -> tree.Call | None:
    """The call of SNAPSHOT that a source is; None where it is none."""
    while isinstance(source, queries.Aliased):
        source = source.source
    if not isinstance(source, queries.TableFunction) or len(source.call.name.parts) > 1:
        return None
    return source.call if source.call.name.parts[0].upper() == SNAPSHOT else None


def snapshot_join(binder: QueryBinder, source: queries.Join, left: Node, scope: Scope) -> tuple[Node, Scope]:
    """The join of rows with a table as it is when they come.

    Raises:
        SqlError: the arguments of SNAPSHOT do not fit, or it is no such join.
    """
    call = snapshot_call(source.right)
    assert call is not None
    if source.kind not in KINDS:
        binder.refuse(source, f"{SNAPSHOT} is on the right of JOIN or LEFT JOIN, not of {source.kind} JOIN")
    given = dict(zip(PARAMETERS, call.arguments, strict=False))
    if any(isinstance(argument, tree.NamedArgument) for argument in call.arguments):
        given = {
            argument.name.lower(): argument.value if isinstance(argument, tree.NamedArgument) else argument
            for argument in call.arguments
            if isinstance(argument, tree.NamedArgument)
        }
    table = given.get("input")
    if not isinstance(table, tree.TableArgument) or len(given) < len(call.arguments) or set(given) - set(PARAMETERS):
        binder.refuse(call, f"it is written {USAGE}")
    right = binder.table(table.source) if isinstance(table.source, tree.Name) else binder.bind(table.source)
    alias = source.right if isinstance(source.right, queries.Aliased) else None
    if alias is not None:
        right = binder.renamed(right, alias.columns, alias)
    loaded = load_time(binder, call, given)
    ttl = given.get("state_ttl")
    held = None if ttl is None else millis_of(ttl, binder.text, "state_ttl")
    return snapshot_of(binder, source, left, scope, right, None if alias is None else alias.name, loaded, held)


def snapshot_of(
    binder: QueryBinder,
    source: queries.Join,
    left: Node,
    scope: Scope,
    right: Node,
    qualifier: str | None,
    loaded: int | None = None,
    ttl: int | None = None,
) -> tuple[Node, Scope]:
    """The join with a table of which it is known when it has been read."""
    columns = paired(left.columns, right.columns)
    both = [*scope.columns, *((qualifier, name, kind) for name, kind in right.columns)]
    joined = Scope(
        [(table, name, kind) for (table, name, _), (_, kind) in zip(both, columns, strict=True)],
        [name for name, _ in columns],
        scope.hidden,
        scope.outer,
    )
    condition = None if source.on is None else Binder(binder.text, joined).condition(source.on, "ON")
    keys, rest = keys_and_rest(conjuncts(condition), left.columns, right.columns)
    node = SnapshotJoin(left, right, KINDS[source.kind], keys, rest, loaded, ttl)
    made = [(table, name, kind) for (table, name, _), (_, kind) in zip(joined.columns, node.columns, strict=True)]
    return node, Scope(made, [name for name, _ in node.columns], scope.hidden, scope.outer)


def load_time(binder: QueryBinder, call: tree.Call, given: dict[str, Any]) -> int | None:
    """The event time (ms) up to which a table is read first; None for that when the job begins."""
    condition = given.get("load_completed_condition")
    said = "compile_time" if condition is None else getattr(condition, "value", None)
    if said not in ("compile_time", "user_time"):
        binder.refuse(condition or call, "load_completed_condition is 'compile_time' or 'user_time'")
    time = given.get("load_completed_time")
    if (said == "user_time") != (time is not None):
        binder.refuse(call, "load_completed_time goes with load_completed_condition => 'user_time'")
    if time is None:
        return None
    bound = Binder(binder.text, Scope([])).bind(time)
    if bound.type.kind is not Kind.TIMESTAMP_LTZ:
        binder.refuse(time, f"load_completed_time is a TIMESTAMP_LTZ, and this is {bound.type}")
    one = from_rows([(0,)], Schema([Field("nothing", "i")]))
    (value,) = to_rows(Projection([("time", bound)])(one), "tuple")[0]
    if value is None:
        binder.refuse(time, "load_completed_time is null")
    found = value if isinstance(value, datetime) else value.to_datetime()
    found = found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)
    return (found - EPOCH) // timedelta(milliseconds=1)


@translates(SnapshotJoin)
def snapshot_stream(node: SnapshotJoin, translation: Translation) -> Stream:
    """The stream of rows beside a table as it is when they come."""
    taken = {name for name, _ in node.pair}
    left, left_columns, left_keys = with_keys(node.left, [key.left for key in node.keys], translation, taken)
    right, right_columns, right_keys = with_keys(node.right, [key.right for key in node.keys], translation, taken)
    if not any(kind.time == ROWTIME for _, kind in node.left.columns):
        left = columnar_operator("NoTime", OperatorSpec.of(NoTimeOperator), [left], left.columns)
    ttl = ttl_of(translation.options) if node.ttl is None else node.ttl
    regular = Join(node.left, node.right, node.kind, node.keys, node.condition)
    plan = plan_of(regular, (left_keys, right_keys), ttl)
    inputs = [keyed(left, left_columns, left_keys), keyed(right, right_columns, right_keys)]
    spec = OperatorSpec.of(SnapshotJoinOperator, plan, node.loaded).reading(*(each.asks() for each in inputs))
    spec = spec.producing(node.changes).keeping(plan.views[1].state, WAITING, DRAIN, LOADED, WATERMARK)
    settings = Settings() if node.keys else SINGLE
    return columnar_operator("SnapshotJoin", spec, inputs, plan.result, settings=settings)
