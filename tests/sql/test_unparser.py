"""Trees as text: what is read back is the same tree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_expression, parse_query, parse_statement, parse_type
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.tree.base import Node, children, walk
from pyflinkx.sql.tree.ddl import Change
from pyflinkx.sql.tree.statements import Statement
from pyflinkx.sql.unparse.text import write
from pyflinkx.sql.unparser import unparse
from tests.sql.short import a, b, c, call, op
from tests.sql.trees import Trees

QUICK = settings(max_examples=300, deadline=None)
SEED = st.integers(0, 2**63)
# Nodes that are only what others derive from.
ABSTRACT = {Node, x.Expression, x.Query, q.Source, q.Pattern, Statement, Change}


def subclasses(cls):
    for sub in cls.__subclasses__():
        yield sub
        yield from subclasses(sub)


def test_each_node_has_a_writer():
    # Dataclasses with slots are made twice; the first ones are gone as soon as they are collected.
    missing = {cls.__qualname__ for cls in subclasses(Node) if cls not in ABSTRACT} - {
        cls.__qualname__ for cls in write.registry
    }
    assert missing - {cls.__qualname__ for cls in ABSTRACT} == set()
    with pytest.raises(TypeError, match="no text is known for Node"):
        unparse(Node())


@QUICK
@given(SEED)
def test_types_come_back(seed):
    tree = Trees(seed).type()
    assert parse_type(unparse(tree)) == tree


@QUICK
@given(SEED)
def test_expressions_come_back(seed):
    tree = Trees(seed).expression()
    assert parse_expression(unparse(tree)) == tree


@QUICK
@given(SEED)
def test_queries_come_back(seed):
    tree = Trees(seed).query()
    assert parse_query(unparse(tree)) == tree


@QUICK
@given(SEED)
def test_statements_come_back(seed):
    tree = Trees(seed, 2).statement()
    text = unparse(tree)
    found = parse_statement(text)
    assert found == tree
    assert unparse(found) == text


@QUICK
@given(SEED)
def test_places_lie_within_those_of_what_they_are_part_of(seed):
    text = unparse(Trees(seed, 2).statement())
    for node in walk(parse_statement(text)):
        start, end = node.span
        assert 0 <= start <= end <= len(text)
        for child in children(node):
            assert start <= child.span[0] <= child.span[1] <= end, (node, child)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (op("*", op("+", a, b), c), "(a + b) * c"),
        (op("-", a, op("-", b, c)), "a - (b - c)"),
        (op("+", op("*", a, b), c), "a * b + c"),
        (x.Prefix("NOT", op("AND", a, b)), "NOT (a AND b)"),
        (x.Prefix("-", x.Prefix("-", a)), "- -a"),
        (x.Is(x.Prefix("NOT", a), "NULL"), "(NOT a) IS NULL"),
        (op("=", op("=", a, b), c), "a = b = c"),
        (op("=", a, op("=", b, c)), "a = (b = c)"),
        (call("COUNT", x.Star(), quantifier="DISTINCT"), "COUNT(DISTINCT *)"),
        (x.Name(("select", "two words", "ok")), "`select`.`two words`.ok"),
        (x.Name(("map",)), "`map`"),
        (x.String("it's"), "'it''s'"),
        (x.Bytes(b"\x01\xab"), "X'01AB'"),
        (x.Row((a,)), "ROW(a)"),
    ],
)
def test_text_has_what_it_needs_and_no_more(tree, text):
    assert unparse(tree) == text


def test_a_tree_that_is_too_deep_is_an_error():
    tree = a
    for _ in range(5000):
        tree = x.Prefix("NOT", tree)
    with pytest.raises(SqlError, match="nested too deeply"):
        unparse(tree)


def test_nodes_are_values():
    one, other = parse_expression("a+ b"), parse_expression("a   +b")
    assert one == other
    assert hash(one) == hash(other)
    assert one.span != other.span
    assert len({one, other}) == 1
    with pytest.raises(AttributeError):
        one.operator = "-"


def test_walking():
    found = parse_query("SELECT a, f(b) FROM t WHERE c IN (1, 2)")
    named = [node.parts for node in walk(found) if isinstance(node, x.Name)]
    assert named == [("a",), ("f",), ("b",), ("t",), ("c",)]
