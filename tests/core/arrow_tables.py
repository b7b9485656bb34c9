"""Hypothesis strategies for Arrow data of every type that columns can have, made and judged by pyarrow."""

import datetime
import decimal

import pyarrow as pa
from hypothesis import strategies as st

DATES = st.dates()
TIMES = st.times()
SECOND = datetime.timedelta(seconds=1)


def integers(bits, signed):
    low = -(2 ** (bits - 1)) if signed else 0
    return st.integers(low, low + 2**bits - 1)


def decimals(precision, scale):
    limit = 10**precision - 1
    return st.integers(-limit, limit).map(lambda n: decimal.Decimal(n).scaleb(-scale, decimal.Context(prec=50)))


def naive_times(unit):
    step = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**6}[unit]

    def trim(value):
        return value.replace(microsecond=value.microsecond // (10**6 // step) * (10**6 // step))

    return trim


def timestamps(unit, zone):
    # Nanoseconds in 64 bits reach from 1677 to 2262.
    first, last = (1, 9999) if unit != "ns" else (1700, 2200)
    values = st.datetimes(datetime.datetime(first, 1, 2), datetime.datetime(last, 12, 30)).map(naive_times(unit))
    return values.map(lambda value: value.replace(tzinfo=datetime.timezone.utc)) if zone else values


def durations(unit):
    step = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1}[unit]
    limit = 10**15
    return st.integers(-limit, limit).map(lambda n: datetime.timedelta(microseconds=n // step * step))


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
UNITS = ["s", "ms", "us", "ns"]


def flat_types():
    """(Arrow type, strategy of values) of every type without children."""
    return [
        (pa.null(), st.none()),
        (pa.bool_(), st.booleans()),
        *[(getattr(pa, f"int{bits}")(), integers(bits, True)) for bits in (8, 16, 32, 64)],
        *[(getattr(pa, f"uint{bits}")(), integers(bits, False)) for bits in (8, 16, 32, 64)],
        (pa.float32(), st.floats(width=32, allow_nan=False)),
        (pa.float64(), st.floats(allow_nan=False)),
        (pa.string(), TEXT),
        (pa.large_string(), TEXT),
        (pa.binary(), st.binary(max_size=20)),
        (pa.large_binary(), st.binary(max_size=20)),
        (pa.binary(5), st.binary(min_size=5, max_size=5)),
        (pa.date32(), DATES),
        (pa.date64(), DATES),
        (pa.time32("s"), TIMES.map(naive_times("s"))),
        (pa.time32("ms"), TIMES.map(naive_times("ms"))),
        (pa.time64("us"), TIMES),
        (pa.time64("ns"), TIMES),
        *[(pa.timestamp(unit), timestamps(unit, False)) for unit in UNITS],
        *[(pa.timestamp(unit, "UTC"), timestamps(unit, True)) for unit in UNITS],
        (pa.timestamp("us", "America/New_York"), timestamps("us", True)),
        *[(pa.duration(unit), durations(unit)) for unit in UNITS],
        (pa.decimal128(9, 2), decimals(9, 2)),
        (pa.decimal128(38, 0), decimals(38, 0)),
        (pa.decimal128(38, 37), decimals(38, 37)),
        (pa.decimal128(5, -3), decimals(5, -3)),
    ]


# How a type arrives that is decoded on import.
def encoded_types():
    return [
        (pa.string_view(), TEXT),
        (pa.binary_view(), st.binary(max_size=40)),
        (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "bb", "ccc", ""])),
        (pa.dictionary(pa.uint16(), pa.int64()), st.sampled_from([1, -5, 2**40])),
        (pa.dictionary(pa.int64(), pa.large_string()), st.sampled_from(["short", "longer than twelve bytes"])),
    ]


KEYS = [(pa.string(), TEXT), (pa.int32(), integers(32, True)), (pa.date32(), DATES), (pa.bool_(), st.booleans())]


def nullable(values):
    return st.one_of(st.none(), values, values, values)


