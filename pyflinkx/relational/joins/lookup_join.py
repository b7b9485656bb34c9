"""FOR SYSTEM_TIME AS OF the time of the clock: lookup joins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Apply, Bound, Input
from pyflinkx.relational.joins.conditions import keys_and_rest, replaced
from pyflinkx.relational.joins.lookup import Asked, CacheSpec, asked, is_bounded
from pyflinkx.relational.joins.lookup_operator import LookupJoinOperator, LookupPlan
from pyflinkx.relational.joins.nodes import INNER, LEFT, JoinKey, paired
from pyflinkx.relational.joins.parts import conjunction, conjuncts
from pyflinkx.relational.joins.snapshot import snapshot_of
from pyflinkx.relational.joins.translate import with_keys
from pyflinkx.relational.joins.versions import beside
from pyflinkx.relational.keyed_rows import schema_of
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.sql.tree import queries
from pyflinkx.types.changes import Changes
from pyflinkx.types.data_type import BOOLEAN, ROWTIME, Family

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

KINDS = {"INNER": INNER, "LEFT": LEFT}
# Of the last watermark but the one that says that nothing follows: a table that ends has been read by then.
AT_END = 2**63 - 2


@dataclass(frozen=True)
class LookupJoin(Node):
    """Each row beside those that a table gives for its key when it comes.

    Args:
        left: the rows.
        table: is asked.
        right: the columns of what it gives.
        kind: INNER, or LEFT for left rows without a right one, too.
        keys: what has to be equal: on the right columns of the table.
        condition: what has to be true besides, of the columns of the left row and, behind them, of the right one.
    """

    left: Node
    table: Asked
    right: Columns
    kind: str
    keys: tuple[JoinKey, ...]
    condition: Bound | None = None

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.left,)

    @cached_property
    def pair(self) -> Columns:
        """The columns of a pair."""
        return paired(self.left.columns, self.right)

    @cached_property
    def columns(self) -> Columns:
        return beside(self.pair, len(self.left.columns), self.kind)

    @property
    def changes(self) -> Changes:
        return self.left.changes

    def describe(self) -> str:
        kind = "LeftOuterJoin" if self.kind == LEFT else "InnerJoin"
        keys = ", ".join(f"{key.right}={key.left}" for key in self.keys)
        where = "" if self.condition is None else f", where=[{self.condition}]"
        names = ", ".join(name for name, _ in self.columns)
        return f"LookupJoin(table=[{self.table.name}], joinType=[{kind}], lookup=[{keys}]{where}, select=[{names}])"


def lookup_join(
    binder: QueryBinder, source: queries.Join, left: Node, scope: Scope, right: Node, qualifier: str
) -> tuple[Node, Scope]:
    """The join of rows with what a table gives for their keys.

    Raises:
        SqlError: the table cannot be asked, or ON does not say what for.
    """
    table = asked(right)
    if table is None:
        if not is_bounded(right) or any(kind.time == ROWTIME for _, kind in left.columns):
            binder.refuse(
                source.right,
                "FOR SYSTEM_TIME AS OF the time of the clock takes a table whose connector can be asked for rows of "
                "a key ('jdbc'), or one that ends; with others join by event time, or with SNAPSHOT",
            )
        return snapshot_of(binder, source, left, scope, right, qualifier, AT_END)
    columns = paired(left.columns, right.columns)
    both = [*scope.columns, *((qualifier, name, kind) for name, kind in right.columns)]
    joined = Scope(
        [(table_name, name, kind) for (table_name, name, _), (_, kind) in zip(both, columns, strict=True)],
        [name for name, _ in columns],
        scope.hidden,
        scope.outer,
    )
    condition = None if source.on is None else Binder(binder.text, joined).condition(source.on, "ON")
    keys, rest = keys_and_rest(conjuncts(condition), left.columns, right.columns)
    known: dict[str, JoinKey] = {}
    tested: list[Bound] = conjuncts(rest)
    width = len(left.columns)
    for key in keys:
        column = column_of(key.right)
        name = None if column is None or key.nulls else table.column(column.index)
        if column is not None and name is not None and name not in known:
            known[name] = replace(key, right=column)
        else:
            moved = shifted(key.right, width, columns)
            operator = "IS NOT DISTINCT FROM" if key.nulls else "="
            tested.append(Apply(BOOLEAN, operator, (key.left, moved)))
    if not known:
        binder.refuse(source, f"a lookup join says by ON what a column of {qualifier} is equal to")
    chosen = tuple(known.values())
    node = LookupJoin(left, table, right.columns, KINDS[source.kind], chosen, conjunction(tested))
    made = [(of, name, kind) for (of, name, _), (_, kind) in zip(joined.columns, node.columns, strict=True)]
    return node, Scope(made, [name for name, _ in node.columns], scope.hidden, scope.outer)


def column_of(bound: Bound) -> Input | None:
    """The column whose values a key has, perhaps as wider numbers; None where it is calculated."""
    if isinstance(bound, Apply) and bound.function == "CAST":
        (bound, *_) = bound.operands
        return bound if isinstance(bound, Input) and bound.type.family(Family.INTEGER) else None
    return bound if isinstance(bound, Input) else None


def shifted(bound: Bound, width: int, columns: Columns) -> Bound:
    """An expression on a right row as one on a pair."""
    return replaced(bound, lambda column: Input(column.type, width + column.index, columns[width + column.index][0]))


@translates(LookupJoin)
def lookup_stream(node: LookupJoin, translation: Translation) -> Stream:
    """The stream of rows beside those of their keys."""
    taken = {name for name, _ in node.pair}
    left, _, keys = with_keys(node.left, [key.left for key in node.keys], translation, taken)
    names = tuple(node.table.column(key.right.index) or "" for key in node.keys if isinstance(key.right, Input))
    cache = getattr(node.table.source, "lookup_cache", None) or CacheSpec()
    plan = LookupPlan(
        node.kind == LEFT,
        schema_of(node.columns),
        schema_of(node.pair),
        (len(node.left.columns), len(node.right)),
        keys,
        schema_of(node.table.fields),
        node.table.steps,
        cache,
        node.condition,
    )
    spec = OperatorSpec.of(LookupJoinOperator, plan, node.table.source.lookup(names)).producing(node.changes)
    return columnar_operator("LookupJoin", spec, [left], plan.result)
