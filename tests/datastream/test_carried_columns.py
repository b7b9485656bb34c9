"""Each type behind each native operation: values come back as they were, whatever Arrow has a type for."""

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import pickle
import uuid
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx.common import Instant, Row, Time, Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, StreamExecutionEnvironment, agg, col
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import CorruptDataError, GraphError, JobExecutionError, TypeInformationError
from pyflinkx.types.arrow import native_field, schema_of, type_info_of
from pyflinkx.types.data_type_info import data_type_of
from pyflinkx.types.schema_text import schema_from, schema_text


class Point(NamedTuple):
    x: int
    y: float


@dataclasses.dataclass
class Order:
    number: int
    tags: list[str]


class Colour(enum.Enum):
    RED = 1


MAP = Types.MAP(Types.LONG(), Types.SHORT())
NESTED = Types.ROW_NAMED(["q", "m"], [Types.LONG(), Types.MAP(Types.STRING(), Types.BIG_INT())])
# Type of the field, values; None is one of each.
VALUES = {
    "boolean": (Types.BOOLEAN(), [True, False]),
    "byte": (Types.BYTE(), [-128, 127]),
    "short": (Types.SHORT(), [-(2**15), 2**15 - 1]),
    "int": (Types.INT(), [-(2**31), 2**31 - 1]),
    "long": (Types.LONG(), [-(2**63), 2**63 - 1]),
    "big int": (Types.BIG_INT(), [5, -(10**37)]),
    "huge int": (Types.BIG_INT(), [10**40, -(2**500)]),
    "float": (Types.FLOAT(), [0.5, -1.25]),
    "double": (Types.DOUBLE(), [0.1, -1e300]),
    "decimal": (Types.BIG_DEC(), [decimal.Decimal("1.50"), decimal.Decimal("-1E-7")]),
    "fine decimal": (Types.BIG_DEC(), [decimal.Decimal(1).scaleb(-40), decimal.Decimal("1E+60")]),
    "string": (Types.STRING(), ["", "é\x00"]),
    "char": (Types.CHAR(), ["x", "é"]),
    "bytes": (Types.PRIMITIVE_ARRAY(Types.BYTE()), [b"", b"\xff\x00"]),
    "date": (Types.SQL_DATE(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
    "time": (Types.SQL_TIME(), [datetime.time(0), datetime.time(23, 59, 59, 999999)]),
    "timestamp": (Types.SQL_TIMESTAMP(), [datetime.datetime(1, 1, 1), datetime.datetime(2024, 2, 29, 1, 2, 3, 4)]),
    "instant": (Types.INSTANT(), [Instant(0, 1), Instant(-(10**10), 999_999_999)]),
    "primitive array": (Types.PRIMITIVE_ARRAY(Types.LONG()), [[], [1, -2]]),
    "basic array": (Types.BASIC_ARRAY(Types.STRING()), [[], ["a", None]]),
    "object array": (Types.OBJECT_ARRAY(Types.BIG_INT()), [[1, None], [10**40]]),
    "list": (Types.LIST(Types.LONG()), [[], [1, None]]),
    "list of maps": (Types.LIST(Types.MAP(Types.STRING(), Types.LONG())), [[{"a": 1}, None], []]),
    "map": (Types.MAP(Types.STRING(), Types.LIST(Types.LONG())), [{}, {"b": [1], "a": None}]),
    "map of maps": (Types.MAP(Types.STRING(), MAP), [{"a": {}, "b": None}, {"": {1: 2, -1: None}}]),
    "map by numbers of any size": (
        Types.MAP(Types.BIG_INT(), Types.BIG_DEC()),
        [{10**40: decimal.Decimal("1.50")}, {}],
    ),
    "map by tuples": (
        Types.MAP(Types.TUPLE([Types.LONG(), Types.STRING()]), Types.INSTANT()),
        [{(1, "a"): Instant(0, 1), (1, None): None}, {}],
    ),
    "map of rows": (
        Types.MAP(Types.SQL_DATE(), Types.ROW_NAMED(["q", "m"], [Types.DOUBLE(), MAP])),
        [{datetime.date(2024, 2, 29): Row(q=0.5, m={1: 1}), datetime.date(1, 1, 1): None}, {}],
    ),
    "map of objects": (Types.MAP(Types.FLOAT(), Types.PICKLED_BYTE_ARRAY()), [{0.5: {1}, -1.0: None}, {}]),
    "row": (NESTED, [Row(q=1, m={"a": 10**40}), Row(q=None, m=None)]),
    "row without names": (Types.ROW([Types.LONG(), Types.STRING()]), [Row(f0=1, f1="a"), Row(f0=None, f1=None)]),
    "tuple": (Types.TUPLE([Types.LONG(), Types.STRING()]), [(1, "a"), (None, "b")]),
    "uuid": (Types.PICKLED_BYTE_ARRAY(), [uuid.UUID(int=1), uuid.UUID(int=2**127)]),
    "objects": (Types.PICKLED_BYTE_ARRAY(), [Colour.RED, {1, (2, "x")}]),
    "more objects": (Types.PICKLED_BYTE_ARRAY(), [Point(1, 2.5), Order(1, ["a"])]),
    "complex": (Types.PICKLED_BYTE_ARRAY(), [1j, collections.Counter("aab")]),
}


TUMBLING = TumblingEventTimeWindows.of(1000)


class Through(KeyedProcessFunction):
    def process_element(self, value, ctx):
        yield value


OPERATIONS = {
    "select": lambda stream: stream.select("k", "t", "x"),
    "select another order": lambda stream: stream.select("x", "t", "k").select("k", "t", "x"),
    "renamed": lambda stream: stream.select("k", "t", y=col("x")).select("k", "t", x=col("y")),
    "filter of rows": lambda stream: stream.filter(col("t") >= 0),
    "filter": lambda stream: stream.select("k", "t", "x").filter(col("t") >= 0),
    "with_columns": lambda stream: stream.with_columns(z=col("x").is_null).select("k", "t", "x"),
    "map before and behind": lambda stream: (
        stream.map(lambda row: row, output_type=stream.get_type()).select("k", "t", "x").map(lambda row: row)
    ),
    "key_by": lambda stream: stream.select("k", "t", "x").key_by("k").process(Through()),
    "rebalance": lambda stream: stream.select("k", "t", "x").rebalance().select("k", "t", "x"),
    "union": lambda stream: (
        stream.select("k", "t", "x").filter(col("t") < 2).union(stream.select("k", "t", "x").filter(col("t") >= 2))
    ),
    "union with rows": lambda stream: (
        stream.select("k", "t", "x").filter(col("t") < 2).union(stream.filter(col("t") >= 2)).select("k", "t", "x")
    ),
    "last": lambda stream: stream.key_by("k").agg(t=agg.max("t"), x=agg.last("x")),
    "windowed": lambda stream: (
        timed(stream).key_by("k").window(TUMBLING).agg(t=agg.max("t"), x=agg.first("x")).select("k", "t", "x")
    ),
    "max_by": lambda stream: stream.key_by("k").agg(t=agg.max("t"), x=agg.max_by("x", "t")),
}


def timed(stream):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("t")
    return stream.select("k", "t", "x").assign_timestamps_and_watermarks(strategy)


def environment(parallelism=1):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    return env


def typed(kind):
    return Types.ROW_NAMED(["k", "t", "x"], [Types.STRING(), Types.LONG(), kind])


def collected(stream):
    with stream.execute_and_collect() as results:
        return sorted(results, key=lambda row: row.t)


def records_of(values):
    return [Row(k=str(number), t=number, x=value) for number, value in enumerate([*values, None])]


# Types that Arrow has, too, are tried with fewer operations.
PLAIN = {"boolean", "byte", "short", "int", "long", "float", "double", "string", "char", "bytes", "date", "time"}
FEW = {"select", "map before and behind", "windowed", "union with rows"}
CASES = [(name, operation) for name in VALUES for operation in OPERATIONS if name not in PLAIN or operation in FEW]


@pytest.mark.parametrize(("name", "operation"), CASES)
def test_values_come_back_as_they_were(name, operation):
    kind, values = VALUES[name]
    stream = environment().from_collection(records_of(values), typed(kind))
    before = [row.x for row in collected(environment().from_collection(records_of(values), typed(kind)))]
    got = collected(OPERATIONS[operation](stream))
    if operation == "max_by":
        before[-1] = None
    assert [row.x for row in got] == before
    assert [type(row.x) for row in got] == [type(value) for value in before]
    assert list(map(repr, (row.x for row in got))) == list(map(repr, before))


@pytest.mark.parametrize("operation", ["select", "key_by", "windowed", "union"])
def test_values_travel_between_workers(operation):
    carried = dict(VALUES)
    names = list(carried)
    kind = Types.ROW_NAMED(names, [carried[name][0] for name in names])
    rows = [Row(**{name: carried[name][1][number] for name in names}) for number in (0, 1)]
    # All fields in one carried tuple, and beside it one by one.
    records = [Row(k=str(number), t=number, x=tuple(row)) for number, row in enumerate(rows)]
    stream = environment(2).from_collection(records, typed(Types.TUPLE([carried[name][0] for name in names])))
    assert [row.x for row in collected(OPERATIONS[operation](stream.rebalance()))] == [tuple(row) for row in rows]
    stream = environment(2).from_collection(rows, kind).rebalance().select(*names).key_by("long").process(Through())
    with stream.execute_and_collect() as results:
        assert sorted(results, key=lambda row: row.long) == rows


def test_a_field_of_any_type_that_is_not_used_is_not_looked_at():
    function = lambda: None  # noqa: E731 - it cannot be pickled
    for kind, value in ((Types.PICKLED_BYTE_ARRAY(), function), (Types.BIG_INT(), 10**40)):

        def stream(kind=kind, value=value):
            records = [Row(k="a", t=1, x=value), Row(k="a", t=2, x=value)]
            return environment().from_collection([0, 1]).map(lambda number: records[number], output_type=typed(kind))

        assert stream().key_by("k").agg(total=agg.sum("t")).to_arrow().column("total").to_pylist() == [1, 3]
        assert stream().key_by("k").agg(n=agg.count()).to_arrow().column("n").to_pylist() == [1, 2]
        assert stream().select("t").to_arrow().column("t").to_pylist() == [1, 2]
        assert [row.x for row in collected(stream().filter(col("t") > 1))] == [value]


def test_whole_numbers_stay_ints_where_native_operators_compare_them():
    records = [
        Row(k=key, t=number, x=value) for number, (key, value) in enumerate([("a", 10**30), ("a", 7), ("b", -1)])
    ]
    stream = environment().from_collection(records, typed(Types.BIG_INT()))
    table = stream.key_by("k").agg(most=agg.max("x"), n=agg.count_distinct("x"), some=agg.count("x"), t=agg.last("t"))
    assert [tuple(row) for row in collected(table)] == [
        ("a", 10**30, 1, 1, 0),
        ("a", 10**30, 2, 2, 1),
        ("b", -1, 1, 1, 2),
    ]
    stream = environment().from_collection(records, typed(Types.BIG_INT()))
    keys = collected(stream.select("x", "t").key_by("x").agg(t=agg.sum("t")))
    assert sorted(row.x for row in keys) == [-1, 7, 10**30]
    assert {type(row.x) for row in keys} == {int}


def test_tables_have_the_native_form():
    expected = {
        "big int": pa.decimal128(38, 0),
        "decimal": pa.decimal128(38, 18),
        "primitive array": pa.list_(pa.int64()),
        "tuple": pa.struct({"f0": pa.int64(), "f1": pa.string()}),
        "row without names": pa.struct({"f0": pa.int64(), "f1": pa.string()}),
    }
    for name, kind in expected.items():
        values = VALUES[name][1]
        stream = environment().from_collection(records_of(values), typed(VALUES[name][0]))
        table = stream.select("x").to_arrow()
        assert table.schema.field("x").type == kind
        assert table.column("x").null_count == 1
    values = VALUES["big int"][1]
    frame = environment().from_collection(records_of(values), typed(Types.BIG_INT())).select("x").to_polars()
    assert [int(value) for value in frame["x"].to_list()[:2]] == values


@pytest.mark.parametrize("name", ["map", "list of maps"])
def test_dicts_are_maps_in_tables(name):
    kind, values = VALUES[name]

    def stream():
        return environment().from_collection(records_of(values), typed(kind)).select("t", "x")

    theirs = stream().to_arrow()
    assert theirs["x"].to_pylist(maps_as_pydicts="strict")[:2] == values
    again = environment().from_arrow(theirs)
    assert [row.x for row in collected(again)][:2] == values
    assert len(stream().to_pandas()) == len(stream().to_polars()) == 3


@pytest.mark.parametrize("name", ["instant", "uuid"])
@pytest.mark.parametrize("call", ["to_arrow", "to_pandas", "to_polars"])
def test_a_table_cannot_have_what_has_no_type(name, call):
    kind, values = VALUES[name]
    stream = environment().from_collection(records_of(values), typed(kind))
    with pytest.raises(
        GraphError, match=rf"{call}\(\): column 'x' carries values of .*leave it out with select\(\), or"
    ):
        getattr(stream, call)()
    assert environment().from_collection(records_of(values), typed(kind)).select("k").to_arrow().num_rows == 3


@pytest.mark.parametrize("name", ["huge int", "fine decimal"])
def test_what_the_native_form_cannot_hold_is_an_error(name):
    kind, values = VALUES[name]
    for use in (lambda stream: stream.select("x").to_arrow(), lambda s: collected(s.key_by("k").agg(t=agg.max("x")))):
        stream = environment().from_collection(records_of(values), typed(kind))
        with pytest.raises(
            JobExecutionError, match=r"operator 'Align' .*test_carried_columns.*column 'x'.*does not fit"
        ):
            use(stream)


def test_what_cannot_look_into_maps_is_refused():
    def stream():
        return environment().from_collection(records_of([{}]), typed(Types.MAP(Types.STRING(), Types.LONG())))

    kind = "map<utf8, int64>"
    for use, why in [
        (
            lambda s: s.key_by("k").agg(y=agg.max("x")),
            "'x' is map<utf8, int64>, which can neither be a key nor be aggregated",
        ),
        (lambda s: s.key_by("k").agg(y=agg.count_distinct("x")), "'x' is map<utf8, int64>, which can neither be a key"),
        (lambda s: s.key_by("k").agg(y=agg.max_by("t", "x")), "'x' is map<utf8, int64>, which can neither be a key"),
        (lambda s: s.key_by("x").agg(y=agg.max("t")), "'x' is a map<utf8, int64>, which is no key"),
        (lambda s: s.select(y=col("x") == col("x")), f"col\\('x'\\) is {kind}"),
        (lambda s: s.select(y=col("x").cast("utf8")), f"{kind} cannot be cast to utf8"),
        (lambda s: s.filter(col("x")), f"takes a condition, but col\\('x'\\) is {kind}"),
        (lambda s: s.select("t", y=col("x").fill_null(1)), f"col\\('x'\\) is {kind}"),
    ]:
        with pytest.raises(GraphError, match=why):
            use(stream())
    counted = stream().key_by("k").agg(t=agg.max("t"), y=agg.count("x"))
    assert [row.y for row in collected(counted)] == [1, 0]


def test_nobody_sees_the_bytes_that_carry_a_value():
    for name in ("uuid", "instant", "tuple"):
        stream = environment().from_collection(records_of([]), typed(VALUES[name][0]))
        for target in ("binary", "large_binary", Types.PRIMITIVE_ARRAY(Types.BYTE())):
            with pytest.raises(GraphError, match=r"cannot be cast to (large_)?binary"):
                stream.select(y=col("x").cast(target))


KEYS = st.one_of(
    st.tuples(st.just(Types.LONG()), st.just(st.integers(-(2**63), 2**63 - 1))),
    st.tuples(st.just(Types.STRING()), st.just(st.text(max_size=3))),
    st.tuples(st.just(Types.FLOAT()), st.just(st.floats(width=32, allow_nan=False))),
    st.tuples(st.just(Types.BIG_DEC()), st.just(st.decimals(allow_nan=False))),
    st.tuples(
        st.just(Types.TUPLE([Types.LONG(), Types.BOOLEAN()])), st.just(st.tuples(st.integers(0, 9), st.booleans()))
    ),
)
MAPS = st.recursive(
    st.tuples(st.just(Types.LONG()), st.just(st.none() | st.integers(-5, 5))),
    lambda inner: st.one_of(
        st.builds(
            lambda key, value: (Types.MAP(key[0], value[0]), st.none() | st.dictionaries(key[1], value[1], max_size=3)),
            KEYS,
            inner,
        ),
        inner.map(lambda part: (Types.LIST(part[0]), st.none() | st.lists(part[1], max_size=3))),
    ),
    max_leaves=4,
)


@given(st.data())
def test_maps_of_anything_come_back(data):
    kind, values = data.draw(MAPS)
    records = [Row(x=value) for value in data.draw(st.lists(values, max_size=6))]
    schema = schema_of(Types.ROW_NAMED(["x"], [kind]))
    batch = from_rows(records, schema)
    assert batch.to_rows() == records
    assert repr(batch.to_rows()) == repr(records)  # in the same order
    cut = batch.slice(len(records) // 2, len(records))
    assert pickle.loads(pickle.dumps(cut.column("x"))).null_count == sum(row.x is None for row in cut.to_rows())
    back = from_rows(list(reversed(batch.to_rows())), schema)
    assert list(reversed(back.to_rows())) == records


def test_maps_are_maps_within_streams_too():
    field = schema_of(typed(VALUES["list of maps"][0]))["x"].children[0]
    assert (field.format, field.carried) == ("+m", None)
    stream = environment().from_collection([Row({"a": {}})], Types.ROW_NAMED(["m"], [Types.MAP(Types.STRING(), MAP)]))
    assert stream.select("m").schema["m"] == data_type_of(Types.MAP(Types.STRING(), MAP))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (Types.FLOAT(), {0.1: 1, 0.1 + 1e-12: 2}),
        (Types.DOUBLE(), {2**53 + 1: 1, 2.0**53: 2}),
        (Types.BIG_DEC(), {decimal.Decimal("0.1"): 1, 0.1: 2}),
    ],
)
def test_keys_that_become_the_same_are_refused(key, value):
    with pytest.raises(TypeInformationError, match=r"row 0, column 'x': .* keys become the same|expected BIG_DEC"):
        from_rows([(value,)], schema_of(Types.ROW_NAMED(["x"], [Types.MAP(key, Types.LONG())])))


@pytest.mark.parametrize("parallelism", [1, 2])
def test_maps_through_native_joins(parallelism):
    kind, values = VALUES["map of maps"]
    source = environment(parallelism).from_collection(records_of(values), typed(kind)).rebalance()
    left, right = (timed(source).key_by("k") for _ in range(2))
    pairs = left.interval_join(right).between(Time.milliseconds(-5), Time.milliseconds(5)).rows(("", "2"))
    assert str(pairs.schema["x2"]) == "MAP<STRING NOT NULL, MAP<BIGINT NOT NULL, SMALLINT>>"
    assert [(row.x, row.x2) for row in collected(pairs)] == [(value, value) for value in [*values, None]]


class Mapped(NamedTuple):
    k: str
    x: dict[str, int]


def wrong(number: int) -> Mapped:
    return Mapped("a", "text")


def test_values_that_are_not_of_the_type_are_named():
    stream = environment().from_collection([0]).map(wrong)
    with pytest.raises(
        JobExecutionError, match=r"row 0, column 'x': 'text' does not fit map<utf8, int64>: it is a str"
    ):
        stream.select("k", "x").execute_and_collect().next()
    stream = (
        environment()
        .from_collection([0])
        .map(lambda number: Row(k="a", t=1, x=lambda: None), output_type=typed(Types.PICKLED_BYTE_ARRAY()))
    )
    with pytest.raises(JobExecutionError, match=r"column 'x'.*cannot be pickled"):
        collected(stream.select("k", "t", "x"))


def test_a_type_survives_the_way_to_columns_and_back():
    for kind, values in VALUES.values():
        schema = schema_of(typed(kind))
        if kind not in (Types.CHAR(), Types.BASIC_ARRAY(Types.STRING()), Types.OBJECT_ARRAY(Types.BIG_INT())):
            assert type_info_of(schema) == typed(kind)
        assert schema_from(schema_text(schema)) == schema
        batch = from_rows(records_of(values), schema)
        assert [row.x for row in batch.slice(1, 3).to_rows()] == [values[1], None]
        native = native_field(schema["x"])
        assert native is None or native_field(native) == native


def test_arrow_data_never_says_that_it_carries_objects():
    """Or whoever wrote the data could have code of theirs run."""
    schema = schema_of(typed(Types.PICKLED_BYTE_ARRAY()))
    batch = from_rows(records_of([{1}]), schema)
    again = ColumnBatch.from_arrow(pa.record_batch(batch))
    assert schema["x"].carried is not None
    assert again.schema["x"].carried is None
    assert isinstance(again.to_rows("tuple")[0][2], bytes)


def test_a_frame_with_a_broken_type_is_refused():
    with pytest.raises(CorruptDataError):
        schema_from(b'[[["a","z",true,[],null,"AAAA"]],null]')
    with pytest.raises(TypeInformationError):
        from_rows([(array.array("q"),)], schema_of(Types.ROW_NAMED(["x"], [Types.MAP(Types.LONG(), Types.LONG())])))


# ---- other types that native operations must not change ----

TIMES = pa.table(
    {
        "k": ["a", "b"],
        "t": [0, 1],
        "zone": pa.array([0, None], pa.timestamp("us", "Europe/Berlin")),
        "fine": pa.array([1, None], pa.timestamp("ns")),
        "u": pa.array([2**64 - 1, None], pa.uint64()),
        "ls": pa.array(["x", None], pa.large_string()),
        "span": pa.array([1, None], pa.duration("s")),
        "fixed": pa.array([b"ab", None], pa.binary(2)),
        "f32": pa.array([0.5, None], pa.float32()),
        "n": pa.nulls(2),
        "tiny": pa.array([1, None], pa.uint8()),
    }
)


def test_columns_keep_their_types_behind_functions_of_rows():
    # Python's times have microseconds.
    table = TIMES.drop_columns(["fine"])
    stream = environment().from_arrow(table).filter(lambda row: True)
    assert stream.to_arrow().equals(table)
    assert environment().from_arrow(TIMES).filter(lambda row: True).to_arrow().schema.types == TIMES.schema.types


def test_whole_numbers_of_any_size_are_summed_once_they_are_cast():
    def stream():
        records = [Row(k="a", t=number, x=number) for number in range(4)]
        return environment().from_collection(records, typed(Types.BIG_INT()))

    with pytest.raises(GraphError, match=r"not a number; make it one before, with select\(\) and cast\('int64'\)"):
        stream().key_by("k").agg(total=agg.sum("x"))
    cast = stream().select("k", x=col("x").cast("int64")).key_by("k").agg(total=agg.sum("x"))
    assert cast.to_arrow().column("total").to_pylist() == [0, 1, 3, 6]


def test_results_of_functions_may_need_wider_columns():
    table = pa.table({"k": ["a"] * 3, "t": [0, 1, 2], "x": pa.array([200, 200, 200], pa.uint8())})
    added = environment().from_arrow(table).key_by("k").reduce(lambda a, b: Row(k=a.k, t=b.t, x=a.x + b.x))
    assert added.to_arrow().column("x").to_pylist() == [200, 400, 600]


def test_first_and_last_of_lists_structs_and_maps_of_columns():
    maps = pa.array([[("a", 1)], [("b", 2)], None], pa.map_(pa.string(), pa.int64()))
    structs = pa.array([{"q": 1}, {"q": 2}, None], pa.struct([("q", pa.int64())]))
    table = pa.table({"k": ["a", "a", "b"], "l": [[1], [2, None], None], "s": structs, "m": maps, "n": [1, 5, 2]})
    keyed = environment().from_arrow(table).key_by("k")
    got = keyed.agg(l=agg.last("l"), s=agg.last("s"), m=agg.max_by("m", "n"), f=agg.first("l")).to_arrow()
    assert got.column_names == ["k", "l", "s", "m", "f"]
    assert [got.schema.field(name).type for name in "lsmf"] == [table.schema.field(name).type for name in "lsml"]
    for name in "lsm":
        assert got[name].to_pylist() == table[name].to_pylist()
    assert got["f"].to_pylist() == [[1], [1], None]


@pytest.mark.parametrize("kind", [Types.BIG_INT(), Types.BIG_DEC()], ids=str)
@pytest.mark.parametrize("made", [lambda x: x + 1, lambda x: -x, lambda x: x > 1], ids=["sum", "minus", "comparison"])
def test_who_calculates_with_numbers_of_any_size_is_told_how(kind, made):
    stream = environment().from_collection(records_of([]), typed(kind))
    with pytest.raises(
        GraphError, match=r"expressions do not look into .*: make .* by cast\('int64'\).* or .* map\(\)"
    ):
        stream.select(y=made(col("x")))
