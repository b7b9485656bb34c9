"""Tables: plans of queries, which run when they are executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.errors import GraphError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.nodes import Node
from pyflinkx.relational.queries import QueryBinder
from pyflinkx.sql.parser import parse_query
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.sql.tree.expressions import Query
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.chosen_columns import expanded, name_of
from pyflinkx.table.combining import Combining
from pyflinkx.table.expression import Expression
from pyflinkx.table.inline import session_of
from pyflinkx.table.named_tables import node_of
from pyflinkx.table.reshaping import Reshaping
from pyflinkx.table.table_outputs import TableOutputs
from pyflinkx.table.table_result import TableResult
from pyflinkx.table.windowed_tables import Windowing

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment

__all__ = ["Table"]

# What a table is called in the SQL that a method means, for errors.
THIS = "this_table"


@answers("table.table.Table")
class Table(Combining, Reshaping, Windowing, TableOutputs, metaclass=Answering):
    """The rows of a query. Tables are made by a table environment and by methods of other tables.

    Args:
        node: the plan.
        environment: whose it is.
    """

    def __init__(self, node: Node, environment: TableEnvironment) -> None:
        self._node = node
        self._t_env = environment

    def select(self, *fields: Expression) -> Table:
        """Just these columns.

        Args:
            fields: expressions; those that are no column have a name by ``alias()``, else one like ``_c0``.

        Raises:
            SqlError: a column is not there, or types do not fit.

        Example:
            >>> from pyflinkx.table import EnvironmentSettings, TableEnvironment
            >>> from pyflinkx.table.expressions import col
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
            >>> table = environment.from_elements([(1, "a"), (2, "b")], ["id", "name"])
            >>> list(table.select(col("id") + 1).execute().collect())
            [<Row(2)>, <Row(3)>]
        """
        items = tuple(
            queries.SelectItem(_expression(field)._node, field._name or name_of(field, place))
            for place, field in enumerate(expanded(fields, [name for name, _ in self._node.columns]))
        )
        if not items:
            raise GraphError("select() takes at least one column")
        return self._query(queries.Select(items, self._source()))

    def filter(self, predicate: Expression) -> Table:
        """The rows for which a condition is true."""
        everything = (queries.SelectItem(tree.Star()),)
        return self._query(queries.Select(everything, self._source(), where=_expression(predicate)._node))

    def where(self, predicate: Expression) -> Table:
        """The rows for which a condition is true."""
        return self.filter(predicate)

    def alias(self, field: str, *fields: str) -> Table:
        """The same rows, with other names for the first columns, or for all.

        Raises:
            GraphError: there are more names than columns.
        """
        old = [name for name, _ in self._node.columns]
        new = [field, *fields]
        if len(new) > len(old):
            raise GraphError(f"alias(): {len(new)} names for {len(old)} columns")
        items = zip(old, [*new, *old[len(new) :]], strict=True)
        return self._query(
            queries.Select(
                tuple(queries.SelectItem(tree.Name((name,)), renamed) for name, renamed in items), self._source()
            )
        )

    def execute(self) -> TableResult:
        """Run the query as a job of its own."""
        return self._t_env._executed(self._node)

    def _source(self) -> queries.Source:
        return queries.Table(tree.Name((THIS,)))

    def _query(self, select: Query) -> Table:
        text = unparse(select)
        session = session_of(self._t_env, select)
        binder = QueryBinder(text, lambda path: node_of(path) or self._node, session=session)
        return Table(binder.bind(parse_query(text)), self._t_env)


def _expression(field: object) -> Expression:
    if not isinstance(field, Expression):
        raise TypeError(f"columns are expressions such as col('name'), not {field!r} ({type(field).__name__})")
    return field


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
