"""Random tables and random expressions on them, of every type, with typed nulls and constants wherever operands are."""

import datetime
import math
import struct

import pyarrow as pa

from pyflinkx.expressions.expression import Expression, coalesce, col, concat, if_then_else, lit

EPOCH = datetime.datetime(1970, 1, 1)
INT64 = [2**63 - 1, -(2**63), 2**62, -(2**53) - 1, 3037000500]
LIMITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
REALS = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e39, 5e-324, 0.1, 2.5, -7.75, 1e15]
CHARACTERS = ["", "a", "ab", "A", "é", "Ö", "€uro", " a ", "aa", "12", "-3", "1.5", "\U0001f600b", "x\\1"]


def single(value):
    """The nearest float of 32 bits."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def whole(bits):
    def value(random):
        edge = random.choice([2 ** (bits - 1) - 1, -(2 ** (bits - 1))])
        return edge if random.random() < 0.15 else random.randint(-5, 5)

    return value


def moment(unit):
    size = {"s": 10**6, "ms": 1000, "us": 1, "ns": 1}[unit]
    return lambda random: EPOCH + datetime.timedelta(microseconds=random.randint(-(10**12), 10**12) // size * size)


def day(random):
    return EPOCH.date() + datetime.timedelta(days=random.choice([0, 1, -1, 59, 365, random.randint(-30000, 30000)]))


def span(random):
    return datetime.timedelta(milliseconds=random.choice([0, 1, -1, random.randint(-(10**9), 10**9)]))


def unsigned(random):
    return random.choice([0, 1, 5, 2**63 - 1, 2**63, 2**64 - 1])


def real(random):
    return random.choice(REALS) if random.random() < 0.4 else random.uniform(-100, 100)


def text(random):
    return random.choice(CHARACTERS)


def flag(random):
    return random.random() < 0.5


# Column name: its type, what makes a value, and the kind of expressions that it is one of.
COLUMNS = {
    "i8": (pa.int8(), whole(8), "int"),
    "i16": (pa.int16(), whole(16), "int"),
    "i32": (pa.int32(), whole(32), "int"),
    "i64": (pa.int64(), whole(64), "int"),
    "u64": (pa.uint64(), unsigned, "unsigned"),
    "f32": (pa.float32(), lambda random: single(real(random)), "float"),
    "f64": (pa.float64(), real, "float"),
    "b": (pa.bool_(), flag, "bool"),
    "c": (pa.bool_(), flag, "bool"),
    "s": (pa.string(), text, "text"),
    "ls": (pa.large_string(), text, "text"),
    "ds": (pa.dictionary(pa.int8(), pa.string()), text, "text"),
    "vs": (pa.string_view(), text, "text"),
    "d": (pa.date32(), day, "date"),
    "d64": (pa.date64(), day, "date"),
    "ts": (pa.timestamp("us"), moment("us"), "time"),
    "tms": (pa.timestamp("ms"), moment("ms"), "time"),
    "tsec": (pa.timestamp("s"), moment("s"), "time"),
    "span": (pa.duration("ms"), span, "span"),
    "n": (pa.null(), lambda random: None, "null"),
}
TYPED_NULLS = {
    "int": ["int8", "int32", "int64"],
    "unsigned": ["uint64"],
    "float": ["float32", "float64"],
    "bool": ["bool"],
    "text": ["utf8"],
    "date": ["date32"],
    "time": ["timestamp[ms]", "timestamp[us]"],
    "span": ["duration[ms]"],
}
CONSTANTS = {
    "int": lambda random: random.choice(INT64) if random.random() < 0.1 else random.randint(-5, 5),
    "unsigned": unsigned,
    "float": real,
    "bool": flag,
    "text": text,
    "date": day,
    "time": moment("us"),
    "span": span,
}
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
DAY_PARTS = ["year", "quarter", "month", "day", "day_of_week", "day_of_year"]
CLOCK_PARTS = ["hour", "minute", "second", "millisecond"]


def table(random, most_rows=12):
    """Random rows: a pyarrow RecordBatch, perhaps a slice of a longer one, and the same rows as dicts."""
    count = random.choice([0, 1, 2, random.randint(0, most_rows), random.randint(60, 70)])
    missing = random.choice([0.0, 0.2, 0.2, 1.0])
    rows = [
        {name: None if random.random() < missing else make(random) for name, (_, make, _) in COLUMNS.items()}
        for _ in range(count)
    ]
    arrays = {}
    for name, (kind, _, _) in COLUMNS.items():
        values = [row[name] for row in rows]
        if pa.types.is_dictionary(kind):
            arrays[name] = pa.array(values, pa.string()).dictionary_encode()
        else:
            arrays[name] = pa.array(values, kind)
    batch = pa.record_batch(arrays)
    start = random.randint(0, count) if random.random() < 0.4 else 0
    return batch.slice(start), rows[start:]


class Maker:
    """Makes random expressions.

    Args:
        random: decides.
    """

    def __init__(self, random):
        self.random = random

    def leaf(self, kind):
        draw = self.random.random()
        if draw < 0.1:
            return lit(None)
        if draw < 0.17:
            return lit(None).cast(self.random.choice(TYPED_NULLS[kind]))
        if draw < 0.45:
            return lit(CONSTANTS[kind](self.random))
        names = [name for name, (_, _, of) in COLUMNS.items() if of == kind]
        return col(self.random.choice(names)) if draw < 0.97 else col("n")

    def make(self, kind, depth):
        """An expression of a kind, with operations up to that deep."""
        if depth == 0 or self.random.random() < 0.15:
            return self.leaf(kind)
        if self.random.random() < 0.2 and kind != "unsigned":
            first, second = self.make(kind, depth - 1), self.make(kind, depth - 1)
            if self.random.random() < 0.5:
                return coalesce(first, second)
            return if_then_else(self.make("bool", depth - 1), first, second)
        return getattr(self, kind)(depth - 1)

    def pick(self, *choices):
        return self.random.choice(choices)()

    def two(self, names, kind, depth, other=None):
        operands = self.make(kind, depth), self.make(other or kind, depth)
        return Expression(self.random.choice(names), operands)

    def int(self, depth):
        return self.pick(
            lambda: self.two(["add", "subtract", "multiply", "floor_divide", "modulo"], "int", depth),
            lambda: Expression(self.random.choice(["negate", "abs"]), (self.make("int", depth),)),
            lambda: self.make("text", depth).length(),
            lambda: Expression(
                self.random.choice(DAY_PARTS), (self.make(self.random.choice(["date", "time"]), depth),)
            ),
            lambda: Expression(self.random.choice(CLOCK_PARTS), (self.make("time", depth),)),
            lambda: self.make(self.random.choice(["int", "float", "bool", "unsigned"]), depth).cast(
                self.random.choice(list(LIMITS))
            ),
            lambda: self.make("time", depth).cast("timestamp[ms]").cast("int64"),
        )

    def unsigned(self, depth):
        return self.make("int", depth).cast("uint64")

    def float(self, depth):
        return self.pick(
            lambda: self.two(["add", "subtract", "multiply", "divide"], "float", depth),
            lambda: self.two(["add", "divide"], "float", depth, "int"),
            lambda: self.two(["divide"], "int", depth),
            lambda: Expression(self.random.choice(["negate", "abs"]), (self.make("float", depth),)),
            lambda: self.make(self.random.choice(["int", "float", "bool", "unsigned"]), depth).cast("float64"),
            lambda: self.make(self.random.choice(["int", "float", "bool"]), depth).cast("float32"),
        )

    def bool(self, depth):
        kind = self.random.choice(["int", "float", "text", "date", "time", "span", "unsigned", "bool"])
        return self.pick(
            lambda: self.two(COMPARISONS, kind, depth),
            lambda: self.two(COMPARISONS, "int", depth, self.random.choice(["float", "unsigned"])),
            lambda: self.two(COMPARISONS, "date", depth, "time"),
            lambda: self.two(["and", "or"], "bool", depth),
            lambda: ~self.make("bool", depth),
            lambda: Expression(self.random.choice(["is_null", "is_not_null"]), (self.make(kind, depth),)),
            lambda: self.make("float", depth).is_nan,
            lambda: self.make(kind, depth).isin(self.members(kind)),
            lambda: Expression(
                self.random.choice(["contains", "starts_with", "ends_with"]),
                (self.make("text", depth),),
                (text(self.random),),
            ),
            lambda: self.make(self.random.choice(["int", "float"]), depth).cast("bool"),
        )

    def members(self, kind):
        values = [CONSTANTS[kind](self.random) for _ in range(self.random.randint(0, 3))]
        return [*values, None] if self.random.random() < 0.3 else values

    def text(self, depth):
        return self.pick(
            lambda: Expression(self.random.choice(["lower", "upper"]), (self.make("text", depth),)),
            lambda: self.make("text", depth).trim(),
            lambda: self.make("text", depth).substring(
                self.random.choice([1, 2, 3, 99, 2**40, 2**70]), self.random.choice([None, 0, 1, 2, 2**63, 2**70])
            ),
            lambda: self.make("text", depth).replace(text(self.random), text(self.random)),
            lambda: concat(*(self.make("text", depth) for _ in range(self.random.randint(1, 3)))),
            lambda: self.make("text", depth) + self.make("text", depth),
            lambda: self.make("int", depth).cast("utf8"),
        )

    def date(self, depth):
        return self.pick(
            lambda: self.make("time", depth).cast("date32"), lambda: self.make("date", depth).cast("date32")
        )

    def time(self, depth):
        return self.pick(
            lambda: self.two(["add", "subtract"], "time", depth, "span"),
            lambda: self.make("span", depth) + self.make("date", depth),
            lambda: self.make(self.random.choice(["date", "time"]), depth).cast(
                self.random.choice(["timestamp[s]", "timestamp[ms]", "timestamp[us]"])
            ),
        )

    def span(self, depth):
        return self.pick(
            lambda: self.two(["add", "subtract"], "span", depth),
            lambda: Expression("subtract", (self.make("time", depth), self.make("time", depth))),
            lambda: Expression("subtract", (self.make("date", depth), self.make("date", depth))),
            lambda: -self.make("span", depth),
        )
