"""Feeds mutated frames to the decoder of batches: fuzz_frames [--runs N] [--seed S]; N inputs for each kind of frame.

Only CorruptDataError may come out of packed and typed records, columns, timestamps, row kinds and LZ4 blocks. The head
of a pickled frame is pickle's own business and runs what it names, so there only what lies around it is changed: the
header, the timestamps and kinds, and where the frame ends.
"""

import argparse
import random
import sys
import time
from array import array

import pyarrow as pa

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Types
from pyflinkx.errors import CorruptDataError
from pyflinkx.runtime.exchange.frames import COMPRESSED, HEADER, PICKLED, FrameFormat
from tests.fuzz.fuzz_codec import mutate

SITE = CallSite("the operator", "uid-1", "job.py:7")
PAIR = Types.TUPLE([Types.STRING(), Types.LONG()])
Case = tuple[str, FrameFormat, list[bytes], tuple[int, int]]


def cases() -> list[Case]:
    """For each kind of frame: its name, format, valid frames, and the part of a frame that is not to be changed."""
    untyped, typed, small = FrameFormat(SITE), FrameFormat(SITE, PAIR), FrameFormat(SITE, None, compressed=True)
    pairs = [("a", 1), ("ü" * 40, -(2**63))]
    plain = [(1, "user", None, 0.5, True), (None, "user", None, float("nan"), False)]
    stamped = [(pairs, array("q", [1, -5]), array("b", [0, 3])), (pairs, None, None)]
    columns = ColumnBatch.from_arrow(
        pa.record_batch(
            {
                "n": [1, None, 3],
                "s": ["a", "bb", None],
                "b": [True, False, None],
                "l": [[1, 2], None, [3]],
                "d": [{"x": 1.5}, None, {"x": 2.5}],
            }
        )
    )
    found = [
        ("packed", untyped, [ObjectBatch(plain), ObjectBatch(plain, array("q", [1, 2])), ObjectBatch([1, 2, None])]),
        ("typed", typed, [ObjectBatch(*parts) for parts in stamped]),
        ("pickled", untyped, [ObjectBatch([{1: 2}, b"x"], array("q", [1, 2]), array("b", [0, 1]))]),
        ("columns", untyped, [columns, columns.slice(1, 3), columns.with_timestamps(array("q", [5, 6, 7]))]),
        ("compressed", small, [ObjectBatch(plain * 20), ObjectBatch(plain, array("q", [1, 2]))]),
    ]
    result: list[Case] = []
    for name, format, batches in found:
        frames = [b"".join(bytes(part) for part in format.encode(batch)) for batch in batches]
        kept = (0, 0)
        if name == "pickled":
            _, _, count, size = HEADER.unpack_from(frames[0])
            start = HEADER.size + 9 * count
            kept = (start, start + size)
        result.append((name, format, frames, kept))
    return result


def damaged(frame: bytes, frames: list[bytes], kept: tuple[int, int], rng: random.Random) -> bytes:
    start, stop = kept
    if stop == 0:
        return mutate(frame, frames, rng)
    before, head, after = frame[:start], frame[start:stop], frame[stop:]
    match rng.randrange(3):
        case 0:  # of the header, but for the kind and the size of what runs; timestamps
            at = rng.choice([1, 4, 5, 6, 7, *range(HEADER.size, start)])
            before = before[:at] + bytes((rng.randrange(256),)) + before[at + 1 :]
            return before + head + after
        case 1:
            return frame[: rng.randrange(len(frame))]
        case _:
            return before + head + mutate(after, [after], rng)


def runs_what_it_names(frame: bytes, kept: tuple[int, int]) -> bool:
    """Whether a changed frame would have a pickle loaded that nobody wrote."""
    if len(frame) < HEADER.size:
        return False
    kind, flags, count, size = HEADER.unpack_from(frame)
    if kind != PICKLED:
        return False
    if flags & COMPRESSED:
        return True
    start = HEADER.size + 8 * count * (flags & 1) + count * ((flags >> 1 & 1) + (flags >> 3 & 1))
    return (start, start + size) != kept


def fuzz(case: Case, runs: int, rng: random.Random) -> int:
    """How many of ``runs`` mutated frames were accepted."""
    _, format, frames, kept = case
    accepted = 0
    for _ in range(runs):
        data = damaged(rng.choice(frames), frames, kept, rng)
        if runs_what_it_names(data, kept):
            continue
        try:
            batch = format.decode(array("B", data)[:])
            if isinstance(batch, ColumnBatch):
                batch.validate(full=True)
                batch.to_rows()
        except CorruptDataError:
            continue
        except BaseException as error:
            raise SystemExit(f"{case[0]}: {error!r} from {data.hex()}") from error
        accepted += 1
        repr(batch)
    return accepted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000_000, help="mutated inputs for each kind of frame")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    rng = random.Random(options.seed)
    for case in cases():
        found = fuzz(case, options.runs, rng)
        print(f"fuzz_frames: {case[0]}: {options.runs} inputs, {found} accepted", flush=True)
    print(f"fuzz_frames: seed {options.seed}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
