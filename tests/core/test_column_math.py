"""Kernels of int64 columns against Python's integers, which neither wrap nor round."""

from array import array

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column_math import ADD, FLOOR_DIVIDE, MODULO, MULTIPLY, SUBTRACT, int64_math, largest_time
from pyflinkx._core.records.objects import NO_TIMESTAMP

EXACT = {
    ADD: lambda a, b: a + b,
    SUBTRACT: lambda a, b: a - b,
    MULTIPLY: lambda a, b: a * b,
    FLOOR_DIVIDE: lambda a, b: a // b,
    MODULO: lambda a, b: a % b,
}
LIMITS = [2**63 - 1, -(2**63), 2**62, -(2**62), 3037000500, -1, 0, 1]
INTEGERS = st.integers(-10, 10) | st.integers(-(2**63), 2**63 - 1) | st.sampled_from(LIMITS)
PAIRS = st.lists(st.tuples(INTEGERS, INTEGERS, st.booleans()), min_size=1, max_size=20)


def exact(operation, left, right):
    """The result; None where there is none in int64."""
    try:
        result = EXACT[operation](left, right)
    except ZeroDivisionError:
        return None
    return result if -(2**63) <= result < 2**63 else None


@pytest.mark.parametrize("operation", EXACT)
@given(PAIRS, st.booleans(), st.booleans(), st.booleans())
def test_results_are_exact_or_their_row_is_named(operation, pairs, one_left, one_right, masked):
    left = [a for a, _, _ in pairs]
    right = [b for _, b, _ in pairs]
    left, right = left[:1] if one_left else left, right[:1] if one_right else right
    valid = [valid or not masked for _, _, valid in pairs]
    to = array("q", bytes(8 * len(pairs)))
    row = int64_math(operation, array("q", left), array("q", right), bytes(valid) if masked else None, to)
    expected = [exact(operation, left[i % len(left)], right[i % len(right)]) for i in range(len(pairs))]
    failing = [i for i, value in enumerate(expected) if value is None and valid[i]]
    assert row == (failing[0] if failing else -1)
    if not failing:
        assert all(to[i] == value for i, value in enumerate(expected) if value is not None)


def test_no_rows():
    assert int64_math(FLOOR_DIVIDE, array("q"), array("q"), None, array("q")) == -1


@pytest.mark.parametrize(
    ("left", "right", "valid"), [([1, 2], [1], None), ([1], [], None), ([1], [1], b"\1\1"), ([1], [1], b"")]
)
def test_lengths_must_fit(left, right, valid):
    with pytest.raises(ValueError, match="for 3 results"):
        int64_math(ADD, array("q", left), array("q", right), valid, array("q", [0, 0, 0]))


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match=r"."):
        int64_math(99, array("q", [1]), array("q", [1]), None, array("q", [0]))


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_the_largest_time(times):
    batch = ColumnBatch.from_arrow(pa.record_batch({"a": [0] * len(times)}))
    assert largest_time(batch) is None
    largest = max(times, default=NO_TIMESTAMP)
    assert largest_time(batch.with_timestamps(array("q", times))) == (None if largest == NO_TIMESTAMP else largest)


def test_the_largest_time_of_a_slice():
    batch = ColumnBatch.from_arrow(pa.record_batch({"a": [0] * 4})).with_timestamps(array("q", [9, -3, -2, 8]))
    assert largest_time(batch.slice(1, 3)) == -2
