"""Reads expressions: literals, names, operators by how strongly they bind, constructors."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from pyflinkx.sql import precedence as p
from pyflinkx.sql.cursor import MAX_DEPTH
from pyflinkx.sql.lexer import (
    BINARY,
    CHARSET,
    ESCAPED,
    NAMES,
    NUMBER,
    STRING,
    UNICODE,
    unescaped,
    unquoted,
    with_unicode,
)
from pyflinkx.sql.literals import fault_of
from pyflinkx.sql.parse_functions import BARE, FUNCTIONS, SPECIAL, FunctionParser
from pyflinkx.sql.parse_types import UNITS
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.words import RESERVED

LIKES = ("LIKE", "ILIKE", "RLIKE")
# Words and signs that may follow an operand, and how strongly what they begin binds at most.
FOLLOWING = {
    **p.BINARY,
    **dict.fromkeys(("NOT", "IN", "BETWEEN", "SIMILAR", *LIKES), p.PREDICATE),
    **dict.fromkeys(("IS", "MEMBER", "SUBMULTISET", "IMMEDIATELY"), p.COMPARISON),
    **dict.fromkeys(("OVERLAPS", "CONTAINS", "EQUALS", "PRECEDES", "SUCCEEDS"), p.COMPARISON),
    "FORMAT": p.POSTFIX,
    "MULTISET": p.WORDY["MULTISET INTERSECT"],
    "AT": p.ZONE,
    "[": p.ACCESS,
    ".": p.ACCESS,
}
TRUTHS = {"TRUE": True, "FALSE": False, "UNKNOWN": None}
IS_WORDS = ("NULL", "TRUE", "FALSE", "UNKNOWN", "EMPTY")
CONTINUES = frozenset({"UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH"})
_HEXITS = frozenset("0123456789abcdefABCDEF")


class ExpressionParser(FunctionParser):
    """Expressions."""

    def query_after(self, query: x.Query, start: int) -> x.Query:
        """Reads what may follow a query between parentheses that turned out to begin a longer one."""
        raise NotImplementedError

    def expression(self, floor: int = 0) -> x.Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.deeper(0)
        kinds = self.kinds
        start = self.starts[self.i]
        kind = kinds[self.i]
        begin = BEGINNINGS.get(kind)
        if begin is not None:
            left = begin(self)
        elif kind in NAMES:
            left = self.reference()
        else:
            self.refuse("an expression")
        levels = 0
        while True:
            kind = kinds[self.i]
            power = FOLLOWING.get(kind, 0)
            if power <= floor:
                break
            further = (
                self._operation(kind, power, left, start) if kind in p.BINARY else self._after(kind, floor, left, start)
            )
            if further is None:
                break
            left = further
            levels += 1
            if levels + self.depth > MAX_DEPTH:
                self.deeper(levels)
        self.depth -= 1
        return left

    # ---- After an operand

    def _operation(self, kind: str, power: int, left: x.Expression, start: int) -> x.Expression:
        if kind == "!=":
            self.refuse(message="Flink's SQL has no !=; write <>")
        self.i += 1
        if kind in p.COMPARISONS and (quantifier := self.accept_any("SOME", "ANY", "ALL")):
            candidates = self.candidates()
            return x.Quantified(left, kind, quantifier, candidates, span=self.span(start))
        operands = [self.expression(power)]
        chained = kind in p.CHAINED
        while chained and self.accept(kind):
            operands.append(self.expression(power))
        first = left.operands if chained and isinstance(left, x.Operation) and left.operator == kind else (left,)
        return x.Operation(kind, (*first, *operands), span=self.span(start))

    def _after(self, kind: str, floor: int, left: x.Expression, start: int) -> x.Expression | None:
        """Reads what is no operator of one token; None if it is something else, or binds too weakly."""
        if kind == "[":
            self.i += 1
            index = self.expression()
            self.expect("]")
            return x.Item(left, index, span=self.span(start))
        if kind == ".":
            self.i += 1
            name = "*" if self.accept("*") else self.name()
            return x.Field(left, name, span=self.span(start))
        if kind == "IS":
            return self._is(floor, left, start)
        negated = kind == "NOT"
        if negated:
            kind = self.kinds[self.i + 1]
        if kind in ("IN", "BETWEEN", "SIMILAR", *LIKES):
            self.i += 2 if negated else 1
            return self._predicate(kind, negated, left, start)
        operator = self._wordy(floor)
        if operator == "FORMAT JSON":
            encoding = self.expect_any("UTF8", "UTF16", "UTF32") if self.accept("ENCODING") else None
            return x.FormatJson(left, encoding, span=self.span(start))
        if operator:
            right = self.expression(p.WORDY[operator.removesuffix(" DISTINCT")])
            return x.Operation(operator, (left, right), span=self.span(start))
        if negated and self.follows("NOT", -1):
            self.refuse()
        return None

    def _is(self, floor: int, left: x.Expression, start: int) -> x.Expression | None:
        negated = self.follows("NOT")
        if self.follows("DISTINCT", 2 if negated else 1):
            self.i += 2 if negated else 1
            self.expect("DISTINCT", "FROM")
            operator = "IS NOT DISTINCT FROM" if negated else "IS DISTINCT FROM"
            return x.Operation(operator, (left, self.expression(p.COMPARISON)), span=self.span(start))
        if floor >= p.POSTFIX:
            return None
        self.i += 2 if negated else 1
        what = self.accept_any(*IS_WORDS)
        if what is None and self.accept_all("A", "SET"):
            what = "A SET"
        if what is None:
            if not self.accept("JSON"):
                self.refuse("DISTINCT FROM")
            what = f"JSON {self.accept_any('VALUE', 'OBJECT', 'ARRAY', 'SCALAR') or 'VALUE'}"
        return x.Is(left, what, negated, span=self.span(start))

    def _predicate(self, kind: str, negated: bool, left: x.Expression, start: int) -> x.Expression:
        if kind == "IN":
            return x.In(left, self.candidates(), negated, span=self.span(start))
        if kind == "BETWEEN":
            symmetric = self.accept_any("SYMMETRIC", "ASYMMETRIC") == "SYMMETRIC"
            # Only AND ends it: a BETWEEN b = c AND d is a BETWEEN (b = c) AND d.
            low = self.expression(p.AND)
            self.expect("AND")
            high = self.expression(p.PREDICATE)
            return x.Between(left, low, high, negated, symmetric, span=self.span(start))
        if kind == "SIMILAR":
            self.expect("TO")
            kind = "SIMILAR TO"
        pattern = self.expression(p.PREDICATE)
        escape = self.expression(p.ACCESS - 1) if self.accept("ESCAPE") else None
        return x.Like(left, pattern, escape, kind, negated, span=self.span(start))

    def _wordy(self, floor: int) -> str | None:
        """Reads an operator that is words, if it is one and binds strongly enough."""
        for words in WORDY_OPERATORS.get(self.kinds[self.i], ()):
            operator = " ".join(words)
            if p.WORDY.get(operator, p.POSTFIX) > floor and self.accept_all(*words):
                # ALL is what is meant where nothing is said.
                if words[0] == "MULTISET" and self.accept_any("ALL", "DISTINCT") == "DISTINCT":
                    operator += " DISTINCT"
                return operator
        return None

    def candidates(self) -> x.Query | tuple[x.Expression, ...]:
        """Reads a query or a list between parentheses."""
        self.expect("(")
        if self.at_query():
            query = self.query()
            self.expect(")")
            return query
        start = self.starts[self.i]
        first = self.expression()
        if isinstance(first, x.Subquery) and self.kinds[self.i] in CONTINUES:
            query = self.query_after(first.query, start)
            self.expect(")")
            return query
        items = (first, *self.list(self.expression)) if self.accept(",") else (first,)
        self.expect(")")
        return items

    # ---- Names

    def reference(self) -> x.Expression:
        """Reads a name, ``t.*``, or a call."""
        start = self.starts[self.i]
        parts = [self.name()]
        while self.at("."):
            if self.follows("*"):
                name = x.Name(tuple(parts), span=self.span(start))
                self.i += 2
                return x.Star(name, span=self.span(start))
            self.i += 1
            parts.append(self.name())
        name = x.Name(tuple(parts), span=self.span(start))
        return self.call(name, start) if self.at("(") else name

    def _function(self) -> x.Expression:
        start = self.starts[self.i]
        called = self.follows("(")
        if not called and self.kinds[self.i] not in BARE:
            self.refuse("an expression")
        image = self.tokens.image(self.i)
        self.i += 1
        name = x.Name((image,), span=self.span(start))
        return self.call(name, start) if called else x.Call(name, span=name.span)

    def _special(self) -> x.Expression:
        return self.special_call() if self.follows("(") else self._word()

    def _word(self) -> x.Expression:
        if self.at_name():
            return self.reference()
        self.refuse("an expression")

    # ---- Operators before an operand

    def _sign(self) -> x.Expression:
        start = self.starts[self.i]
        operator = self.expect_any("+", "-")
        return x.Prefix(operator, self.expression(p.SIGN), span=self.span(start))

    def _not(self) -> x.Expression:
        start = self.starts[self.i]
        self.expect("NOT")
        return x.Prefix("NOT", self.expression(p.NOT), span=self.span(start))

    def _exists(self) -> x.Expression:
        start = self.starts[self.i]
        kind = self.expect_any("EXISTS", "UNIQUE")
        query = self._parenthesized_query()
        if kind == "EXISTS":
            return x.Exists(query, span=self.span(start))
        return x.Prefix(kind, x.Subquery(query, span=query.span), span=self.span(start))

    def _measured(self) -> x.Expression:
        """FINAL and RUNNING before a function."""
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        following = self.kinds[self.i + 1]
        if not (following in NAMES or following in FUNCTIONS) or not self.follows("(", 2):
            return self._word()
        self.i += 1
        return x.Prefix(kind, self.expression(p.SIGN), span=self.span(start))

    # ---- Parentheses

    def _parenthesis(self) -> x.Expression:
        start = self.starts[self.i]
        self.i += 1
        if self.at_query():
            query = self.query()
            self.expect(")")
            return x.Subquery(query, span=self.span(start))
        inner = self.starts[self.i]
        first = self.expression()
        if self.at(","):
            self.i += 1
            items = (first, *self.list(self.expression))
            self.expect(")")
            return x.Row(items, span=self.span(start))
        if isinstance(first, x.Subquery) and self.kinds[self.i] in CONTINUES:
            query = self.query_after(first.query, inner)
            self.expect(")")
            return x.Subquery(query, span=self.span(start))
        self.expect(")")
        if isinstance(first, x.Operation) and first.operator == "-" and self.at_unit():
            *before, right = first.operands
            left = before[0] if len(before) == 1 else x.Operation("-", tuple(before), span=first.span)
            return x.Difference(left, right, self.interval_unit(), span=self.span(start))
        return first

    def _parenthesized_query(self) -> x.Query:
        began = self.i
        if not self.at("("):
            self.refuse()
        found = self._parenthesis()
        if not isinstance(found, x.Subquery):
            self.refuse("a query", index=began + 1)
        return found.query

    # ---- Constructors

    def _row(self) -> x.Expression:
        start = self.starts[self.i]
        self.expect("ROW", "(")
        self.deeper(2)
        items = () if self.at(")") else self.list(self.expression)
        self.expect(")")
        self.depth -= 2
        return x.Row(items, span=self.span(start))

    def _collection(self) -> x.Expression:
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        if kind == "MAP" and not (self.follows("[") or self.follows("(")):
            return self.reference()
        self.i += 1
        self.deeper(2)
        items: x.Query | tuple[x.Expression, ...] = ()
        if self.accept("["):
            items = () if self.at("]") else self.list(self.expression)
            self.expect("]")
        elif not self.accept_all("(", ")"):
            items = self.candidates()
            if isinstance(items, tuple) and len(items) == 1 and isinstance(items[0], x.Subquery):
                items = items[0].query
        self.depth -= 2
        if isinstance(items, x.Query):
            return x.Collected(kind, items, span=self.span(start))
        return CONSTRUCTORS[kind](items, span=self.span(start))

    def _case(self) -> x.Expression:
        start = self.starts[self.i]
        self.expect("CASE")
        self.deeper(2)
        operand = None if self.at("WHEN") else self.expression()
        branches: list[x.When] = []
        while True:
            begin = self.starts[self.i]
            if not self.accept("WHEN"):
                if branches:
                    break
                self.refuse()
            conditions = self.list(self.expression)
            self.expect("THEN")
            branches.append(x.When(conditions, self.expression(), span=self.span(begin)))
        otherwise = self.expression() if self.accept("ELSE") else None
        self.expect("END")
        self.depth -= 2
        return x.Case(operand, tuple(branches), otherwise, span=self.span(start))

    # ---- Literals

    def _number(self) -> x.Expression:
        return self.number()

    def _decimal(self) -> x.Expression:
        """``DECIMAL '-1.50'``: a number as well, with a sign if there is one."""
        start = self.starts[self.i]
        if not self.follows(STRING):
            self.refuse("an expression")
        self.i += 1
        text = self.string().strip()
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            self.refuse(message=f"{text!r} is no DECIMAL", index=self.i - 1)
        found = x.Number(f"{abs(number):f}", span=self.span(start))
        return x.Prefix("-", found, span=found.span) if number.is_signed() else found

    def _truth(self) -> x.Expression:
        self.i += 1
        return x.Boolean(TRUTHS[self.kinds[self.i - 1]], span=self.span(self.starts[self.i - 1]))

    def _null(self) -> x.Expression:
        self.i += 1
        return x.Null(span=self.span(self.starts[self.i - 1]))

    def _parameter(self) -> x.Expression:
        self.i += 1
        return x.Parameter(span=self.span(self.starts[self.i - 1]))

    def text(self) -> x.Expression:
        """Reads a string of any sort; the lines of one may each have quotes of their own."""
        began = self.i
        start = self.starts[began]
        kind, image = self.kinds[began], self.tokens.image(began)
        charset = None
        self.i += 1
        try:
            if kind == ESCAPED:
                return x.String(unescaped(image), span=self.span(start))
            if kind == CHARSET:
                charset = image[: image.index("'")].removeprefix("_").upper()
            value = unquoted(image[image.index("'") :]) + "".join(self._continued())
            if kind == UNICODE:
                escape = "\\"
                if self.accept("UESCAPE"):
                    escape = self.string()
                    if len(escape) != 1 or escape in _HEXITS or escape in "+\"' \t\n\r\f":
                        self.refuse(message=f"{escape!r} cannot be an escape", index=self.i - 1)
                value = with_unicode(value, escape)
        except (ValueError, OverflowError) as fault:
            self.refuse(message=str(fault), index=began)
        return x.String(value, "UTF16" if charset == "N" else charset, span=self.span(start))

    def _continued(self) -> list[str]:
        parts = []
        while self.at(STRING):
            if "\n" not in self.tokens.text[self.tokens.ends[self.i - 1] : self.starts[self.i]]:
                self.refuse(message="a string that continues another one has to begin on a line of its own")
            parts.append(self.string())
        return parts

    def _bytes(self) -> x.Expression:
        start = self.starts[self.i]
        self.i += 1
        digits = self.tokens.image(self.i - 1)[2:-1]
        digits += "".join(self._continued())
        if len(digits) % 2 or not _HEXITS.issuperset(digits):
            self.refuse(message="X'...' has two hexadecimal digits for each byte", index=self.i - 1)
        return x.Bytes(bytes.fromhex(digits), span=self.span(start))

    def _temporal(self) -> x.Expression:
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        if not self.follows(STRING) and not self.follows("WITH"):
            return self._word()
        self.i += 1
        if kind in ("TIME", "TIMESTAMP") and self.accept("WITH"):
            self.expect("LOCAL", "TIME", "ZONE")
            kind += "_LTZ"
        value = self.string()
        if fault := fault_of(kind.replace("TIME_LTZ", "TIME"), value):
            self.refuse(message=fault, index=self.i - 1)
        return x.Temporal(kind, value, span=self.span(start))

    def _interval(self) -> x.Expression:
        start = self.starts[self.i]
        self.expect("INTERVAL")
        negative = self.accept_any("+", "-") == "-"
        value: x.Expression
        if self.at(STRING):
            value = self.text()
        elif self.accept("("):
            value = self.expression()
            self.expect(")")
        elif self.at(NUMBER):
            value = self.number()
        elif self.at_name():
            value = self.path()
        else:
            self.refuse("a string or an expression between parentheses")
        if self.kinds[self.i] not in UNITS:
            self.refuse("a unit of time such as DAY")
        unit = self.interval_unit()
        return x.Interval(value, unit, negative, span=self.span(start))


CONSTRUCTORS: dict[str, Callable[..., x.Expression]] = {"ARRAY": x.Array, "MAP": x.Map, "MULTISET": x.Multiset}
# Operators of several words, by the first: of those with a common beginning the longer one comes first.
WORDY_OPERATORS = {
    "MEMBER": (("MEMBER", "OF"),),
    "SUBMULTISET": (("SUBMULTISET", "OF"),),
    "NOT": (("NOT", "SUBMULTISET", "OF"),),
    "IMMEDIATELY": (("IMMEDIATELY", "PRECEDES"), ("IMMEDIATELY", "SUCCEEDS")),
    "FORMAT": (("FORMAT", "JSON"),),
    "MULTISET": (("MULTISET", "UNION"), ("MULTISET", "INTERSECT"), ("MULTISET", "EXCEPT")),
    "AT": (("AT", "TIME", "ZONE"),),
    **{word: ((word,),) for word in ("OVERLAPS", "CONTAINS", "EQUALS", "PRECEDES", "SUCCEEDS")},
}
# What reads an expression, by its first token; all other names are references.
BEGINNINGS: dict[str, Callable[[ExpressionParser], x.Expression]] = {
    **dict.fromkeys((FUNCTIONS | BARE) & RESERVED, ExpressionParser._function),
    **dict.fromkeys(SPECIAL, ExpressionParser._special),
    NUMBER: ExpressionParser._number,
    "DECIMAL": ExpressionParser._decimal,
    **dict.fromkeys((STRING, UNICODE, ESCAPED, CHARSET), ExpressionParser.text),
    BINARY: ExpressionParser._bytes,
    **dict.fromkeys(TRUTHS, ExpressionParser._truth),
    "NULL": ExpressionParser._null,
    "?": ExpressionParser._parameter,
    **dict.fromkeys(("+", "-"), ExpressionParser._sign),
    "NOT": ExpressionParser._not,
    **dict.fromkeys(("EXISTS", "UNIQUE"), ExpressionParser._exists),
    **dict.fromkeys(("FINAL", "RUNNING"), ExpressionParser._measured),
    "(": ExpressionParser._parenthesis,
    "ROW": ExpressionParser._row,
    **dict.fromkeys(CONSTRUCTORS, ExpressionParser._collection),
    "CASE": ExpressionParser._case,
    **dict.fromkeys(("CAST", "TRY_CAST"), ExpressionParser.cast),
    **dict.fromkeys(("DATE", "TIME", "TIMESTAMP", "UUID"), ExpressionParser._temporal),
    "INTERVAL": ExpressionParser._interval,
    **dict.fromkeys(("JSON_EXISTS", "JSON_VALUE", "JSON_QUERY"), ExpressionParser.json_path),
    **dict.fromkeys(
        ("JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG"), ExpressionParser.json_constructor
    ),
}
