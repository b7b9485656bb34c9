"""Numbers out of text, by a C program that reads lines: against Python's float and int, which round exactly, too."""

import random
import re
import shutil
import struct
import subprocess
from decimal import Context

import pytest

from tests.core import native

PARTS = ["number", "powers_of_ten"]
EXACT = Context(prec=1200)
REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
ODD = [
    *[
        "",
        "-",
        "+",
        ".",
        "e5",
        "1.",
        ".5",
        "+.5e1",
        "1e",
        "1e+",
        "1_0",
        "0x10",
        "nan",
        "inf",
        " 1",
        "1 ",
        "--1",
        "1..2",
    ],
    *["0", "-0", "-0.0", "00", "007", "1e400", "-1e-400", "0e999999999999", "1e999999999999999999999"],
    *["5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308"],
    *["1.7976931348623158e308", "1.7976931348623159e308", "0." + "0" * 400 + "1e401", "1" * 400 + "e-399"],
    *["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"],
    *["18446744073709551616", "00000000000000000000000000001", "99999999999999999999", "9007199254740993"],
]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    flags = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
    return native.build(tmp_path_factory.mktemp("number"), "number_lines", PARTS, *flags)


def random_double(rng):
    return struct.unpack("d", rng.randbytes(8))[0]


def between_doubles(rng):
    """The decimal digits of the middle between two doubles, or of what is next to it."""
    bits = rng.choice([rng.getrandbits(63) % (2046 << 52), rng.getrandbits(rng.randrange(1, 54))])
    one, other = (EXACT.create_decimal(struct.unpack("d", struct.pack("Q", bits + i))[0]) for i in range(2))
    middle = EXACT.divide(EXACT.add(one, other), EXACT.create_decimal(2))
    text = format(middle, "e")
    digits, _, power = text.partition("e")
    tail = rng.choice(["", "0" * 90, "0" * rng.randrange(900) + "1"])
    if rng.random() < 0.3:
        digits, tail = format(EXACT.next_minus(middle), "e").partition("e")[0], ""
    return f"{digits}{'' if '.' in digits or not tail else '.'}{tail}e{power}"


def random_text(rng):
    size = rng.randrange(1, 40)
    return rng.choice(
        [
            lambda: repr(random_double(rng)),
            lambda: f"{random_double(rng):.17g}",
            lambda: between_doubles(rng),
            lambda: f"{rng.getrandbits(64)}e{rng.randrange(-345, 310)}",
            lambda: f"{rng.choice(['', '-', '+'])}{rng.randrange(10**size)}.{rng.randrange(10**size)}",
            lambda: f"{rng.randrange(10**size)}.e{rng.randrange(-400, 400)}",
            lambda: str(rng.randrange(10 ** rng.randrange(1, 330))),
            lambda: str(rng.randrange(-(2**65), 2**65)),
            lambda: "".join(rng.choices("0123456789.e+- ", k=size)),
        ]
    )()


def found(program, texts):
    answer = subprocess.run(
        [program], input="".join(f"{t}\n" for t in texts), capture_output=True, text=True, timeout=300
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert len(lines) == len(texts)
    return lines


def expected(text):
    real = float(text).hex() if REAL.fullmatch(text) else "none"
    whole = int(text) if WHOLE.fullmatch(text) else "none"
    return real, str(whole if whole == "none" or -(2**63) <= whole < 2**63 else "overflow")


def differences(program, texts):
    wrong = []
    for text, (real, whole) in zip(texts, found(program, texts), strict=True):
        real = real if real == "none" else float.fromhex(real).hex()
        if (real, whole) != expected(text):
            wrong.append((text, real, whole, expected(text)))
    return wrong


def test_odd_texts(program):
    assert differences(program, ODD) == []


@pytest.mark.parametrize("seed", range(3))
def test_random_texts(program, seed):
    rng = random.Random(seed)
    assert differences(program, [random_text(rng) for _ in range(10_000)]) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("more |= *text != '0';", ""),
        ("(side == 0 && (bits & 1) == 0)", "(side == 0 && (bits & 1) == 1)"),
        ("(fraction & 3) == 1 && fraction", "(fraction & 3) == 5 && fraction"),
        ("if (sure && number->cut) {", "if (false) {"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, right, wrong):
    sources = tmp_path / "src"
    shutil.copytree(native.ROOT / "csrc" / "src", sources)
    text = (sources / "number.c").read_text()
    assert text.count(right) == 1
    (sources / "number.c").write_text(text.replace(right, wrong))
    program = native.build(tmp_path, "number_lines", PARTS, "-O1", "-w", library=sources)
    rng = random.Random(1)
    texts = [*ODD, *(random_text(rng) for _ in range(10_000))]
    assert differences(program, texts) != []


def test_the_powers_of_ten():
    text = (native.ROOT / "csrc" / "src" / "powers_of_ten.c").read_text()
    halves = [int(number, 16) for number in re.findall(r"0x([0-9a-f]{16})", text)]
    assert len(halves) == 2 * (324 + 342 + 1)
    for place, power in enumerate(range(-342, 325)):
        five = 5 ** abs(power)
        bits = five.bit_length()
        if power >= 0:
            wanted = five << 128 - bits if bits <= 128 else five >> bits - 128
        else:
            exact = five & (five - 1) == 0
            wanted = (1 << 127 + bits - exact) // five
        assert halves[2 * place] << 64 | halves[2 * place + 1] == wanted, power
