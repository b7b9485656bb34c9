"""Casts of decimals and of whole numbers of any size."""

import decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.common.typeinfo import Types
from pyflinkx.expressions.compiler import typed
from pyflinkx.expressions.expression import col, if_then_else, lit
from pyflinkx.expressions.vectors import Frame, to_column
from pyflinkx.types.carried import carried

LIMITS = {"int8": 2**7, "int32": 2**31, "int64": 2**63}
KINDS = {
    "carried whole": (carried("x", Types.BIG_INT()), st.integers(-(2**70), 2**70) | st.integers(-300, 300)),
    "carried decimal": (carried("x", Types.BIG_DEC()), st.decimals(-(10**25), 10**25, allow_nan=False, places=3)),
    "decimal": (Field("x", "d:38,3"), st.decimals(-(10**25), 10**25, allow_nan=False, places=3)),
}


def run(expression, batch):
    frame = Frame(batch, np)
    result = typed(expression, batch.schema, "test")
    column = to_column(result.run(frame), Field("r", result.format), frame)
    column.validate(full=True)
    return [value for (value,) in ColumnBatch(Schema([column.field]), [column], len(batch)).to_rows("tuple")]


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_casts_are_those_of_python(kind, data):
    field, numbers = KINDS[kind]
    values = data.draw(st.lists(st.none() | numbers, max_size=6))
    batch = from_rows([(value,) for value in values], Schema([field]))
    known = [None if value is None else decimal.Decimal(value) for value in values]
    assert run(col("x").cast("float64"), batch) == [None if value is None else float(value) for value in values]
    assert run(col("x").cast("bool"), batch) == [None if value is None else value != 0 for value in values]
    assert [None if text is None else decimal.Decimal(text) for text in run(col("x").cast("utf8"), batch)] == known
    for name, limit in LIMITS.items():
        if all(value is None or -limit <= int(value) < limit for value in values):
            assert run(col("x").cast(name), batch) == [None if value is None else int(value) for value in values]
        else:
            with pytest.raises(OverflowError, match=rf"does not fit {name}, in record"):
                run(col("x").cast(name), batch)
    assert run(if_then_else(lit(False), col("x").cast("int8"), lit(None)), batch) == [None] * len(values)


def test_what_a_float_cannot_hold_is_an_error():
    batch = from_rows([(10**400,)], Schema([carried("x", Types.BIG_INT())]))
    with pytest.raises(OverflowError, match="does not fit float64, in record"):
        run(col("x").cast("float64"), batch)
    batch = from_rows([(10**39,)], Schema([carried("x", Types.BIG_INT())]))
    with pytest.raises(OverflowError, match="does not fit float32, in record"):
        run(col("x").cast("float32"), batch)
