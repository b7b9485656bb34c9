"""Reads calls of functions, and what stands around them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pyflinkx.sql.lexer import NAME, NAMES, NUMBER
from pyflinkx.sql.parse_types import UNITS, TypeParser
from pyflinkx.sql.precedence import BINARY, PREDICATE
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree.queries import TableQuery
from pyflinkx.sql.words import NOT_RESERVED, RESERVED

# Reserved words that are names of functions all the same.
_FUNCTIONS = """
    ABS AVG CARDINALITY CHAR CHAR_LENGTH CHARACTER_LENGTH CLASSIFIER COALESCE COLLECT CONTAINS_SUBSTR CORR
    COUNT COVAR_POP COVAR_SAMP CUME_DIST CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATE_TRUNC DATETIME_TRUNC
    DENSE_RANK ELEMENT EVERY EXP FIRST_VALUE FUSION GROUPING GROUP_CONCAT HOUR INTERSECTION LAG LAST_VALUE
    LEAD LEFT LN LOCALTIME LOCALTIMESTAMP LOWER MATCH_NUMBER MAX MIN MINUTE MOD MONTH NEXT NTH_VALUE NTILE
    NULLIF OCTET_LENGTH PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK PERIOD POWER PREV RANK REGR_COUNT
    REGR_SXX REGR_SYY RIGHT ROW_NUMBER SECOND SOME SQRT STDDEV_POP STDDEV_SAMP STRING_AGG SUM TIMESTAMP_DIFF
    TIMESTAMP_TRUNC TIME_DIFF TIME_TRUNC TRUNCATE UPPER USER VAR_POP VAR_SAMP YEAR
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
# Functions that are called without parentheses.
_BARE = """
    CURRENT_CATALOG CURRENT_DATE CURRENT_DEFAULT_TRANSFORM_GROUP CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP SESSION_USER SYSTEM_USER USER
"""
BARE = frozenset(_BARE.split())
RESERVED_UNITS = frozenset(UNITS) & RESERVED
WORDS = RESERVED | NOT_RESERVED | {NAME}
# What follows a name in JSON_OBJECT, but not the word KEY.
AFTER_KEY = (BINARY.keys() | {"VALUE", ",", ":", ".", "[", "IS", "IN", "LIKE", "BETWEEN"}) - {"+", "-"}
QUERY_STARTS = frozenset({"SELECT", "WITH", "VALUES", "VALUE"})


