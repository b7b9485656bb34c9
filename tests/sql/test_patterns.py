"""MATCH_RECOGNIZE, and the trees of its patterns."""

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_query
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.unparser import unparse
from tests.sql.short import a, b, call, interval, n, num, op, select, star, t, table

A, B, C = map(q.PatternVariable, "ABC")


def matched(inner: str) -> q.Source:
    text = f"SELECT * FROM t MATCH_RECOGNIZE ({inner})"
    found = parse_query(text)
    assert parse_query(unparse(found)) == found
    return found.source


def test_all_clauses():
    found = parse_query(
        """
        SELECT * FROM t AS x MATCH_RECOGNIZE (
            PARTITION BY a, b
            ORDER BY ts
            MEASURES FINAL LAST(A.ts) AS last_ts, AVG(B.price) AS price
            ONE ROW PER MATCH
            AFTER MATCH SKIP TO NEXT ROW
            PATTERN (^ A+ B*? $)
            WITHIN INTERVAL '1' HOUR
            SUBSET S = (A, B)
            DEFINE A AS A.price > PREV(A.price), B AS TRUE
        ) AS m (c)
        """
    )
    assert found == select(
        star,
        source=q.Aliased(
            q.MatchRecognize(
                table("t", "x"),
                q.PatternSequence((q.PatternRepeated(A, 1, None), q.PatternRepeated(B, 0, None, True))),
                (
                    q.Definition("A", op(">", n("A.price"), call("PREV", n("A.price")))),
                    q.Definition("B", x.Boolean(True)),
                ),
                (a, b),
                (x.OrderItem(n("ts")),),
                (
                    q.SelectItem(x.Prefix("FINAL", call("LAST", n("A.ts"))), "last_ts"),
                    q.SelectItem(call("AVG", n("B.price")), "price"),
                ),
                "ONE",
                q.Skip("TO NEXT ROW"),
                interval("1", "HOUR"),
                (q.PatternSubset("S", ("A", "B")),),
                True,
                True,
            ),
            "m",
            ("c",),
        ),
    )
    assert parse_query(unparse(found)) == found


def repeated(least, most, reluctant=False):
    return q.PatternRepeated(A, least, most, reluctant)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("A", A),
        ("A B C", q.PatternSequence((A, B, C))),
        ("A | B C", q.PatternAlternation((A, q.PatternSequence((B, C))))),
        ("(A | B) C", q.PatternSequence((q.PatternAlternation((A, B)), C))),
        ("(A B) (C)", q.PatternSequence((A, B, C))),
        ("(A | B) | C", q.PatternAlternation((A, B, C))),
        ("(A B)+", q.PatternRepeated(q.PatternSequence((A, B)), 1, None)),
        ("A*", repeated(0, None)),
        ("A+?", repeated(1, None, True)),
        ("A?", repeated(0, 1)),
        ("A??", repeated(0, 1, True)),
        ("A{3}", repeated(3, 3)),
        ("A{2,}", repeated(2, None)),
        ("A{2,4}?", repeated(2, 4, True)),
        ("A{,4}", repeated(0, 4)),
        ("PERMUTE(A, B C)", q.PatternPermutation((A, q.PatternSequence((B, C))))),
        ("A {- B -} C", q.PatternSequence((A, q.PatternExclusion(B), C))),
        ("`A` B", q.PatternSequence((A, B))),
    ],
)
def test_patterns(text, tree):
    assert matched(f"PATTERN ({text}) DEFINE A AS a > 1").pattern == tree


@pytest.mark.parametrize(
    ("text", "skip"),
    [
        ("PAST LAST ROW", q.Skip("PAST LAST ROW")),
        ("TO NEXT ROW", q.Skip("TO NEXT ROW")),
        ("TO FIRST A", q.Skip("TO FIRST", "A")),
        ("TO LAST A", q.Skip("TO LAST", "A")),
        ("TO A", q.Skip("TO", "A")),
        ("TO LAST", q.Skip("TO", "LAST")),
    ],
)
def test_where_to_go_on(text, skip):
    found = matched(f"ALL ROWS PER MATCH AFTER MATCH SKIP {text} PATTERN (A) DEFINE A AS a > 1")
    assert found == q.MatchRecognize(
        t, A, (q.Definition("A", op(">", a, num(1))),), rows_per_match="ALL", skip=skip
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("DEFINE A AS a", "expected"),
        ("PATTERN () DEFINE A AS a", "expected a variable of the pattern"),
        ("PATTERN (A B", "expected"),
        ("PATTERN (A) WITHIN 5 DEFINE A AS a", "expected INTERVAL"),
        ("MEASURES a PATTERN (A) DEFINE A AS a", "found PATTERN, expected"),
    ],
)
def test_faults_are_said(inner, said):
    with pytest.raises(SqlError) as caught:
        matched(inner)
    assert said in str(caught.value)
