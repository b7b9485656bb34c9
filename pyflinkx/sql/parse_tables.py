"""Reads the parts of tables: columns, constraints, watermarks, options, partitions."""

from __future__ import annotations

from pyflinkx.sql.parse_queries import QueryParser
from pyflinkx.sql.tree import ddl as d
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import statements as s

LITERALS = (x.Number, x.String, x.Bytes, x.Boolean, x.Null, x.Temporal, x.Interval)
CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE")
FEATURES = ("ALL", "CONSTRAINTS", "DISTRIBUTION", "GENERATED", "METADATA", "OPTIONS", "PARTITIONS", "WATERMARKS")


class Schema:
    """The parts of a table between parentheses, as they are read."""

    def __init__(self) -> None:
        self.columns: list[d.Column] = []
        self.constraints: list[d.Constraint] = []
        self.watermark: d.Watermark | None = None
        self.distribution: d.Distribution | None = None
        self.placed: list[d.PlacedColumn] = []


class TableParser(QueryParser):
    """Parts of tables."""

    # ---- Options

    def options(self) -> d.Options:
        """Reads ``('key' = 'value', ...)``."""
        self.expect("(")
        found = () if self.at(")") else self.list(self.option)
        self.expect(")")
        return found

    def option(self) -> tuple[str, str]:
        """Reads an option."""
        key = self.string()
        self.expect("=")
        return key, self.string()

    def keys(self) -> tuple[str, ...]:
        """Reads ``('key', ...)``."""
        self.expect("(")
        found = () if self.at(")") else self.list(self.string)
        self.expect(")")
        return found

    def with_options(self) -> d.Options:
        """Reads WITH and options if they are there."""
        return self.options() if self.accept("WITH") else ()

    def comment(self) -> str | None:
        """Reads COMMENT and a string if they are there."""
        return self.string() if self.accept("COMMENT") else None

    def if_exists(self) -> bool:
        """Reads IF EXISTS if it is there."""
        return self.at("IF") and self.accept_all("IF", "EXISTS")

    def if_not_exists(self) -> bool:
        """Reads IF NOT EXISTS if it is there."""
        return self.at("IF") and self.accept_all("IF", "NOT", "EXISTS")

    def names(self) -> tuple[str, ...]:
        """Reads names between parentheses."""
        return self.parenthesized(self.name)

    # ---- Columns

    def schema(self) -> Schema:
        """Reads the parts of a table between parentheses, if they are there."""
        found = Schema()
        if self.at("("):
            self.parenthesized(lambda: self.table_part(found))
        return found

    def table_part(self, found: Schema) -> None:
        """Reads a column, a constraint or a watermark."""
        if self.kinds[self.i] in CONSTRAINTS:
            found.constraints.append(self.constraint())
        elif self.at("WATERMARK"):
            self._add_watermark(found)
        else:
            found.columns.append(self.column())

    def _add_watermark(self, found: Schema) -> None:
        if found.watermark is not None:
            self.refuse(message="a table has one watermark; this is a second one")
        found.watermark = self.watermark()

    def column(self) -> d.Column:
        """Reads a column."""
        start = self.starts[self.i]
        name = self.path()
        if self.at(",") or self.at(")"):
            return d.Column(name, span=self.span(start))
        if self.accept("AS"):
            expression = self.expression()
            comment = self.comment()
            return d.ComputedColumn(name, expression, comment, span=self.span(start))
        type_ = self.type()
        if self.accept("METADATA"):
            key = self.string() if self.accept("FROM") else None
            virtual = self.accept("VIRTUAL")
            comment = self.comment()
            return d.MetadataColumn(name, type_, key, virtual, comment, span=self.span(start))
        constraint = self.constraint(of_column=True) if self.kinds[self.i] in CONSTRAINTS else None
        comment = self.comment()
        return d.PhysicalColumn(name, type_, constraint, comment, span=self.span(start))

    def constraint(self, of_column: bool = False) -> d.Constraint:
        """Reads a constraint."""
        start = self.starts[self.i]
        name = self.name() if self.accept("CONSTRAINT") else None
        kind = "UNIQUE"
        if not self.accept("UNIQUE"):
            self.expect("PRIMARY", "KEY")
            kind = "PRIMARY KEY"
        columns = () if of_column else self.names()
        enforced = True if self.accept("ENFORCED") else False if self.accept_all("NOT", "ENFORCED") else None
        return d.Constraint(kind, columns, name, enforced, span=self.span(start))

    def watermark(self) -> d.Watermark:
        """Reads WATERMARK FOR."""
        start = self.starts[self.i]
        self.expect("WATERMARK", "FOR")
        column = self.path()
        self.expect("AS")
        return d.Watermark(column, self.expression(), span=self.span(start))

    def distribution(self) -> d.Distribution:
        """Reads what follows DISTRIBUTED or DISTRIBUTION."""
        start = self.starts[self.i]
        kind = None
        columns: tuple[str, ...] = ()
        by = self.accept("BY")
        if by:
            kind = self.accept_any("HASH", "RANGE")
            columns = self.names()
        buckets = None
        if self.accept("INTO"):
            at = self.i
            buckets = self.integer()
            if buckets == 0:
                self.refuse(message="a table has at least one bucket", index=at)
            self.expect("BUCKETS")
        elif not by:
            self.refuse()
        return d.Distribution(kind, columns, buckets, span=self.span(start))

    def distributed(self) -> d.Distribution | None:
        """Reads DISTRIBUTED if it is there."""
        return self.distribution() if self.accept("DISTRIBUTED") else None

    def partitioned_by(self) -> tuple[str, ...]:
        """Reads PARTITIONED BY if it is there."""
        if not self.accept("PARTITIONED"):
            return ()
        self.expect("BY")
        return self.names()

    def table_like(self) -> d.TableLike:
        """Reads what follows LIKE."""
        start = self.starts[self.i]
        table = self.path()
        options: list[d.LikeOption] = []
        if self.accept("("):
            while not options or not self.at(")"):
                options.append(self.like_option())
            self.expect(")")
        return d.TableLike(table, tuple(options), span=self.span(start))

    def like_option(self) -> d.LikeOption:
        """Reads ``INCLUDING ALL`` and the like."""
        start = self.starts[self.i]
        strategy = self.expect_any("INCLUDING", "EXCLUDING", "OVERWRITING")
        return d.LikeOption(strategy, self.expect_any(*FEATURES), span=self.span(start))

    # ---- Partitions

    def partition_values(self) -> tuple[s.PartitionValue, ...]:
        """Reads ``(name = value, ...)``."""
        return self.parenthesized(self.partition_value)

    def partition_value(self) -> s.PartitionValue:
        """Reads the value of a partition's column."""
        start = self.starts[self.i]
        name = self.name()
        self.expect("=")
        return s.PartitionValue(name, self.literal(), span=self.span(start))

    def some_partition_value(self) -> s.PartitionValue:
        """Reads a column of a partition, with its value if there is one."""
        start = self.starts[self.i]
        name = self.name()
        return s.PartitionValue(name, self.literal() if self.accept("=") else None, span=self.span(start))

    def literal(self) -> x.Expression:
        """Reads a literal, perhaps with a sign."""
        start = self.starts[self.i]
        if sign := self.accept_any("-", "+"):
            number = self.number()
            return x.Prefix(sign, number, span=self.span(start))
        at = self.i
        found = self.expression(1000)
        if not isinstance(found, LITERALS):
            self.refuse("a literal", index=at)
        return found

    def optional_partition(self) -> tuple[s.PartitionValue, ...]:
        """Reads PARTITION and its values if they are there."""
        return self.partition_values() if self.accept("PARTITION") else ()

    # ---- Changes

    def changed_schema(self, action: str) -> d.ChangeSchema:
        """Reads what ADD or MODIFY is about."""
        start = self.starts[self.i - 1]
        found = Schema()
        if self.accept("DISTRIBUTION"):
            found.distribution = self.distribution()
        elif self.at("("):
            self.parenthesized(lambda: self.changed_part(found))
        else:
            self.changed_part(found)
        return d.ChangeSchema(
            action, tuple(found.placed), tuple(found.constraints), found.watermark, found.distribution,
            span=self.span(start),
        )  # fmt: skip

    def changed_part(self, found: Schema) -> None:
        """Reads a column with its position, a constraint or a watermark."""
        if self.kinds[self.i] in CONSTRAINTS:
            found.constraints.append(self.constraint())
        elif self.at("WATERMARK"):
            self._add_watermark(found)
        else:
            start = self.starts[self.i]
            column = self.column()
            if type(column) is d.Column:
                self.refuse("a data type")
            first = self.accept("FIRST")
            after = self.path() if not first and self.accept("AFTER") else None
            found.placed.append(d.PlacedColumn(column, first, after, span=self.span(start)))

    def dropped(self) -> d.Change:
        """Reads what DROP is about, but for partitions."""
        start = self.starts[self.i - 1]
        if self.accept("PRIMARY"):
            self.expect("KEY")
            return d.DropPart("PRIMARY KEY", span=self.span(start))
        if self.accept("CONSTRAINT"):
            return d.DropPart("CONSTRAINT", self.name(), span=self.span(start))
        if part := self.accept_any("WATERMARK", "DISTRIBUTION"):
            return d.DropPart(part, span=self.span(start))
        columns = self.parenthesized(self.path) if self.at("(") else (self.path(),)
        return d.DropColumns(columns, span=self.span(start))
