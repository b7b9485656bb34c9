"""Feeds mutated encodings to the codec of every type: fuzz_codec [--runs N] [--seed S]; N inputs for each type.

Only CorruptDataError may come out, and what is accepted must encode to the very bytes that it was decoded from. What is
inside of a pickle is pickle's own business, so here the pickles' bytes stand for their values.
"""

import argparse
import random
import sys
import time
from array import array

from pyflinkx._core.codecs.basic import LongCodec, StringCodec
from pyflinkx._core.codecs.codec import Codec, NullableCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.codecs.record import TupleCodec
from pyflinkx.errors import CorruptDataError
from pyflinkx.types.codecs import codec_of
from tests.core.codec_types import LATE
from tests.core.test_codec_golden import GOLDEN
from tests.core.test_codec_hostile import SAMPLES

EDGES = [0, 1, 2, 3, 127, 128, 255, 2**14, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1]


def subjects() -> list[tuple[str, Codec, list[bytes], bool]]:
    """For each type: its name, codec, valid encodings (of values and of batches), and whether they are canonical."""
    late = LATE.cls("early")
    late.late = 5
    values: dict[int, tuple[str, Codec, list[object]]] = {}
    for type_info, value, *_ in [*GOLDEN, *SAMPLES, (LATE, late)]:
        codec = codec_of(type_info)
        if not codec.contains_pickle:
            values.setdefault(codec.fingerprint, (repr(type_info), codec, []))[2].append(value)
    found = list(values.values())
    found.append(("optional String", NullableCodec(StringCodec()), [None, "text"]))
    unread = PickleCodec(bytes)
    found.append(("PickledByteArrayTypeInfo", unread, [None, {1: [2]}, "text"]))
    found.append(("tuple with a pickle", TupleCodec([unread, LongCodec()]), [({"a": 1}, 5), (None, None)]))
    return [
        (
            name,
            codec,
            [codec.encode_one(value) for value in some] * 3 + [codec.encode_batch(some), codec.encode_batch(some[:1])],
            not codec.contains_pickle,
        )
        for name, codec, some in found
    ]


def varint(number: int) -> bytes:
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes((*groups, number))


def mutate(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """With a changed bit or byte, bytes cut off, taken out or put in, a length, or a part of another encoding."""
    for _ in range(1 + (rng.random() < 0.3) + (rng.random() < 0.1)):
        place = int(rng.random() * (len(data) + 1))
        kind = int(rng.random() * 7)
        if kind == 0 and place < len(data):
            data = data[:place] + bytes((data[place] ^ 1 << int(rng.random() * 8),)) + data[place + 1 :]
        elif kind == 1:
            data = data[:place] + bytes((int(rng.random() * 256),)) + data[place + 1 :]
        elif kind == 2:
            data = data[:place]
        elif kind == 3:
            data = data[:place] + data[place + 1 + int(rng.random() * 4) :]
        elif kind == 4:
            data = data[:place] + rng.randbytes(1 + int(rng.random() * 8)) + data[place:]
        elif kind == 5:
            length = rng.choice(EDGES) if rng.random() < 0.5 else int(2 ** (rng.random() * 64))
            data = data[:place] + varint(length) + data[place + 1 :]
        else:
            other = rng.choice(others)
            data = data[:place] + other[int(rng.random() * len(other)) :]
    return data


def fuzz(codec: Codec, seeds: list[bytes], canonical: bool, runs: int, rng: random.Random) -> int:
    """How many of ``runs`` mutated inputs were accepted."""
    accepted = 0
    for _ in range(runs):
        seed = rng.choice(seeds)
        data = mutate(seed, seeds, rng)
        batch = seed[:4] == b"pfxb"
        # A slice of an array has no room to spare; bytes have a 0 behind them, and a new array room to grow.
        exact = array("B", data)[:]
        try:
            value = codec.decode_batch(exact) if batch else codec.decode_one(exact)
        except CorruptDataError:
            continue
        except BaseException as error:
            raise SystemExit(f"{codec!r}: {error!r} from {data.hex()}") from error
        accepted += 1
        again = codec.encode_batch(value) if batch else codec.encode_one(value)
        if canonical and again != data:
            raise SystemExit(f"{codec!r}: {data.hex()} was accepted as {value!r}, which encodes to {again.hex()}")
    return accepted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000_000, help="mutated inputs for each type")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    rng = random.Random(options.seed)
    total = accepted = 0
    cases = subjects()
    for name, codec, seeds, canonical in cases:
        found = fuzz(codec, seeds, canonical, options.runs, rng)
        print(f"fuzz_codec: {name}: {options.runs} inputs, {found} accepted, none misread", flush=True)
        total += options.runs
        accepted += found
    seconds = time.monotonic() - started
    print(
        f"fuzz_codec: {total} inputs for {len(cases)} types, {accepted} accepted, seed {options.seed}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
