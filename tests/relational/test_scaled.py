"""Arithmetic and comparisons of decimals, as whole numbers and as Python's decimals, against exact ones."""

from decimal import ROUND_HALF_UP, Context, Decimal

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.nodes import Scan
from pyflinkx.relational.queries import bound_query
from pyflinkx.relational.scaled import DecimalRun
from pyflinkx.relational.values import field
from pyflinkx.types.data_type import BIGINT, INT, DataType, Kind

EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
SMALL, LARGE = DataType(Kind.DECIMAL, 10, 2), DataType(Kind.DECIMAL, 38, 4)
COLUMNS = (("a", SMALL), ("b", LARGE), ("n", INT), ("m", BIGINT))
EXPRESSIONS = {
    "a + n": lambda a, b, n, m: a + n,
    "a - m": lambda a, b, n, m: a - m,
    "a * a": lambda a, b, n, m: a * a,
    "0.908 * m": lambda a, b, n, m: EXACT.multiply(Decimal("0.908"), Decimal(m)),
    "a * m": lambda a, b, n, m: EXACT.multiply(a, Decimal(m)),
    "b + 0.00001": lambda a, b, n, m: EXACT.add(b, Decimal("0.00001")),
    "b * n": lambda a, b, n, m: EXACT.multiply(b, Decimal(n)),
    "a + b": lambda a, b, n, m: EXACT.add(a, b),
    "(a + 1.5) * 2": lambda a, b, n, m: (a + Decimal("1.5")) * 2,
    "a > b": lambda a, b, n, m: a > b,
    "a <= 3.14": lambda a, b, n, m: a <= Decimal("3.14"),
    "0.5 * m < a": lambda a, b, n, m: EXACT.multiply(Decimal("0.5"), Decimal(m)) < a,
    "b <> 1": lambda a, b, n, m: b != 1,
}
ROWS = st.lists(
    st.tuples(
        st.none() | st.decimals("-99999999.99", "99999999.99", places=2),
        st.none() | st.decimals(-(10**33), 10**33, places=4) | st.decimals(-9, 9, places=4),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    ),
    max_size=6,
)


def bound(text):
    return bound_query(f"SELECT {text} FROM t", {"t": Scan(None, COLUMNS, "t")}).projection[0][1]


def fitted(value, kind):
    if value is None or kind.kind is not Kind.DECIMAL:
        return value
    rounded = value.quantize(Decimal(1).scaleb(-kind.scale), context=EXACT)
    return rounded if rounded.copy_abs() < Decimal(10) ** (kind.precision - kind.scale) else None


@pytest.mark.parametrize("text", EXPRESSIONS)
@settings(max_examples=60)
@given(rows=ROWS)
def test_values_are_exact(text, rows):
    expression = bound(text)
    schema = Schema([field(name, kind) for name, kind in COLUMNS])
    batch = Projection([("x", expression)])(from_rows(rows, schema))
    names = [name for name, _ in COLUMNS]
    expected = []
    for row in rows:
        values = {name: value for name, value in zip(names, row, strict=True) if name in text}
        missing = None in values.values()
        numbers = [Decimal(0) if value is None else value for value in row]
        expected.append(None if missing else fitted(EXPRESSIONS[text](*numbers), expression.type))
    assert [row[0] for row in to_rows(batch)] == expected


def test_a_slice_of_a_batch():
    schema = Schema([field("a", SMALL)])
    batch = from_rows([(Decimal(value),) for value in ("1.25", "-2.5", "3")], schema).slice(1, 3)
    expression = bound_query("SELECT a * 2 FROM t", {"t": Scan(None, COLUMNS[:1], "t")}).projection[0][1]
    assert [row[0] for row in to_rows(Projection([("x", expression)])(batch))] == [Decimal("-5.00"), Decimal("6.00")]


@pytest.mark.parametrize("text", ["0.908 * m", "a + n", "(a + 1.5) * 2"])
def test_these_are_whole_numbers(text):
    projection = Projection([("x", bound(text))])
    assert isinstance(projection._runs[0], DecimalRun)
    schema = Schema([field(name, kind) for name, kind in COLUMNS])
    frame = projection.frame(from_rows([(Decimal("1.50"), Decimal(1), 2, 3)], schema), numpy)
    assert projection._runs[0].scaled(frame) is not None
