"""Feeds mutated bytes to the CSV source: fuzz_csv [--runs N] [--seed S].

Nothing but SourceError may come out. A file read with bad records skipped must, up to the first of them, give what the
same file gives when a bad record stops it, whatever the pieces it is read in, and the first bad line must be the one
that the error names.
"""

import argparse
import random
import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.source import BAD_RECORDS_TAG
from pyflinkx.errors import SourceError
from pyflinkx.formats.decoding import MAX_LINE_BYTES, ChunkReader
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import read_all


class Flight(NamedTuple):
    carrier: str
    number: int
    delay: float | None


SEEDS = [
    b"carrier,number,delay\nUA,1545,2.0\nUA,1714,\nAA,1141,-3\nB6,725,nan\n",
    b'carrier,number,delay\r\n"U,A",1,0\r\n"two\r\nlines",2,1e3\r\n\r\n"q""q",3,\r\n',
    b"\xef\xbb\xbfnumber,delay,carrier\r1,2,\xc3\xa9\r9223372036854775807,inf,\xe2\x82\xac\r",
    b"delay,number,carrier\n" + b"1.5,7,ab\n" * 20,
]
PIECES = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xe2\x82",
    b"\\",
    b'"",',
    b"1e999",
    b"99999999999999999999",
]
SCHEMAS = [
    Flight,
    None,
    Types.ROW_NAMED(["number", "delay"], [Types.LONG(), Types.DOUBLE()]),
    Types.TUPLE([Types.STRING(), Types.STRING(), Types.STRING()]),
]
WHERE = re.compile(r"fuzz\.csv:(\d+): ")


def mutate(data: bytes, rng: random.Random) -> bytes:
    mutated = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        place = rng.randrange(len(mutated) + 1)
        match rng.randrange(5):
            case 0:
                mutated[place:place] = rng.choice(PIECES)
            case 1:
                del mutated[place : place + rng.randrange(1, 9)]
            case 2:
                mutated[place : place + 1] = bytes([rng.randrange(256)])
            case 3:
                start = rng.randrange(len(mutated) + 1)
                mutated[place:place] = mutated[start : start + rng.randrange(30)]
            case 4:
                mutated[place : place + 1] = rng.choice(PIECES)
    return bytes(mutated)


def read(path, chunk_bytes, limit, **options):
    """Records, bad records and the error, if any."""
    ChunkReader.__init__.__defaults__ = (chunk_bytes, MAX_LINE_BYTES)
    records, side = [], {}
    try:
        read_all(CsvSource(path, **options), limit=limit, records=records, side=side)
    except SourceError as error:
        return records, side.get(BAD_RECORDS_TAG, []), str(error)
    return records, side.get(BAD_RECORDS_TAG, []), None


def check(path, rng):
    options = {"schema": rng.choice(SCHEMAS), "header": rng.random() < 0.7, "escape": rng.choice([None, None, "\\"])}
    failing = read(path, rng.randrange(1, 60), rng.randrange(1, 9), on_error="fail", **options)
    records, bad, error = read(path, 1 << 18, 1024, on_error="skip", **options)
    # repr, as NaN is not equal to itself.
    assert repr(records[: len(failing[0])]) == repr(failing[0]), (records, failing)
    if error is not None:
        assert error == failing[2], (error, failing)
    elif bad:
        assert failing[2] is not None, bad
        assert int(WHERE.search(failing[2])[1]) == bad[0].line, (failing, bad)
    else:
        assert failing[2] is None, failing
        assert len(records) == len(failing[0])
    return len(records), len(bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    good = bad = 0
    # A file in memory where there is such a place: on a disk most of the time goes into making files.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "fuzz.csv"
        for run in range(arguments.runs):
            data = mutate(rng.choice(SEEDS), rng)
            path.write_bytes(data)
            try:
                counts = check(path, rng)
            except BaseException:
                print(f"run {run} of seed {arguments.seed}: {data!r}", file=sys.stderr)
                raise
            good += counts[0]
            bad += counts[1]
    print(
        f"fuzz_csv: {arguments.runs} files, {good} records, {bad} bad records, seed {arguments.seed}: as they should be"
    )


if __name__ == "__main__":
    main()
