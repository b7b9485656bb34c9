"""Canonical bytes against Python's own equality."""

import copy
import dataclasses
import enum
import pickle
import sys
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx._core.keys.canonical import canonical_key_bytes, check_key
from pyflinkx._core.memory.budget import process_budget
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import KeyTypeError
from tests.core.key_samples import NAN, City, Point, Slotted, Town, coincident, keys, named_row, same, twins

# ---- equality ----


@settings(max_examples=200, deadline=None)
@given(coincident, coincident)
def test_equal_bytes_exactly_for_equal_keys(a, b):
    assert (canonical_key_bytes(a) == canonical_key_bytes(b)) == same(a, b)


@settings(max_examples=200, deadline=None)
@given(keys, keys)
def test_different_keys_differ(a, b):
    assert (canonical_key_bytes(a) == canonical_key_bytes(b)) == same(a, b)


@settings(max_examples=200, deadline=None)
@given(keys)
@example(2**63)
@example(float(2**1023))
@example(Decimal(2) ** 200)
@example(Decimal("1E+100"))
@example(Decimal(float("1e-300")))
@example(Decimal("0.1"))
@example(Decimal.from_float(0.1))
def test_twins_share_bytes_exactly_when_equal(key):
    with localcontext() as context:
        context.prec = 200
        for twin in twins(key):
            assert (canonical_key_bytes(key) == canonical_key_bytes(twin)) == same(key, twin), twin


@settings(max_examples=100, deadline=None)
@given(keys)
def test_equal_keys_hash_alike_once_checked(key):
    # What a dict needs: the checked key is found again through another checking of an equal key.
    assert {check_key(key): "here"}[check_key(key)] == "here"


@settings(max_examples=100, deadline=None)
@given(st.lists(coincident, max_size=4), st.lists(coincident, max_size=4))
def test_concatenated_keys_are_told_apart(a, b):
    # Prefix-free: the bytes of a list of keys, one after the other, name the list.
    if b"".join(map(canonical_key_bytes, a)) == b"".join(map(canonical_key_bytes, b)):
        assert len(a) == len(b)
        assert all(map(same, a, b))


@settings(max_examples=50, deadline=None)
@given(st.datetimes(timezones=st.timezones()), st.timezones())
def test_instants_are_equal_across_real_zones(moment, zone):
    try:
        elsewhere = moment.astimezone(zone)
    except OverflowError:
        return
    if moment == elsewhere:
        assert canonical_key_bytes(moment) == canonical_key_bytes(elsewhere)


def test_repeated_and_skipped_local_times_count_by_their_first_reading():
    zone = ZoneInfo("America/New_York")
    first, second = datetime(2020, 11, 1, 1, 30, tzinfo=zone), datetime(2020, 11, 1, 1, 30, fold=1, tzinfo=zone)
    assert first == second
    assert hash(first) == hash(second)
    instant = datetime(2020, 11, 1, 5, 30, tzinfo=timezone.utc)
    assert canonical_key_bytes(first) == canonical_key_bytes(second) == canonical_key_bytes(instant)
    skipped = datetime(2020, 3, 8, 2, 30, tzinfo=zone)
    assert canonical_key_bytes(skipped) == canonical_key_bytes(datetime(2020, 3, 8, 7, 30, tzinfo=timezone.utc))


def test_an_offset_of_none_is_no_offset():
    class Vague(tzinfo):
        def utcoffset(self, moment):
            return None

    assert canonical_key_bytes(datetime(2020, 1, 1, tzinfo=Vague())) == canonical_key_bytes(datetime(2020, 1, 1))
    # A zone has no offset for a time of day alone.
    zone = ZoneInfo("America/New_York")
    assert time(1, 30, tzinfo=zone) == time(1, 30)
    assert canonical_key_bytes(time(1, 30, tzinfo=zone)) == canonical_key_bytes(time(1, 30))


@pytest.mark.parametrize(
    ("low", "high"), [(date.min, date.max), (datetime.min, datetime.max), (timedelta.min, timedelta.max)]
)
def test_extreme_dates(low, high):
    assert len({canonical_key_bytes(key) for key in (low, high, low, high)}) == 2


def test_extreme_instants():
    ahead = timezone(timedelta(hours=23, minutes=59))
    assert canonical_key_bytes(datetime.min.replace(tzinfo=ahead)) != canonical_key_bytes(datetime.min)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1E+2", 100),
        ("-1.50E+3", -1500),
        ("0E-20", 0),
        ("-0E+9999", 0),
        ("1.5E+38", 15 * 10**37),
        ("1.5E+39", 15 * 10**38),
        ("12345678901234567890123456789012345678901234567890", 12345678901234567890123456789012345678901234567890),
        ("-9223372036854775808.000", -(2**63)),
        pytest.param("1E+6144", 10**6144, id="largest"),
    ],
)
@pytest.mark.parametrize("capitals", [0, 1])
def test_decimals_are_read_whatever_their_spelling(text, number, capitals):
    with localcontext() as context:
        context.capitals, context.prec = capitals, 3
        assert canonical_key_bytes(Decimal(text)) == canonical_key_bytes(number)


