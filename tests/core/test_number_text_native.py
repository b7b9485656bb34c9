"""Doubles and whole numbers as text, by a C program that reads their bits: against Python's own."""

import random
import struct
import subprocess

import pytest

from tests.core import native

PARTS = ["number_text", "powers_of_ten"]
DOUBLES = [0.0, 1.0, 0.5, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, 5e-324, 2.2250738585072014e-308, 1e22, 1e23]
DOUBLES += [1.7976931348623157e308, 9007199254740993.0, 9.5367431640625e-07, 2.0**-1022, float("inf"), float("nan")]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    flags = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
    return native.build(tmp_path_factory.mktemp("text"), "number_texts", PARTS, *flags)


def differences(program, numbers):
    data = b"".join(struct.pack("<Q", bits) for bits in numbers)
    answer = subprocess.run([program], input=data, capture_output=True, timeout=300)
    assert (answer.returncode, answer.stderr) == (0, b"")
    wrong = []
    for bits, line in zip(numbers, answer.stdout.decode().splitlines(), strict=True):
        value, whole = struct.unpack("<d", struct.pack("<Q", bits))[0], struct.unpack("<q", struct.pack("<Q", bits))[0]
        if line != f"{value!r} {whole}":
            wrong.append((line, value, whole))
    return wrong


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def test_edges(program):
    numbers = [bits_of(sign * value) for value in DOUBLES for sign in (1.0, -1.0)]
    numbers += [exponent << 52 | fraction for exponent in range(2047) for fraction in (0, 1, (1 << 52) - 1)]
    numbers += [
        2**63,
        2**63 - 1,
        2**64 - 1,
        *(10**power for power in range(20)),
        *(10**power - 1 for power in range(20)),
    ]
    assert differences(program, numbers) == []


@pytest.mark.parametrize("seed", range(3))
def test_random_numbers(program, seed):
    rng = random.Random(seed)
    numbers = [rng.getrandbits(64) for _ in range(10_000)]
    numbers += [bits_of(round(rng.uniform(-1e6, 1e6), rng.randrange(8))) for _ in range(10_000)]
    numbers += [bits_of(float(rng.getrandbits(rng.randrange(1, 80)))) for _ in range(5_000)]
    assert differences(program, numbers) == []
