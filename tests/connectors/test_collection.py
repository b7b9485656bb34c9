import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.collection import CollectionSource, CollectionSplit
from pyflinkx.connectors.source import END, Boundedness
from tests.connectors.reading import read_all


@given(st.lists(st.one_of(st.none(), st.integers(), st.text())), st.integers(1, 5))
def test_values_come_in_order(values, limit):
    assert read_all(CollectionSource(values), limit) == values


@pytest.mark.parametrize(
    "values", [[1, 2, 3], (1, 2, 3), range(1, 4), iter([1, 2, 3]), (i for i in (1, 2, 3)), {1: 0, 2: 0, 3: 0}.keys()]
)
def test_iterables(values):
    assert read_all(CollectionSource(values)) == [1, 2, 3]


def test_splits_are_read_one_after_the_other():
    reader = CollectionSource(list("abcdef")).create_reader(None)
    reader.add_splits([CollectionSplit(3, 6), CollectionSplit(2, 2), CollectionSplit(0, 2)])
    batches = iter(lambda: reader.poll(2), END)
    assert [batch.values for batch in batches] == [["d", "e"], ["f"], ["a", "b"]]


def test_a_source_can_be_read_again_and_keeps_its_own_list():
    values = [1]
    source = CollectionSource(values)
    values.append(2)
    assert read_all(source) == [1]
    assert read_all(source) == [1]
    assert source.boundedness is Boundedness.BOUNDED


@pytest.mark.parametrize("values", ["abc", b"abc", None, 1, {"a": 1}, bytearray(b"a")])
def test_things_that_are_no_collection(values):
    with pytest.raises(TypeError, match="a collection is a list, tuple or other iterable of records, not "):
        CollectionSource(values)