class FunctionParser(TypeParser, ABC):
    """Calls, their arguments, windows, and functions with a syntax of their own."""

    @abstractmethod
    def expression(self, floor: int = 0) -> x.Expression:
        """Reads an expression of operators that bind more strongly than that."""

    @abstractmethod
    def query(self) -> x.Query:
        """Reads a query with all that may stand around it."""

    def at_query(self) -> bool:
        """Whether a query begins here."""
        return self.kinds[self.i] in QUERY_STARTS or self.at("TABLE")

    # ---- Calls

    def call(self, name: x.Name, start: int) -> x.Call:
        """Reads the arguments of a function after its name, and what follows them."""
        self.deeper(2)
        self.expect("(")
        arguments: tuple[x.Expression, ...] = ()
        quantifier = self.accept_any("DISTINCT", "ALL")
        star = self.starts[self.i]
        if self.accept("*"):
            arguments = (x.Star(span=self.span(star)),)
        elif not (self.at(")") or self.at("ORDER") or self.at("SEPARATOR")):
            arguments = self.list(self.argument)
        nulls = self.null_treatment()
        order_by = self.order_by()
        nulls = nulls or self.null_treatment()
        separator = self.separator()
        self.expect(")")
        self.depth -= 2
        return self.called(name, arguments, start, quantifier, order_by, nulls, separator)

    def called(
        self,
        name: x.Name,
        arguments: tuple[x.Expression, ...],
        start: int,
        quantifier: str | None = None,
        order_by: tuple[x.OrderItem, ...] = (),
        nulls: str | None = None,
        separator: x.String | None = None,
        on_null: str | None = None,
    ) -> x.Call:
        """Reads what follows the parentheses of a call."""
        within: tuple[x.OrderItem, ...] = ()
        condition: x.Expression | None = None
        over: x.Window | str | None = None
        nulls = nulls or self.null_treatment()
        if self.accept_all("WITHIN", "GROUP"):
            self.expect("(")
            within = self.order_by() or self.refuse("ORDER BY")
            self.expect(")")
        if self.accept("FILTER"):
            self.expect("(", "WHERE")
            condition = self.expression()
            self.expect(")")
        nulls = nulls or self.null_treatment()
        if self.accept("OVER"):
            over = self.window() if self.at("(") else self.name()
        return x.Call(
            name, arguments, quantifier, order_by, nulls, separator, on_null, within, condition, over,
            span=self.span(start),
        )  # fmt: skip

    def null_treatment(self) -> str | None:
        """Reads IGNORE NULLS or RESPECT NULLS."""
        for treatment in ("IGNORE", "RESPECT"):
            if self.accept_all(treatment, "NULLS"):
                return treatment
        return None

    def separator(self) -> x.String | None:
        """Reads SEPARATOR and a string."""
        if not self.accept("SEPARATOR"):
            return None
        start = self.starts[self.i]
        return x.String(self.string(), span=self.span(start))

    # ---- Arguments

    def argument(self) -> x.Expression:
        """Reads an argument, with its name if there is one."""
        if self.at_name() and self.follows("=>"):
            start = self.starts[self.i]
            name = self.name()
            self.expect("=>")
            value = self.argument_value()
            return x.NamedArgument(name, value, span=self.span(start))
        return self.argument_value()

    def argument_value(self) -> x.Expression:
        """Reads an argument without its name."""
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        if kind == "DEFAULT":
            self.i += 1
            return x.Default(span=self.span(start))
        if kind == "TABLE":
            self.i += 1
            return self.table_argument(self.path(), start)
        if kind == "DESCRIPTOR" and self.follows("("):
            self.i += 1
            return x.Descriptor(self.parenthesized(self.described_column), span=self.span(start))
        if kind == "MODEL" and self.kinds[self.i + 1] in NAMES:
            self.i += 1
            return x.ModelArgument(self.path(), span=self.span(start))
        if kind in RESERVED_UNITS and (self.follows(",") or self.follows(")")):
            return self.symbol()
        if kind in QUERY_STARTS:
            query = self.query()
            if self.at("PARTITION"):
                return self.table_argument(query, start)
            return x.Subquery(query, span=self.span(start))
        parameters = self.lambda_parameters()
        if parameters is not None:
            return x.Lambda(parameters, self.expression(), span=self.span(start))
        value = self.expression()
        if isinstance(value, x.Subquery):
            # (TABLE t) is TABLE t.
            source = value.query.name if isinstance(value.query, TableQuery) else value.query
            if isinstance(source, x.Name) or self.at("PARTITION") or self.at("ORDER"):
                return self.table_argument(source, start)
        return value

    def table_argument(self, source: x.Name | x.Query, start: int) -> x.TableArgument:
        """Reads PARTITION BY and ORDER BY after a table that is an argument; several columns need parentheses."""
        partition_by: tuple[x.Expression, ...] = ()
        order_by: tuple[x.OrderItem, ...] = ()
        if self.accept_by("PARTITION"):
            by = self.expression()
            partition_by = by.items if isinstance(by, x.Row) else (by,)
        if self.accept_by("ORDER"):
            order_by = self.parenthesized(self.order_item) if self.at("(") else (self.order_item(),)
        return x.TableArgument(source, partition_by, order_by, span=self.span(start))

    def described_column(self) -> x.DescribedColumn:
        """Reads a column of a DESCRIPTOR."""
        start = self.starts[self.i]
        name = self.path()
        type_ = None if self.at(",") or self.at(")") else self.type()
        return x.DescribedColumn(name, type_, span=self.span(start))

    def lambda_parameters(self) -> tuple[str, ...] | None:
        """Reads ``x ->`` or ``(x, y) ->`` if it is there."""
        if self.at_name() and self.follows("->"):
            parameters: tuple[str, ...] = (self.name(),)
            self.expect("->")
            return parameters
        if not self.at("("):
            return None
        began = self.i
        self.i += 1
        names = []
        while self.at_name():
            names.append(self.name())
            if not self.accept(","):
                break
        if self.accept_all(")", "->"):
            return tuple(names)
        self.i = began
        return None

    def symbol(self) -> x.Symbol:
        """Reads a word as it is."""
        if self.kinds[self.i] not in WORDS and not self.at_name():
            self.refuse("a unit of time such as DAY")
        start = self.starts[self.i]
        if self.at_name():
            image = self.name()
        else:
            image = self.tokens.image(self.i)
            self.i += 1
        return x.Symbol(image.upper(), span=self.span(start))

    # ---- Order and windows

    def order_by(self) -> tuple[x.OrderItem, ...]:
        """Reads ORDER BY if it is there."""
        return self.list(self.order_item) if self.accept_by("ORDER") else ()

    def order_item(self) -> x.OrderItem:
        """Reads a part of ORDER BY."""
        start = self.starts[self.i]
        expression = self.expression()
        descending = self.accept_any("ASC", "DESC") == "DESC"
        nulls_first = None
        if self.accept("NULLS"):
            nulls_first = self.expect_any("FIRST", "LAST") == "FIRST"
        return x.OrderItem(expression, descending, nulls_first, span=self.span(start))

    def partition_by(self) -> tuple[x.Expression, ...]:
        """Reads PARTITION BY if it is there."""
        return self.list(self.expression) if self.accept_by("PARTITION") else ()

    def window(self) -> x.Window:
        """Reads what defines a window, between parentheses."""
        start = self.starts[self.i]
        self.expect("(")
        base = self.name() if self.at_name() else None
        partition_by, order_by = self.partition_by(), self.order_by()
        frame = None
        unit_at = self.starts[self.i]
        if unit := self.accept_any("ROWS", "RANGE"):
            if self.accept("BETWEEN"):
                low: x.Bound = self.bound()
                self.expect("AND")
                high: x.Bound | None = self.bound()
            else:
                low, high = self.bound(), None
            frame = x.Frame(unit, low, high, self.exclusion(), span=self.span(unit_at))
        if self.accept_any("ALLOW", "DISALLOW"):
            self.expect("PARTIAL")
        self.expect(")")
        return x.Window(base, partition_by, order_by, frame, span=self.span(start))

    def bound(self) -> x.Bound:
        """Reads where a frame begins or ends."""
        start = self.starts[self.i]
        if self.accept_all("CURRENT", "ROW"):
            return x.Bound("CURRENT ROW", span=self.span(start))
        offset = None
        if self.at("UNBOUNDED") and (self.follows("PRECEDING") or self.follows("FOLLOWING")):
            self.i += 1
        else:
            offset = self.expression()
        return x.Bound(self.expect_any("PRECEDING", "FOLLOWING"), offset, span=self.span(start))

    def exclusion(self) -> str | None:
        """Reads EXCLUDE if it is there."""
        if not self.accept("EXCLUDE"):
            return None
        if self.accept_all("CURRENT", "ROW"):
            return "CURRENT ROW"
        if self.accept_all("NO", "OTHERS"):
            return "NO OTHERS"
        return self.expect_any("GROUP", "TIES")

    # ---- Functions with a syntax of their own

    def cast(self) -> x.Expression:
        """Reads CAST or TRY_CAST."""
        start = self.starts[self.i]
        self.deeper(2)
        safe = self.expect_any("CAST", "TRY_CAST") == "TRY_CAST"
        self.expect("(")
        operand = self.expression()
        self.expect("AS")
        type_ = self.type()
        self.expect(")")
        self.depth -= 2
        return x.Cast(operand, type_, safe, span=self.span(start))

    def special_call(self) -> x.Expression:
        """Reads a call of one of ``SPECIAL``."""
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        name = x.Name((kind,), span=(start, self.tokens.ends[self.i]))
        self.i += 1
        self.deeper(2)
        self.expect("(")
        arguments = SPECIAL[kind](self)
        self.expect(")")
        self.depth -= 2
        return self.called(name, arguments, start)

    def _extract(self) -> tuple[x.Expression, ...]:
        unit = self.symbol()
        self.expect("FROM")
        return unit, self.expression()

    def _position(self) -> tuple[x.Expression, ...]:
        # What is looked for ends at IN.
        part = self.expression(PREDICATE)
        self.expect("IN")
        whole = self.expression()
        return (part, whole, self.expression()) if self.accept("FROM") else (part, whole)

    def _overlay(self) -> tuple[x.Expression, ...]:
        text = self.expression()
        self.expect("PLACING")
        part = self.expression()
        self.expect("FROM")
        start = self.expression()
        return (text, part, start, self.expression()) if self.accept("FOR") else (text, part, start)

    def _substring(self) -> tuple[x.Expression, ...]:
        text = self.expression()
        self.expect_any("FROM", ",")
        start = self.expression()
        return (text, start, self.expression()) if self.accept_any("FOR", ",") else (text, start)

    def _trim(self) -> tuple[x.Expression, ...]:
        where = self.starts[self.i]
        side = self.accept_any("BOTH", "LEADING", "TRAILING")
        symbol = x.Symbol(side or "BOTH", span=self.span(where) if side else (where, where))
        characters: x.Expression = x.String(" ", span=(where, where))
        if side and self.accept("FROM"):
            return symbol, characters, self.expression()
        text = self.expression()
        if self.accept("FROM"):
            return symbol, text, self.expression()
        return symbol, characters, text

    def _rounded(self) -> tuple[x.Expression, ...]:
        value = self.expression()
        if self.accept("TO"):
            return value, self.symbol()
        return (value, *self.list(self.expression)) if self.accept(",") else (value,)

    def _converted(self) -> tuple[x.Expression, ...]:
        value = self.expression()
        if self.accept("USING"):
            return value, self.symbol()
        return (value, *self.list(self.expression)) if self.accept(",") else (value,)

    def _timed(self) -> tuple[x.Expression, ...]:
        unit = self.symbol()
        self.expect(",")
        return unit, *self.list(self.expression)

    # ---- JSON

    def json_path(self) -> x.Expression:
        """Reads JSON_EXISTS, JSON_VALUE or JSON_QUERY."""
        start = self.starts[self.i]
        function = self.expect_any("JSON_EXISTS", "JSON_VALUE", "JSON_QUERY")
        self.deeper(2)
        self.expect("(")
        document = self.expression()
        self.expect(",")
        path = self.expression()
        passing: tuple[x.NamedArgument, ...] = self.list(self.passed) if self.accept("PASSING") else ()
        returning = wrapper = on_empty = on_error = None
        if function != "JSON_EXISTS" and self.accept("RETURNING"):
            returning = self.type(nulls=False)
        if function == "JSON_QUERY":
            wrapper = self.json_wrapper()
        while not self.at(")"):
            behavior = self.json_behavior(function)
            self.expect("ON")
            if function != "JSON_EXISTS" and on_empty is None and on_error is None and self.accept("EMPTY"):
                on_empty = behavior
            else:
                if on_error is not None:
                    self.refuse(")")
                self.expect("ERROR")
                on_error = behavior
        self.expect(")")
        self.depth -= 2
        return x.JsonPath(
            function, document, path, passing, returning, wrapper, on_empty, on_error, span=self.span(start)
        )

    def passed(self) -> x.NamedArgument:
        """Reads a value for a path, and its name."""
        start = self.starts[self.i]
        value = self.expression()
        self.expect("AS")
        return x.NamedArgument(self.name(), value, span=self.span(start))

    def json_wrapper(self) -> str | None:
        """Reads WITH [CONDITIONAL|UNCONDITIONAL] [ARRAY] WRAPPER, or WITHOUT ..., if it is there."""
        given = self.accept_any("WITHOUT", "WITH")
        if given == "WITH":
            given = f"WITH {self.accept_any('CONDITIONAL', 'UNCONDITIONAL') or 'UNCONDITIONAL'}"
        if given:
            self.accept("ARRAY")
            self.expect("WRAPPER")
        return given

    def json_behavior(self, function: str) -> x.JsonBehavior:
        """Reads what is given where a path finds nothing, or fails."""
        start = self.starts[self.i]
        if self.accept("ERROR"):
            return x.JsonBehavior("ERROR", span=self.span(start))
        if function == "JSON_EXISTS":
            return x.JsonBehavior(self.expect_any("TRUE", "FALSE", "UNKNOWN"), span=self.span(start))
        if self.accept("NULL"):
            return x.JsonBehavior("NULL", span=self.span(start))
        if function == "JSON_VALUE":
            self.expect("DEFAULT")
            return x.JsonBehavior("DEFAULT", self.expression(), span=self.span(start))
        self.expect("EMPTY")
        return x.JsonBehavior(f"EMPTY {self.expect_any('ARRAY', 'OBJECT')}", span=self.span(start))

    def json_constructor(self) -> x.Expression:
        """Reads JSON_OBJECT, JSON_ARRAY, JSON_OBJECTAGG or JSON_ARRAYAGG."""
        start = self.starts[self.i]
        kind = self.expect_any("JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG")
        name = x.Name((kind,), span=self.span(start))
        self.deeper(2)
        self.expect("(")
        arguments: tuple[x.Expression, ...] = ()
        if not (self.at(")") or self.at_on_null()):
            item = self.json_entry if kind in ("JSON_OBJECT", "JSON_OBJECTAGG") else self.expression
            arguments = (item(),) if kind.endswith("AGG") else self.list(item)
        elif kind.endswith("AGG"):
            self.refuse("an expression")
        order_by = self.order_by() if kind == "JSON_ARRAYAGG" else ()
        on_null = None
        if self.at_on_null():
            on_null = self.kinds[self.i]
            self.i += 3
        self.expect(")")
        self.depth -= 2
        return self.called(name, arguments, start, order_by=order_by, on_null=on_null)

    def at_on_null(self) -> bool:
        """Whether NULL ON NULL or ABSENT ON NULL follows."""
        return (self.at("NULL") or self.at("ABSENT")) and self.follows("ON") and self.follows("NULL", 2)

    def json_entry(self) -> x.JsonEntry:
        """Reads ``KEY k VALUE v``, ``k VALUE v``, ``k : v`` or ``k, v``."""
        start = self.starts[self.i]
        with_key = self.at("KEY") and self.kinds[self.i + 1] not in AFTER_KEY
        if with_key:
            self.i += 1
        key = self.expression()
        if with_key:
            self.expect("VALUE")
        else:
            self.expect_any("VALUE", ":", ",")
        return x.JsonEntry(key, self.expression(), span=self.span(start))

    # ---- Numbers

    def number(self) -> x.Number:
        """Reads a number without a sign."""
        self.expect(NUMBER)
        start = self.starts[self.i - 1]
        return x.Number(self.tokens.image(self.i - 1), span=self.span(start))


SPECIAL = {
    "EXTRACT": FunctionParser._extract,
    "POSITION": FunctionParser._position,
    "OVERLAY": FunctionParser._overlay,
    "SUBSTRING": FunctionParser._substring,
    "TRIM": FunctionParser._trim,
    "FLOOR": FunctionParser._rounded,
    "CEIL": FunctionParser._rounded,
    "CEILING": FunctionParser._rounded,
    "CONVERT": FunctionParser._converted,
    "TRANSLATE": FunctionParser._converted,
    "TIMESTAMPADD": FunctionParser._timed,
    "TIMESTAMPDIFF": FunctionParser._timed,
}
