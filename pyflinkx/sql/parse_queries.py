"""Reads queries and what they read from."""

from __future__ import annotations

from pyflinkx.sql.cursor import Refusal
from pyflinkx.sql.lexer import HINT, NUMBER, STRING
from pyflinkx.sql.parse_patterns import PatternParser
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q

# How many levels of nesting a query stands for.
LEVELS = 4
JOINS = ("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "ASOF", "NATURAL")


class QueryParser(PatternParser):
    """Queries."""

    # ---- Queries

    def query(self) -> x.Query:
        self.deeper(LEVELS)
        start = self.starts[self.i]
        tables: tuple[q.CommonTable, ...] = ()
        recursive = False
        if self.accept("WITH"):
            recursive = self.accept("RECURSIVE")
            tables = self.list(self.common_table)
        body = self.set_operations(self.operand())
        found = self.ordered(body, start, tables, recursive)
        self.depth -= LEVELS
        return found

    def query_after(self, query: x.Query, start: int) -> x.Query:
        return self.ordered(self.set_operations(query), start)

    def common_table(self) -> q.CommonTable:
        """Reads a table of WITH."""
        start = self.starts[self.i]
        name = self.name()
        columns = self.parenthesized(self.name) if self.at("(") else ()
        self.expect("AS", "(")
        query = self.query()
        self.expect(")")
        return q.CommonTable(name, columns, query, span=self.span(start))

    def ordered(
        self, body: x.Query, start: int, tables: tuple[q.CommonTable, ...] = (), recursive: bool = False
    ) -> x.Query:
        """Reads ORDER BY, LIMIT, OFFSET and FETCH after a query."""
        order_by = self.order_by()
        offset = limit = None
        limited = False
        if self.accept("LIMIT"):
            limited = True
            limit = self.amount_or_all()
            if self.at(","):
                self.refuse(message="Flink's SQL has no LIMIT start, count; write LIMIT count OFFSET start")
        if self.accept("OFFSET"):
            offset = self.amount()
            self.accept_any("ROWS", "ROW")
            if not limited and self.accept("LIMIT"):
                limited = True
                limit = self.amount_or_all()
        if not limited and self.accept("FETCH"):
            self.expect_any("FIRST", "NEXT")
            limit = self.amount()
            self.expect_any("ROWS", "ROW")
            self.expect("ONLY")
        if not (tables or order_by or offset or limit):
            return body
        return q.Ordered(body, tables, recursive, order_by, offset, limit, span=self.span(start))

    def amount(self) -> x.Number | x.Parameter:
        """Reads a number of rows."""
        start = self.starts[self.i]
        if self.accept("?"):
            return x.Parameter(span=self.span(start))
        if not self.at(NUMBER):
            self.refuse("a number of rows")
        return self.number()

    def amount_or_all(self) -> x.Number | x.Parameter | None:
        """Reads a number of rows, or ALL as None."""
        return None if self.accept("ALL") else self.amount()

    # ---- Set operations

    def set_operations(self, left: x.Query) -> x.Query:
        """Reads UNION, EXCEPT and INTERSECT after their first operand; INTERSECT binds more strongly."""
        start = left.span[0]
        left = self._combined(left, start, ("INTERSECT",))
        return self._combined(left, start, ("UNION", "EXCEPT"))

    def _combined(self, left: x.Query, start: int, operators: tuple[str, ...]) -> x.Query:
        levels = 0
        while operator := self.accept_any(*operators):
            all_ = self.accept_any("ALL", "DISTINCT") == "ALL"
            inputs = [self._input(operator)]
            while self.at(operator) and self.follows("ALL") == all_:
                self.i += 1
                self.accept_any("ALL", "DISTINCT")
                inputs.append(self._input(operator))
            same = isinstance(left, q.SetOperation) and left.operator == operator and left.all == all_
            first = left.inputs if same and isinstance(left, q.SetOperation) else (left,)
            left = q.SetOperation(operator, all_, (*first, *inputs), span=self.span(start))
            levels += LEVELS
            self.deeper(levels)
            self.depth -= levels
        if self.at("MINUS"):
            self.refuse(message="Flink's SQL has no MINUS; write EXCEPT")
        return left

    def _input(self, operator: str) -> x.Query:
        right = self.operand()
        return right if operator == "INTERSECT" else self._combined(right, right.span[0], ("INTERSECT",))

    def operand(self) -> x.Query:
        """Reads an operand of a set operation."""
        start = self.starts[self.i]
        if self.at("SELECT"):
            return self.select()
        if self.accept_any("VALUES", "VALUE"):
            return q.Values(self.list(self.row), span=self.span(start))
        if self.accept("TABLE"):
            return q.TableQuery(self.path(), span=self.span(start))
        if self.accept("("):
            query = self.query()
            self.expect(")")
            return query
        self.refuse("a query")

    def row(self) -> tuple[x.Expression, ...]:
        """Reads a row of VALUES."""
        doubled = self.at("(") and self.follows("ROW")
        if doubled:
            found = self.expression()
            if isinstance(found, x.Row):
                return found.items
            return (found,)
        if self.at("ROW") or self.at("("):
            self.accept("ROW")
            return self.parenthesized(self.value)
        return (self.expression(),)

    def value(self) -> x.Expression:
        """Reads a value of a row, or DEFAULT."""
        start = self.starts[self.i]
        return x.Default(span=self.span(start)) if self.accept("DEFAULT") else self.expression()

    # ---- SELECT

    def select(self) -> q.Select:
        """Reads SELECT up to QUALIFY."""
        start = self.starts[self.i]
        self.expect("SELECT")
        hints = self.hints()
        self.accept("STREAM")
        quantifier = self.accept_any("DISTINCT", "ALL")
        items = self.list(self.select_item)
        if not self.accept("FROM"):
            return q.Select(items, None, quantifier, hints=hints, span=self.span(start))
        source = self.sources()
        where = self.expression() if self.accept("WHERE") else None
        group_by = group_quantifier = None
        if self.accept_by("GROUP"):
            group_quantifier = self.accept_any("DISTINCT", "ALL")
            group_by = self.list(self.grouping)
        having = self.expression() if self.accept("HAVING") else None
        windows = self.list(self.named_window) if self.accept("WINDOW") else ()
        qualify = self.expression() if self.accept("QUALIFY") else None
        return q.Select(
            items, source, quantifier, where, group_by, group_quantifier, having, windows, qualify, hints,
            span=self.span(start),
        )  # fmt: skip

    def select_item(self) -> q.SelectItem:
        """Reads what is selected, with its name."""
        start = self.starts[self.i]
        if self.accept("*"):
            return q.SelectItem(x.Star(span=self.span(start)), span=self.span(start))
        expression = self.expression()
        alias = None
        if self.accept("AS"):
            alias = self.alias()
        elif self.at_name():
            alias = self.name()
        return q.SelectItem(expression, alias, span=self.span(start))

    def alias(self) -> str:
        """Reads the name after AS."""
        return self.name()

    def grouping(self) -> x.Expression:
        """Reads a part of GROUP BY."""
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        if kind in ("ROLLUP", "CUBE"):
            self.i += 1
            items = self.parenthesized(self.grouping)
            return q.GroupingSets(kind, items, span=self.span(start))
        if self.accept_all("GROUPING", "SETS"):
            items = self.parenthesized(self.grouping)
            return q.GroupingSets("GROUPING SETS", items, span=self.span(start))
        if self.accept_all("(", ")"):
            return x.Row((), span=self.span(start))
        return self.expression()

    def named_window(self) -> q.NamedWindow:
        """Reads a window of WINDOW."""
        start = self.starts[self.i]
        name = self.name()
        self.expect("AS")
        return q.NamedWindow(name, self.window(), span=self.span(start))

    # ---- Hints

    def hints(self) -> tuple[q.Hint, ...]:
        """Reads ``/*+ ... */`` if it is there."""
        if not self.accept(HINT):
            return ()
        hints = self.list(self.hint)
        self.expect("*/")
        return hints

    def hint(self) -> q.Hint:
        """Reads a hint."""
        start = self.starts[self.i]
        name = self.name()
        options: tuple[q.HintOption, ...] = ()
        if self.accept("("):
            options = () if self.at(")") else self.list(self.hint_option)
            self.expect(")")
        return q.Hint(name, options, span=self.span(start))

    def hint_option(self) -> q.HintOption:
        """Reads an option of a hint."""
        start = self.starts[self.i]
        key = None
        if (self.at_name() or self.at(STRING)) and self.follows("="):
            key = self.string() if self.at(STRING) else self.name()
            self.expect("=")
        return q.HintOption(self.expression(), key, span=self.span(start))

    # ---- FROM

    def sources(self) -> q.Source:
        """Reads what follows FROM."""
        start = self.starts[self.i]
        left = self.source()
        levels = 0
        while True:
            if self.accept(","):
                right = self.source()
                left = q.Join("COMMA", left, right, span=self.span(start))
            elif self.kinds[self.i] in JOINS:
                left = self.join(left, start)
            else:
                return left
            levels += 1
            self.deeper(levels)
            self.depth -= levels

    def join(self, left: q.Source, start: int) -> q.Join:
        """Reads what is joined to a source."""
        natural = self.accept("NATURAL")
        kind = self.accept_any("INNER", "LEFT", "RIGHT", "FULL", "CROSS", "ASOF") or "INNER"
        if kind == "LEFT" and self.accept("ASOF"):
            kind = "LEFT ASOF"
        elif kind in ("LEFT", "RIGHT", "FULL"):
            self.accept("OUTER")
        self.expect("JOIN")
        right = self.source()
        match = self.expression() if kind.endswith("ASOF") and self.accept("MATCH_CONDITION") else None
        on = using = None
        # ON CONFLICT DO belongs to INSERT.
        if not (self.follows("CONFLICT") and self.follows("DO", 2)) and self.accept("ON"):
            on = self.expression()
        elif self.accept("USING"):
            using = self.parenthesized(self.name)
        return q.Join(kind, left, right, on, using or (), natural, match, span=self.span(start))

    def source(self) -> q.Source:
        """Reads a table, or what stands for one, with its name."""
        start = self.starts[self.i]
        found = self.bare_source(start)
        if self.follows("MATCH_RECOGNIZE", 2 if self.at("AS") else 1):
            found = self.aliased(found, start)
        if self.at("MATCH_RECOGNIZE"):
            found = self.match_recognize(found, start)
        if self.at("PIVOT"):
            found = self.pivot(found, start)
        found = self.aliased(found, start)
        if self.accept("TABLESAMPLE"):
            found = self.sampled(found, start)
        return found

    def aliased(self, found: q.Source, start: int) -> q.Source:
        """Reads the name of a source if it is there."""
        if not self.accept("AS") and not self.at_name():
            return found
        name = self.alias()
        columns = self.parenthesized(self.name) if self.at("(") else ()
        return q.Aliased(found, name, columns, span=self.span(start))

    def bare_source(self, start: int) -> q.Source:
        """Reads a table, or what stands for one."""
        if self.at_name():
            name = self.path()
            if self.at("("):
                return q.TableFunction(self.call(name, start), span=self.span(start))
            hints = self.hints()
            as_of = None
            if self.accept("FOR"):
                self.expect("SYSTEM_TIME", "AS", "OF")
                as_of = self.expression()
            return q.Table(name, hints, as_of, span=self.span(start))
        lateral = self.accept("LATERAL")
        if self.accept("UNNEST"):
            self.expect("(")
            if self.at_query():
                query = self.query()
                arguments: tuple[x.Expression, ...] = (x.Subquery(query, span=query.span),)
            else:
                arguments = self.list(self.expression)
            self.expect(")")
            return q.Unnest(arguments, self.accept_all("WITH", "ORDINALITY"), span=self.span(start))
        if self.accept("TABLE"):
            self.expect("(")
            self.accept("SPECIFIC")
            inner = self.starts[self.i]
            call = self.call(self.path(), inner)
            self.expect(")")
            return q.TableFunction(call, lateral, span=self.span(start))
        if not self.at("("):
            self.refuse("a table")
        return self.parenthesized_source(lateral, start)

    def parenthesized_source(self, lateral: bool, start: int) -> q.Source:
        """Reads a query or joined tables between parentheses."""
        self.deeper(LEVELS)
        self.expect("(")
        if self.at_query() and not (self.at("TABLE") and self.follows("(")):
            query = self.query()
            found: q.Source = q.Derived(query, lateral, span=self.span(start))
        else:
            inner = self.starts[self.i]
            found = self.sources()
            if isinstance(found, q.Derived) and not self.at(")"):
                query = self.query_after(found.query, inner)
                found = q.Derived(query, lateral, span=self.span(start))
            elif isinstance(found, q.Derived) and lateral:
                found = q.Derived(found.query, True, span=self.span(start))
        self.expect(")")
        if isinstance(found, q.Derived):
            found = q.Derived(found.query, found.lateral, span=self.span(start))
        elif lateral:
            raise Refusal(self.i - 1, message="LATERAL is followed by a query or a function, not by joined tables")
        self.depth -= LEVELS
        return found

    def sampled(self, found: q.Source, start: int) -> q.Source:
        """Reads what follows TABLESAMPLE."""
        method = self.expect_any("BERNOULLI", "SYSTEM", "SUBSTITUTE")
        self.expect("(")
        argument: x.Number | x.String
        if method == "SUBSTITUTE":
            begin = self.starts[self.i]
            argument = x.String(self.string(), span=self.span(begin))
        else:
            argument = self.number()
        self.expect(")")
        seed = None
        if self.accept("REPEATABLE"):
            self.expect("(")
            seed = self.signed_integer()
            self.expect(")")
        return q.Sampled(found, method, argument, seed, span=self.span(start))

    def pivot(self, found: q.Source, start: int) -> q.Source:
        """Reads PIVOT."""
        self.expect("PIVOT", "(")
        aggregates = self.list(self.pivot_item)
        self.expect("FOR")
        columns = self.parenthesized(self.name) if self.at("(") else (self.name(),)
        self.expect("IN", "(")
        values = () if self.at(")") else self.list(self.pivot_item)
        self.expect(")", ")")
        return q.Pivot(found, aggregates, columns, values, span=self.span(start))

    def pivot_item(self) -> q.PivotItem:
        """Reads an aggregate or a value of PIVOT, with its name."""
        start = self.starts[self.i]
        expression = self.expression()
        items = expression.items if isinstance(expression, x.Row) else (expression,)
        alias = self.name() if self.accept("AS") or self.at_name() else None
        return q.PivotItem(items, alias, span=self.span(start))
