"""Hashes of keys: equal where Python's equality says so, and different where keys were chosen to have one hash."""

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import CountWindow, TimeWindow
from pyflinkx._core.keys.hash import key_hash
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.records.row import Row
from pyflinkx.errors import KeyTypeError
from tests.core.key_samples import City, check_key, coincident, keys, same, twins

MERSENNE = 2**61 - 1  # CPython's modulus: numbers that differ by it have one hash


class Point(NamedTuple):
    x: object
    y: object


@dataclass(frozen=True)
class Place:
    x: object
    y: object


# Each makes a key of a number, such that Python has one hash for all of them, or next to one.
CHOSEN = {
    "big ints": lambda i: i * MERSENNE,
    "negative ints": lambda i: -i * MERSENNE,
    "tuples": lambda i: (1, i * MERSENNE),
    "nested tuples": lambda i: ("a", ((i * MERSENNE, None), 2)),
    "named tuples": lambda i: Point(i * MERSENNE, "x"),
    "rows": lambda i: Row(1, i * MERSENNE),
    "named rows": lambda i: Row(a=1, b=i * MERSENNE),
    "dataclasses": lambda i: Place(i * MERSENNE, 0),
    "decimals": lambda i: Decimal(i * MERSENNE),
    "small decimals": lambda i: Decimal(i * MERSENNE) / 1000 if i < 2**20 else None,
    "floats": lambda i: (2.0 ** (61 * (i % 15)), float(i * MERSENNE)),
    "uuids": lambda i: UUID(int=i * MERSENNE % 2**128),
    "fractions": lambda i: Fraction(i * MERSENNE, 3),
    "sets": lambda i: frozenset([i * MERSENNE]),
    "complex": lambda i: complex(i * 1000003, -i),
}


@pytest.mark.parametrize("kind", CHOSEN)
def test_keys_that_were_chosen_for_one_hash_have_different_ones(kind):
    chosen = set(map(CHOSEN[kind], range(1, 2001)))
    assert len({key_hash(key) for key in chosen}) == len(chosen) > 1900


@pytest.mark.parametrize("kind", ["big ints", "tuples", "nested tuples", "rows", "dataclasses", "decimals", "uuids"])
def test_those_keys_were_well_chosen(kind):
    assert len({hash(CHOSEN[kind](i)) for i in range(1, 2001)}) == 1


def longest_way(hashes, size):
    """The most slots that a dict of ``size`` slots looks at for one key, when it gets keys of these hashes."""
    taken, longest = set(), 0
    for one in hashes:
        perturb, slot, steps = one % 2**64, one % size, 1
        while slot in taken:
            perturb >>= 5
            slot = (slot * 5 + perturb + 1) % size
            steps += 1
        taken.add(slot)
        longest = max(longest, steps)
    return longest


