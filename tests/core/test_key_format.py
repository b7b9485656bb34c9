"""The bytes of keys are a storage format: each one is pinned."""

import math
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from pyflinkx._core.keys.canonical import KEY_FORMAT, canonical_key_bytes
from pyflinkx._core.records.row import Row, RowKind
from tests.core.key_samples import NAN, Access, City, Colour, Level, Point, Word, named_row

GOLDEN = [
    (None, "00"),
    (False, "010000000000000000"),
    (1, "010100000000000000"),
    (-2, "01feffffffffffffff"),
    (2**63 - 1, "01ffffffffffffff7f"),
    (-(2**63), "010000000000000080"),
    (2**63, "0200080000000000000000000080"),
    (-(2**63) - 1, "0201080000000100000000000080"),
    (2**64, "020009000000000000000000000001"),
    (1e22, "02000a000000000040b2bac9e0191e02"),
    (0.5, "03000000000000e03f"),
    (Decimal("-0.50"), "03000000000000e0bf"),
    (math.inf, "03000000000000f07f"),
    (-math.inf, "03000000000000f0ff"),
    (NAN, "04"),
    (Decimal("0.10"), "0500ffffffffffffffff0100000031"),
    (Decimal("-12.34"), "0501feffffffffffffff0400000031323334"),
    ("", "1000000000"),
    ("aé€😀", "100a00000061c3a9e282acf09f9880"),
    ("\ud83d", "1003000000eda0bd"),
    (b"\x00a", "11020000000061"),
    (date(1969, 12, 31), "20ffffffff"),
    (time(1, 2, 3, 4), "21c478e8dd00000000"),
    (time(0, 0, tzinfo=timezone(timedelta(hours=1))), "22005c6c29ffffffff"),
    (datetime(1970, 1, 1, 0, 0, 1), "2340420f0000000000"),
    (datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc), "2440420f0000000000"),
    (timedelta(days=-1, seconds=1), "25ffffffff40420f0000000000"),
    (UUID("00112233-4455-6677-8899-aabbccddeeff"), "3000112233445566778899aabbccddeeff"),
    (Colour.RED, "3106000000436f6c6f7572" + "1003000000524544"),
    (Access(3), "3106000000416363657373" + "010300000000000000"),
    (Level.TWO, "010200000000000000"),
    (Word.A, "100100000061"),
    ((), "4000000000"),
    ((None, ("a",)), "400200000000" + "4001000000" + "100100000061"),
    ([], "4300000000"),
    ([None, ["a"], (1,)], "430300000000" + "4301000000" + "100100000061" + "4001000000" + "010100000000000000"),
    (Point(1, 2), "4002000000010100000000000000010200000000000000"),
    (City("a", None, "not compared"), "410400000043697479" + "02000000" + "100100000061" + "00"),
    (Row(None), "4203000000526f77" + "00" + "00" + "01000000" + "00"),
    (
        named_row(["b", "a"], [None, "x"], RowKind.DELETE),
        "4203000000526f77" + "03" + "01" + "02000000" + "0100000061" + "100100000078" + "0100000062" + "00",
    ),
]


@pytest.mark.parametrize(("key", "expected"), GOLDEN)
def test_golden_bytes(key, expected):
    assert canonical_key_bytes(key).hex() == expected


def test_format_version():
    # A change of any golden byte is a new format, and a new format is a change of every snapshot's key groups.
    assert KEY_FORMAT == 1
