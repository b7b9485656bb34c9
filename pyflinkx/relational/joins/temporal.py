"""FOR SYSTEM_TIME AS OF: joins with a table as it was at the time of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Input
from pyflinkx.relational.joins.conditions import keys_and_rest
from pyflinkx.relational.joins.lookup_join import lookup_join
from pyflinkx.relational.joins.nodes import INNER, LEFT, paired
from pyflinkx.relational.joins.parts import conjuncts
from pyflinkx.relational.joins.temporal_node import TemporalJoin
from pyflinkx.relational.joins.temporal_operator import DUE, VERSIONS, WAITING, TemporalJoinOperator, TemporalPlan
from pyflinkx.relational.joins.translate import keyed, with_keys
from pyflinkx.relational.keyed_rows import schema_of
from pyflinkx.relational.nodes import Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.types.data_type import PROCTIME, ROWTIME

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

KINDS = {"INNER": INNER, "LEFT": LEFT}


def as_of_time(source: queries.Source) -> tree.Expression | None:
    """The time that a table is read as of; None for as it is."""
    if isinstance(source, queries.Aliased):
        return as_of_time(source.source)
    return source.as_of if isinstance(source, queries.Table) else None


def versions_of(binder: QueryBinder, source: queries.Source) -> tuple[Node, str]:
    """The versions of a table, and what its columns may be qualified with."""
    if isinstance(source, queries.Aliased):
        node, _ = versions_of(binder, source.source)
        return binder.renamed(node, source.columns, source), source.name
    assert isinstance(source, queries.Table)
    return binder.table(source.name), source.name.parts[-1]


def temporal_join(
    binder: QueryBinder, source: queries.Join, left: Node, scope: Scope, as_of: tree.Expression
) -> tuple[Node, Scope]:
    """The join of rows with a table as it was at their time.

    Raises:
        SqlError: the time is no time of the rows, or the table has no versions by the keys of the join.
    """
    time = Binder(binder.text, scope).bind(as_of)
    kind = None if not isinstance(time, Input) else left.columns[time.index][1].time
    if not isinstance(time, Input) or kind is None:
        binder.refuse(as_of, "FOR SYSTEM_TIME AS OF takes the time of the rows on the left: a time attribute of theirs")
    if source.kind not in KINDS:
        binder.refuse(source, f"FOR SYSTEM_TIME AS OF: the join is JOIN or LEFT JOIN, not {source.kind}")
    right, qualifier = versions_of(binder, source.right)
    if kind == PROCTIME:
        return lookup_join(binder, source, left, scope, right, qualifier)
    times = [index for index, (_, column) in enumerate(right.columns) if column.time == ROWTIME]
    if not times:
        binder.refuse(
            source.right, f"{qualifier} has no event time: its versions need a WATERMARK on a column of their times"
        )
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
    plain = {key.right.index for key in keys if isinstance(key.right, Input)}
    if not keys or not any(unique <= plain for unique in right.unique):
        known = [", ".join(right.columns[index][0] for index in sorted(key)) for key in right.unique]
        hint = f"its key is ({') or ('.join(known)})" if known else "it has no primary key"
        binder.refuse(source, f"FOR SYSTEM_TIME AS OF: ON says which version of {qualifier} by the key of it; {hint}")
    node = TemporalJoin(left, right, KINDS[source.kind], keys, (time.index, times[0]), rest)
    made = [(table, name, kind) for (table, name, _), (_, kind) in zip(joined.columns, node.columns, strict=True)]
    return node, Scope(made, [name for name, _ in node.columns], scope.hidden, scope.outer)


@translates(TemporalJoin)
def temporal_stream(node: TemporalJoin, translation: Translation) -> Stream:
    """The stream of rows beside the versions of a table."""
    taken = {name for name, _ in node.pair}
    left, left_columns, left_keys = with_keys(node.left, [key.left for key in node.keys], translation, taken)
    right, right_columns, right_keys = with_keys(node.right, [key.right for key in node.keys], translation, taken)
    plan = TemporalPlan(
        node.kind == LEFT,
        schema_of(node.columns),
        schema_of(node.pair),
        (len(node.left.columns), len(node.right.columns)),
        (left_keys, right_keys),
        node.times,
        node.condition,
    )
    inputs = [keyed(left, left_columns, left_keys), keyed(right, right_columns, right_keys)]
    spec = OperatorSpec.of(TemporalJoinOperator, plan).reading(*(each.asks() for each in inputs))
    spec = spec.producing(node.changes).keeping(WAITING, VERSIONS, DUE, WATERMARK)
    return columnar_operator("TemporalJoin", spec, inputs, plan.result)
