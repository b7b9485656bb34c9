"""From the syntax tree of a query to logical nodes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from pyflinkx.relational.aggregation.selecting import distinct, grouped, is_grouped
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.binding.values import flattened
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.changelogs.calls import changelog_table, is_changelog_call
from pyflinkx.relational.changes.nodes import whole
from pyflinkx.relational.joins.sources import from_clause, rescoped
from pyflinkx.relational.joins.subqueries import Subqueries, filtered_by, projected
from pyflinkx.relational.nodes import Calc, Node, Values
from pyflinkx.relational.over.calls import with_overs
from pyflinkx.relational.ranking.binding import has_over, limited, ordered, qualified, with_row_numbers
from pyflinkx.relational.session import Session, current, within
from pyflinkx.relational.sets.binding import set_operation
from pyflinkx.relational.windows.calls import is_window_call, window_table
from pyflinkx.relational.windows.group_windows import with_group_windows
from pyflinkx.sql.parser import parse_query
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import base, queries
from pyflinkx.sql.tree.expressions import Expression, Name, Query, Star, String
from pyflinkx.types.data_type_rules import common_type

# A column that nobody gave a name: EXPR$0, EXPR$1, ... by its position.
UNNAMED = "EXPR$"
Lookup = Callable[[tuple[str, ...]], Node | None]
Hinted = Callable[[tuple[str, ...], Mapping[str, str]], Node | None]


class QueryBinder:
    """Binds the queries of one text.

    Args:
        text: what the tree was read from, for errors.
        lookup: from the path of a table to its rows; None where there is none.
        known: names of the tables there are, for suggestions.
        hinted: as ``lookup``, with options that a hint says of the table.
        session: time zone and user's functions; by default those of the query around this one.
    """

    def __init__(
        self,
        text: str,
        lookup: Lookup,
        known: Sequence[str] = (),
        hinted: Hinted | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        self.session = session
        self.text = text
        self.lookup = lookup
        self.known = known
        self.hinted = hinted
        self.common: list[Mapping[str, Node]] = []
        self.outer: list[Scope] = []  # of the queries that the one being bound stands within

    def bind(self, query: Query) -> Node:
        """The plan of a query.

        Raises:
            SqlError: a name, a function or a type does not fit, or there is no such clause here.
        """
        if self.session is not None and self.session is not current():
            with within(self.session):
                return self.bind(query)
        if isinstance(query, queries.Select):
            return self.select(query)
        if isinstance(query, queries.Values):
            return self.values(query)
        if isinstance(query, queries.TableQuery):
            return self.table(query.name)
        if isinstance(query, queries.Ordered):
            return self.ordered(query)
        if isinstance(query, queries.SetOperation):
            return set_operation(self, query)
        self.refuse(query, f"{type(query).__name__} is not in this version")

    def refuse(self, node: base.Node, message: str) -> NoReturn:
        raise error_at(self.text, *node.span, message)

    def ordered(self, query: queries.Ordered) -> Node:
        """A query with WITH before it."""
        if query.recursive:
            self.refuse(query, "WITH RECURSIVE is not in this version")
        tables: dict[str, Node] = {}
        self.common.append(tables)
        try:
            for table in query.with_tables:
                tables[table.name] = self.renamed(self.bind(table.query), table.columns, table)
            return ordered(self, query)
        finally:
            self.common.pop()

    def renamed(self, node: Node, names: Sequence[str], place: base.Node) -> Node:
        """The same rows with other names of columns; as they are where none are given."""
        if not names:
            return node
        if len(names) != len(node.columns):
            self.refuse(place, f"{len(names)} names for {len(node.columns)} columns")
        projection = [
            (name, Input(kind, index, old))
            for index, (name, (old, kind)) in enumerate(zip(names, node.columns, strict=True))
        ]
        return Calc(node, tuple(projection))

    def table(self, name: Name, hints: Sequence[queries.Hint] = ()) -> Node:
        """A table, a view or a query of WITH; hints may say options of a table."""
        if len(name.parts) == 1:
            for tables in reversed(self.common):
                if name.parts[0] in tables:
                    return tables[name.parts[0]]
        options = self.options(hints)
        found = self.hinted(name.parts, options) if options and self.hinted is not None else self.lookup(name.parts)
        if found is None:
            close = difflib.get_close_matches(name.parts[-1], self.known, 1, 0.6)
            hint = f"; did you mean {close[0]}?" if close else ""
            self.refuse(name, f"there is no table {'.'.join(name.parts)}{hint}")
        return whole(found)

    def options(self, hints: Sequence[queries.Hint]) -> dict[str, str]:
        """What the hints OPTIONS say."""
        given: dict[str, str] = {}
        for hint in hints:
            for option in hint.options if hint.name.upper() == "OPTIONS" else ():
                if option.key is None or not isinstance(option.value, String):
                    self.refuse(option, "the hint OPTIONS has pairs of 'key' = 'value'")
                given[option.key] = option.value.value
        return given

    def source(self, source: queries.Source) -> tuple[Node, str | None]:
        """What stands after FROM, and what its columns may be qualified with."""
        if isinstance(source, queries.Table):
            if source.as_of is not None:
                self.refuse(source, "FOR SYSTEM_TIME AS OF is not in this version")
            return self.table(source.name, source.hints), source.name.parts[-1]
        if isinstance(source, queries.Derived) and not source.lateral:
            return self.bind(source.query), None
        if isinstance(source, queries.TableFunction) and is_changelog_call(source.call):
            return changelog_table(self, source.call), None
        if isinstance(source, queries.TableFunction) and is_window_call(source.call):
            return window_table(self, source.call), None
        if isinstance(source, queries.Aliased):
            node, _ = self.source(source.source)
            return self.renamed(node, source.columns, source), source.name
        self.refuse(source, f"{type(source).__name__.upper()} in FROM is not in this version")

    def select(self, query: queries.Select) -> Node:
        """SELECT of one input, or of none."""
        node, scope = (
            (one_row(), Scope([], outer=self.outer)) if query.source is None else from_clause(self, query.source)
        )
        node = filtered_by(self, node, scope, query.where)
        scope = rescoped(scope, node)
        binder = Binder(self.text, scope)
        if is_grouped(query):
            node = limited(node) if isinstance(node, Calc) else node
            query, node, binder = with_group_windows(self, query, node, binder)
            node, binder = grouped(self, query, node, binder)
        condition = None
        if has_over(query) or query.qualify is not None:
            numbered = with_row_numbers(self, query, node, binder)
            if numbered is node:
                node, binder = with_overs(self, query, node, binder)
            else:
                node, condition = numbered, None if query.qualify is None else qualified(query, binder)
        nested = binder.subqueries = Subqueries(self, node, scope)
        projection: list[tuple[str, Bound]] = []
        for item in query.items:
            fields = flattened(binder, item.expression)
            if fields is not None:
                projection += fields
                continue
            if isinstance(item.expression, Star):
                projection += self.every(item.expression, scope)
                continue
            bound = binder.bind(item.expression)
            projection.append((item.alias or self.name_of(item.expression, len(projection)), bound))
        calc = projected(nested.node, tuple(distinct_names(projection)))
        made = limited(calc if condition is None else replace(calc, condition=condition))
        return distinct(made) if query.quantifier == "DISTINCT" else made

    def every(self, star: Star, scope: Scope) -> list[tuple[str, Bound]]:
        """All columns, or those of one table."""
        qualifier = None if star.qualifier is None else star.qualifier.parts[-1]
        found = [
            (name, Input(kind, index, scope.names[index]))
            for index, (table, name, kind) in enumerate(scope.columns)
            if (index not in scope.hidden if qualifier is None else qualifier == table)
        ]
        if not found:
            self.refuse(star, f"there is no table {qualifier} here" if qualifier else "* needs a FROM")
        return list(found)

    def name_of(self, expression: Expression, position: int) -> str:
        """What a column is called that has no AS."""
        return expression.parts[-1] if isinstance(expression, Name) else f"{UNNAMED}{position}"

    def values(self, query: queries.Values) -> Node:
        """VALUES: each column has the type that all its values have in common."""
        binder = Binder(self.text, Scope([]))
        rows = [[binder.bind(expression) for expression in row] for row in query.rows]
        fields = []
        for position in range(len(rows[0])):
            if any(len(row) != len(rows[0]) for row in rows):
                self.refuse(query, "the rows of VALUES have different numbers of columns")
            kind = common_type([row[position].type for row in rows])
            if kind is None:
                types = ", ".join(dict.fromkeys(str(row[position].type) for row in rows))
                self.refuse(query, f"column {position + 1} of VALUES has types that nothing is common to: {types}")
            fields.append((f"{UNNAMED}{position}", kind))
        brought = [
            tuple(
                binder.cast(bound, kind, expression)
                for bound, expression, (_, kind) in zip(row, expressions, fields, strict=True)
            )
            for row, expressions in zip(rows, query.rows, strict=True)
        ]
        return Values(tuple(brought), tuple(fields))


def one_row() -> Values:
    """What a SELECT without FROM reads."""
    return Values(((),), ())


def distinct_names(projection: Sequence[tuple[str, Bound]]) -> list[tuple[str, Bound]]:
    """Columns of one name get numbers, as Flink's do: a, a0, a1."""
    names: set[str] = set()
    result = []
    for name, bound in projection:
        found, number = name, 0
        while found in names:
            found, number = f"{name}{number}", number + 1
        names.add(found)
        result.append((found, bound))
    return result


def bound_query(text: str, tables: Mapping[str, Node]) -> Node:
    """The plan of a query in SQL.

    Args:
        text: the query.
        tables: by name.

    Raises:
        SqlError: it is no query, or something in it does not fit.

    Example:
        >>> print(bound_query("VALUES (1, 'a'), (NULL, 'bc')", {}).columns[1][1])
        VARCHAR(2) NOT NULL
    """
    return QueryBinder(text, lambda path: tables.get(path[-1]), list(tables)).bind(parse_query(text))
