from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import CountWindow, GlobalWindow, TimeWindow
from pyflinkx.errors import CorruptDataError
from pyflinkx.operators.windowing.serializers import (
    CountWindowSerializer,
    GlobalWindowSerializer,
    TimeWindowSerializer,
)

LONGS = st.integers(-(2**63), 2**63 - 1)
WINDOWS = st.one_of(
    st.builds(TimeWindow, LONGS, LONGS).map(lambda window: (TimeWindowSerializer(), window)),
    st.builds(CountWindow, LONGS).map(lambda window: (CountWindowSerializer(), window)),
    st.just((GlobalWindowSerializer(), GlobalWindow())),
)


@given(WINDOWS)
def test_round_trip(pair):
    serializer, window = pair
    stream = BytesIO()
    serializer.serialize(window, stream)
    data = stream.getvalue()
    assert serializer.deserialize(BytesIO(data + b"rest")) == window
    with pytest.raises(CorruptDataError, match="bytes"):
        serializer.deserialize(BytesIO(data[:-1]))


def test_bytes_are_flinks():
    stream = BytesIO()
    TimeWindowSerializer().serialize(TimeWindow(-1, 256), stream)
    assert stream.getvalue() == b"\xff" * 8 + b"\0\0\0\0\0\0\x01\0"
