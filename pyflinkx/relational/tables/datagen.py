"""Tables of made-up rows: random values and sequences."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.config.values import BOOLEAN, DOUBLE, DURATION, INT, LONG, STRING
from pyflinkx.connectors.generated_columns import BLOCK, ENDLESS, GeneratedColumnsSource
from pyflinkx.errors import ConfigurationError
from pyflinkx.expressions.vectors import Frame, Vector, to_column
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.tables.factory import Building, TableContext, TableFactory, register_table_factory
from pyflinkx.relational.tables.options import TableOption, suggestion
from pyflinkx.relational.values import field
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import MAX_LENGTH, DataType, Family, Kind

Draw = Callable[[Any, int, int], Any]

INTEGERS = {Kind.TINYINT: 8, Kind.SMALLINT: 16, Kind.INT: 32, Kind.BIGINT: 64}
SEQUENCED = (*INTEGERS, Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL, Kind.CHAR, Kind.VARCHAR)
FLOATS = {Kind.FLOAT: (1.4e-45, 3.4028234663852886e38), Kind.DOUBLE: (5e-324, 1.7976931348623157e308)}
DAY = 86_400_000
USUAL_LENGTH = 100
USUAL_ELEMENTS = 3

OPTIONS = (
    TableOption("rows-per-second", LONG, 10_000, "at most so many rows a second"),
    TableOption("number-of-rows", LONG, None, "how many rows there are; by default they do not end"),
    TableOption("fields.*", STRING, None, "of a column: fields.<name>.kind, .min, .max, .start, .end, .length, ..."),
)
# What a column can be told, after fields.<name>. and the parts of the column that it is about.
OF_FIELD = {
    option.key: option
    for option in (
        TableOption("kind", STRING, "random", "what its values are", choices=("random", "sequence")),
        TableOption("min", STRING, None, "the smallest value"),
        TableOption("max", STRING, None, "the largest value"),
        TableOption("max-past", DURATION, 0, "of times: how long ago at most"),
        TableOption("length", INT, None, "of text, bytes, arrays and maps"),
        TableOption("var-len", BOOLEAN, False, "whether text and bytes are of any length up to that"),
        TableOption("null-rate", DOUBLE, 0.0, "the share of values that are null"),
        TableOption("start", LONG, None, "where a sequence begins"),
        TableOption("end", LONG, None, "where a sequence ends"),
    )
}


class Told:
    """What the options say of one column, or of a part of it.

    Args:
        where: what errors begin with.
        path: of the column.
        options: by their names behind ``fields.``.
    """

    def __init__(self, where: str, path: str, options: Mapping[str, str]) -> None:
        self.where = where
        self.path = path
        self.options = options
        self.used: set[str] = set()

    def get(self, name: str) -> Any:
        """The value of an option."""
        option = OF_FIELD[name]
        key = f"{self.path}.{name}"
        text = self.options.get(key)
        if text is None:
            return option.default
        self.used.add(key)
        return option.read(text, f"fields.{key}", self.where)

    def part(self, name: str) -> Told:
        """Of a part."""
        told = Told(self.where, f"{self.path}.{name}", self.options)
        told.used = self.used
        return told

    def number(self, name: str, kind: DataType, default: Any) -> Any:
        """A bound of the values of a type."""
        text = self.get(name)
        if text is None:
            return default
        make = int if kind.kind in INTEGERS else Decimal if kind.kind is Kind.DECIMAL else float
        try:
            return make(text)
        except (ValueError, ArithmeticError):
            raise self.error(f"option 'fields.{self.path}.{name}' is a {kind}, not {text!r:.100}") from None

    def bounds(self, kind: DataType, least: Any, most: Any) -> tuple[Any, Any]:
        """The smallest and the largest value."""
        low, high = self.number("min", kind, least), self.number("max", kind, most)
        if not least <= low <= high <= most:
            raise self.error(
                f"'fields.{self.path}.min' is at most '.max', and both are values of {kind}, not {low} and {high}"
            )
        return low, high

    def error(self, message: str) -> ConfigurationError:
        """An error of this table."""
        return ConfigurationError(f"{self.where}: {message}")


# ---- random values: functions from NumPy's generator, a number of values and the time to the values


def drawing(kind: DataType, told: Told) -> Draw:
    """What makes random values of a type."""
    if kind.kind in INTEGERS:
        bits = INTEGERS[kind.kind] - 1
        low, high = told.bounds(kind, -(2**bits), 2**bits - 1)
        return lambda rng, count, now: rng.integers(low, high, count, endpoint=True)
    if kind.kind in FLOATS:
        low, high = told.bounds(kind, -FLOATS[kind.kind][1], FLOATS[kind.kind][1])
        low = low if told.get("min") is not None else min(FLOATS[kind.kind][0], high)
        return lambda rng, count, now: low + (high - low) * rng.random(count)
    if kind.kind is Kind.BOOLEAN:
        return lambda rng, count, now: rng.integers(0, 2, count).astype("bool")
    if kind.kind is Kind.DECIMAL:
        return decimals(kind, told)
    if kind.family(Family.CHARACTER_STRING):
        return strings(length_of(kind, told), told.get("var-len"))
    if kind.family(Family.BINARY_STRING):
        return binaries(length_of(kind, told), told.get("var-len"))
    if kind.family(Family.DATE_TIME):
        return times(kind, told.get("max-past"))
    if kind.family(Family.INTERVAL):
        low, high = told.bounds(DataType(Kind.BIGINT), -(2**31), 2**31 - 1)
        return lambda rng, count, now: rng.integers(low, high, count, endpoint=True)
    return parts(kind, told)


def decimals(kind: DataType, told: Told) -> Draw:
    """Random decimals."""
    precision, scale = kind.precision or 0, kind.scale or 0
    most = (Decimal(10**precision) - 1).scaleb(-scale)
    low, high = told.bounds(kind, -most, most)
    least = Decimal(0) if told.get("min") is None and high >= 0 else low
    first, last = int(least.scaleb(scale)), int(high.scaleb(scale))

    def draw(rng: Any, count: int, now: int) -> list[Decimal]:
        source = random.Random(int(rng.integers(2**62)))
        return [Decimal(source.randint(first, last)).scaleb(-scale) for _ in range(count)]

    return draw


def length_of(kind: DataType, told: Told) -> int:
    """How long text and bytes are."""
    longest = kind.precision or 1
    given: int | None = told.get("length")
    if kind.kind in (Kind.CHAR, Kind.BINARY):
        if given is not None and given != longest:
            raise told.error(f"'fields.{told.path}.length' is {given}, and values of {kind} have {longest}")
        return longest
    if given is None:
        return USUAL_LENGTH if longest == MAX_LENGTH else longest
    if not 1 <= given <= longest:
        raise told.error(f"'fields.{told.path}.length' is from 1 to {longest} for {kind}, not {given}")
    return given


def strings(length: int, shorter: bool) -> Draw:
    """Texts of hexadecimal digits."""

    def draw(rng: Any, count: int, now: int) -> list[str]:
        digits = rng.bytes((count * length + 1) // 2).hex()
        stops = lengths(rng, count, length, shorter)
        return [digits[row * length : row * length + stop] for row, stop in enumerate(stops)]

    return draw


def binaries(length: int, shorter: bool) -> Draw:
    """Bytes."""

    def draw(rng: Any, count: int, now: int) -> list[bytes]:
        data = rng.bytes(count * length)
        stops = lengths(rng, count, length, shorter)
        return [data[row * length : row * length + stop] for row, stop in enumerate(stops)]

    return draw


def lengths(rng: Any, count: int, length: int, shorter: bool) -> list[int]:
    """How long each is."""
    return rng.integers(1, length, count, endpoint=True).tolist() if shorter else [length] * count


def times(kind: DataType, past: int) -> Draw:
    """The time, or up to so long (ms) before it."""
    format = field("", kind).format

    def draw(rng: Any, count: int, now: int) -> Any:
        stamps = now - rng.integers(0, past, count, endpoint=True)
        if kind.kind is Kind.DATE:
            return (stamps // DAY).astype("int32")
        if kind.kind is Kind.TIME:
            stamps = stamps % DAY
        step = 10 ** max(3 - (kind.precision or 0), 0)
        stamps = stamps // step * step
        unit = format[2]
        return stamps // 1000 if unit == "s" else stamps * {"m": 1, "u": 1000, "n": 1_000_000}[unit]

    return draw


def parts(kind: DataType, told: Told) -> Draw:
    """Arrays, maps and rows, as Python has them."""
    if kind.kind is Kind.ROW:
        each = [(drawing(child, told.part(name)), child) for name, child in zip(kind.names, kind.children, strict=True)]
        return lambda rng, count, now: list(zip(*(values(draw, of, rng, count, now) for draw, of in each), strict=True))
    given = told.get("length")
    size = USUAL_ELEMENTS if given is None else given
    if kind.kind is Kind.MAP:
        key, item = kind.children
        keys, items = drawing(key, told.part("key")), drawing(item, told.part("value"))

        def maps(rng: Any, count: int, now: int) -> list[Any]:
            names = values(keys, key, rng, count * size, now)
            found = values(items, item, rng, count * size, now)
            pieces = range(0, count * size, size) if size else [0] * count
            return [dict(zip(names[at : at + size], found[at : at + size], strict=True)) for at in pieces]

        return maps
    if kind.kind not in (Kind.ARRAY, Kind.MULTISET):
        raise told.error(f"column '{told.path}' is of {kind}, which 'datagen' makes no values of")
    element = kind.children[0]
    draws = drawing(element, told.part("element"))

    def lists(rng: Any, count: int, now: int) -> list[Any]:
        found = values(draws, element, rng, count * size, now)
        pieces = [found[at : at + size] for at in (range(0, count * size, size) if size else [0] * count)]
        return [dict.fromkeys(piece, 1) for piece in pieces] if kind.kind is Kind.MULTISET else pieces

    return lists


def values(draw: Draw, kind: DataType, rng: Any, count: int, now: int) -> list[Any]:
    """Drawn values as Python has them."""
    drawn = draw(rng, count, now)
    if isinstance(drawn, list):
        return drawn
    batch = ColumnBatch(Schema([field("f", kind)]), [stored(drawn, None, field("f", kind))], count)
    return [row[0] for row in batch.to_rows("tuple")]


def stored(drawn: Any, valid: Any, wanted: Field) -> Column:
    """Values as a column."""
    import numpy

    if isinstance(drawn, list):
        builder = ColumnBuilder(wanted)
        builder.extend(
            drawn
            if valid is None
            else [value if there else None for value, there in zip(drawn, valid.tolist(), strict=True)]
        )
        return builder.finish()
    empty = Schema([])
    return to_column(Vector(drawn, valid), wanted, Frame(ColumnBatch(empty, [], len(drawn)), numpy))


class RandomColumn:
    """Random values, the same for the same row of one source.

    Args:
        wanted: the column.
        draw: makes values.
        null_rate: the share of nulls.
        seed: of the column.
    """

    def __init__(self, wanted: Field, draw: Draw, null_rate: float, seed: int) -> None:
        self.field = wanted
        self.draw = draw
        self.null_rate = null_rate
        self.seed = seed
        self.known: tuple[int, Column] | None = None

    def column(self, first: int, stop: int, now: int) -> Column:
        """The values of some rows."""
        import numpy

        block = first // BLOCK
        if self.known is None or self.known[0] != block:
            rng = numpy.random.default_rng([self.seed, block])
            valid = None if not self.null_rate else rng.random(BLOCK) >= self.null_rate
            self.known = block, stored(self.draw(rng, BLOCK, now), valid, self.field)
        return self.known[1].slice(first % BLOCK, first % BLOCK + stop - first)


class TimeColumn(RandomColumn):
    """Times: those of the rows as they are made."""

    def column(self, first: int, stop: int, now: int) -> Column:
        """The values of some rows."""
        import numpy

        rng = numpy.random.default_rng([self.seed, first])
        valid = None if not self.null_rate else rng.random(stop - first) >= self.null_rate
        return stored(self.draw(rng, stop - first, now), valid, self.field)


class SequenceColumn:
    """The numbers from a start on.

    Args:
        wanted: the column.
        kind: its type.
        start: of the first row.
    """

    def __init__(self, wanted: Field, kind: DataType, start: int) -> None:
        self.field = wanted
        self.kind = kind
        self.start = start

    def column(self, first: int, stop: int, now: int) -> Column:
        """The values of some rows."""
        import numpy

        numbers = range(self.start + first, self.start + stop)
        if self.kind.family(Family.CHARACTER_STRING):
            return stored(list(map(str, numbers)), None, self.field)
        if self.kind.kind is Kind.DECIMAL:
            return stored(list(map(Decimal, numbers)), None, self.field)
        return stored(numpy.arange(numbers.start, numbers.stop), None, self.field)


class GeneratedTable:
    """Rows that are made up."""

    changes = INSERT_ONLY
    metadata: Mapping[str, DataType] = {}

    def __init__(self, context: TableContext) -> None:
        self.context = context
        settings = context.settings
        options = settings.below("fields.")
        where = settings.where
        used: set[str] = set()
        self.makers: list[Any] = []
        count = ENDLESS if settings["number-of-rows"] is None else settings["number-of-rows"]
        if count < 0:
            raise ConfigurationError(f"{where}: option 'number-of-rows' is at least 0, not {count}")
        if settings["rows-per-second"] <= 0:
            raise ConfigurationError(f"{where}: option 'rows-per-second' is above 0, not {settings['rows-per-second']}")
        for name, kind in context.columns():
            told = Told(where, name, options)
            told.used = used
            made, most = column_maker(name, kind, told)
            self.makers.append(made)
            count = min(count, most)
        for key in options:
            if key not in used:
                raise ConfigurationError(unknown(key, context, where))
        self.count = count
        self.bounded = count < ENDLESS

    def stream(self, building: Building, metadata: Mapping[str, str]) -> Stream:
        """The rows."""
        schema = Schema([field(name, kind) for name, kind in self.context.columns()])
        settings = self.context.settings
        source = GeneratedColumnsSource(schema, self.makers, self.count, settings["rows-per-second"])
        return building.source(source, self.context.name, settings["scan.parallelism"])


def unknown(key: str, context: TableContext, where: str) -> str:
    """What is said of an option of a column that there is none of, or that the column has no use for."""
    name = key.partition(".")[0]
    columns = [column for column, _ in context.columns()]
    if not any(key.startswith(f"{column}.") for column in columns):
        return f"{where}: option 'fields.{key}': there is no column '{name}'{suggestion(name, columns)}"
    known = ", ".join(OF_FIELD)
    return f"{where}: there is no option 'fields.{key}' for a column of its type and kind; there are {known}"


def column_maker(name: str, kind: DataType, told: Told) -> tuple[Any, int]:
    """What makes a column, and for how many rows."""
    wanted = field(name, kind)
    if told.get("kind") == "sequence":
        start, end = told.get("start"), told.get("end")
        if start is None or end is None:
            raise told.error(f"the sequence of column '{name}' needs 'fields.{name}.start' and 'fields.{name}.end'")
        if kind.kind not in SEQUENCED:
            raise told.error(f"column '{name}' is of {kind}, which there are no sequences of")
        if start > end:
            raise told.error(f"'fields.{name}.start' is at most 'fields.{name}.end', not {start} with {end}")
        return SequenceColumn(wanted, kind, start), end - start + 1
    null_rate = told.get("null-rate")
    if not 0 <= null_rate <= 1:
        raise told.error(f"'fields.{name}.null-rate' is from 0 to 1, not {null_rate}")
    cls = TimeColumn if kind.family(Family.DATE_TIME) else RandomColumn
    return cls(wanted, drawing(kind, told), null_rate, random.getrandbits(62)), ENDLESS


class DataGenFactory(TableFactory):
    """The connector 'datagen'."""

    name = "datagen"
    options = OPTIONS

    def source(self, context: TableContext) -> Any:
        return GeneratedTable(context)


register_table_factory(DataGenFactory())
