"""Reads CREATE, ALTER and DROP."""

from __future__ import annotations

from pyflinkx.sql.parse_tables import Schema, TableParser
from pyflinkx.sql.tree import ddl as d
from pyflinkx.sql.tree.expressions import Expression, Interval, Temporal
from pyflinkx.sql.tree.statements import Statement

START_MODES = (
    "FROM_BEGINNING",
    "FROM_NOW",
    "FROM_TIMESTAMP",
    "RESUME_OR_FROM_BEGINNING",
    "RESUME_OR_FROM_NOW",
    "RESUME_OR_FROM_TIMESTAMP",
)
LANGUAGES = ("JAVA", "SCALA", "SQL", "PYTHON")


class DdlParser(TableParser):
    """Statements that define, change and remove objects."""

    # ---- CREATE

    def create(self) -> Statement:
        """Reads CREATE."""
        start = self.starts[self.i]
        self.expect("CREATE")
        replace = self.accept_all("OR", "REPLACE")
        if not replace and self.accept_all("OR", "ALTER"):
            return self._create_materialized(start, or_alter=True)
        temporary = self.accept("TEMPORARY")
        if self.accept("TABLE"):
            return self._create_table(start, temporary, "CREATE OR REPLACE" if replace else None)
        if self.accept("VIEW"):
            return self._create_view(start, temporary, replace)
        if replace:
            self.refuse()
        if self.accept("FUNCTION"):
            return self._create_function(start, temporary, system=False)
        if self.accept("MODEL"):
            return self._create_model(start, temporary)
        if self.accept("CONNECTION"):
            return self._create_connection(start, temporary, system=False)
        if self.at("SYSTEM"):
            return self._create_system(start, temporary)
        if not temporary:
            if self.at("MATERIALIZED"):
                return self._create_materialized(start, or_alter=False)
            if self.accept("CATALOG"):
                return self._create_catalog(start)
            if self.accept("DATABASE"):
                return self._create_database(start)
        self.refuse()

    def _create_system(self, start: int, temporary: bool) -> Statement:
        if not temporary:
            self.refuse(message="what is of the system is temporary: write CREATE TEMPORARY SYSTEM")
        self.expect("SYSTEM")
        if self.accept("FUNCTION"):
            return self._create_function(start, temporary, system=True)
        self.expect("CONNECTION")
        return self._create_connection(start, temporary, system=True)

    def replace_table(self) -> Statement:
        """Reads REPLACE TABLE."""
        start = self.starts[self.i]
        self.expect("REPLACE")
        temporary = self.accept("TEMPORARY")
        self.expect("TABLE")
        return self._create_table(start, temporary, "REPLACE")

    def _create_table(self, start: int, temporary: bool, replace: str | None) -> d.CreateTable:
        if_not_exists = self.if_not_exists()
        name = self.path()
        opened = self.i
        schema = self.schema()
        comment, distribution, partitioned_by = self.comment(), self.distributed(), self.partitioned_by()
        connection = None
        if self.accept("USING"):
            self.expect("CONNECTION")
            connection = self.path()
        options = self.with_options()
        like = query = None
        if replace is None and self.accept("LIKE"):
            like = self.table_like()
        elif self.accept("AS"):
            query = self.query()
        elif replace is not None:
            self.refuse(None if replace == "CREATE OR REPLACE" else "AS")
        self._check_bare_columns(schema, query is not None, opened)
        return d.CreateTable(
            name, tuple(schema.columns), tuple(schema.constraints), schema.watermark, comment, distribution,
            partitioned_by, connection, options, like, query, temporary, if_not_exists, replace, span=self.span(start),
        )  # fmt: skip

    def _check_bare_columns(self, schema: Schema, has_query: bool, index: int) -> None:
        bare = [type(column) is d.Column for column in schema.columns]
        if any(bare) and not has_query:
            self.refuse(message="columns without a type give the order of a query: AS is missing", index=index)
        if any(bare) and not (all(bare) and schema.watermark is None and not schema.constraints):
            self.refuse(message="either all columns have a type, or names alone give their order", index=index)

    def _create_materialized(self, start: int, or_alter: bool) -> d.CreateMaterializedTable:
        self.expect("MATERIALIZED", "TABLE")
        name = self.path()
        opened = self.i
        schema = self.schema()
        self._check_bare_columns(schema, True, opened)
        comment, distribution, partitioned_by = self.comment(), self.distributed(), self.partitioned_by()
        options = self.with_options()
        mode = self._start_mode() if self.accept("START_MODE") else None
        freshness = self._freshness() if self.accept("FRESHNESS") else None
        refresh = self._refresh_mode() if self.accept("REFRESH_MODE") else None
        self.expect("AS")
        query = self.query()
        return d.CreateMaterializedTable(
            name, query, tuple(schema.columns), tuple(schema.constraints), schema.watermark, comment, distribution,
            partitioned_by, options, mode, freshness, refresh, or_alter, span=self.span(start),
        )  # fmt: skip

    def _start_mode(self) -> d.StartMode:
        self.expect("=")
        start = self.starts[self.i]
        kind = self.expect_any(*START_MODES)
        argument = None
        timestamp = kind.endswith("TIMESTAMP")
        if timestamp or (kind.endswith("NOW") and self.at("(")):
            self.expect("(")
            argument = self._timestamp_only() if timestamp else self._interval_only()
            self.expect(")")
        return d.StartMode(kind, argument, span=self.span(start))

    def _freshness(self) -> Expression:
        self.expect("=")
        return self._interval_only()

    def _interval_only(self) -> Expression:
        at = self.i
        found = self.expression()
        if not isinstance(found, Interval):
            self.refuse("an interval such as INTERVAL '1' MINUTE", index=at)
        return found

    def _timestamp_only(self) -> Expression:
        at = self.i
        found = self.expression()
        if not (isinstance(found, Temporal) and found.kind.startswith("TIMESTAMP")):
            self.refuse("a time such as TIMESTAMP '2024-01-31 00:00:00'", index=at)
        return found

    def _refresh_mode(self) -> str:
        self.expect("=")
        return self.expect_any("FULL", "CONTINUOUS")

    def _create_view(self, start: int, temporary: bool, replace: bool) -> d.CreateView:
        if_not_exists = self.if_not_exists()
        name = self.path()
        columns = self.names() if self.at("(") else ()
        comment = self.comment()
        self.expect("AS")
        query = self.query()
        return d.CreateView(
            name, query, columns, comment, temporary, if_not_exists, replace, span=self.span(start)
        )  # fmt: skip

    def _create_catalog(self, start: int) -> d.CreateCatalog:
        if_not_exists = self.if_not_exists()
        name, comment, options = self.path(), self.comment(), self.with_options()
        return d.CreateCatalog(name, options, comment, if_not_exists, span=self.span(start))

    def _create_database(self, start: int) -> d.CreateDatabase:
        if_not_exists = self.if_not_exists()
        name, comment, options = self.path(), self.comment(), self.with_options()
        return d.CreateDatabase(name, options, comment, if_not_exists, span=self.span(start))

    def _create_connection(self, start: int, temporary: bool, system: bool) -> d.CreateConnection:
        if_not_exists = self.if_not_exists()
        name, comment = self.path(), self.comment()
        self.expect("WITH")
        options = self.options()
        return d.CreateConnection(name, options, comment, temporary, system, if_not_exists, span=self.span(start))

    def _create_function(self, start: int, temporary: bool, system: bool) -> d.CreateFunction:
        if_not_exists = self.if_not_exists()
        at = self.i
        name = self.path()
        if system and len(name.parts) > 1:
            self.refuse(message="what is of the system is in no database: its name has one part", index=at)
        self.expect("AS")
        class_name = self.string()
        language = self._language()
        resources = self.list(self._resource) if self.accept("USING") else ()
        options = self.with_options()
        return d.CreateFunction(
            name, class_name, language, resources, options, temporary, system, if_not_exists, span=self.span(start)
        )

    def _language(self) -> str | None:
        return self.expect_any(*LANGUAGES) if self.accept("LANGUAGE") else None

    def _resource(self) -> tuple[str, str]:
        return self.expect_any("JAR", "ARTIFACT"), self.string()

    def _create_model(self, start: int, temporary: bool) -> d.CreateModel:
        if_not_exists = self.if_not_exists()
        name = self.path()
        inputs = tuple(self.schema().columns) if self.accept("INPUT") else ()
        outputs = tuple(self.schema().columns) if self.accept("OUTPUT") else ()
        comment, options = self.comment(), self.with_options()
        query = self.query() if self.accept("AS") else None
        return d.CreateModel(
            name, inputs, outputs, comment, options, query, temporary, if_not_exists, span=self.span(start)
        )

    # ---- DROP

    def drop(self) -> d.Drop:
        """Reads DROP."""
        start = self.starts[self.i]
        self.expect("DROP")
        temporary = self.accept("TEMPORARY")
        system = temporary and self.accept("SYSTEM")
        if system:
            kind = self.expect_any("FUNCTION", "CONNECTION")
        elif temporary:
            kind = self.expect_any("TABLE", "VIEW", "FUNCTION", "MODEL", "CONNECTION")
        elif self.accept("MATERIALIZED"):
            self.expect("TABLE")
            kind = "MATERIALIZED TABLE"
        else:
            kind = self.expect_any("TABLE", "VIEW", "CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION")
        if_exists = self.if_exists()
        name = self.path()
        cascade = None
        if kind == "DATABASE" and (word := self.accept_any("RESTRICT", "CASCADE")):
            cascade = word == "CASCADE"
        return d.Drop(kind, name, temporary, system, if_exists, cascade, span=self.span(start))

    # ---- ALTER

    def alter(self) -> d.Alter:
        """Reads ALTER."""
        start = self.starts[self.i]
        self.expect("ALTER")
        temporary = self.accept("TEMPORARY")
        system = temporary and self.accept("SYSTEM")
        if temporary:
            self.expect("FUNCTION")
            kind = "FUNCTION"
        elif self.accept("MATERIALIZED"):
            self.expect("TABLE")
            kind = "MATERIALIZED TABLE"
        else:
            kind = self.expect_any("TABLE", "VIEW", "CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION")
        if_exists = kind in ("TABLE", "FUNCTION", "MODEL", "CONNECTION") and self.if_exists()
        name = self.path()
        change = CHANGES[kind](self)
        return d.Alter(kind, name, change, if_exists, temporary, system, span=self.span(start))

    def _change_table(self) -> d.Change:
        start = self.starts[self.i]
        if self.accept("RENAME"):
            if self.accept("TO"):
                return d.Rename(self.path(), span=self.span(start))
            column = self.path()
            self.expect("TO")
            return d.RenameColumn(column, self.path(), span=self.span(start))
        if self.accept("ADD"):
            if self.at("PARTITION") or (self.at("IF") and self.follows("NOT")):
                return self._add_partitions(start)
            return self.changed_schema("ADD")
        if self.accept("MODIFY"):
            return self.changed_schema("MODIFY")
        if self.accept("DROP"):
            if self.at("PARTITION") or (self.at("IF") and self.follows("EXISTS")):
                if_exists = self.if_exists()
                partitions = self.list(self._partition)
                return d.DropPartitions(partitions, if_exists, span=self.span(start))
            return self.dropped()
        return self._change_options()

    def _add_partitions(self, start: int) -> d.AddPartitions:
        if_not_exists = self.if_not_exists()
        partitions = [self._partition(options=True)]
        while self.at("PARTITION"):
            partitions.append(self._partition(options=True))
        return d.AddPartitions(tuple(partitions), if_not_exists, span=self.span(start))

    def _partition(self, options: bool = False) -> d.Partition:
        start = self.starts[self.i]
        self.expect("PARTITION")
        values = self.partition_values()
        return d.Partition(values, self.with_options() if options else (), span=self.span(start))

    def _change_options(self) -> d.Change:
        start = self.starts[self.i]
        if self.accept("SET"):
            return d.SetOptions(self.options(), span=self.span(start))
        self.expect("RESET")
        return d.ResetOptions(self.keys(), span=self.span(start))

    def _change_named(self) -> d.Change:
        start = self.starts[self.i]
        if self.accept("RENAME"):
            self.expect("TO")
            return d.Rename(self.path(), span=self.span(start))
        return self._change_options()

    def _change_catalog(self) -> d.Change:
        start = self.starts[self.i]
        if self.accept("COMMENT"):
            return d.SetComment(self.string(), span=self.span(start))
        return self._change_options()

    def _change_database(self) -> d.Change:
        start = self.starts[self.i]
        self.expect("SET")
        return d.SetOptions(self.options(), span=self.span(start))

    def _change_view(self) -> d.Change:
        start = self.starts[self.i]
        if self.accept("RENAME"):
            self.expect("TO")
            return d.Rename(self.path(), span=self.span(start))
        self.expect("AS")
        return d.SetQuery(self.query(), span=self.span(start))

    def _change_function(self) -> d.Change:
        start = self.starts[self.i]
        self.expect("AS")
        class_name = self.string()
        return d.SetClass(class_name, self._language(), span=self.span(start))

    def _change_materialized(self) -> d.Change:
        start = self.starts[self.i]
        if self.accept("SUSPEND"):
            return d.Suspend(span=self.span(start))
        if self.accept("RESUME"):
            return d.Resume(self.with_options(), span=self.span(start))
        if self.accept("REFRESH"):
            return d.Refresh(self.optional_partition(), span=self.span(start))
        if self.accept("AS"):
            return d.SetQuery(self.query(), span=self.span(start))
        if self.accept("ADD"):
            return self.changed_schema("ADD")
        if self.accept("MODIFY"):
            return self.changed_schema("MODIFY")
        if self.accept("DROP"):
            return self.dropped()
        if self.accept_all("SET", "FRESHNESS"):
            return d.SetFreshness(self._freshness(), span=self.span(start))
        if self.accept_all("SET", "REFRESH_MODE"):
            return d.SetRefreshMode(self._refresh_mode(), span=self.span(start))
        return self._change_options()


CHANGES = {
    "TABLE": DdlParser._change_table,
    "MATERIALIZED TABLE": DdlParser._change_materialized,
    "VIEW": DdlParser._change_view,
    "CATALOG": DdlParser._change_catalog,
    "DATABASE": DdlParser._change_database,
    "FUNCTION": DdlParser._change_function,
    "MODEL": DdlParser._change_named,
    "CONNECTION": DdlParser._change_named,
}
