"""Plain values as bytes: a trip there and back, and bytes that nobody has written so."""

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Row
from pyflinkx.errors import CorruptDataError
from pyflinkx.state import plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(datetime.timezone.utc))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.lists(inner).map(lambda fields: Row(*fields))
        | st.dictionaries(st.from_regex("[a-z]{1,3}", fullmatch=True), inner, min_size=1).map(lambda d: Row(**d))
        | st.dictionaries(st.integers() | st.text(), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value):
    back = plain.decoded(plain.encoded(value))
    assert back == value
    assert type(back) is type(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(data):
    with contextlib.suppress(CorruptDataError):
        plain.decoded(data)


@given(VALUES, st.data())
def test_bytes_that_are_damaged_are_a_value_or_refused(value, data):
    written = bytearray(plain.encoded(value))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptDataError):
        plain.decoded(bytes(written))


@given(VALUES)
def test_what_is_cut_is_refused(value):
    written = plain.encoded(value)
    for size in range(len(written)):
        with pytest.raises(CorruptDataError):
            plain.decoded(written[:size])


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, [[[{"a": {3}}]]]])
def test_what_is_no_plain_value_cannot_be_written(value):
    with pytest.raises(TypeError, match="no plain value"):
        plain.encoded(value)


def test_limits():
    deep = b"l\x01\x00\x00\x00" * 5000 + b"N"
    with pytest.raises(CorruptDataError, match="nested"):
        plain.decoded(deep)
    with pytest.raises(CorruptDataError, match="too many digits"):
        plain.decoded(b"i" + (10**6).to_bytes(4, "little") + b"1" * 10**6)
    with pytest.raises(CorruptDataError):
        plain.decoded(b"l\xff\xff\xff\xff")
