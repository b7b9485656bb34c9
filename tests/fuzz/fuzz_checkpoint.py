"""Feeds mutated manifests and states to their decoders: fuzz_checkpoint [--runs N] [--seed S]; N inputs for each kind.

Digests are made right again, as whoever changes a file on purpose would do. Only CorruptDataError may come out, or what
is read holds together.
"""

import argparse
import copy
import json
import random
import sys
import time

import xxhash

from pyflinkx.checkpoint.manifest import (
    DIGEST_SIZE,
    FOOT,
    HEAD,
    MAGIC,
    SECTION,
    VERSION,
    decode_manifest,
    encode_manifest,
    sections_of,
)
from pyflinkx.checkpoint.metadata import Checkpoint, OperatorStates, StatePart, SubtaskStates
from pyflinkx.checkpoint.parts import decoded_part, encoded_part
from pyflinkx.checkpoint.secret import TAG_SIZE
from pyflinkx.errors import CorruptDataError
from tests.checkpoint.states import SECRET, checkpoint_of, keyed_batch, native_batch, pickled_batch
from tests.fuzz.fuzz_codec import mutate


def manifests() -> list[bytes]:
    digest = bytes(range(16))
    parts = [
        StatePart("a", "ValueState", 3, 100, digest, "f.state", 7, groups=(0, 5)),
        StatePart("b", "split", 1, 3, digest, data=b"abc", pickled=True, tag=bytes(32)),
        StatePart("c", "native", 1, 10, digest, "../shared/1.sst"),
    ]
    operator = OperatorStates("u", "ü", 128, (SubtaskStates((), True), SubtaskStates(tuple(parts))), parts[1])
    whole = Checkpoint(2, "savepoint", "ab", "job", -5, {"u": operator}, properties={"a": "b"}, sections=((9, b"x"),))
    return [encode_manifest(checkpoint, SECRET) for checkpoint in (checkpoint_of(1, parts), whole)]


def states() -> list[bytes]:
    batches = [keyed_batch(20), native_batch(9), pickled_batch([1, "a"]), keyed_batch(0)]
    return [b"".join(map(bytes, encoded_part(batch, packed))) for batch in batches for packed in (False, True)]


def read_manifest(data: bytes) -> None:
    found = decode_manifest(data, SECRET)
    # What was read can be written, and is the same then.
    again = decode_manifest(encode_manifest(found, SECRET), SECRET)
    assert again.operators == found.operators
    assert again.properties == found.properties


def read_state(data: bytes) -> None:
    batch = decoded_part(data, trusted=False)
    if batch is not None:
        batch.to_rows("tuple")


ODD = [
    None,
    True,
    -1,
    0,
    1.5,
    2**63,
    10**300,
    "",
    "/",
    "../../x",
    "\ud800",
    "zz",
    [],
    [[]],
    {},
    [0, 0],
    [5, 2],
    {"": {}},
]


def with_odd_values(whole: bytes, rng: random.Random) -> bytes:
    """A manifest with another value somewhere in its JSON."""
    sections = [
        [kind, needed, bytes(content)]
        for kind, needed, content in sections_of(memoryview(whole)[:-FOOT], HEAD.unpack_from(whole)[3])
    ]
    document = json.loads(sections[0][2])
    for _ in range(rng.randint(1, 3)):
        place = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = rng.choice(keys) if keys else None
            if key is None:
                break
            if isinstance(place[key], (dict, list)) and rng.random() < 0.8:
                place = place[key]
                continue
            if rng.random() < 0.2:
                del place[key]
            else:
                place[key] = copy.deepcopy(rng.choice(ODD))
            break
    sections[0][2] = json.dumps(document).encode()
    if rng.random() < 0.1:
        sections[rng.randrange(len(sections))][:2] = rng.randrange(4), rng.randrange(3)
    body = HEAD.pack(MAGIC, VERSION, 0, len(sections))
    for kind, needed, content in sections:
        body += SECTION.pack(kind, needed, 0, len(content)) + content
    return body + bytes(TAG_SIZE)


KINDS = {"manifest": (manifests, read_manifest), "state": (states, read_state)}


def feed(kind: str, runs: int, rng: random.Random) -> tuple[int, int]:
    """How many inputs were refused, and read."""
    make, read = KINDS[kind]
    valid = make()
    for whole in valid:
        read(whole)
    refused = 0
    for number in range(runs):
        whole = rng.choice(valid)
        if kind == "manifest":
            body = (
                with_odd_values(whole, rng)
                if rng.random() < 0.5
                else mutate(whole[:-DIGEST_SIZE], [each[:-DIGEST_SIZE] for each in valid], rng)
            )
            data = body + xxhash.xxh3_128_digest(body)
        else:
            data = mutate(whole, valid, rng)
        try:
            read(data)
        except CorruptDataError:
            refused += 1
        except BaseException:
            print(f"{kind}: input {number} is {data!r}", file=sys.stderr)
            raise
    return refused, runs - refused


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    for kind in KINDS:
        start = time.process_time()
        refused, read = feed(kind, chosen.runs, random.Random(f"{chosen.seed} {kind}"))
        print(f"{kind}: {refused} refused, {read} read, {time.process_time() - start:.1f} s")


if __name__ == "__main__":
    main()
