"""How operators bind, against DuckDB: text has the value that it has with all parentheses written out."""

import random

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.sql.parser import parse_expression
from pyflinkx.sql.tree import expressions as x


def spelled_out(node):
    """An expression with parentheses around every part."""
    if isinstance(node, x.Number):
        return node.text
    if isinstance(node, x.Prefix):
        return f"({node.operator} {spelled_out(node.operand)})"
    if isinstance(node, x.Operation):
        text = spelled_out(node.operands[0])
        for operand in node.operands[1:]:
            text = f"({text} {node.operator} {spelled_out(operand)})"
        return text
    if isinstance(node, x.Is):
        return f"({spelled_out(node.operand)} IS {'NOT ' if node.negated else ''}{node.what})"
    if isinstance(node, x.Between):
        negated = "NOT " if node.negated else ""
        low, high = spelled_out(node.low), spelled_out(node.high)
        return f"({spelled_out(node.operand)} {negated}BETWEEN {low} AND {high})"
    assert isinstance(node, x.In)
    candidates = ", ".join(map(spelled_out, node.candidates))
    return f"({spelled_out(node.operand)} {'NOT ' if node.negated else ''}IN ({candidates}))"


class Texts:
    """Random expressions as text, with hardly any parentheses."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, depth=2):
        parts = []
        for _ in range(self.random.randint(1, 4)):
            unit = str(self.random.randint(0, 5))
            if depth and self.random.random() < 0.2:
                unit = f"({self.number(depth - 1)})"
            parts += [self.random.choice(["", "", "-"]) + unit, self.random.choice("+-*")]
        return " ".join(parts[:-1])

    def condition(self, depth=2):
        parts = []
        for _ in range(self.random.randint(1, 4)):
            parts += [self.random.choice(["", "", "NOT "]) + self.comparison(depth), self.random.choice(["AND", "OR"])]
        return " ".join(parts[:-1])

    def comparison(self, depth):
        if depth and self.random.random() < 0.2:
            return f"({self.condition(depth - 1)})"
        negated = self.random.choice(["", "NOT "])
        left, right = self.number(), self.number()
        return self.random.choice(
            [
                f"{left} {self.random.choice(['=', '<>', '<', '<=', '>', '>='])} {right}",
                f"{left} < {right} IS {negated}TRUE",
                f"{left} IS {negated}NULL",
                f"{left} {negated}BETWEEN {right} AND {self.number()}",
                f"{left} {negated}IN ({right}, {self.number()})",
            ]
        )


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**63))
def test_operators_bind_as_in_duckdb(seed):
    texts = Texts(seed)
    columns = []
    for _ in range(60):
        for text in (texts.number(), texts.condition()):
            columns.append(f"({text}) IS NOT DISTINCT FROM {spelled_out(parse_expression(text))}")
    with duckdb.connect() as connection:
        (found,) = connection.execute(f"SELECT {', '.join(columns)}").fetchall()
    assert [column for column, same in zip(columns, found, strict=True) if not same] == []
