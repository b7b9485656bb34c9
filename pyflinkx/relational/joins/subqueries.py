"""Queries within expressions: IN, EXISTS, comparisons with ANY and ALL, and queries as values, as joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Bound, Constant, Input, Outer
from pyflinkx.relational.joins.conditions import replaced, replaced_leaves
from pyflinkx.relational.joins.correlation import Correlated, decorrelated, equality
from pyflinkx.relational.joins.identity import identity
from pyflinkx.relational.joins.nodes import ANTI, LEFT, MARK, SEMI
from pyflinkx.relational.joins.parts import conjunction, conjuncts
from pyflinkx.relational.joins.pushdown import filtered, joined
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import walk
from pyflinkx.types.data_type import BOOLEAN

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

QUERIES = (tree.Subquery, tree.Exists, tree.Quantified)
OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Subqueries:
    """The queries within the expressions on some rows; each becomes a join, whose columns stand behind the rows' own.

    Args:
        queries: binds queries.
        node: the rows.
        scope: their columns; others may stand behind them.

    Attributes:
        node: the rows with what the queries that have been met add to them.
    """

    def __init__(self, queries: QueryBinder, node: Node, scope: Scope) -> None:
        self.queries = queries
        self.node = node
        self.scope = scope

    def bind(self, query: tree.Query, place: tree.Expression) -> Correlated:
        """The plan of a query within an expression."""
        self.queries.outer.append(self.scope)
        try:
            node = self.queries.bind(query)
        finally:
            self.queries.outer.pop()
        return decorrelated(node, lambda message: self.queries.refuse(place, message))

    def pairs(self, found: Correlated, more: Sequence[Bound] = ()) -> Bound | None:
        """The condition of a join with a query: what it says of the rows outside, and what is said of its columns.

        Args:
            found: the query.
            more: conditions on the columns of the rows and, behind them, those of the query.
        """
        width = len(self.node.columns)
        return conjunction([*(within_pair(part, width, found.node) for part in found.conditions), *more])

    def join(self, found: Correlated, kind: str, condition: Bound | None, mark: str = "") -> None:
        """Join the rows with those of a query."""
        self.node = joined(self.node, found.node, kind, condition, mark)

    def unused(self, name: str) -> str:
        """A name that no column has."""
        names = {each for each, _ in self.node.columns}
        number = len(names)
        while f"${name}{number}" in names:
            number += 1
        return f"${name}{number}"

    def mark(self, found: Correlated, condition: Bound | None) -> Bound:
        """Whether the query has a row for which the condition is true."""
        name = self.unused("mark")
        self.join(found, MARK, condition, name)
        return Input(BOOLEAN.not_null(), len(self.node.columns) - 1, name)

    def compared(
        self, binder: Binder, operand: tree.Expression, operator: str, query: tree.Query, place: tree.Expression
    ) -> tuple[Correlated, list[Bound]]:
        """A query and conditions that are all true where a row of it compares with a value as wanted."""
        parts = list(operand.items) if isinstance(operand, tree.Row) else [operand]
        values = [binder.bind(part) for part in parts]
        found = self.bind(query, place)
        columns = found.node.columns[: found.width]
        if len(columns) != len(values):
            binder.refuse(place, f"the query has {len(columns)} columns, and is compared with {len(values)} values")
        width = len(self.node.columns)
        conditions = []
        for index, (value, (name, kind)) in enumerate(zip(values, columns, strict=True)):
            conditions.append(binder.apply(place, operator, [value, Input(kind, width + index, name)]))
        return found, conditions

    def any(
        self, binder: Binder, operand: tree.Expression, operator: str, query: tree.Query, place: tree.Expression
    ) -> Bound:
        """Whether a value compares with a row of a query as wanted: true, false, or null where it is not known."""
        found, conditions = self.compared(binder, operand, operator, query, place)
        true = self.mark(found, self.pairs(found, conditions))
        if not any(condition.type.nullable for condition in conditions):
            return true
        width = len(self.node.columns)
        # The columns of the query stand one further behind now.
        again = [shifted_behind(condition, width - 1) for condition in conditions]
        possible = self.mark(found, self.pairs(found, [not_false(binder, place, again)]))
        null = Constant(BOOLEAN, None)
        no = Constant(BOOLEAN.not_null(), False)
        yes = Constant(BOOLEAN.not_null(), True)
        return binder.apply(place, "CASE", [true, yes, possible, null, no])

    def exists(self, binder: Binder, node: tree.Exists) -> Bound:
        """Whether a query has rows."""
        found = self.bind(node.query, node)
        return self.mark(found, self.pairs(found))

    def value(self, binder: Binder, node: tree.Subquery) -> Bound:
        """The one value of a query."""
        found = self.bind(node.query, node)
        if found.width != 1:
            binder.refuse(node, f"a query as a value has one column, and this has {found.width}")
        found = found.single(lambda message: binder.refuse(node, message))
        width = len(self.node.columns)
        self.join(found, LEFT, self.pairs(found))
        name, kind = self.node.columns[width]
        made: Bound = Input(kind, width, name)
        if found.empty and not (isinstance(found.empty[0], Constant) and found.empty[0].value is None):
            # Whether there is a row shows in a column that is equal to something.
            key = equality(found.conditions[0])
            assert key is not None
            assert isinstance(key[0], Input)
            name, kind = self.node.columns[width + key[0].index]
            there = binder.apply(node, "IS NOT NULL", [Input(kind, width + key[0].index, name)])
            made = binder.apply(node, "CASE", [there, made, found.empty[0]])
        return made


def within_pair(part: Bound, width: int, query: Node) -> Bound:
    """A condition of a query within another on pairs of a row outside and one of the query."""

    def change(leaf: Bound) -> Bound:
        if isinstance(leaf, Outer):
            if leaf.level:
                return Outer(leaf.type, leaf.level - 1, leaf.index, leaf.name)
            return Input(leaf.type, leaf.index, leaf.name)
        assert isinstance(leaf, Input)
        return Input(leaf.type, width + leaf.index, query.columns[leaf.index][0])

    return replaced_leaves(part, change)


def shifted_behind(condition: Bound, width: int) -> Bound:
    """A condition on pairs whose right columns stand one further behind."""
    return replaced(
        condition, lambda column: column if column.index < width else Input(column.type, column.index + 1, column.name)
    )


def not_false(binder: Binder, place: tree.Expression, conditions: Sequence[Bound]) -> Bound:
    """Whether conditions may all be true, as far as is known."""
    together = conditions[0] if len(conditions) == 1 else binder.apply(place, "AND", list(conditions))
    return binder.apply(place, "IS NOT FALSE", [together])


def filtered_by(queries: QueryBinder, node: Node, scope: Scope, where: tree.Expression | None) -> Node:
    """The rows for which WHERE is true.

    Raises:
        SqlError: something in it does not fit.
    """
    if where is None:
        return node
    parts = parts_of(where)
    plain = [part for part in parts if not has_query(part)]
    nested = Subqueries(queries, node, scope)
    binder = Binder(queries.text, scope, subqueries=nested)
    nested.node = filtered(
        node, conjunction([each for part in plain for each in conjuncts(binder.condition(part, "WHERE"))])
    )
    rest: list[Bound] = []
    for part in parts:
        if has_query(part) and not as_join(nested, binder, part):
            rest += conjuncts(binder.condition(part, "WHERE"))
    width = len(node.columns)
    found = filtered(nested.node, conjunction(rest))
    if len(found.columns) == width:
        return found
    return Calc(found, identity(found)[:width])


def parts_of(condition: tree.Expression) -> list[tree.Expression]:
    """The conditions that all have to be true, as they are written."""
    if isinstance(condition, tree.Operation) and condition.operator == "AND":
        return [part for operand in condition.operands for part in parts_of(operand)]
    return [condition]


def has_query(expression: tree.Expression) -> bool:
    """Whether there is a query within an expression."""
    return any(
        isinstance(node, QUERIES) or (isinstance(node, tree.In) and isinstance(node.candidates, tree.Query))
        for node in walk(expression)
    )


def as_join(nested: Subqueries, binder: Binder, part: tree.Expression) -> bool:
    """Take up a condition that has to be true as a semi or anti join; False where it is none."""
    negated = False
    while isinstance(part, tree.Prefix) and part.operator == "NOT":
        part, negated = part.operand, not negated
    if isinstance(part, tree.Exists):
        found = nested.bind(part.query, part)
        nested.join(found, ANTI if negated else SEMI, nested.pairs(found))
        return True
    operator = "="
    if isinstance(part, tree.In) and isinstance(part.candidates, tree.Query):
        negated ^= part.negated
        query = part.candidates
    elif isinstance(part, tree.Quantified) and isinstance(part.candidates, tree.Query):
        operator, query = part.operator, part.candidates
        if part.quantifier == "ALL":
            operator, negated = OPPOSITE[operator], not negated
    else:
        return False
    found, conditions = nested.compared(binder, part.operand, operator, query, part)
    if negated and any(condition.type.nullable for condition in conditions):
        conditions = [not_false(binder, part, conditions)]
    nested.join(found, ANTI if negated else SEMI, nested.pairs(found, conditions))
    return True


def projected(node: Node, projection: tuple[tuple[str, Bound], ...]) -> Calc:
    """Columns of rows; what only filters them does both."""
    if isinstance(node, Calc) and node.projection == identity(node.input):
        return Calc(node.input, projection, node.condition)
    return Calc(node, projection)
