"""Keys of columns against the keys of the Python values that the columns stand for."""

import math
from array import array
from datetime import date, datetime, time, timedelta, timezone
from decimal import Context, Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.partition import (
    canonical_key_bytes,
    column_key_bytes,
    column_key_groups,
    key_groups,
    scatter_by_key,
    scatter_columns,
    subtasks_of,
)
from pyflinkx._core.memory.budget import MemoryBudget, process_budget
from pyflinkx.errors import KeyTypeError, MemoryBudgetError

EPOCH = datetime(1970, 1, 1)
WIDE = Context(prec=80)


def batch_of(**columns):
    return ColumnBatch.from_arrow(pa.record_batch(columns))


def ints(bits, low=True):
    return st.integers(-(2 ** (bits - 1)) if low else 0, 2 ** (bits - low) - 1)


def whole(moments, unit):
    """Moments cut to a unit, so that a column of that unit holds them exactly."""
    return moments.map(lambda moment: moment.replace(microsecond=moment.microsecond // unit * unit))


def aware(moments):
    return moments.map(lambda moment: moment.replace(tzinfo=timezone.utc))


naive = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
times = st.times()
spans = st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000))
TYPES = {
    "null": (pa.null(), st.none()),
    "bool": (pa.bool_(), st.booleans()),
    **{f"int{bits}": (getattr(pa, f"int{bits}")(), ints(bits)) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (getattr(pa, f"uint{bits}")(), ints(bits, low=False)) for bits in (8, 16, 32, 64)},
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), st.floats()),
    "utf8": (pa.utf8(), st.text()),
    "large_utf8": (pa.large_utf8(), st.text()),
    "binary": (pa.binary(), st.binary()),
    "large_binary": (pa.large_binary(), st.binary()),
    "fixed_binary": (pa.binary(3), st.binary(min_size=3, max_size=3)),
    "date32": (pa.date32(), st.dates()),
    "date64": (pa.date64(), st.dates()),
    "time32_s": (pa.time32("s"), whole(times, 1_000_000)),
    "time32_ms": (pa.time32("ms"), whole(times, 1000)),
    "time64_us": (pa.time64("us"), times),
    "time64_ns": (pa.time64("ns"), times),
    "timestamp_s": (pa.timestamp("s"), whole(naive, 1_000_000)),
    "timestamp_ms": (pa.timestamp("ms"), whole(naive, 1000)),
    "timestamp_us": (pa.timestamp("us"), naive),
    "timestamp_ns": (pa.timestamp("ns"), naive),
    "instant_ms": (pa.timestamp("ms", "Europe/Paris"), aware(whole(naive, 1000))),
    "instant_us": (pa.timestamp("us", "UTC"), aware(naive)),
    "duration_s": (pa.duration("s"), spans.map(lambda span: span - timedelta(microseconds=span.microseconds))),
    "duration_us": (pa.duration("us"), spans),
    "duration_ns": (pa.duration("ns"), spans),
    "decimal": (pa.decimal128(12, 2), ints(33).map(lambda cents: Decimal(cents).scaleb(-2))),
}


def columns(kind, min_size=0):
    """A column of a type as (values, Arrow array); the array is a slice of a longer one."""
    arrow_type, values = TYPES[kind]
    return st.tuples(
        st.lists(values | st.none(), min_size=min_size, max_size=12), st.integers(0, 9), st.sampled_from([0, 2])
    ).map(lambda drawn: cut(drawn[0], arrow_type, *drawn[1:]))


def cut(values, arrow_type, before, after):
    padding = values[:1] or [None]
    whole_array = pa.array(padding * before + values + padding * after, arrow_type)
    return values, whole_array.slice(before, len(values))


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_column_has_the_keys_of_its_values(kind):
    @settings(max_examples=25, deadline=None)
    @given(columns(kind))
    def check(drawn):
        values, arrow = drawn
        batch = batch_of(a=arrow)
        assert [column_key_bytes(batch, [0], row) for row in range(len(values))] == [*map(canonical_key_bytes, values)]
        for max_parallelism in (128, 1000):
            assert column_key_groups(batch, ["a"], max_parallelism) == key_groups(values, max_parallelism)

    check()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(TYPES)), min_size=2, max_size=4).flatmap(
        lambda kinds: st.tuples(*[columns(kind, 3) for kind in kinds])
    )
)
def test_several_columns_are_a_tuple(drawn):
    rows = min(len(values) for values, _ in drawn)
    batch = batch_of(**{f"c{i}": arrow.slice(0, rows) for i, (_, arrow) in enumerate(drawn)})
    names = [f"c{i}" for i in range(len(drawn))]
    keys = list(zip(*[values[:rows] for values, _ in drawn], strict=True))
    assert [column_key_bytes(batch, names, row) for row in range(rows)] == [*map(canonical_key_bytes, keys)]
    assert column_key_groups(batch, names, 997) == key_groups(keys, 997)
    backwards = [key[::-1] for key in keys]
    assert column_key_groups(batch, names[::-1], 997) == key_groups(backwards, 997)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(-(10**38) + 1, 10**38 - 1)
    | st.integers(-(10**6), 10**6)
    | st.integers(-(2**64), 2**64).map(lambda i: i * 5**10),
    st.integers(0, 38) | st.sampled_from([0, 1, 2, 10]),
)
@example(10**37, 37)
@example(-(2**63), 0)
@example(2**63, 0)
@example(2**53 * 5, 1)
@example((2**53 + 1) * 5, 1)
@example((2**53 - 1) * 5**20, 20)
@example(5**38, 38)
@example(0, 38)
@example(-(2**64), 0)
@example(-(2**64) * 3, 1)
def test_decimals_of_every_scale(unscaled, scale):
    value = Decimal(unscaled).scaleb(-scale, context=WIDE)
    batch = batch_of(a=pa.array([value], pa.decimal128(38, scale)))
    assert column_key_bytes(batch, [0], 0) == canonical_key_bytes(value)
    # The same number, spelt so that Python's decimals work it out.
    long = Decimal((value.is_signed(), (*value.as_tuple().digits, *[0] * 40), value.as_tuple().exponent - 40))
    assert long == value
    assert canonical_key_bytes(long) == canonical_key_bytes(value)


