"""Keys of every kind, and the judgement whether two are one key."""

import dataclasses
import enum
import math
from collections import namedtuple
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.records.row import Row, RowKind

NAN = float("nan")


class Colour(enum.Enum):
    RED = 1
    BLUE = 2
    CRIMSON = 1


class Shade(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    ONE = 1
    TWO = 2


class Word(str, enum.Enum):
    A = "a"
    B = "b"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Mode(enum.IntFlag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: object
    y: object


Pair = namedtuple("Pair", ["left", "right"])


@dataclasses.dataclass(frozen=True)
class City:
    name: object
    size: object
    note: object = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Town:
    name: object
    size: object


@dataclasses.dataclass(frozen=True)
class Village(Town):
    pass


class Hamlet(Town):
    pass


@dataclasses.dataclass(frozen=True)
class Slotted:
    __slots__ = ("name",)
    name: object


def named_row(fields, values, kind=RowKind.INSERT):
    row = Row(*values)
    row.set_field_names(fields)
    row.set_row_kind(kind)
    return row


# ---- strategies ----

zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
decimals = st.one_of(
    st.decimals(allow_nan=False),
    st.decimals(allow_nan=False, places=2, min_value=-1000, max_value=1000),
    st.builds(
        lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
        st.sampled_from([0, 1]),
        st.lists(st.integers(0, 9), max_size=60).map(tuple),
        st.integers(-400, 400),
    ),
)
numbers = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.floats(-4, 4, width=16),
    decimals,
    st.sampled_from(
        [*Level, *Mode, Mode(3), 2**63, -(2**63), 2.0**63, -(2.0**63), 2**53 + 1, math.inf, Decimal("-inf")]
    ),
)
moments = st.one_of(
    st.dates(),
    st.times(),
    st.times(timezones=zones),
    st.datetimes(),
    st.datetimes(timezones=zones),
    st.timedeltas(),
)
texts = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=[])), st.text("ab", max_size=3), st.sampled_from([*Word])
)
others = st.one_of(
    st.none(), st.binary(max_size=40), st.uuids(), st.sampled_from([*Colour, *Shade, *Access, Access(3), Access(0)])
)
atoms = st.one_of(numbers, texts, moments, others)


def composites(inner):
    return st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3),
        st.builds(Point, inner, inner),
        st.builds(Pair, inner, inner),
        st.builds(City, inner, inner, inner),
        st.builds(Town, inner, inner),
        st.builds(Village, inner, inner),
        st.builds(Hamlet, inner, inner),
        st.lists(inner, max_size=3).map(lambda values: Row(*values)),
        st.builds(
            lambda names, values, kind: named_row(names, values, kind),
            st.permutations(["a", "b"]),
            st.lists(inner, min_size=2, max_size=2),
            st.sampled_from([*RowKind]),
        ),
    )


keys = st.recursive(atoms, composites, max_leaves=6)

# Few values, so that independently drawn keys are often equal.
coincident = st.recursive(
    st.sampled_from(
        [
            *(0, -0.0, False, Decimal("0.00"), 1, 1.0, True, Decimal("1.0"), Level.ONE, 0.5, Decimal("0.5")),
            *("", "a", Word.A, b"", b"a", NAN, Decimal("nan"), None, (), Colour.RED, Colour.CRIMSON, Shade.RED),
            *(date(1970, 1, 1), time(0), time(0, tzinfo=timezone.utc), timedelta(0), UUID(int=0)),
            *(datetime(1970, 1, 1), datetime(1970, 1, 1, tzinfo=timezone.utc)),
            datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        ]
    ),
    composites,
    max_leaves=3,
)


def same(a, b):
    """Whether a dict takes the checked keys for one: Python's equality with one NaN."""
    a, b = check_key(a), check_key(b)
    return a is b or a == b


def twins(key):
    """Other spellings that may be equal to a key."""
    if isinstance(key, list):
        yield list(key)
        yield tuple(key)
        yield [next(twins(item), item) for item in key]
    elif isinstance(key, tuple):
        yield tuple(key)
        yield list(key)
        yield tuple(next(twins(item), item) for item in key)
        if len(key) == 2:
            yield Point(*key)
    elif isinstance(key, (int, float, Decimal)):
        for convert in (int, float, Decimal, bool):
            try:
                yield convert(key)
            except (ValueError, OverflowError, ArithmeticError):
                continue
    elif isinstance(key, datetime) and key.tzinfo is not None:
        for hours in (-5, 0, 9):
            try:
                yield key.astimezone(timezone(timedelta(hours=hours, seconds=7)))
            except OverflowError:
                continue
    elif isinstance(key, Row) and len(key) == 2:
        yield named_row(["b", "a"], key[::-1], key.get_row_kind())
    elif isinstance(key, City):
        yield City(key.name, key.size, "another note")
