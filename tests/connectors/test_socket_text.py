"""Splitting of text that comes in parts."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.socket_text import OpenRecord


@given(
    delimiter=st.sampled_from(["\n", "aa", "ab", "aba", "\u00f6\u00f6\u00f6"]),
    text=st.text(alphabet="ab\n\u00f6", max_size=60),
    cuts=st.lists(st.integers(0, 60)),
)
def test_parts_are_split_as_the_whole_is(delimiter, text, cuts):
    record = OpenRecord(delimiter)
    found = []
    places = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    for start, end in itertools.pairwise(places):
        found += record.split(text[start:end])
    assert [*found, record.text.getvalue()] == text.split(delimiter)
    assert record.length == len(record.text.getvalue())


class Part(str):
    """Counts the characters that are copied or looked at behind it."""

    __slots__ = ()
    seen = 0

    def __radd__(self, other):
        Part.seen += len(other) + len(self)
        return str(other) + str(self)


def test_a_record_without_end_costs_what_it_is_long():
    Part.seen = 0
    record = OpenRecord("||")
    for _ in range(10_000):
        assert record.split(Part("x" * 9 + "|")) == []
    # All that was there before, with each part, would be 500 million.
    assert Part.seen <= 10_000 * 11
    assert record.split(Part("|next")) == [("x" * 9 + "|") * 9_999 + "x" * 9]
    assert record.length == 4