@pytest.mark.parametrize("exponent", [-400, -9_999_999, -99_999_999, -(10**17)])
def test_decimals_of_tiny_exponents(exponent):
    key = Decimal((1, (0, 1, 2, 0), exponent))
    written = (exponent + 1).to_bytes(8, "little", signed=True)
    assert canonical_key_bytes(key) == b"\x05\x01" + written + b"\x02\0\0\x0012"


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_text_is_utf_8_with_surrogates(text):
    encoded = text.encode("utf-8", "surrogatepass")
    assert canonical_key_bytes(text) == b"\x10" + len(encoded).to_bytes(4, "little") + encoded


@pytest.mark.parametrize("size", [234, 235, 236, 240, 241, 1000, 1_000_000])
def test_long_keys(size):
    for key in ("x" * size, "é" * size, "€" * size, "😀" * size):
        encoded = key.encode()
        assert canonical_key_bytes(key) == b"\x10" + len(encoded).to_bytes(4, "little") + encoded
    assert canonical_key_bytes((1, "x" * size, b"y" * size)).endswith(b"y" * size)


def test_native_memory_is_given_back():
    before = process_budget().used
    canonical_key_bytes("x" * 10_000)
    with pytest.raises(KeyTypeError):
        canonical_key_bytes(("x" * 10_000, {}))
    assert process_budget().used == before


# ---- numpy ----


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        (np.int8(-5), -5),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.float16(0.5), 0.5),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float64(0.1), 0.1),
        (np.float64("nan"), NAN),
        (np.float32("nan"), NAN),
        (np.str_("text"), "text"),
        (np.str_("nul\0"), "nul\0"),
        (np.bytes_(b"data"), b"data"),
    ],
)
def test_numpy_scalars_count_by_value(scalar, value):
    assert canonical_key_bytes(scalar) == canonical_key_bytes(value)
    assert canonical_key_bytes((scalar, 1)) == canonical_key_bytes((value, 1))
    checked = check_key(scalar)
    assert {check_key(value): 1}[checked] == 1


@pytest.mark.parametrize(
    "scalar",
    [
        np.datetime64("2020-01-01"),
        np.timedelta64(1, "s"),
        np.longdouble(1),
        np.complex128(1),
        np.array((1, 2.0), dtype="i4,f8")[()],
    ],
)
def test_other_numpy_scalars_are_refused(scalar):
    for function in (canonical_key_bytes, check_key):
        with pytest.raises(KeyTypeError, match=r"numpy\.\w+.*\.item\(\)"):
            function(scalar)


# ---- refused types ----


class OwnEquality(str):
    def __eq__(self, other):
        return str.lower(self) == str.lower(other)

    def __hash__(self):
        return hash(str.lower(self))


class Unhashable(int):
    __hash__ = None


@dataclasses.dataclass
class Mutable:
    x: int


@dataclasses.dataclass(unsafe_hash=True)
class MutableButHashable:
    x: int


@dataclasses.dataclass(frozen=True, eq=False)
class ByIdentity:
    x: int


@dataclasses.dataclass(frozen=True)
class ComparesItself:
    x: int

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1


class EnumWithEquality(enum.Enum):
    A = 1

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1


REFUSED = [
    ([1, {}], "type dict.*tuple"),
    (set(), "type set.*tuple"),
    (frozenset(), "type frozenset.*tuple"),
    ({}, "type dict.*tuple"),
    (bytearray(), "type bytearray.*use bytes"),
    (memoryview(b""), "type memoryview.*use bytes"),
    (object(), "type object.*keys are None"),
    (1j, "type complex"),
    (Fraction(1, 2), r"type fractions\.Fraction"),
    (range(3), "type range"),
    (int, "type type"),
    (len, "type builtin_function_or_method"),
    (np.arange(3), r"type numpy\.ndarray"),
    (OwnEquality("x"), r"type tests\.core\.test_keys\.OwnEquality.*defines its own __eq__"),
    (Unhashable(1), r"Unhashable"),
    (Mutable(1), r"Mutable.*frozen=True"),
    (MutableButHashable(1), r"MutableButHashable.*frozen=True"),
    (ByIdentity(1), r"ByIdentity"),
    (ComparesItself(1), r"ComparesItself.*defines its own __eq__"),
    (EnumWithEquality.A, r"EnumWithEquality"),
    (Decimal("1E+6145"), "6146 digits"),
    (Decimal("-1E+999999999"), "digits before its point"),
    (named_row(["a"], [1, 2]), "2 values for the field names"),
    (named_row(["a", "a"], [1, 2]), "field names"),
    (named_row([1], [2]), "not a str"),
]


@pytest.mark.parametrize(("key", "message"), REFUSED)
@pytest.mark.parametrize(
    "wrap", [lambda key: key, lambda key: (1, key), lambda key: Row(key), lambda key: Town("x", key)]
)
def test_types_without_canonical_form_are_refused(key, message, wrap):
    for function in (canonical_key_bytes, check_key):
        with pytest.raises(KeyTypeError, match=message):
            function(wrap(key))


