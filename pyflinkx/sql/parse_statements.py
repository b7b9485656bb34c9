"""Reads statements."""

from __future__ import annotations

import re

from pyflinkx.sql.lexer import END, STRING, unquoted
from pyflinkx.sql.parse_ddl import DdlParser
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import statements as s

# What an error calls the place where a statement may end.
ENDED = "the end of the statement"
DETAILS = ("ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE")
DESCRIBED = ("CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION")
CREATED = ("TABLE", "VIEW", "CATALOG", "MODEL", "CONNECTION")
# What SHOW lists: whether a place follows (FROM db), and whether ILIKE may filter it.
LISTED = {
    "CATALOGS": (False, True),
    "DATABASES": (True, True),
    "FUNCTIONS": (True, True),
    "PROCEDURES": (True, True),
    "TABLES": (True, False),
    "VIEWS": (True, False),
    "MODELS": (True, False),
    "CONNECTIONS": (True, False),
}
COMMANDS = ("QUIT", "EXIT", "CLEAR", "HELP")
# Clients of Flink's take keys and values without quotes.
_ASSIGNED = re.compile(r"\s*([^\s'=;]+)\s*=\s*(?:'((?:[^']|'')*)'|([^\s;']+))\s*(?=;|\Z)")
_KEY = re.compile(r"\s*([^\s';]+)\s*(?=;|\Z)")


