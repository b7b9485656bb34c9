"""Reads MATCH_RECOGNIZE."""

from __future__ import annotations

from pyflinkx.sql.lexer import NAME, NUMBER, QUOTED
from pyflinkx.sql.parse_expressions import ExpressionParser
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.words import NOT_RESERVED

# What a part of a pattern begins with; PERMUTE is reserved.
PARTS = frozenset({NAME, QUOTED, "(", "{", "PERMUTE", *NOT_RESERVED})


class PatternParser(ExpressionParser):
    """MATCH_RECOGNIZE."""

    def match_recognize(self, source: q.Source, start: int) -> q.Source:
        """Reads MATCH_RECOGNIZE after the table that it is about."""
        self.expect("MATCH_RECOGNIZE", "(")
        partition_by, order_by = self.partition_by(), self.order_by()
        measures = self.list(self.measure) if self.accept("MEASURES") else ()
        rows = None
        if self.accept("ONE"):
            self.expect("ROW", "PER", "MATCH")
            rows = "ONE"
        elif self.accept("ALL"):
            self.expect("ROWS", "PER", "MATCH")
            rows = "ALL"
        skip = self.skip()
        self.expect("PATTERN", "(")
        from_start = self.accept("^")
        pattern = self.pattern()
        to_end = self.accept("$")
        self.expect(")")
        within = None
        if self.accept("WITHIN"):
            if not self.at("INTERVAL"):
                self.refuse()
            within = self.expression()
        subsets = self.list(self.subset) if self.accept("SUBSET") else ()
        self.expect("DEFINE")
        definitions = self.list(self.definition)
        self.expect(")")
        return q.MatchRecognize(
            source, pattern, definitions, partition_by, order_by, measures, rows, skip, within, subsets,
            from_start, to_end, span=self.span(start),
        )  # fmt: skip

    def measure(self) -> q.SelectItem:
        """Reads what a match gives, with its name."""
        start = self.starts[self.i]
        expression = self.expression()
        self.expect("AS")
        return q.SelectItem(expression, self.name(), span=self.span(start))

    def skip(self) -> q.Skip | None:
        """Reads where to go on after a match."""
        start = self.starts[self.i]
        if not self.accept("AFTER"):
            return None
        self.expect("MATCH", "SKIP")
        variable = None
        if self.accept("PAST"):
            self.expect("LAST", "ROW")
            kind = "PAST LAST ROW"
        else:
            self.expect("TO")
            if self.accept_all("NEXT", "ROW"):
                kind = "TO NEXT ROW"
            else:
                kind = "TO"
                for end in ("FIRST", "LAST"):
                    if self.at(end) and self.kinds[self.i + 1] in PARTS:
                        self.i += 1
                        kind = f"TO {end}"
                        break
                variable = self.name()
        return q.Skip(kind, variable, span=self.span(start))

    def subset(self) -> q.PatternSubset:
        """Reads a variable that stands for several."""
        start = self.starts[self.i]
        name = self.name()
        self.expect("=")
        return q.PatternSubset(name, self.parenthesized(self.name), span=self.span(start))

    def definition(self) -> q.Definition:
        """Reads what rows a variable stands for."""
        start = self.starts[self.i]
        name = self.name()
        self.expect("AS")
        return q.Definition(name, self.expression(), span=self.span(start))

    # ---- Patterns

    def pattern(self) -> q.Pattern:
        """Reads alternatives."""
        self.deeper(2)
        start = self.starts[self.i]
        items = _flat(self._sequence(), q.PatternAlternation)
        while self.accept("|"):
            items += _flat(self._sequence(), q.PatternAlternation)
        self.depth -= 2
        return items[0] if len(items) == 1 else q.PatternAlternation(tuple(items), span=self.span(start))

    def _sequence(self) -> q.Pattern:
        start = self.starts[self.i]
        items = _flat(self._repeated(), q.PatternSequence)
        while self.kinds[self.i] in PARTS:
            items += _flat(self._repeated(), q.PatternSequence)
        return items[0] if len(items) == 1 else q.PatternSequence(tuple(items), span=self.span(start))

    def _repeated(self) -> q.Pattern:
        start = self.starts[self.i]
        item = self._part()
        least: int
        most: int | None
        if self.accept("*"):
            least, most = 0, None
        elif self.accept("+"):
            least, most = 1, None
        elif self.accept("?"):
            least, most = 0, 1
        elif self.at("{") and not self.follows("-"):
            self.i += 1
            least, most = self._times()
        else:
            return item
        return q.PatternRepeated(item, least, most, self.accept("?"), span=self.span(start))

    def _times(self) -> tuple[int, int | None]:
        if self.accept(","):
            least, most = 0, self.integer()
        else:
            least = self.integer()
            if not self.accept(","):
                most = least
            elif self.at(NUMBER):
                most = self.integer()
            else:
                self.expect("}")
                return least, None
        self.expect("}")
        return least, most

    def _part(self) -> q.Pattern:
        start = self.starts[self.i]
        if self.accept("("):
            pattern = self.pattern()
            self.expect(")")
            return pattern
        if self.accept_all("{", "-"):
            pattern = self.pattern()
            self.expect("-", "}")
            return q.PatternExclusion(pattern, span=self.span(start))
        if self.accept("PERMUTE"):
            return q.PatternPermutation(self.parenthesized(self.pattern), span=self.span(start))
        if not self.at_name():
            self.refuse("a variable of the pattern")
        return q.PatternVariable(self.name(), span=self.span(start))


def _flat(pattern: q.Pattern, cls: type[q.PatternSequence | q.PatternAlternation]) -> list[q.Pattern]:
    """The parts of a pattern between parentheses that need none."""
    return list(pattern.items) if isinstance(pattern, cls) else [pattern]
