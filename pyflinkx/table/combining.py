"""What makes one table of two: joins and set operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.relational.nodes import Node
from pyflinkx.relational.queries import QueryBinder
from pyflinkx.sql.parser import parse_query
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.expression import Expression
from pyflinkx.table.inline import session_of
from pyflinkx.table.named_tables import node_of

if TYPE_CHECKING:
    from pyflinkx.table.table import Table

# What the tables are called in the SQL that a method means, for errors.
LEFT, RIGHT = "left_table", "right_table"


class Combining:
    """Methods of tables that take another table."""

    _node: Node
    _t_env: Any

    # ---- joins ----

    def join(self, right: Table, join_predicate: Expression | None = None) -> Table:
        """The pairs of a row of this table and one of another for which a condition is true.

        Args:
            right: whose columns have other names than those of this table: ``alias()`` gives them some.
            join_predicate: by default all pairs, of which ``where()`` may leave some.

        Raises:
            GraphError: a column of both has the same name, or the other table is of another environment.
            SqlError: a column is not there, or types do not fit.

        Example:
            >>> from pyflinkx.table import EnvironmentSettings, TableEnvironment
            >>> from pyflinkx.table.expressions import col
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
            >>> people = environment.from_elements([(1, "Ada"), (2, "Bob")], ["id", "name"])
            >>> visits = environment.from_elements([(2, "Oslo"), (3, "Rome")], ["visitor", "place"])
            >>> list(people.join(visits, col("id") == col("visitor")).execute().collect())
            [<Row(2, 'Bob', 2, 'Oslo')>]
        """
        return self._joined("join()", "INNER", right, join_predicate)

    def left_outer_join(self, right: Table, join_predicate: Expression | None = None) -> Table:
        """As ``join()``, and beside nulls the rows of this table that are in no pair."""
        return self._joined("left_outer_join()", "LEFT", right, join_predicate)

    def right_outer_join(self, right: Table, join_predicate: Expression) -> Table:
        """As ``join()``, and beside nulls the rows of the other table that are in no pair."""
        return self._joined("right_outer_join()", "RIGHT", right, join_predicate)

    def full_outer_join(self, right: Table, join_predicate: Expression) -> Table:
        """As ``join()``, and beside nulls the rows of both tables that are in no pair."""
        return self._joined("full_outer_join()", "FULL", right, join_predicate)

    # ---- set operations ----

    def union(self, right: Table) -> Table:
        """The rows of both tables, equal ones once.

        Raises:
            SqlError: they have different numbers of columns, or types that have nothing in common.
            GraphError: the other table is of another environment.
        """
        return self._combined("union()", "UNION", False, right)

    def union_all(self, right: Table) -> Table:
        """The rows of both tables; see ``union()``."""
        return self._combined("union_all()", "UNION", True, right)

    def intersect(self, right: Table) -> Table:
        """The rows that are in both tables, equal ones once; see ``union()``."""
        return self._combined("intersect()", "INTERSECT", False, right)

    def intersect_all(self, right: Table) -> Table:
        """The rows that are in both tables, as often as in that which has fewer; see ``union()``."""
        return self._combined("intersect_all()", "INTERSECT", True, right)

    def minus(self, right: Table) -> Table:
        """The rows that are in this table and not in the other, equal ones once; see ``union()``."""
        return self._combined("minus()", "EXCEPT", False, right)

    def minus_all(self, right: Table) -> Table:
        """The rows that are in this table more often than in the other, so many times; see ``union()``."""
        return self._combined("minus_all()", "EXCEPT", True, right)

    def _joined(self, call: str, kind: str, right: Table, predicate: Expression | None) -> Table:
        _checked(call, self, right)
        both = {name for name, _ in self._node.columns} & {name for name, _ in right._node.columns}
        if both:
            raise GraphError(
                f"{call}: both tables have columns called {', '.join(sorted(both))}; give those of one other "
                "names with alias() or rename_columns()"
            )
        if predicate is not None and not isinstance(predicate, Expression):
            raise TypeError(f"{call} takes a condition such as col('a') == col('b'), not {predicate!r}")
        on: tree.Expression = tree.Boolean(True) if predicate is None else predicate._node
        join = queries.Join(kind, _named(LEFT), _named(RIGHT), on)
        return _made(self, right, queries.Select((queries.SelectItem(tree.Star()),), join))

    def _combined(self, call: str, operator: str, all_rows: bool, right: Table) -> Table:
        _checked(call, self, right)
        sides = tuple(queries.TableQuery(tree.Name((name,))) for name in (LEFT, RIGHT))
        return _made(self, right, queries.SetOperation(operator, all_rows, sides))


def _checked(call: str, left: Combining, right: Any) -> None:
    if not isinstance(right, Combining):
        raise TypeError(f"{call} takes a Table, not {right!r} ({type(right).__name__})")
    if right._t_env is not left._t_env:
        raise GraphError(f"{call}: the other table is of another table environment")


def _named(name: str) -> queries.Source:
    return queries.Table(tree.Name((name,)))


def _made(left: Combining, right: Table, query: tree.Query) -> Table:
    text = unparse(query)
    nodes = {LEFT: left._node, RIGHT: right._node}
    session = session_of(left._t_env, query)
    binder = QueryBinder(text, lambda path: nodes.get(path[-1]) or node_of(path), session=session)
    return type(right)(binder.bind(parse_query(text)), left._t_env)
