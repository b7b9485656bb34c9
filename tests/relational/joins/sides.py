"""Joins driven by hand, and a model of what they give."""

from collections import Counter
from dataclasses import dataclass

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.operators.base import OperatorContext
from pyflinkx.relational.bound import Apply, Input
from pyflinkx.relational.joins.nodes import ANTI, FULL, LEFT, MARK, RIGHT, SEMI, Join, JoinKey
from pyflinkx.relational.joins.regular import operator_of
from pyflinkx.relational.joins.translate import plan_of
from pyflinkx.relational.keyed_rows import kind_column, schema_of
from pyflinkx.relational.nodes import Scan
from pyflinkx.testing.harness import ManualClock
from pyflinkx.types.data_type import BOOLEAN, INT

KINDS = ("+I", "-U", "+U", "-D")


@dataclass(frozen=True)
class Side(Scan):
    """Rows of which it is known by what they are unique."""

    keys: tuple[frozenset[int], ...] = ()

    @property
    def unique(self):
        return self.keys


def side(names, keys=()):
    return Side(None, tuple((name, INT) for name in names), names, tuple(map(frozenset, keys)))


def join(kind, left_keys=(), right_keys=(), nulls=False, condition=False):
    """A join of two tables of two columns by the first; the second ones are compared by the condition."""
    left, right = side("kx", left_keys), side("ky", right_keys)
    key = JoinKey(Input(INT, 0, "k"), Input(INT, 0, "k"), nulls)
    less = Apply(BOOLEAN, "<", (Input(INT, 1, "x"), Input(INT, 3, "y")))
    return Join(left, right, kind, (key,), less if condition else None, "mark")


class Recorded:
    def __init__(self):
        self.said = []

    def emit(self, batch):
        kinds = [0] * len(batch) if batch.kinds is None else memoryview(batch.kinds).tolist()
        self.said += [(KINDS[kind], row) for kind, row in zip(kinds, to_rows(batch, "tuple"), strict=True)]

    def emit_watermark(self, timestamp):
        pass


class Driven:
    """An opened join whose rows come one batch after the other.

    Args:
        node: the join.
        ttl: milliseconds.
        restored: batches of its states.
    """

    def __init__(self, node, ttl=0, restored=(), **options):
        self.node = node
        self.clock = ManualClock(0)
        self.operator = operator_of(node.kind)(plan_of(node, ((0,), (0,)), ttl))
        self.context = OperatorContext(
            "Join", "uid-1", Recorded(), self.clock, "job.py:7", restored_keyed=list(restored), **options
        )
        self.operator.open(self.context)

    def take(self, port, *changes):
        """What comes of a batch of (kind, row)."""
        kinds = kind_column([KINDS.index(kind) for kind, _ in changes])
        columns = schema_of(self.node.inputs[port].columns)
        self.operator.process_batch(from_rows([row for _, row in changes], columns, kinds=kinds), port)
        while self.operator.resume():
            pass
        output = self.context.output
        said, output.said = output.said, []
        return said


def expected(node, left, right):
    """The rows of a join of these rows."""
    nulls = node.keys[0].nulls

    def pair(one, other):
        same = one[0] == other[0] and (nulls or one[0] is not None)
        if not same or node.condition is None:
            return same
        return None not in (one[1], other[1]) and one[1] < other[1]

    partners = [[other for other in right if pair(one, other)] for one in left]
    if node.kind == MARK:
        return Counter((*one, bool(found)) for one, found in zip(left, partners, strict=True))
    if node.kind in (SEMI, ANTI):
        return Counter(one for one, found in zip(left, partners, strict=True) if bool(found) == (node.kind == SEMI))
    result = [one + other for one, found in zip(left, partners, strict=True) for other in found]
    if node.kind in (LEFT, FULL):
        result += [(*one, None, None) for one, found in zip(left, partners, strict=True) if not found]
    if node.kind in (RIGHT, FULL):
        result += [(None, None, *other) for other in right if not any(pair(one, other) for one in left)]
    return Counter(result)