@pytest.mark.parametrize("step", [1, 2, 64, 1000, 2**20, 2**44, MERSENNE // 3])
def test_steps_of_any_size_spread(step):
    hashes = [key_hash(i * step % 2**62) for i in range(5000)]
    assert longest_way(hashes, 2**14) < 60


@pytest.mark.parametrize("step", [1, 3, 64, 512, 2048, 4096])
def test_small_numbers_that_are_chosen_to_meet_in_a_table_go_on_to_other_places(step):
    """Their hashes have a plain form, so what they do in a dict is followed step by step."""
    numbers = range(0, 1 << 20, step)[:2048]
    size = 1
    while size * 2 < len(numbers) * 3:
        size *= 2
    taken, steps = set(), 0
    for number in numbers:
        perturbed = key_hash(number) % (1 << 64)
        at = perturbed % size
        while at in taken:
            steps += 1
            perturbed >>= 5
            at = (at * 5 + perturbed + 1) % size
        taken.add(at)
    assert steps == 0 if step == 1 else steps < 20 * len(numbers)


@given(coincident, coincident)
def test_equal_keys_have_equal_hashes(a, b):
    if same(a, b):
        assert key_hash(check_key(a)) == key_hash(check_key(b))


@given(keys)
def test_other_spellings_of_a_key_have_its_hash(key):
    for twin in twins(key):
        if same(key, twin):
            assert key_hash(check_key(key)) == key_hash(check_key(twin))


numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.fractions(),
    st.fractions(max_denominator=1000),
    st.sampled_from([2**61 - 1, 2**63, -(2**63), 2**63 - 1, 1e300, 5e-324, Decimal("0.1"), Fraction(1, 10), 2**64]),
)


@given(numbers)
def test_a_number_has_one_hash_whatever_its_type(number):
    exact = Fraction(number)
    assert key_hash(exact) == key_hash(number)
    assert key_hash((exact, "a")) == key_hash((number, "a"))
    if exact.denominator == 1:
        assert key_hash(int(exact)) == key_hash(number)
    assert key_hash(complex(0.5)) == key_hash(0.5) == key_hash(Fraction(1, 2)) == key_hash(Decimal("0.50"))


def test_what_is_equal_though_it_differs():
    assert key_hash(frozenset([1, "a", 2.5])) == key_hash(frozenset([2.5, True, "a"]))
    assert key_hash(Row(a=1, b=2)) == key_hash(Row(b=2, a=1.0))
    assert key_hash(City("x", 1, "note")) == key_hash(City("x", 1, "another"))
    assert key_hash((1, 2)) == key_hash(Point(1, 2))
    assert key_hash(datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == key_hash(
        datetime(2020, 1, 1, tzinfo=timezone.utc)
    )


def test_scalars_of_numpy_that_are_no_keys_of_streams():
    day, midnight = timedelta(days=1), datetime(2020, 1, 1)
    scalars = [np.datetime64(midnight, unit) for unit in ("s", "us", "ns")] + [midnight, np.datetime64("NaT")]
    scalars += [np.timedelta64(day, "us").astype(f"m8[{unit}]") for unit in ("D", "h", "s", "ns")] + [day]
    scalars += [np.complex64(1.5), np.complex128(1 + 1j), np.longdouble(1.5), 1.5, 1 + 1j, 1.5 + 0j, np.clongdouble(2)]
    scalars += [2, np.timedelta64(1, "Y"), np.datetime64(10**15, "s"), memoryview(b"a"), b"a"]
    for one in scalars:
        for other in scalars:
            assert (one in KeyMap([(other, 1)])) == (one in {other: 1}), (one, other)


def test_a_class_of_the_users_is_found_by_its_own_hash():
    class Five:
        def __hash__(self):
            return 5

        def __eq__(self, other):
            return other == 5

    assert key_hash(Five()) == key_hash(Five())
    with pytest.raises(TypeError, match="unhashable"):
        key_hash([1])


def test_what_is_nested_without_end_is_refused():
    row = Row(1)
    row[0] = row
    deep = ()
    for _ in range(100_000):
        deep = (deep,)
    for key in (row, deep):
        with pytest.raises(KeyTypeError, match="nested"):
            key_hash(key)
    while deep:
        (deep,) = deep


def test_windows_are_hashed_under_the_secret():
    text = "from pyflinkx._core.calls.window_types import *; from pyflinkx._core.keys.hash import key_hash\n"
    text += "print(hash(TimeWindow(0, 10)), hash(CountWindow(1)), key_hash(5), key_hash((1, 2)), key_hash(0.5))"
    seen = []
    for secret in ("one", "two", "one"):
        environment = {**os.environ, "PYFLINKX_KEY_SECRET": secret}
        run = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True)
        seen.append(run.stdout.split())
    assert seen[0] == seen[2]
    assert all(a != b for a, b in zip(seen[0], seen[1], strict=True))
    windows = [*map(CountWindow, range(100)), *itertools.starmap(TimeWindow, itertools.combinations(range(15), 2))]
    assert len({hash(window) for window in windows}) == len(windows)
