"""Operators of SQL that are interrupted: other subtasks go on from what they kept, and the changes are the same."""

import pickle
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx._core.keys.partition import scatter_by_key
from pyflinkx.relational.aggregation.group_operator import GroupAggregateOperator
from pyflinkx.relational.changes.operators import MaterializeOperator, NormalizeOperator
from pyflinkx.relational.keyed_rows import kind_column
from pyflinkx.relational.queries import bound_query
from pyflinkx.relational.ranking.order import SortKey
from pyflinkx.relational.ranking.sort_operators import LimitOperator, TimeSortOperator
from pyflinkx.relational.ranking.top_n import (
    AppendTopNOperator,
    RetractTopNOperator,
    Top1Operator,
    UpdateTopNOperator,
)
from pyflinkx.relational.values import field
from pyflinkx.testing.harness import OperatorHarness
from tests.operators.test_state_backends import BACKENDS
from tests.relational.queries import scan, typed

COLUMNS = {"k": "INT", "s": "STRING", "a": "INT"}
KINDS = tuple((name, typed(kind)) for name, kind in COLUMNS.items())
SCHEMA = Schema([field(*each) for each in KINDS])
GROUPS = 128
NUMBERED = (*KINDS, ("n", typed("BIGINT NOT NULL")))
BY_A = (SortKey(2), SortKey(1))


def aggregate(**options):
    calls = "COUNT(*), SUM(a), MIN(s), MAX(a), COUNT(DISTINCT s), LISTAGG(s), AVG(a), LAST_VALUE(a)"
    node = bound_query(f"SELECT k, {calls} FROM t GROUP BY k", {"t": scan(COLUMNS)}).input
    return GroupAggregateOperator(KINDS, node.keys, node.calls, node.columns, **options)


MAKES = {
    "aggregate": lambda: aggregate(retracting=True),
    "bundles": lambda: aggregate(retracting=True, bundle=2),
    "top n": lambda: AppendTopNOperator(KINDS, (0,), BY_A, 1, 2, NUMBERED, True),
    "top 1": lambda: Top1Operator(KINDS, (0,), BY_A, 1, 1, NUMBERED, False, ties=True),
    "top n of changes": lambda: RetractTopNOperator(KINDS, (0,), BY_A, 1, 3, NUMBERED, True),
    "top n of updates": lambda: UpdateTopNOperator(KINDS, (0,), (SortKey(1),), 1, 2, NUMBERED, True, key=(0, 1)),
    "normalize": lambda: NormalizeOperator(KINDS, (0,)),
    "materialize": lambda: MaterializeOperator(KINDS, (0,)),
}
INSERTS_ONLY = ("top n", "top 1")


class Collected:
    """Keeps the changes that operators emit."""

    def __init__(self):
        self.rows = []

    def emit(self, batch):
        self.rows += [(str(row.get_row_kind()), tuple(row)) for row in to_rows(batch)]

    def emit_watermark(self, timestamp):
        pass


def opened(make, collected, earlier=None, count=1, subtask=0, backend=BACKENDS[0], **options):
    """A harness that goes on from what earlier ones have kept, in the form in which it is stored."""
    snapshots = None if earlier is None else pickle.loads(pickle.dumps([each.snapshot() for each in earlier]))
    harness = OperatorHarness(
        make(),
        restored=snapshots,
        state_backend=backend(),
        subtask_index=subtask,
        parallelism=count,
        max_parallelism=GROUPS,
        **options,
    )
    harness.operator.output = collected
    return harness


def batch_of(changes):
    kinds = [["+I", "-U", "+U", "-D"].index(kind) for kind, _ in changes]
    return from_rows([row for _, row in changes], SCHEMA, None, kind_column(kinds))


