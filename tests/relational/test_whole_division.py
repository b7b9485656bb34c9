"""Division of whole numbers by one number, against Python's integers."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.relational.arithmetic import by_constant
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.nodes import Scan
from pyflinkx.relational.queries import bound_query
from pyflinkx.relational.values import field
from pyflinkx.types.data_type import BIGINT

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)


def towards_zero(dividend, divisor):
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("divisor", [1, 2, 7, 127])
def test_every_width(dtype, divisor):
    most = numpy.iinfo(dtype).max
    values = numpy.array([-most - 1, -most, -8, -7, -1, 0, 1, 7, 8, most], dtype)
    expected = [towards_zero(int(value), divisor) for value in values]
    assert by_constant(values, divisor, True, numpy).astype(dtype).tolist() == expected
    rest = [int(value) - divisor * quotient for value, quotient in zip(values, expected, strict=True)]
    assert by_constant(values, divisor, False, numpy).astype(dtype).tolist() == rest


@given(values=st.lists(st.none() | NUMBERS, max_size=8), divisor=NUMBERS.filter(bool))
def test_in_a_query(values, divisor):
    scan = Scan(None, (("a", BIGINT),), "t")
    text = f"SELECT a / CAST({divisor} AS BIGINT), MOD(a, CAST({divisor} AS BIGINT)), a FROM t"
    columns = bound_query(text, {"t": scan}).projection
    batch = Projection(columns)(from_rows([(value,) for value in values], Schema([field("a", BIGINT)])))
    for row in to_rows(batch):
        if row[2] is None:
            assert tuple(row)[:2] == (None, None)
            continue
        quotient = towards_zero(row[2], divisor)
        wrapped = (quotient + 2**63) % 2**64 - 2**63
        assert tuple(row)[:2] == (wrapped, row[2] - quotient * divisor)
