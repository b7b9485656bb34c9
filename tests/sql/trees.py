"""Random syntax trees, as the parser makes them."""

import random
import string

from pyflinkx.sql.precedence import CHAINED, WORDY
from pyflinkx.sql.tree import ddl as d
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.tree import statements as s
from pyflinkx.sql.tree.base import replaced
from pyflinkx.sql.tree.types import IntervalUnit, TypeField, TypeName
from pyflinkx.sql.words import NOT_RESERVED, RESERVED

ODD = "'`\"\\;-/*+.,()[]{}<>=|?$^%&:!_ \tüß名\u00a0\u2028\U0001f600"
SIGNS = string.ascii_letters + string.digits + ODD
WORDS = sorted(RESERVED) + sorted(NOT_RESERVED)
UNITS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
RANGES = (("YEAR", "MONTH"), ("DAY", "HOUR"), ("DAY", "SECOND"), ("HOUR", "MINUTE"), ("MINUTE", "SECOND"))
BINARY = ("OR", "AND", "=", "<>", "<", ">", "<=", ">=", "<<", "+", "-", "^", "&", "*", "/", "%", "||", *WORDY)
IS = ("NULL", "TRUE", "FALSE", "UNKNOWN", "A SET", "EMPTY", "JSON VALUE", "JSON OBJECT", "JSON ARRAY", "JSON SCALAR")
CHARSETS = (None, None, None, "UTF16", "LATIN1")