@st.composite
def typed(draw, depth=2, encoded=True):
    """One (Arrow type, strategy of values that may be None)."""
    choices = flat_types() + (encoded_types() if encoded else [])
    if depth > 0 and draw(st.integers(0, 3)) == 0:
        kind = draw(st.sampled_from(["list", "large_list", "map", "struct"]))
        if kind == "map":
            key_type, keys = draw(st.sampled_from(KEYS))
            value_type, values = draw(typed(depth - 1, encoded))
            return pa.map_(key_type, value_type), nullable(st.dictionaries(keys, values, max_size=4))
        if kind == "struct":
            children = [draw(typed(depth - 1, encoded)) for _ in range(draw(st.integers(0, 3)))]
            names = [f"f{i}" for i in range(len(children))]
            values = st.fixed_dictionaries({name: child[1] for name, child in zip(names, children, strict=True)})
            fields = [pa.field(name, child[0]) for name, child in zip(names, children, strict=True)]
            return pa.struct(fields), nullable(values)
        child_type, child_values = draw(typed(depth - 1, encoded))
        make = pa.list_ if kind == "list" else pa.large_list
        return make(child_type), nullable(st.lists(child_values, max_size=4))
    arrow_type, values = draw(st.sampled_from(choices))
    return arrow_type, nullable(values)


@st.composite
def record_batches(draw, max_rows=30, max_columns=4, encoded=True):
    """A pyarrow RecordBatch: any types, with nulls, often a slice of a larger one."""
    columns = [draw(typed(encoded=encoded)) for _ in range(draw(st.integers(1, max_columns)))]
    rows = draw(st.integers(0, max_rows))
    arrays = []
    for arrow_type, values in columns:
        content = draw(st.lists(values, min_size=rows, max_size=rows))
        arrays.append(pa.array(content, type=arrow_type))
    batch = pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(len(arrays))])
    start = draw(st.integers(0, rows))
    return batch.slice(start, draw(st.integers(0, rows - start)))


def plain_type(arrow_type):
    """The type that a column of that type has after the import."""
    if pa.types.is_dictionary(arrow_type):
        return plain_type(arrow_type.value_type)
    if arrow_type == pa.string_view():
        return pa.string()
    if arrow_type == pa.binary_view():
        return pa.binary()
    if pa.types.is_struct(arrow_type):
        return pa.struct([field.with_type(plain_type(field.type)) for field in arrow_type])
    if pa.types.is_map(arrow_type):
        return pa.map_(arrow_type.key_type, arrow_type.item_field.with_type(plain_type(arrow_type.item_type)))
    if pa.types.is_large_list(arrow_type):
        return pa.large_list(arrow_type.value_field.with_type(plain_type(arrow_type.value_type)))
    if pa.types.is_list(arrow_type):
        return pa.list_(arrow_type.value_field.with_type(plain_type(arrow_type.value_type)))
    return arrow_type


def storage(batch):
    """Rows of a RecordBatch as comparable Python values, whatever the type (nanoseconds as integers)."""
    return [column_values(column) for column in batch.columns]


def column_values(column):
    arrow_type = column.type
    if pa.types.is_dictionary(arrow_type):
        # pyarrow's own decoding refuses indices that nulls of the structs and lists around hide, which may be any.
        words = column_values(column.dictionary)
        return [words[i] if i is not None and i < len(words) else None for i in column.indices.to_pylist()]
    if pa.types.is_temporal(arrow_type):
        return column.cast(pa.int32() if arrow_type.bit_width == 32 else pa.int64()).to_pylist()
    if pa.types.is_struct(arrow_type):
        parts = [column_values(column.field(i)) for i in range(arrow_type.num_fields)]
        valid = column.is_valid().to_pylist()
        return [tuple(part[i] for part in parts) if valid[i] else None for i in range(len(column))]
    if pa.types.is_map(arrow_type):
        entries = list(zip(column_values(column.keys), column_values(column.items), strict=True))
        offsets, valid = column.offsets.to_pylist(), column.is_valid().to_pylist()
        return [entries[offsets[i] : offsets[i + 1]] if valid[i] else None for i in range(len(column))]
    if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
        values = column_values(column.values)
        offsets = column.offsets.to_pylist()
        valid = column.is_valid().to_pylist()
        return [values[offsets[i] : offsets[i + 1]] if valid[i] else None for i in range(len(column))]
    return column.to_pylist()