@pytest.mark.parametrize("scale", [-1, -19, -38])
@pytest.mark.parametrize("unscaled", [1, -12, 10**17, 2**126])
def test_decimals_of_negative_scale(unscaled, scale):
    words = (unscaled % 2**128).to_bytes(16, "little")
    arrow = pa.Array.from_buffers(pa.decimal128(38, scale), 1, [None, pa.py_buffer(words)])
    assert column_key_bytes(batch_of(a=arrow), [0], 0) == canonical_key_bytes(unscaled * 10**-scale)


@pytest.mark.parametrize("unit", ["time64", "timestamp", "instant", "duration"])
def test_nanoseconds_are_rounded_down(unit):
    nanos = [999, 1000, 1001, *([] if unit == "time64" else [-1, -1000, -1001, 86_400_000_000_001])]
    arrow_type = {
        "time64": pa.time64("ns"),
        "timestamp": pa.timestamp("ns"),
        "instant": pa.timestamp("ns", "UTC"),
        "duration": pa.duration("ns"),
    }[unit]
    micros = [timedelta(microseconds=value // 1000) for value in nanos]
    expected = {
        "time64": lambda span: (EPOCH + span).time(),
        "timestamp": lambda span: EPOCH + span,
        "instant": lambda span: EPOCH.replace(tzinfo=timezone.utc) + span,
        "duration": lambda span: span,
    }[unit]
    batch = batch_of(a=pa.array(nanos, pa.int64()).cast(arrow_type))
    for row, span in enumerate(micros):
        assert column_key_bytes(batch, [0], row) == canonical_key_bytes(expected(span))


@pytest.mark.parametrize(
    ("arrow_type", "values"),
    [
        (pa.timestamp("s"), [2**63 // 10**6 + 1, -(2**63) // 10**6 - 1]),
        (pa.timestamp("ms"), [2**63 // 1000 + 1, -(2**63) // 1000 - 1]),
        (pa.duration("s"), [2**31 * 86400, -(2**31) * 86400 - 1]),
        (pa.date64(), [2**31 * 86_400_000, -(2**31) * 86_400_000 - 1]),
    ],
)
def test_times_beyond_the_format_are_refused(arrow_type, values):
    for value in values:
        arrow = pa.array([0, 0, value], pa.int64()).view(arrow_type)
        with pytest.raises(KeyTypeError, match="row 2 has no key by 'a': its date or time does not fit"):
            column_key_groups(batch_of(a=arrow), ["a"], 128)
        with pytest.raises(KeyTypeError, match="row 2"):
            column_key_bytes(batch_of(a=arrow), ["a"], 2)


def test_numbers_of_all_types_meet():
    batch = batch_of(
        i=pa.array([1, None], pa.int8()),
        u=pa.array([1, None], pa.uint64()),
        f=pa.array([1.0, None], pa.float32()),
        d=pa.array([Decimal(1), None], pa.decimal128(10, 3)),
        b=pa.array([True, None], pa.bool_()),
    )
    assert len({tuple(column_key_groups(batch, [i], 32768)) for i in range(5)}) == 1


def test_special_floats():
    values = [0.0, -0.0, math.nan, -math.nan, math.inf, -math.inf, 2.0**63, -(2.0**63), 1.7976931348623157e308, 5e-324]
    batch = batch_of(a=pa.array(values))
    assert column_key_groups(batch, [0], 32768) == key_groups(values, 32768)


def test_long_text_uses_native_memory_and_gives_it_back():
    values = ["x" * 100_000, None, "y" * 1_000]
    before = process_budget().used
    batch = batch_of(a=pa.array(values))
    assert column_key_groups(batch, [0], 128) == key_groups(values, 128)
    assert column_key_bytes(batch, [0], 0) == canonical_key_bytes(values[0])
    assert process_budget().used == before


def test_dates_of_the_whole_calendar():
    values = [date.min, date(1969, 12, 31), date(1970, 1, 1), date.max]
    assert column_key_groups(batch_of(a=pa.array(values)), [0], 1000) == key_groups(values, 1000)
    moments = [datetime.min, datetime.max]
    assert column_key_groups(batch_of(a=pa.array(moments)), [0], 1000) == key_groups(moments, 1000)
    clock = [time.min, time.max]
    assert column_key_groups(batch_of(a=pa.array(clock)), [0], 1000) == key_groups(clock, 1000)


@pytest.mark.parametrize(
    ("column", "name"),
    [(pa.array([[1]]), "list"), (pa.array([{"x": 1}]), "struct")],
)
def test_lists_and_structs_are_refused(column, name):
    with pytest.raises(KeyTypeError, match=f"column 'a' cannot be a key: {name}"):
        column_key_groups(batch_of(a=column), ["a"], 128)


def test_wrong_arguments():
    batch = batch_of(a=pa.array([1]))
    with pytest.raises(ValueError, match="1 to 64 columns, not 0"):
        column_key_groups(batch, [], 128)
    with pytest.raises(ValueError, match="1 to 64 columns, not 65"):
        column_key_bytes(batch, ["a"] * 65, 0)
    with pytest.raises(KeyError):
        column_key_groups(batch, ["b"], 128)
    with pytest.raises(ValueError, match="max parallelism"):
        column_key_groups(batch, ["a"], 0)
    for row in (-1, 1):
        with pytest.raises(IndexError, match=f"row {row} of 1"):
            column_key_bytes(batch, ["a"], row)


# ---- scatter ----


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_scatter_keeps_order_timestamps_and_kinds(data):
    rows = data.draw(st.integers(0, 30))
    receivers = data.draw(st.integers(1, 5))
    subtasks = data.draw(st.lists(st.integers(0, receivers - 1), min_size=rows, max_size=rows))
    with_times, with_kinds = data.draw(st.booleans()), data.draw(st.booleans())
    table = {"a": [None if row % 5 == 0 else row for row in range(rows)], "b": [str(row) for row in range(rows)]}
    batch = batch_of(
        **{name: pa.array(values, pa.int64() if name == "a" else pa.utf8()) for name, values in table.items()}
    )
    if with_times:
        batch = batch.with_timestamps(array("q", [row * 10 for row in range(rows)]))
    if with_kinds:
        batch = batch.with_kinds(array("b", [row % 4 for row in range(rows)]))
    parts = scatter_columns(batch, array("i", subtasks), receivers)
    assert len(parts) == receivers
    for subtask, part in enumerate(parts):
        mine = [row for row in range(rows) if subtasks[row] == subtask]
        if not mine:
            assert part is None
            continue
        assert pa.record_batch(part).to_pydict() == {
            name: [values[row] for row in mine] for name, values in table.items()
        }
        assert (part.timestamps is None) == (not with_times)
        assert (part.kinds is None) == (not with_kinds)
        if with_times:
            assert pa.array(part.timestamps).to_pylist() == [row * 10 for row in mine]
        if with_kinds:
            assert pa.array(part.kinds).to_pylist() == [row % 4 for row in mine]


def test_a_batch_for_one_subtask_is_passed_on_whole():
    batch = batch_of(a=pa.array([1, 2]))
    assert scatter_columns(batch, array("i", [2, 2]), 3) == [None, None, batch]


def test_scatter_refuses_what_does_not_fit():
    batch = batch_of(a=pa.array([1, 2]))
    with pytest.raises(ValueError, match="2 rows, but 1 subtasks"):
        scatter_columns(batch, array("i", [0]), 2)
    for wrong in (-1, 2):
        with pytest.raises(ValueError, match=f"row 1 goes to subtask {wrong} of 2"):
            scatter_columns(batch, array("i", [0, wrong]), 2)


def test_scatter_is_charged_to_its_budget():
    batch = batch_of(a=pa.array(range(1000)))
    subtasks = array("i", [row % 2 for row in range(1000)])
    budget = MemoryBudget()
    parts = scatter_columns(batch, subtasks, 2, budget)
    assert budget.used >= 8000
    del parts
    assert budget.used == 0
    with pytest.raises(MemoryBudgetError):
        scatter_columns(batch, subtasks, 2, MemoryBudget(10_000))


@pytest.mark.parametrize("count", [1, 2, 7, 128])
def test_scatter_by_key_is_groups_subtasks_and_scatter(count):
    table = {"a": [1, None, 3, -4, 5, 3] * 20, "b": list(map(str, range(120))), "c": [0.5] * 120}
    batch = batch_of(**table).with_timestamps(array("q", range(120)))
    for key in (["a"], ["b"], ["a", "b"], [2]):
        subtasks = subtasks_of(column_key_groups(batch, key, 128), 128, count)
        expected = scatter_columns(batch, subtasks, count)
        found = scatter_by_key(batch, key, 128, count)
        assert [part and part.to_rows("tuple") for part in found] == [
            part and part.to_rows("tuple") for part in expected
        ]
    assert scatter_by_key(batch.slice(0, 0), ["a"], 128, count) == [None] * count
    with pytest.raises(ValueError, match="parallelism"):
        scatter_by_key(batch, ["a"], 128, 129)
