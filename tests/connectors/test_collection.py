import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row
from pyflinkx.connectors.collection import CollectionSource, CollectionSplit
from pyflinkx.connectors.source import END, Boundedness, ReaderContext
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.typeinfo import Types
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
    reader = CollectionSource(list("abcdef")).create_reader(ReaderContext(None))
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


PAIR = Types.ROW_NAMED(["id", "name"], [Types.INT(), Types.STRING()])


def test_values_of_a_declared_type():
    values = [Row(id=1, name="a"), (2, None), {"id": 3}]
    rows = [Row(id=1, name="a"), Row(id=2, name=None), Row(id=3, name=None)]
    assert read_all(CollectionSource(values, PAIR)) == rows
    assert CollectionSource([], PAIR).output_type == PAIR


def test_values_become_those_of_the_declared_type():
    many = read_all(CollectionSource(range(3000), Types.DOUBLE()))
    assert many == list(range(3000))
    assert {type(value) for value in many} == {float}


def test_pickled_values_stay_the_same_objects():
    value = [object]
    assert read_all(CollectionSource([value], Types.PICKLED_BYTE_ARRAY()))[0] is value


@pytest.mark.parametrize(
    ("values", "type_info", "message"),
    [
        ([1, "a"], Types.LONG(), "value 1 of the collection: expected LONG, got str 'a': 'a'"),
        ([2**63], Types.LONG(), "value 0 of the collection: expected LONG (-9223372036854775808 to "),
        ([(1, "a"), (1, 2)], PAIR, "value 1 of the collection: field 'name': expected STRING, got int 2: (1, 2)"),
        ([*range(5000), None], Types.INT(), "value 5000 of the collection: expected INT, got None"),
        (
            [{"a": "b"}],
            Types.MAP(Types.STRING(), Types.INT()),
            "value 0 of the collection: field \"['a']\": expected INT",
        ),
    ],
)
def test_values_of_another_type(values, type_info, message):
    with pytest.raises(TypeInformationError) as caught:
        CollectionSource(values, type_info)
    assert str(caught.value).startswith(message)


def test_a_type_that_is_none():
    with pytest.raises(
        TypeInformationError, match=r"the type of a collection is type information such as Types.INT\(\)"
    ):
        CollectionSource([1], int)
