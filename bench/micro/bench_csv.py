"""CSV by one thread against pyarrow and Polars. Run: python -m bench.micro.bench_csv [ROWS]

Reads bytes into columns and into tuples, and writes columns; prints M rows a second by processor time, the best of five
turns, and ratios. The columns read must be pyarrow's, and what is written must be read back as what it was.
"""

from __future__ import annotations

import datetime
import io
import random
import sys
import time
from collections.abc import Callable
from typing import Any

TURNS = 5
PIECE = 1 << 18
WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
MIDNIGHT = datetime.datetime(2013, 1, 1)


def tables(rows: int) -> dict[str, Any]:
    """Tables of integers, several types with nulls, texts that need quotes, long texts, doubles with all digits."""
    import pyarrow as pa

    rng = random.Random(1)
    some = range(rows)
    return {
        "3 integers": pa.table(
            {name: [rng.randrange(limit) for _ in some] for name, limit in (("a", 10**6), ("b", 10**9), ("c", 99))}
        ),
        "mixed": pa.table(
            {
                "name": [rng.choice([*WORDS, None]) for _ in some],
                "count": [rng.choice([None, rng.randrange(10**6)]) for _ in some],
                "share": [round(rng.uniform(0, 1000), 2) for _ in some],
                "on": [rng.random() < 0.5 for _ in some],
                "at": pa.array(
                    [MIDNIGHT + datetime.timedelta(seconds=rng.randrange(10**7)) for _ in some], pa.timestamp("us")
                ),
            }
        ),
        "quoted": pa.table({"a": [f'{rng.choice(WORDS)}, "{rng.choice(WORDS)}"' for _ in some], "b": list(some)}),
        "long text": pa.table({"a": list(some), "b": [" ".join(rng.choices(WORDS, k=60)) for _ in some]}),
        "17 digits": pa.table({"a": [rng.random() for _ in some], "b": [rng.gauss(0, 1e5) for _ in some]}),
    }


def best(calls: dict[str, Callable[[], Any]]) -> tuple[dict[str, float], dict[str, Any]]:
    """The least processor time of each call, taken in turns, and what it gave."""
    times: dict[str, float] = {}
    results: dict[str, Any] = {}
    for _ in range(TURNS):
        for name, call in calls.items():
            started = time.process_time()
            results[name] = call()
            times[name] = min(times.get(name, 1e9), time.process_time() - started)
    return times, results


def decoded(data: bytes, schema: Any) -> list[Any]:
    """Batches of columns."""
    from pyflinkx._core.formats.csv_decoder import CsvDecoder

    decoder = CsvDecoder(schema, list(range(len(schema))), len(schema), b",", nulls=[b""])
    batches, at = [], 0
    while at < len(data):
        cut = data.rfind(b"\n", at, at + PIECE) + 1
        decoder.open(data[at:cut], 0, 1)
        assert decoder.read(1 << 40) == "ended"
        at = cut
        batches.append(decoder.take())
    return batches


def main() -> None:
    import polars
    import pyarrow as pa
    import pyarrow.csv as pc

    from pyflinkx._core.columns.batch import ColumnBatch
    from pyflinkx._core.formats.csv_encoder import CsvEncoder

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    pa.set_cpu_count(1)
    writing = pc.WriteOptions(include_header=False, quoting_style="needed")
    for name, table in tables(rows).items():
        table = table.combine_chunks()
        batches = [ColumnBatch.from_arrow(part) for part in table.to_batches(max_chunksize=1024)]
        schema, frame, encoder = batches[0].schema, polars.from_arrow(table), CsvEncoder(b",", b'"', b"")
        data = b"".join(encoder.encode(batch) or b"" for batch in batches)
        reading = pc.ReadOptions(use_threads=False, column_names=table.schema.names)
        types = pc.ConvertOptions(column_types=table.schema, strings_can_be_null=True, null_values=[""])

        def written(table: Any = table) -> bytes:
            out = io.BytesIO()
            pc.write_csv(table, out, writing)
            return out.getvalue()

        times, results = best(
            {
                "pyarrow reads": lambda d=data, r=reading, t=types: pc.read_csv(
                    io.BytesIO(d), read_options=r, convert_options=t
                ),
                "columns": lambda d=data, s=schema: decoded(d, s),
                "tuples": lambda d=data, s=schema: [batch.to_rows("tuple") for batch in decoded(d, s)],
                "pyarrow writes": written,
                "Polars writes": lambda f=frame: f.write_csv(None, include_header=False),
                "writes": lambda e=encoder, b=batches: [e.encode(batch) for batch in b],
            }
        )
        read = pa.Table.from_batches([pa.record_batch(batch) for batch in results["columns"]])
        assert results["pyarrow reads"].equals(table.cast(results["pyarrow reads"].schema))
        assert read.equals(table.cast(read.schema))
        print(name, *(f"{what} {rows / spent / 1e6:.2f}" for what, spent in times.items()), sep="; ")
        arrow, other = times["pyarrow writes"] / times["writes"], times["Polars writes"] / times["writes"]
        print(f"  reading {times['pyarrow reads'] / times['columns']:.2f} x pyarrow; ", end="")
        print(f"writing {arrow:.2f} x pyarrow, {other:.2f} x Polars")


if __name__ == "__main__":
    main()
