"""Regular joins of rows that change: held against a model after each batch, and Flink's order of changes."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.relational.joins.nodes import ANTI, FULL, INNER, LEFT, MARK, RIGHT, SEMI
from tests.relational.joins.sides import Driven, expected, join

KINDS = [INNER, LEFT, RIGHT, FULL, SEMI, ANTI, MARK]
value = st.sampled_from([0, 1, 1, 2, None])
# Rows without a key of their own; with k as their key, which the join's key says; and with x as one.
LAYOUTS = {"rows": (), "one": ((0,),), "unique": ((1,),)}


@st.composite
def changes(draw, layouts):
    """Batches of changes that keep the keys of rows, each to a side."""
    there = ([], [])
    batches = []
    for _ in range(draw(st.integers(1, 12))):
        port = draw(st.integers(0, 1))
        rows, batch = there[port], []
        for _ in range(draw(st.integers(1, 4))):
            row = (draw(value), draw(value))
            same = [old for old in rows if any(old[place] == row[place] for key in layouts[port] for place in key)]
            if same or (rows and draw(st.booleans())):
                old = same[0] if same else draw(st.sampled_from(rows))
                rows.remove(old)
                # An update of the key itself is a delete and an insert.
                keeps = all(old[place] == row[place] for key in layouts[port] for place in key)
                if keeps and draw(st.booleans()) and len(same) < 2:
                    rows.append(row)
                    batch += [("-U", old), ("+U", row)]
                else:
                    batch.append(("-D", old))
            else:
                rows.append(row)
                batch.append(("+I", row))
        batches.append((port, batch, (list(there[0]), list(there[1]))))
    return batches


def fold(there, said):
    for kind, row in said:
        there[row] += 1 if kind in ("+I", "+U") else -1
        assert there[row] >= 0, (kind, row)
    return +there


@st.composite
def cases(draw):
    layouts = [LAYOUTS[draw(st.sampled_from(list(LAYOUTS)))] for _ in range(2)]
    node = join(draw(st.sampled_from(KINDS)), *layouts, draw(st.booleans()), draw(st.booleans()))
    return node, draw(changes(layouts))


@settings(max_examples=250, deadline=None)
@given(cases())
def test_changes_come_to_the_join_of_what_is_there(case):
    node, batches = case
    driven = Driven(node)
    there = Counter()
    for port, batch, (left, right) in batches:
        there = fold(there, driven.take(port, *batch))
        assert there == expected(node, left, right)


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(0, 9))
def test_a_join_goes_on_from_its_state(case, after):
    node, batches = case
    driven, there = Driven(node), Counter()
    for place, (port, batch, (left, right)) in enumerate(batches):
        if place == after:
            groups = driven.context.max_parallelism
            driven = Driven(node, restored=driven.context.keyed_state.export(groups))
        there = fold(there, driven.take(port, *batch))
        assert there == expected(node, left, right)


def test_a_left_row_is_taken_back_before_its_first_pair_and_sent_again_after_its_last():
    driven = Driven(join(LEFT))
    assert driven.take(0, ("+I", (1, 5))) == [("+I", (1, 5, None, None))]
    assert driven.take(1, ("+I", (1, 7))) == [("-D", (1, 5, None, None)), ("+I", (1, 5, 1, 7))]
    assert driven.take(1, ("+I", (1, 8))) == [("+I", (1, 5, 1, 8))]
    assert driven.take(1, ("-U", (1, 7)), ("+U", (1, 9))) == [("-U", (1, 5, 1, 7)), ("+I", (1, 5, 1, 9))]
    assert driven.take(1, ("-D", (1, 8))) == [("-D", (1, 5, 1, 8))]
    assert driven.take(1, ("-D", (1, 9))) == [("-D", (1, 5, 1, 9)), ("+I", (1, 5, None, None))]
    assert driven.take(0, ("-D", (1, 5))) == [("-D", (1, 5, None, None))]


def test_inner_joins_keep_the_kinds_of_changes():
    driven = Driven(join(INNER, ((0,),), ((0,),)))
    assert driven.take(0, ("+I", (1, 5)), ("+I", (None, 5))) == []
    assert driven.take(1, ("+I", (1, 7)), ("+I", (None, 7))) == [("+I", (1, 5, 1, 7))]
    assert driven.take(0, ("-U", (1, 5)), ("+U", (1, 6))) == [("-U", (1, 5, 1, 7)), ("+U", (1, 6, 1, 7))]
    assert driven.take(1, ("-D", (1, 7))) == [("-D", (1, 6, 1, 7))]


def test_full_joins_take_back_both_sides_of_a_first_pair():
    driven = Driven(join(FULL))
    assert driven.take(0, ("+I", (1, 5)), ("+I", (1, 5))) == [("+I", (1, 5, None, None))] * 2
    assert driven.take(1, ("+I", (1, 7))) == [("-D", (1, 5, None, None))] * 2 + [("+I", (1, 5, 1, 7))] * 2
    assert driven.take(0, ("-D", (1, 5))) == [("-D", (1, 5, 1, 7))]
    assert driven.take(0, ("-D", (1, 5))) == [("-D", (1, 5, 1, 7)), ("+I", (None, None, 1, 7))]


@pytest.mark.parametrize(("kind", "first", "last"), [(SEMI, "+I", "-D"), (ANTI, "-D", "+I")])
def test_semi_and_anti_joins_send_a_row_once(kind, first, last):
    driven = Driven(join(kind))
    assert driven.take(0, ("+I", (1, 5))) == ([] if kind == SEMI else [("+I", (1, 5))])
    assert driven.take(1, ("+I", (1, 7)), ("+I", (1, 8))) == [(first, (1, 5))]
    assert driven.take(1, ("-D", (1, 7))) == []
    assert driven.take(1, ("-D", (1, 8))) == [(last, (1, 5))]


def test_rows_that_nobody_uses_are_forgotten():
    driven = Driven(join(LEFT), ttl=10)
    driven.take(1, ("+I", (1, 7)))
    driven.clock.time = 9
    assert driven.take(0, ("+I", (1, 5))) == [("+I", (1, 5, 1, 7))]
    driven.clock.time = 10
    assert driven.take(0, ("+I", (1, 6))) == [("+I", (1, 6, None, None))]