class StatementParser(DdlParser):
    """Statements."""

    def statement(self) -> s.Statement:
        """Reads a statement."""
        kind = self.kinds[self.i]
        read = STATEMENTS.get(kind)
        if read is not None:
            return read(self)
        if self._at_command():
            return self._command()
        self.refuse("a statement")

    def statements(self) -> tuple[s.Statement, ...]:
        """Reads all statements up to the end; there may be none between semicolons."""
        found: list[s.Statement] = []
        while True:
            while self.accept(";"):
                pass
            if self.at(END):
                return tuple(found)
            found.append(self.statement())
            if not self.at(END) and not self.at(";"):
                self.refuse(ENDED)

    def _query_statement(self) -> s.Statement:
        query = self.query()
        return s.QueryStatement(query, span=query.span)

    # ---- Changes of data

    def insert(self) -> s.Insert:
        """Reads INSERT."""
        start = self.starts[self.i]
        upsert = self.expect_any("INSERT", "UPSERT") == "UPSERT"
        overwrite = not upsert and self.accept("OVERWRITE")
        if not overwrite:
            self.expect("INTO")
        target = self.path()
        hints = self.hints()
        partition = self.optional_partition()
        columns: tuple[x.Name, ...] = ()
        if self.at("(") and not self._is_query(1):
            columns = self.parenthesized(self.path)
        query = self.query()
        conflict = None
        if self.accept("ON"):
            self.expect("CONFLICT", "DO")
            conflict = self.expect_any("ERROR", "NOTHING", "DEDUPLICATE")
        return s.Insert(
            target, query, columns, partition, overwrite, hints, conflict, upsert, span=self.span(start)
        )  # fmt: skip

    def _is_query(self, by: int) -> bool:
        return any(self.follows(kind, by) for kind in ("SELECT", "WITH", "VALUES", "VALUE", "TABLE", "("))

    def _alias(self) -> str | None:
        return self.name() if self.accept("AS") or self.at_name() else None

    def _update(self) -> s.Update:
        start = self.starts[self.i]
        self.expect("UPDATE")
        target, hints = self.path(), self.hints()
        alias = self._alias()
        self.expect("SET")
        assignments = self.list(self._assignment)
        where = self.expression() if self.accept("WHERE") else None
        return s.Update(target, assignments, where, alias, hints, span=self.span(start))

    def _assignment(self) -> s.Assignment:
        start = self.starts[self.i]
        column = self.path()
        self.expect("=")
        return s.Assignment(column, self.expression(), span=self.span(start))

    def _delete(self) -> s.Delete:
        start = self.starts[self.i]
        self.expect("DELETE", "FROM")
        target, hints = self.path(), self.hints()
        alias = self._alias()
        where = self.expression() if self.accept("WHERE") else None
        return s.Delete(target, where, alias, hints, span=self.span(start))

    def _truncate(self) -> s.Truncate:
        start = self.starts[self.i]
        self.expect("TRUNCATE", "TABLE")
        return s.Truncate(self.path(), span=self.span(start))

    # ---- Sets of statements and plans

    def statement_set(self) -> s.StatementSet:
        """Reads STATEMENT SET BEGIN ... END."""
        start = self.starts[self.i]
        self.expect("STATEMENT", "SET", "BEGIN")
        inserts: list[s.Insert] = []
        while not inserts or not self.at("END"):
            inserts.append(self.insert())
            self.expect(";")
        self.expect("END")
        return s.StatementSet(tuple(inserts), span=self.span(start))

    def _begin(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("BEGIN", "STATEMENT", "SET")
        return s.BeginStatementSet(span=self.span(start))

    def _end(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("END")
        return s.EndStatementSet(span=self.span(start))

    def _inserting(self) -> s.Statement:
        return self.statement_set() if self.at("STATEMENT") else self.insert()

    def _execute(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("EXECUTE")
        if self.accept("PLAN"):
            return s.ExecutePlan(self.string(), span=self.span(start))
        if self.at("STATEMENT") or self.at("INSERT") or self.at("UPSERT"):
            statement = self._inserting()
        elif self._is_query(0):
            statement = self._query_statement()
        else:
            self.refuse("PLAN, STATEMENT SET, INSERT or a query")
        return s.Execute(statement, span=self.span(start))

    def _compile(self) -> s.CompilePlan:
        start = self.starts[self.i]
        self.expect("COMPILE")
        execute = self.accept_all("AND", "EXECUTE")
        self.expect("PLAN")
        path = self.string()
        if_not_exists = not execute and self.if_not_exists()
        self.expect("FOR")
        return s.CompilePlan(path, self._inserting(), if_not_exists, execute, span=self.span(start))

    def _call(self) -> s.CallProcedure:
        start = self.starts[self.i]
        self.expect("CALL")
        begin = self.starts[self.i]
        name = self.path()
        if not self.at("("):
            self.refuse()
        return s.CallProcedure(self.call(name, begin), span=self.span(start))

    # ---- Questions

    def _explain(self) -> s.Explain:
        start = self.starts[self.i]
        self.expect("EXPLAIN")
        details: tuple[str, ...] = ()
        if not self.accept_all("PLAN", "FOR") and self.kinds[self.i] in DETAILS:
            details = self.list(lambda: self.expect_any(*DETAILS))
            if len(set(details)) < len(details):
                self.refuse(message="a detail is asked for twice", index=self.i - 1)
        kind = self.kinds[self.i]
        if kind not in EXPLAINED and not self._is_query(0):
            self.refuse(
                "a query, INSERT, STATEMENT SET, EXECUTE, CREATE TABLE ... AS, or a detail such as CHANGELOG_MODE"
            )
        statement = EXPLAINED[kind](self) if kind in EXPLAINED else self._query_statement()
        return s.Explain(statement, details, span=self.span(start))

    def _describe(self) -> s.Describe:
        start = self.starts[self.i]
        self.expect_any("DESCRIBE", "DESC")
        if self.at("JOB") and self.follows(STRING):
            self.i += 1
            begin = self.starts[self.i]
            name = x.Name((self.string(),), span=self.span(begin))
            return s.Describe("JOB", name, span=self.span(start))
        kind = "TABLE"
        if self.kinds[self.i] in DESCRIBED and not (self.follows(END) or self.follows(";") or self.follows(".")):
            kind = self.kinds[self.i]
            self.i += 1
        else:
            self.accept("TABLE")
        extended = self.accept("EXTENDED")
        return s.Describe(kind, self.path(), extended, span=self.span(start))

    def _show(self) -> s.Show:
        start = self.starts[self.i]
        self.expect("SHOW")
        if self.accept("CURRENT"):
            kind = self.expect_any("CATALOG", "DATABASE")
            return s.Show(f"CURRENT {kind}", span=self.span(start))
        if self.accept("CREATE"):
            return self._show_create(start)
        if self.accept("JARS"):
            return s.Show("JARS", span=self.span(start))
        if self.accept("JOBS"):
            return s.Show("JOBS", span=self.span(start))
        if self.accept("MODULES"):
            return s.Show("MODULES", span=self.span(start))
        if self.accept("FULL"):
            self.expect("MODULES")
            return s.Show("FULL MODULES", span=self.span(start))
        if self.accept("PARTITIONS"):
            name = self.path()
            return s.Show("PARTITIONS", name, partition=self.optional_partition(), span=self.span(start))
        if self.accept("COLUMNS"):
            preposition = self.expect_any("FROM", "IN")
            return self._filtered("COLUMNS", self.path(), preposition, False, start)
        if self.accept("USER"):
            self.expect("FUNCTIONS")
            kind = "FUNCTIONS"
            shown = "USER FUNCTIONS"
        elif self.accept("MATERIALIZED"):
            self.expect("TABLES")
            kind = "TABLES"
            shown = "MATERIALIZED TABLES"
        else:
            shown = kind = self.expect_any(*LISTED)
        placed, insensitive = LISTED[kind]
        where = self.accept_any("FROM", "IN") if placed else None
        return self._filtered(shown, self.path() if where else None, where, insensitive, start)

    def _show_create(self, start: int) -> s.Show:
        if self.accept_all("OR", "ALTER"):
            self.expect("MATERIALIZED", "TABLE")
            kind = "CREATE OR ALTER MATERIALIZED TABLE"
        elif self.accept("MATERIALIZED"):
            self.expect("TABLE")
            kind = "CREATE MATERIALIZED TABLE"
        else:
            kind = f"CREATE {self.expect_any(*CREATED)}"
        return s.Show(kind, self.path(), span=self.span(start))

    def _filtered(
        self, kind: str, name: x.Name | None, preposition: str | None, insensitive: bool, start: int
    ) -> s.Show:
        negated = self.accept("NOT")
        operator = self.accept_any("LIKE", "ILIKE") if insensitive else self.accept_any("LIKE")
        if negated and not operator:
            self.refuse()
        pattern = self.string() if operator else None
        return s.Show(kind, name, preposition, pattern, operator or "LIKE", negated, span=self.span(start))

    # ---- Sessions

    def _use(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("USE")
        if self.accept("MODULES"):
            return s.UseModules(self.list(self.name), span=self.span(start))
        if self.at("CATALOG") and not (self.follows(END) or self.follows(";") or self.follows(".")):
            self.i += 1
            return s.Use("CATALOG", self.path(), span=self.span(start))
        return s.Use("DATABASE", self.path(), span=self.span(start))

    def _load(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("LOAD", "MODULE")
        name = self.name()
        return s.LoadModule(name, self.with_options(), span=self.span(start))

    def _unload(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("UNLOAD", "MODULE")
        return s.UnloadModule(self.name(), span=self.span(start))

    def _set(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("SET")
        if self.at(END) or self.at(";"):
            return s.SetOption(span=self.span(start))
        if self.at(STRING):
            key = self.string()
            self.expect("=")
            return s.SetOption(key, self.string(), span=self.span(start))
        match = _ASSIGNED.match(self.tokens.text, self.tokens.ends[self.i - 1])
        if match is None:
            self.refuse("'key' = 'value'")
        self._go_to(match.end())
        value = match[3] if match[2] is None else unquoted(f"'{match[2]}'")
        return s.SetOption(match[1].strip("`"), value, span=self.span(start))

    def _reset(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("RESET")
        if self.at(STRING):
            return s.ResetOption(self.string(), span=self.span(start))
        match = _KEY.match(self.tokens.text, self.tokens.ends[self.i - 1])
        key = None
        if match is not None:
            self._go_to(match.end())
            key = match[1]
        return s.ResetOption(key, span=self.span(start))

    def _go_to(self, character: int) -> None:
        """Goes on with the first token from a character on."""
        while not self.at(END) and self.starts[self.i] < character:
            self.i += 1

    def _jar(self) -> s.Statement:
        start = self.starts[self.i]
        action = self.expect_any("ADD", "REMOVE")
        self.expect("JAR")
        return s.Jar(action, self.string(), span=self.span(start))

    def _analyze(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("ANALYZE", "TABLE")
        target = self.path()
        partition: tuple[s.PartitionValue, ...] = ()
        if self.accept("PARTITION"):
            partition = self.parenthesized(self.some_partition_value)
        self.expect("COMPUTE", "STATISTICS")
        columns: tuple[str, ...] | None = None
        if self.accept("FOR"):
            columns = ()
            if not self.accept("ALL"):
                self.expect("COLUMNS")
                columns = self.list(self.name)
            else:
                self.expect("COLUMNS")
        return s.Analyze(target, partition, columns, span=self.span(start))

    def _stop(self) -> s.Statement:
        start = self.starts[self.i]
        self.expect("STOP", "JOB")
        job = self.string()
        savepoint = self.accept_all("WITH", "SAVEPOINT")
        drain = self.accept_all("WITH", "DRAIN")
        if drain and not savepoint:
            self.refuse(message="WITH DRAIN needs WITH SAVEPOINT before it", index=self.i - 2)
        return s.StopJob(job, savepoint, drain, span=self.span(start))

    def _at_command(self) -> bool:
        return self.tokens.image(self.i).upper() in COMMANDS and (self.follows(END) or self.follows(";"))

    def _command(self) -> s.Command:
        start = self.starts[self.i]
        self.i += 1
        return s.Command(self.tokens.image(self.i - 1).upper(), span=self.span(start))


P = StatementParser
STATEMENTS = {
    **dict.fromkeys(("SELECT", "WITH", "VALUES", "VALUE", "TABLE", "("), P._query_statement),
    **dict.fromkeys(("INSERT", "UPSERT"), P.insert),
    "UPDATE": P._update,
    "DELETE": P._delete,
    "TRUNCATE": P._truncate,
    "CREATE": P.create,
    "REPLACE": P.replace_table,
    "ALTER": P.alter,
    "DROP": P.drop,
    "STATEMENT": P.statement_set,
    "BEGIN": P._begin,
    "END": P._end,
    "EXECUTE": P._execute,
    "COMPILE": P._compile,
    "CALL": P._call,
    "EXPLAIN": P._explain,
    **dict.fromkeys(("DESCRIBE", "DESC"), P._describe),
    "SHOW": P._show,
    "USE": P._use,
    "LOAD": P._load,
    "UNLOAD": P._unload,
    "SET": P._set,
    "RESET": P._reset,
    **dict.fromkeys(("ADD", "REMOVE"), P._jar),
    "ANALYZE": P._analyze,
    "STOP": P._stop,
}
EXPLAINED = {
    **dict.fromkeys(("INSERT", "UPSERT"), P.insert),
    "STATEMENT": P.statement_set,
    "EXECUTE": P._execute,
    "CREATE": P.create,
    "REPLACE": P.replace_table,
    "ALTER": P.alter,
}