class Trees:
    """Makes trees of a depth that is given, from a seed."""

    def __init__(self, seed: int, depth: int = 3) -> None:
        self.random = random.Random(seed)
        self.depth = depth

    # ---- Choices

    def flag(self):
        return self.random.random() < 0.5

    def pick(self, *choices):
        return self.random.choice(choices)

    def maybe(self, make, chance=0.3):
        return make() if self.random.random() < chance else None

    def some(self, make, least=1, most=3):
        return tuple(make() for _ in range(self.random.randint(least, most)))

    def one_of(self, *makes):
        return self.random.choice(makes)()

    def deeper(self, leaf, *makes):
        """One of those while there is depth left, else a leaf."""
        if self.depth <= 0 or self.random.random() < 0.15:
            return leaf()
        self.depth -= 1
        try:
            return self.one_of(*makes)
        finally:
            self.depth += 1

    # ---- Words

    def name(self):
        if self.random.random() < 0.5:
            return self.pick("a", "b", "t1", "Total")
        if self.flag():
            word = self.random.choice(WORDS)
            return self.pick(word, word.lower())
        return "".join(self.random.choices(SIGNS, k=self.random.randint(1, 5)))

    def names(self, least=1):
        return self.some(self.name, least)

    def path(self):
        return x.Name(self.names())

    def text(self):
        return "".join(self.random.choices(SIGNS + "\n\r\0", k=self.random.randint(0, 6)))

    def integer(self):
        return self.random.randint(0, 99)

    # ---- Types

    def unit(self):
        if self.flag():
            start, end = self.random.choice(RANGES)
            fraction = self.maybe(self.integer) if end == "SECOND" else None
            return IntervalUnit(start, self.maybe(self.integer), end, fraction)
        if self.flag():
            return IntervalUnit("SECOND", self.integer(), None, self.integer())
        return IntervalUnit(self.random.choice(UNITS), self.maybe(self.integer))

    def type(self):
        nullable = self.pick(None, True, False)
        return self.deeper(
            lambda: TypeName(self.pick("INT", "STRING", "INT UNSIGNED", "DATE", "VARIANT"), nullable=nullable),
            lambda: TypeName(
                self.pick("CHAR", "VARCHAR", "BINARY", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ", "TIME WITH TIME ZONE"),
                self.some(self.integer, 0, 1),
                nullable=nullable,
            ),
            lambda: TypeName("DECIMAL", (self.integer(), self.random.randint(-3, 3)), nullable=nullable),
            lambda: TypeName("INTERVAL", unit=self.unit(), nullable=nullable),
            lambda: TypeName("RAW", texts=(self.text(), self.text()), nullable=nullable),
            lambda: TypeName("", path=self.names(), nullable=nullable),
            lambda: TypeName(self.pick("ARRAY", "MULTISET"), children=(self.type(),), nullable=nullable),
            lambda: TypeName("MAP", children=(self.type(), self.type()), nullable=nullable),
            lambda: TypeName("ROW", fields=self.some(self.type_field, 0), nullable=nullable),
            lambda: TypeName("STRUCTURED", texts=(self.text(),), fields=self.some(self.type_field, 0)),
        )

    def type_field(self):
        return TypeField(self.name(), self.type(), self.maybe(self.text))

    # ---- Expressions

    def number(self):
        return x.Number(self.pick("0", "1", "007", "1.", "1.50", ".5", "1e3", "2.E-4", ".5e+6", "9" * 40))

    def temporal(self):
        kind = self.pick("DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ")
        if kind == "TIME":
            return x.Temporal(kind, "23:59:59.123")
        return x.Temporal(kind, "2024-02-29" if kind == "DATE" else "0001-01-01 00:00:00.000000001")

    def literal(self):
        return self.one_of(
            self.number,
            lambda: x.String(self.text(), self.pick(*CHARSETS)),
            lambda: x.Bytes(self.random.randbytes(self.random.randint(0, 4))),
            lambda: x.Boolean(self.pick(True, False, None)),
            x.Null,
            self.temporal,
            lambda: x.Interval(x.String(self.text()), self.unit(), self.flag()),
        )

    def leaf(self):
        return self.one_of(
            self.literal, self.path, x.Parameter, lambda: x.Call(x.Name((self.pick("CURRENT_DATE", "localtime"),)))
        )

    def expression(self):
        e = self.expression
        return self.deeper(
            self.leaf,
            self.operation,
            self.operation,
            lambda: x.Prefix(self.pick("+", "-", "NOT"), e()),
            lambda: x.Is(e(), self.random.choice(IS), self.flag()),
            lambda: x.Between(e(), e(), e(), self.flag(), self.flag()),
            lambda: x.Like(e(), e(), self.maybe(e), self.pick("LIKE", "ILIKE", "RLIKE", "SIMILAR TO"), self.flag()),
            lambda: x.In(e(), self.candidates(), self.flag()),
            lambda: x.Quantified(e(), self.pick("=", "<>", "<"), self.pick("ALL", "ANY", "SOME"), self.candidates()),
            lambda: x.Exists(self.query()),
            lambda: x.Subquery(self.query()),
            lambda: x.Case(self.maybe(e), self.some(lambda: x.When(self.some(e, 1, 2), e())), self.maybe(e)),
            lambda: x.Cast(e(), self.type(), self.flag()),
            lambda: x.Difference(e(), e(), self.unit()),
            # A literal or a name would need no parentheses.
            lambda: x.Interval(x.Row((e(),)), self.unit()),
            lambda: x.Row(self.some(e, 0)),
            lambda: x.Array(self.some(e, 0)),
            lambda: x.Map(self.some(e, 0)),
            lambda: x.Multiset(self.some(e)),
            lambda: x.Collected(self.pick("ARRAY", "MAP", "MULTISET"), self.query()),
            lambda: x.Item(e(), e()),
            lambda: x.Field(self.not_a_name(), self.name()),
            lambda: x.FormatJson(e(), self.pick(None, "UTF8")),
            lambda: x.Prefix(self.pick("FINAL", "RUNNING"), x.Call(x.Name(("LAST",)), (self.plain_value(),))),
            self.call,
            self.call,
            self.special,
            self.json,
        )

    def operation(self):
        operator = self.random.choice(BINARY)
        left, right = self.expression(), self.expression()
        if operator in CHAINED and isinstance(left, x.Operation) and left.operator == operator:
            return x.Operation(operator, (*left.operands, right))
        if operator.startswith("MULTISET"):
            operator += self.pick("", " DISTINCT")
        return x.Operation(operator, (left, right))

    def not_a_name(self):
        """With a name it would be a longer name."""
        found = self.expression()
        return x.Row((found,)) if isinstance(found, x.Name) else found

    def candidates(self):
        return self.query() if self.flag() else self.some(self.expression)

    def order_item(self):
        return x.OrderItem(self.expression(), self.flag(), self.pick(None, True, False))

    def bound(self):
        if self.flag():
            return x.Bound("CURRENT ROW")
        return x.Bound(self.pick("PRECEDING", "FOLLOWING"), self.maybe(self.expression))

    def frame(self):
        exclude = self.pick(None, "CURRENT ROW", "GROUP", "TIES", "NO OTHERS")
        return x.Frame(self.pick("ROWS", "RANGE"), self.bound(), self.maybe(self.bound), exclude)

    def window(self):
        orders = self.some(self.order_item, 0, 2)
        return x.Window(self.maybe(self.name), self.some(self.expression, 0, 2), orders, self.maybe(self.frame))

    def call(self):
        name = self.path()
        if len(name.parts) == 1 and name.parts[0].upper() in WORDS:
            name = x.Name((self.pick("COUNT", "f", "SUM", "tumble", "LAG", "`odd`"),))
        arguments = self.pick((x.Star(),), self.some(self.argument, 0))
        last = arguments[-1] if arguments else None
        # An order behind a table is the table's.
        is_table = isinstance(last.value if isinstance(last, x.NamedArgument) else last, x.TableArgument | x.Subquery)
        return x.Call(
            name,
            arguments,
            self.pick(None, "DISTINCT", "ALL"),
            () if is_table else self.some(self.order_item, 0, 1),
            self.pick(None, "IGNORE", "RESPECT"),
            self.maybe(lambda: x.String(self.text())),
            within_group=self.some(self.order_item, 0, 1),
            filter=self.maybe(self.expression),
            over=self.maybe(lambda: self.one_of(self.window, self.name)),
        )

    def argument(self):
        return x.NamedArgument(self.name(), self.value()) if self.flag() else self.value()

    def value(self):
        return self.one_of(
            self.plain_value,
            self.plain_value,
            x.Default,
            lambda: x.Lambda(self.names(0), self.expression()),
            lambda: x.Descriptor(self.some(lambda: x.DescribedColumn(self.path(), self.maybe(self.type)))),
            lambda: x.ModelArgument(self.path()),
            lambda: x.TableArgument(self.path(), self.parts(0), self.some(self.order_item, 0, 2)),
            lambda: x.TableArgument(self.select(), self.parts(), self.some(self.order_item, 0, 2)),
        )

    def plain_value(self):
        """TABLE t as a query is an argument of its own."""
        found = self.expression()
        if isinstance(found, x.Subquery) and isinstance(found.query, q.TableQuery):
            return x.TableArgument(found.query.name)
        return found

    def parts(self, least=1):
        """A single row to partition by is several columns."""
        found = self.some(self.expression, least)
        return found[0].items if len(found) == 1 and isinstance(found[0], x.Row) else found

    def special(self):
        e = self.expression
        unit = x.Symbol(self.pick("YEAR", "DAY", "DOY", "WEEK", "MILLISECOND"))
        name, *arguments = self.pick(
            ("EXTRACT", unit, e()),
            ("TRIM", x.Symbol(self.pick("BOTH", "LEADING", "TRAILING")), e(), e()),
            ("POSITION", e(), *self.some(e, 1, 2)),
            ("SUBSTRING", e(), *self.some(e, 1, 2)),
            ("OVERLAY", e(), e(), *self.some(e, 1, 2)),
            ("FLOOR", e(), unit),
            ("CEIL", e()),
            ("CONVERT", e(), x.Symbol("UTF8")),
            ("TRANSLATE", e(), e(), e()),
            ("TIMESTAMPADD", unit, e(), e()),
        )
        return x.Call(x.Name((name,)), tuple(arguments), over=self.maybe(self.window))

    def returned(self):
        return replaced(self.type(), nullable=None)

    def json_call(self):
        e = self.expression
        name = self.pick("JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG")

        def item():
            return x.JsonEntry(e(), e()) if "OBJECT" in name else e()

        arguments = (item(),) if name.endswith("AGG") else self.some(item, 0)
        return x.Call(x.Name((name,)), arguments, on_null=self.pick(None, "NULL", "ABSENT"), filter=self.maybe(e))

    def json(self):
        if self.flag():
            return self.json_call()
        e = self.expression
        function = self.pick("JSON_EXISTS", "JSON_VALUE", "JSON_QUERY")
        passing = self.some(lambda: x.NamedArgument(self.name(), e()), 0, 2)
        if function == "JSON_EXISTS":
            behavior = x.JsonBehavior(self.pick("ERROR", "TRUE", "FALSE", "UNKNOWN"))
            return x.JsonPath(function, e(), e(), passing, on_error=self.pick(None, behavior))
        wrapper = self.pick(None, "WITHOUT", "WITH CONDITIONAL", "WITH UNCONDITIONAL")

        def behavior():
            if function == "JSON_QUERY":
                return x.JsonBehavior(self.pick("ERROR", "NULL", "EMPTY ARRAY", "EMPTY OBJECT"))
            return self.pick(x.JsonBehavior("ERROR"), x.JsonBehavior("NULL"), x.JsonBehavior("DEFAULT", e()))

        return x.JsonPath(
            function, e(), e(), passing, self.maybe(self.returned), wrapper if function == "JSON_QUERY" else None,
            self.maybe(behavior), self.maybe(behavior),
        )  # fmt: skip

    # ---- Queries

    def hints(self):
        def option():
            if self.flag():
                return q.HintOption(x.String(self.text()), self.text())
            return q.HintOption(self.literal())

        return self.some(lambda: q.Hint(self.name(), self.some(option, 0)), 0, 1)

    def item(self):
        if self.random.random() < 0.2:
            return q.SelectItem(x.Star())
        expression = x.Star(self.path()) if self.random.random() < 0.1 else self.expression()
        return q.SelectItem(expression, self.maybe(self.name))

    def grouping(self):
        if self.depth > 0 and self.random.random() < 0.3:
            self.depth -= 1
            found = q.GroupingSets(self.pick("ROLLUP", "CUBE", "GROUPING SETS"), self.some(self.grouping))
            self.depth += 1
            return found
        return self.pick(x.Row(()), self.expression())

    def select(self):
        return q.Select(
            self.some(self.item),
            self.source(),
            self.pick(None, "DISTINCT", "ALL"),
            self.maybe(self.expression),
            self.maybe(lambda: self.some(self.grouping)),
            having=self.maybe(self.expression),
            windows=self.some(lambda: q.NamedWindow(self.name(), self.window()), 0, 1),
            qualify=self.maybe(self.expression),
            hints=self.hints(),
        )

    def query(self):
        return self.deeper(
            lambda: q.Select(self.some(lambda: q.SelectItem(self.leaf(), self.maybe(self.name)))),
            self.select,
            self.select,
            lambda: q.Values(self.some(lambda: self.some(self.expression))),
            lambda: q.TableQuery(self.path()),
            self.set_operation,
            self.ordered,
        )

    def set_operation(self):
        operator, all_ = self.pick("UNION", "INTERSECT", "EXCEPT"), self.flag()
        first, second = self.query(), self.query()
        if isinstance(first, q.SetOperation) and (first.operator, first.all) == (operator, all_):
            return q.SetOperation(operator, all_, (*first.inputs, second))
        return q.SetOperation(operator, all_, (first, second))

    def amount(self):
        return self.pick(None, x.Parameter(), self.number())

    def ordered(self):
        tables = self.some(lambda: q.CommonTable(self.name(), self.names(0), self.query()), 0, 2)
        orders, offset, limit = self.some(self.order_item, 0, 2), self.amount(), self.amount()
        body = self.query()
        if not (tables or orders or offset or limit):
            return body
        return q.Ordered(body, tables, bool(tables) and self.flag(), orders, offset, limit)

    def source(self):
        e, source = self.expression, self.source
        return self.deeper(
            lambda: q.Table(self.path()),
            lambda: q.Table(self.path(), self.hints(), self.maybe(e)),
            lambda: q.Derived(self.query(), self.flag()),
            lambda: q.TableFunction(x.Call(self.path(), self.some(self.argument, 0)), self.flag()),
            lambda: q.Unnest(self.some(e), self.flag()),
            lambda: q.Aliased(source(), self.name(), self.names(0)),
            lambda: q.Sampled(source(), self.pick("BERNOULLI", "SYSTEM"), self.number(), self.pick(None, 0, -7)),
            lambda: q.Join(self.pick("INNER", "LEFT", "RIGHT", "FULL"), source(), source(), e()),
            lambda: q.Join("INNER", source(), source(), using=self.names()),
            lambda: q.Join(self.pick("CROSS", "COMMA"), source(), source()),
            lambda: q.Join("LEFT", source(), source(), natural=True),
            lambda: q.Join(self.pick("ASOF", "LEFT ASOF"), source(), source(), e(), match=e()),
            lambda: q.Pivot(source(), self.some(self.pivoted), self.names(), self.some(self.pivoted, 0)),
            self.match_recognize,
        )

    def pivoted(self):
        return q.PivotItem((self.literal(),), self.maybe(self.name))

    def pattern(self):
        pattern = self.pattern
        return self.deeper(
            lambda: q.PatternVariable(self.name()),
            lambda: q.PatternSequence(self.flat(q.PatternSequence)),
            lambda: q.PatternAlternation(self.flat(q.PatternAlternation)),
            lambda: q.PatternRepeated(pattern(), self.integer(), self.maybe(self.integer), self.flag()),
            lambda: q.PatternPermutation(self.some(pattern)),
            lambda: q.PatternExclusion(pattern()),
        )

    def flat(self, cls):
        """Parts of a pattern; what is of that class itself gives its own parts."""
        found = []
        for item in self.some(self.pattern, 2):
            found += item.items if isinstance(item, cls) else [item]
        return tuple(found)

    def match_recognize(self):
        skip = self.pick(
            None,
            q.Skip("PAST LAST ROW"),
            q.Skip("TO NEXT ROW"),
            q.Skip(self.pick("TO", "TO FIRST", "TO LAST"), self.name()),
        )
        return q.MatchRecognize(
            self.source(),
            self.pattern(),
            self.some(lambda: q.Definition(self.name(), self.expression())),
            self.some(self.expression, 0, 2),
            self.some(self.order_item, 0, 2),
            self.some(lambda: q.SelectItem(self.expression(), self.name()), 0, 2),
            self.pick(None, "ONE", "ALL"),
            skip,
            self.maybe(lambda: x.Interval(x.String(self.text()), self.unit())),
            self.some(lambda: q.PatternSubset(self.name(), self.names()), 0, 1),
            self.flag(),
            self.flag(),
        )

    # ---- Statements

    def options(self):
        return self.some(lambda: (self.text(), self.text()), 0)

    def partition(self):
        return self.some(lambda: s.PartitionValue(self.name(), self.literal()))

    def constraint(self, of_column=False):
        kind, enforced = self.pick("PRIMARY KEY", "UNIQUE"), self.pick(None, True, False)
        return d.Constraint(kind, () if of_column else self.names(), self.maybe(self.name), enforced)

    def column(self):
        path, comment = self.path(), self.maybe(self.text)
        return self.one_of(
            lambda: d.PhysicalColumn(path, self.type(), self.maybe(lambda: self.constraint(True)), comment),
            lambda: d.MetadataColumn(path, self.type(), self.maybe(self.text), self.flag(), comment),
            lambda: d.ComputedColumn(path, self.expression(), comment),
        )

    def watermark(self):
        return d.Watermark(self.path(), self.expression())

    def distribution(self):
        if self.flag():
            return d.Distribution(buckets=7)
        return d.Distribution(self.pick(None, "HASH", "RANGE"), self.names(), self.pick(None, 3))

    def like(self):
        strategies, features = ("INCLUDING", "EXCLUDING", "OVERWRITING"), ("ALL", "OPTIONS", "WATERMARKS")
        option = lambda: d.LikeOption(self.pick(*strategies), self.pick(*features))  # noqa: E731
        return d.TableLike(self.path(), self.some(option, 0))

    def insert(self):
        return s.Insert(
            self.path(),
            self.query(),
            self.some(self.path, 0),
            self.pick((), self.partition()),
            self.flag(),
            self.hints(),
            self.pick(None, "ERROR", "NOTHING", "DEDUPLICATE"),
        )

    def create_table(self):
        query = self.maybe(self.query)
        return d.CreateTable(
            self.path(),
            self.some(self.column, 0),
            self.some(self.constraint, 0, 2),
            self.maybe(self.watermark),
            self.maybe(self.text),
            self.maybe(self.distribution),
            self.names(0),
            self.maybe(self.path),
            self.options(),
            None if query else self.maybe(self.like),
            query,
            self.flag(),
            self.flag(),
            self.pick(None, "REPLACE", "CREATE OR REPLACE") if query else None,
        )

    def placed(self):
        first = self.flag()
        return d.PlacedColumn(self.column(), first, None if first else self.maybe(self.path))

    def change(self):
        return self.one_of(
            lambda: d.Rename(self.path()),
            lambda: d.RenameColumn(self.path(), self.path()),
            lambda: d.SetOptions(self.options()),
            lambda: d.ResetOptions(self.some(self.text, 0)),
            lambda: d.ChangeSchema(
                self.pick("ADD", "MODIFY"), self.some(self.placed), self.some(self.constraint, 0, 1)
            ),
            lambda: d.ChangeSchema(self.pick("ADD", "MODIFY"), watermark=self.watermark()),
            lambda: d.ChangeSchema(self.pick("ADD", "MODIFY"), distribution=self.distribution()),
            lambda: d.DropColumns(self.some(self.path)),
            lambda: d.DropPart(self.pick("PRIMARY KEY", "WATERMARK", "DISTRIBUTION")),
            lambda: d.DropPart("CONSTRAINT", self.name()),
            lambda: d.AddPartitions(self.some(lambda: d.Partition(self.partition(), self.options())), self.flag()),
            lambda: d.DropPartitions(self.some(lambda: d.Partition(self.partition())), self.flag()),
        )

    def statement(self):
        e = self.expression
        return self.one_of(
            lambda: s.QueryStatement(self.query()),
            self.insert,
            lambda: s.Update(
                self.path(), self.some(lambda: s.Assignment(self.path(), e())), self.maybe(e), self.maybe(self.name)
            ),
            lambda: s.Delete(self.path(), self.maybe(e), self.maybe(self.name), self.hints()),
            lambda: s.StatementSet(self.some(self.insert)),
            lambda: s.Explain(self.insert(), self.pick((), ("PLAN_ADVICE", "CHANGELOG_MODE"))),
            lambda: s.Explain(s.QueryStatement(self.query())),
            lambda: s.CallProcedure(x.Call(self.path(), self.some(self.argument, 0))),
            self.create_table,
            lambda: d.CreateView(
                self.path(), self.query(), self.names(0), self.maybe(self.text), self.flag(), self.flag(), self.flag()
            ),
            lambda: d.CreateFunction(
                self.path(), self.text(), self.pick(None, "PYTHON"), ((self.pick("JAR", "ARTIFACT"), self.text()),),
                self.options(), self.flag(),
            ),
            lambda: d.CreateCatalog(self.path(), self.options(), self.maybe(self.text), self.flag()),
            lambda: d.CreateMaterializedTable(self.path(), self.query(), self.some(self.column, 0)),
            lambda: d.Alter("TABLE", self.path(), self.change(), self.flag()),
            lambda: d.Drop(self.pick("TABLE", "VIEW", "FUNCTION"), self.path(), self.flag(), if_exists=self.flag()),
            lambda: s.SetOption(self.text(), self.text()),
            lambda: s.Show("TABLES", self.path(), "FROM", self.maybe(self.text)),
            lambda: s.Describe("TABLE", self.path(), self.flag()),
            lambda: s.Use(self.pick("CATALOG", "DATABASE"), self.path()),
        )  # fmt: skip