def run(make, batches, scales, backend=BACKENDS[0]):
    """The changes of a run with these numbers of subtasks, one after the other."""
    collected, harnesses = Collected(), None
    length = -(-len(batches) // len(scales)) or 1
    for number, count in enumerate(scales):
        harnesses = [opened(make, collected, harnesses, count, subtask, backend) for subtask in range(count)]
        for changes in batches[number * length : (number + 1) * length]:
            for harness, part in zip(harnesses, scatter_by_key(batch_of(changes), ["k"], GROUPS, count), strict=True):
                if part is not None:
                    harness.operator.process_batch(part)
    return collected.rows


@st.composite
def batches(draw):
    """Rows that come and go, in batches."""
    there, made = [], []
    for _ in range(draw(st.integers(1, 16))):
        if there and draw(st.integers(0, 2)) == 0:
            made.append(("-D", there.pop(draw(st.integers(0, len(there) - 1)))))
        else:
            row = draw(st.tuples(st.integers(0, 3), st.none() | st.sampled_from("xyz"), st.none() | st.integers(0, 3)))
            there.append(row)
            made.append(("+I", row))
    size = draw(st.integers(1, 5))
    return [made[start : start + size] for start in range(0, len(made), size)]


def by_key(changes):
    """The changes of each key in their order; those of different keys may come in any."""
    found = {}
    for kind, row in changes:
        found.setdefault(row[0], []).append((kind, row))
    return found


@pytest.mark.parametrize("name", sorted(MAKES))
@settings(max_examples=15, deadline=None)
@given(batches(), st.lists(st.integers(1, 4), min_size=2, max_size=3))
def test_an_interrupted_run_is_as_another(name, made, scales):
    if name in INSERTS_ONLY:
        made = [[("+I", row) for _, row in changes] for changes in made]
    if name == "bundles":
        made = [[change] for changes in made for change in changes]  # where bundles end depends on the subtasks
    assert by_key(run(MAKES[name], made, scales)) == by_key(run(MAKES[name], made, [1]))


@pytest.mark.parametrize("name", ["aggregate", "top n of changes"])
def test_state_elsewhere_gives_the_same(name):
    rows = [(n % 3, "xyz"[n % 2], n % 5) for n in range(30)]
    made = [[("+I", row)] for row in rows] + [[("-D", row)] for row in rows[:20]]
    wanted = by_key(run(MAKES[name], made, [1]))
    for backend in BACKENDS[1:]:
        assert by_key(run(MAKES[name], made, [2, 3], backend)) == wanted


def test_a_group_is_forgotten_after_its_time_to_live():
    collected = Collected()
    harness = opened(lambda: aggregate(ttl=100), collected)
    change = [("+I", (1, "x", 1))]
    harness.operator.process_batch(batch_of(change))
    harness.clock.time = 99
    harness.operator.process_batch(batch_of(change))
    harness.clock.time = 199
    harness.operator.process_batch(batch_of(change))
    assert [(kind, row[1]) for kind, row in collected.rows] == [("+I", 1), ("-U", 1), ("+U", 2), ("+I", 1)]


def test_a_limit_goes_on_counting():
    collected = Collected()
    make = lambda: LimitOperator(1, 3)  # noqa: E731
    first = opened(make, collected)
    first.operator.process_batch(batch_of([("+I", (n, None, n)) for n in range(2)]))
    second = opened(make, collected, [first])
    second.operator.process_batch(batch_of([("+I", (n, None, n)) for n in range(2, 9)]))
    assert [row[0] for _, row in collected.rows] == [1, 2, 3]


def test_rows_wait_for_the_watermark_and_late_ones_are_left_out():
    collected = Collected()
    make = lambda: TimeSortOperator(KINDS, BY_A, 1000)  # noqa: E731
    first = opened(make, collected)
    first.operator.process_batch(batch_of([("+I", (0, "x", n)) for n in (5, 3, 9)]))
    first.watermark(4)
    second = opened(make, collected, [first])
    second.operator.process_batch(batch_of([("+I", (0, "x", n)) for n in (2, 7)]))
    second.watermark(8)
    assert [row[2] for _, row in collected.rows] == [3, 5, 7]
    assert Counter(second.context.counters)["numLateRecordsDropped"] == 1
