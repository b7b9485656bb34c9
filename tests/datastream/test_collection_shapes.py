"""Collections of dicts, dataclasses and NamedTuples of one shape have columns; all others are as they were."""

import dataclasses
import datetime
from decimal import Decimal
from typing import NamedTuple, TypedDict

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Types
from pyflinkx.datastream import StreamExecutionEnvironment, agg, col
from pyflinkx.errors import GraphError


@dataclasses.dataclass
class Sale:
    shop: str
    amount: float | None


class Trip(NamedTuple):
    shop: str
    amount: float | None


class Fare(TypedDict):
    shop: str
    amount: float | None


SHAPES = {
    "dict": lambda shop, amount: {"shop": shop, "amount": amount},
    "dict in another order": lambda shop, amount: (
        {"shop": shop, "amount": amount} if amount is None else {"amount": amount, "shop": shop}
    ),
    "dataclass": Sale,
    "NamedTuple": Trip,
    "TypedDict": lambda shop, amount: Fare(shop=shop, amount=amount),
}


def environment(parallelism=1):
    return StreamExecutionEnvironment.get_execution_environment().set_parallelism(parallelism)


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_one_shape_has_columns(shape, parallelism):
    records = [SHAPES[shape](*values) for values in (("x", None), ("y", 1.5), ("x", 2.5))]
    stream = environment(parallelism).from_collection(records)
    assert repr(stream.schema) == "{shop: STRING, amount: DOUBLE}"
    rows = sorted(stream.to_arrow().to_pylist(), key=str)
    expected = [("x", 2.5), ("x", None), ("y", 1.5)]
    assert rows == sorted(({"shop": shop, "amount": amount} for shop, amount in expected), key=str)
    totals = stream.key_by("shop").agg(total=agg.sum("amount")).to_pandas().groupby("shop")["total"].max()
    assert dict(totals) == {"x": 2.5, "y": 1.5}
    picked = stream.filter(col("amount") > 2).select("shop").to_arrow()
    assert picked.to_pylist() == [{"shop": "x"}]
    results = list(stream.filter(lambda record: True).key_by("shop").map(lambda record: record).execute_and_collect())
    assert sorted(map(repr, results)) == sorted(map(repr, records))
    assert {type(result) for result in results} == {type(records[0])}


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2], pyarrow.int64()),
        ([1, None], pyarrow.int64()),
        ([1, 2.5], pyarrow.float64()),
        ([True, False], pyarrow.bool_()),
        (["a"], pyarrow.string()),
        ([b"a"], pyarrow.binary()),
        ([datetime.date(2024, 1, 1)], pyarrow.date32()),
        ([[1], [2, 3]], pyarrow.list_(pyarrow.int64())),
        ([None, None], pyarrow.null()),
    ],
)
def test_types_come_from_all_values(values, wanted):
    stream = environment().from_collection([{"value": value} for value in values])
    found = stream.to_arrow()
    kind = found.schema.field("value").type
    assert pyarrow.types.is_list(kind) if pyarrow.types.is_list(wanted) else kind == wanted
    assert found.column("value").to_pylist() == values


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        [2**70, 1],
        [2**60, 0.5],
        [True, 1],
        [Decimal(1), 1.0],
        [object, 1],
        [{1, 2}, {3}],
        [{"a": 1}, {"a": "b"}],
    ],
)
def test_other_values_are_carried(values):
    env = environment(2)
    stream = env.from_collection([{"value": value, "n": number} for number, value in enumerate(values)])
    assert sorted(stream.select("n").to_arrow().column("n").to_pylist()) == list(range(len(values)))
    found = dict(stream.select("value", "n").map(lambda row: (row.n, row.value)).execute_and_collect(limit=9))
    assert [found[number] for number in range(len(values))] == values
    assert [type(found[number]) for number in range(len(values))] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (
            [{"a": 1}, {"a": 2}, {"b": 1}],
            r"record 2 of the collection has the fields \['b'\], and record 0 has \['a'\]",
        ),
        ([{"a": 1}, {"a": 2, "b": 1}], r"record 1 .*\['a', 'b'\]"),
        ([{"a": 1}, Sale("x", 1.0)], "record 1 of the collection is a Sale, and record 0 a dict"),
        ([Trip("x", 1.0), None], "record 1 of the collection is a NoneType, and record 0 a Trip"),
    ],
)
def test_mixed_shapes_run_as_before_and_say_why_they_have_no_columns(records, words):
    env = environment(2)
    stream = env.from_collection(records)
    assert sorted(map(repr, stream.map(lambda record: record).execute_and_collect())) == sorted(map(repr, records))
    assert stream.schema is None
    with pytest.raises(GraphError, match=rf"to_arrow\(\): {words}"):
        stream.to_arrow()


@pytest.mark.parametrize("records", [[], [1], [{}], [{1: 2}], [(1, 2)], ["a"], [None, {"a": 1}], [Sale]])
def test_other_records_are_as_they_were(records):
    stream = environment().from_collection(records)
    assert stream.schema is None
    assert stream.get_type() == Types.PICKLED_BYTE_ARRAY()
    assert list(stream.execute_and_collect()) == records


def test_a_declared_type_wins():
    kind = Types.ROW_NAMED(["shop", "amount"], [Types.STRING(), Types.INT()])
    stream = environment().from_collection([{"shop": "x", "amount": 1}], kind)
    assert stream.get_type() == kind
    assert dict(stream.schema) == {"shop": Types.STRING(), "amount": Types.INT()}


def test_the_type_of_a_class_is_known_where_it_says_what_is_there():
    env = environment(2)
    assert "Sale" in repr(env.from_collection([Sale("x", 1.5)]).get_type())
    odd = Sale("x", 1)  # an int, which a DOUBLE would change
    more = Sale("x", 1.5)
    more.extra = 7
    for record in (odd, more):
        stream = env.from_collection([record])
        assert stream.get_type() == Types.PICKLED_BYTE_ARRAY()
        (found,) = stream.filter(lambda sale: True).rebalance().map(lambda sale: sale).execute_and_collect(limit=5)
        assert vars(found) == vars(record)
        assert type(found.amount) is type(record.amount)


def test_a_union_of_two_shapes_has_no_columns_of_one():
    env = environment()
    first, second = env.from_collection([{"a": 1}]), env.from_collection([{"b": "x"}])
    assert first.union(second).schema is None
    assert sorted(map(str, first.union(second).execute_and_collect())) == ["{'a': 1}", "{'b': 'x'}"]
    assert repr(first.union(env.from_collection([{"a": 2}])).schema) == "{a: BIGINT}"


def test_results_of_functions_are_of_their_own_type():
    stream = environment().from_collection([{"a": 1}])
    assert stream.map(lambda record: {"b": 1}).schema is None
    assert stream.key_by("a").reduce(lambda first, second: {"b": 1}).schema is None


VALUES = st.one_of(st.none(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False), st.text(), st.booleans())


@given(st.lists(st.fixed_dictionaries({"a": VALUES, "b": st.integers(), "c": st.text()}), min_size=1, max_size=20))
def test_columns_hold_what_was_there(records):
    found = environment().from_collection(records).select("a", "b", "c").map(tuple).execute_and_collect(limit=99)
    assert found == [(record["a"], record["b"], record["c"]) for record in records]