def test_a_refused_value_inside_a_key_is_called_so():
    with pytest.raises(KeyTypeError, match=r"^a key has type set"):
        check_key(set())
    with pytest.raises(KeyTypeError, match=r"^a value inside a key has type set"):
        check_key((1, [2, set()]))


def test_nesting_has_a_limit():
    key = ()
    for _ in range(63):
        key = (key,)
    assert canonical_key_bytes(key) == b"\x40\x01\0\0\0" * 63 + b"\x40\0\0\0\0"
    assert check_key(key) is key
    endless = Row(1)
    endless[0] = endless
    for too_deep in ((key,), endless):
        for function in (canonical_key_bytes, check_key):
            with pytest.raises(KeyTypeError, match="64 levels"):
                function(too_deep)


def test_an_error_of_a_time_zone_is_passed_on():
    class Broken(tzinfo):
        def utcoffset(self, moment):
            raise LookupError("no such zone")

    with pytest.raises(LookupError, match="no such zone"):
        canonical_key_bytes(datetime(2020, 1, 1, tzinfo=Broken()))


def test_more_types_than_are_remembered():
    for i in range(5000):
        assert check_key(type(f"T{i}", (int,), {})(i)) == i
    assert canonical_key_bytes(1.0) == canonical_key_bytes(1)


# ---- check_key ----


@settings(max_examples=100, deadline=None)
@given(keys)
def test_check_key_keeps_what_holds_no_nan(key):
    checked = check_key(key)
    assert canonical_key_bytes(checked) == canonical_key_bytes(key)
    if not {0x04, 0x43} & set(canonical_key_bytes(key)):
        assert checked is key


@pytest.mark.parametrize(
    "nan", [-NAN, Decimal("nan"), Decimal("-nan"), Decimal("sNaN"), np.float64("nan"), np.float32("nan")]
)
def test_every_nan_is_one_object(nan):
    one = check_key(NAN)
    assert check_key(nan) is one
    assert check_key((1, ("a", nan)))[1][1] is one
    point = check_key(Point(nan, 2))
    assert type(point) is Point
    assert point.x is one
    row = check_key(named_row(["a", "b"], [nan, 2], RowKind.DELETE))
    assert row.a is one
    assert row.get_row_kind() is RowKind.DELETE
    assert row == check_key(named_row(["a", "b"], [nan, 2], RowKind.DELETE))


def test_check_key_leaves_its_argument_alone():
    row = Row(Decimal("nan"))
    check_key(row)
    assert isinstance(row[0], Decimal)


def test_dataclasses_with_nan_are_one_object_each():
    first = check_key(City("x", float("nan")))
    assert check_key(City("x", Decimal("nan"))) is first
    assert check_key((City("x", NAN), 1))[0] is first
    assert check_key(City("y", NAN)) is not first
    assert {check_key((1, City("x", NAN))): 1}[check_key((1, City("x", NAN)))] == 1


def test_a_dataclass_with_nan_that_cannot_be_referred_to_is_refused():
    assert check_key(Slotted(1.0)) == Slotted(1.0)
    with pytest.raises(KeyTypeError, match="weakref_slot"):
        check_key(Slotted(NAN))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="weakref_slot is of Python 3.11")
def test_weakref_slot_lets_a_slotted_dataclass_hold_nan():
    Slim = dataclasses.make_dataclass("Slim", ["x"], frozen=True, slots=True, weakref_slot=True)
    first = check_key(Slim(NAN))
    assert check_key(Slim(NAN)) is first


# ---- lists ----


class Stack(list):
    pass


def test_a_list_is_a_copy_that_stays_as_it_is():
    numbers = [1, [2, 3]]
    key = check_key(numbers)
    numbers[1].append(4)
    numbers.append(5)
    assert key == [1, [2, 3]]
    assert (repr(key), len(key), list(key)) == ("[1, [2, 3]]", 2, [1, [2, 3]])
    assert check_key(key) is key
    assert {key: "found"}[check_key([1, [2, 3]])] == "found"
    for change in (
        lambda: key.append(1),
        lambda: key.extend([1]),
        lambda: key.sort(),
        lambda: key.__setitem__(0, 7),
        lambda: key[1].pop(),
        lambda: key.__iadd__([1]),
        lambda: key.__delitem__(0),
    ):
        with pytest.raises(TypeError, match="a list that is a key cannot be changed"):
            change()
    assert key == [1, [2, 3]]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda key: pickle.loads(pickle.dumps(key))])
def test_a_list_is_an_ordinary_one_wherever_it_is_copied(copied):
    key = check_key(([1, [2]], 3))
    assert copied(key[0]) == [1, [2]]
    assert type(copied(key[0])) is list


def test_lists_in_other_keys():
    town = Town("x", [1, 2])
    key = check_key(town)
    town.size.append(3)
    assert key == Town("x", [1, 2])
    assert check_key(Town("x", [1, 2])) is key
    row = Row([1])
    key = check_key(row)
    row[0].append(2)
    assert key == Row([1])
    assert check_key(Stack([1])) == [1]
    assert canonical_key_bytes(Stack([1])) == canonical_key_bytes([1]) != canonical_key_bytes((1,))
