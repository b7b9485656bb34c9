"""Methods of tables that have other columns, an order, or a part of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.relational.bound import Apply, Bound, Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.user.definition import SCALAR, TABLE, Invoke, UserFunction, field_of
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.table.chosen_columns import expanded
from pyflinkx.table.expression import Expression
from pyflinkx.types.data_type import Kind, row_type

if TYPE_CHECKING:
    from pyflinkx.table.grouped_table import AggregatedTable, FlatAggregateTable, GroupedTable
    from pyflinkx.table.table import Table


class Reshaping:
    """Methods of a table that read no other one."""

    _node: Node
    _t_env: Any

    if TYPE_CHECKING:

        def select(self, *fields: Expression) -> Table: ...

        def _source(self) -> queries.Source: ...

        def _query(self, select: tree.Query) -> Table: ...

    # ---- columns ----

    def add_columns(self, *fields: Expression) -> Table:
        """The columns, and others after them.

        Raises:
            GraphError: one has the name of a column that is there; ``add_or_replace_columns()`` takes its place.

        Example:
            >>> from pyflinkx.table import EnvironmentSettings, TableEnvironment
            >>> from pyflinkx.table.expressions import col
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
            >>> table = environment.from_elements([(1, "a")], ["id", "name"])
            >>> list(table.add_columns((col("id") + 1).alias("next")).execute().collect())
            [<Row(1, 'a', 2)>]
        """
        there = {name for name, _ in self._node.columns}
        twice = [name for name in map(_named, fields) if name in there]
        if twice:
            raise GraphError(
                f"add_columns(): there is a column {twice[0]} already; add_or_replace_columns() replaces it"
            )
        return self.select(*self._all(), *fields)

    def add_or_replace_columns(self, *fields: Expression) -> Table:
        """The columns, and others after them, or in the places of those of their names."""
        new = {_named(field): field for field in fields}
        there = [name for name, _ in self._node.columns]
        kept = [new[name].alias(name) if name in new else _column(name) for name in there]
        return self.select(*kept, *(field for name, field in new.items() if name is None or name not in there))

    def rename_columns(self, *fields: Expression) -> Table:
        """The columns, some of them with another name: ``col("a").alias("b")``.

        Raises:
            GraphError: it is no column of the table, or has no alias.
        """
        names = {}
        for field in fields:
            if not isinstance(field._node, tree.Name) or field._name is None:
                raise GraphError(
                    f"rename_columns() takes columns with an alias, such as col('a').alias('b'), not {field!r}"
                )
            names[self._known("rename_columns()", field)] = field._name
        return self.select(
            *(_column(name).alias(names[name]) if name in names else _column(name) for name, _ in self._node.columns)
        )

    def drop_columns(self, *fields: Expression) -> Table:
        """The columns but for some.

        Raises:
            GraphError: it is no column of the table, or none is left.
        """
        there = [name for name, _ in self._node.columns]
        gone = {self._known("drop_columns()", field) for field in expanded(fields, there)}
        left = [_column(name) for name, _ in self._node.columns if name not in gone]
        if not left:
            raise GraphError("drop_columns(): no column is left")
        return self.select(*left)

    def _known(self, call: str, field: Expression) -> str:
        name = field._node.parts[-1] if isinstance(field, Expression) and isinstance(field._node, tree.Name) else None
        if name is None or all(name != column for column, _ in self._node.columns):
            known = ", ".join(column for column, _ in self._node.columns)
            raise GraphError(f"{call}: {field!r} is none of the columns: {known}")
        return name

    def _all(self) -> list[Expression]:
        return [_column(name) for name, _ in self._node.columns]

    # ---- rows ----

    def distinct(self) -> Table:
        """The rows, equal ones once."""
        return self._query(queries.Select((queries.SelectItem(tree.Star()),), self._source(), quantifier="DISTINCT"))

    def order_by(self, *fields: Expression) -> Table:
        """The rows in an order: ``col("a").desc``, ``col("b").asc``."""
        items = tuple(field._order if field._order is not None else tree.OrderItem(field._node) for field in fields)
        return self._query(queries.Ordered(self._everything(), order_by=items))

    def offset(self, offset: int) -> Table:
        """The rows behind the first ones."""
        return self._part(offset, None)

    def fetch(self, fetch: int) -> Table:
        """The first rows."""
        return self._part(None, fetch)

    def limit(self, fetch: int, offset: int = 0) -> Table:
        """So many rows, behind the first ones."""
        return self._part(offset or None, fetch)

    def _part(self, offset: int | None, fetch: int | None) -> Table:
        for name, number in (("offset", offset), ("fetch", fetch)):
            if number is not None and (not isinstance(number, int) or number < 0):
                raise GraphError(f"{name} is a number from 0, not {number!r}")
        return self._query(
            queries.Ordered(
                self._everything(),
                offset=None if offset is None else tree.Number(str(offset)),
                limit=None if fetch is None else tree.Number(str(fetch)),
            )
        )

    def _everything(self) -> queries.Select:
        return queries.Select((queries.SelectItem(tree.Star()),), self._source())

    def group_by(self, *fields: Expression) -> GroupedTable:
        """The rows in groups of the same values; ``select()`` or ``aggregate()`` makes a table of them."""
        from pyflinkx.table.grouped_table import GroupedTable

        return GroupedTable(self, self._t_env, fields)

    def aggregate(self, func: Any) -> AggregatedTable:
        """An aggregate of all rows; see ``GroupedTable.aggregate``."""
        return self.group_by().aggregate(func)

    def flat_aggregate(self, func: Any) -> FlatAggregateTable:
        """The rows that a table aggregate function gives for all rows; see ``GroupedTable.flat_aggregate``."""
        return self.group_by().flat_aggregate(func)

    # ---- functions of rows ----

    def map(self, func: Any) -> Table:
        """A row for each row: what a scalar function gives, whose result is a row or one value.

        Args:
            func: a call of a function of ``udf()``, or such a function, which takes a Row of all columns then.
        """
        bound = self._call(func, SCALAR)
        kind = bound.type
        if kind.kind is not Kind.ROW:
            columns: list[tuple[str, Bound]] = [("_c0", bound)]
        else:
            columns = [(name, field_of(bound, name)) for name in kind.names]
        return self._made(Calc(self._node, tuple(_renamed(columns, func))))

    def flat_map(self, func: Any) -> Table:
        """The rows that a table function gives for each row.

        Args:
            func: a call of a function of ``udtf()``, or such a function, which takes a Row of all columns then.
        """
        from pyflinkx.relational.user.correlate import Correlate

        call = self._call(func, TABLE)
        assert isinstance(call, Invoke)
        width = len(self._node.columns)
        names = getattr(func, "_columns", ()) or getattr(func, "_aliases", ())
        node = Correlate(self._node, call, False, tuple(names))
        given = [
            (name, Input(kind, width + place, of_pair))
            for place, ((name, kind), (of_pair, _)) in enumerate(zip(node.given, node.columns[width:], strict=True))
        ]
        return self._made(Calc(node, tuple(given)))

    def _call(self, func: Any, kind: str) -> Bound:
        """A call of a function on the columns, or on a Row of all of them."""
        definition = getattr(func, "_definition", None)
        if isinstance(definition, UserFunction):
            if definition.kind != kind:
                raise GraphError(f"{definition.name} is a function of the kind {definition.kind}, and not {kind}")
            columns = self._node.columns
            inputs = tuple(Input(column, index, name) for index, (name, column) in enumerate(columns))
            row = Apply(row_type(columns, False), "ROW", inputs)
            return Invoke(definition.result, definition.name, (row,), definition)
        if not isinstance(func, Expression):
            raise TypeError(f"a function of udf() or udtf(), or a call of one, is needed, not {func!r}")
        if kind == TABLE:
            from pyflinkx.table.lateral import table_call

            return table_call(self, func)
        node = self.select(func)._node
        assert isinstance(node, Calc)
        return node.projection[0][1]

    def _made(self, node: Node) -> Table:
        made: Table = type(self)(node, self._t_env)  # type: ignore[call-arg, assignment]
        return made

    # ---- lateral joins ----

    def join_lateral(self, table_function_call: Any, join_predicate: Expression | None = None) -> Table:
        """The pairs of a row and one of those that a table function gives for it.

        Args:
            table_function_call: a call of a function of ``udtf()``, with ``alias()`` for its columns.
            join_predicate: of the pairs that are kept.
        """
        from pyflinkx.table.lateral import joined

        return joined(self, table_function_call, join_predicate, False)

    def left_outer_join_lateral(self, table_function_call: Any, join_predicate: Expression | None = None) -> Table:
        """As ``join_lateral()``, and rows beside nulls for which the function gives none."""
        from pyflinkx.table.lateral import joined

        return joined(self, table_function_call, join_predicate, True)


def _column(name: str) -> Expression:
    return Expression(tree.Name((name,)))


def _named(field: Expression) -> str | None:
    """What an expression is called."""
    return field._name or (field._node.parts[-1] if isinstance(field._node, tree.Name) else None)


def _renamed(columns: list[tuple[str, Bound]], func: Any) -> Sequence[tuple[str, Bound]]:
    names = getattr(func, "_columns", ()) or getattr(func, "_aliases", ())
    if not names:
        return columns
    if len(names) != len(columns):
        raise GraphError(f"{len(names)} names for {len(columns)} columns")
    return [(name, bound) for name, (_, bound) in zip(names, columns, strict=True)]
