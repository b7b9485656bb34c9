"""Parquet and ORC files against pyarrow. Run: python -m bench.micro.bench_parquet [ROWS]

Reads files into columns and writes columns, by one thread; prints M rows a second by processor time, the best of five
turns, and ratios. What is read must be the table that was written, and what is written must be read back as such.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from bench.micro.bench_csv import best, tables

GROUP = 1 << 17


def read(source: Any) -> tuple[int, list[Any]]:
    """All batches of a source, and their rows."""
    from pyflinkx.connectors.source import END, ReaderContext

    source.check()
    reader = source.create_reader(ReaderContext(None))
    reader.add_splits(source.splits(1))
    batches = []
    while (batch := reader.poll(131_072)) is not END:
        batches.append(batch)
    reader.close()
    return sum(map(len, batches)), batches


def written(factory: Any, path: str, batches: list[Any]) -> None:
    """Write batches as a sink does."""
    from pyflinkx.connectors.files.bulk import BulkStream

    with open(path, "wb", buffering=0) as file:
        writer = factory.create(BulkStream(file))
        for batch in batches:
            writer.add_columns(batch)
        writer.finish()


def report(name: str, rows: int, calls: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Time calls and print their rates; the first one is ours."""
    times, results = best(calls)
    (ours, peer), rates = times.values(), [rows / time / 1e6 for time in times.values()]
    print(f"{name:28} {rates[0]:8.2f} {rates[1]:8.2f} {peer / ours:6.2f}", flush=True)
    return results


def main() -> None:
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.orc as orc
    import pyarrow.parquet as pq

    from pyflinkx._core.columns.batch import ColumnBatch
    from pyflinkx.connectors.files.orc import OrcSource
    from pyflinkx.connectors.files.orc_sink import OrcWriterFactory
    from pyflinkx.connectors.files.parquet import ParquetSource
    from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    print(f"{'':28} {'pyflinkx':>8} {'pyarrow':>8} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        path, other = os.path.join(folder, "in"), os.path.join(folder, "out")
        for name, table in tables(count).items():
            table = table.combine_chunks()
            batches = [ColumnBatch.from_arrow(part) for part in table.to_batches(max_chunksize=GROUP)]
            column = table.column_names[-1]
            pq.write_table(table, path, row_group_size=GROUP)
            found = report(
                f"read Parquet: {name}",
                count,
                {
                    "ours": lambda: read(ParquetSource(path)),
                    "scan": lambda: ds.dataset(path, format="parquet").scanner(use_threads=False).to_table(),
                },
            )
            assert found["ours"][0] == found["scan"].num_rows == count
            assert pa.Table.from_batches(map(pa.record_batch, found["ours"][1])).equals(table)
            report(
                f"read one column: {name}",
                count,
                {
                    "ours": lambda c=column: read(ParquetSource(path, columns=[c])),
                    "scan": lambda c=column: (
                        ds.dataset(path, format="parquet").scanner(columns=[c], use_threads=False).to_table()
                    ),
                },
            )
            report(
                f"write Parquet: {name}",
                count,
                {
                    "ours": lambda b=batches: written(ParquetWriterFactory(), other, b),
                    "pyarrow": lambda t=table: pq.write_table(t, path),
                },
            )
            assert pq.read_table(other).equals(table)
        table = tables(count)["mixed"].combine_chunks()
        batches = [ColumnBatch.from_arrow(part) for part in table.to_batches(max_chunksize=GROUP)]
        orc.write_table(table, path, compression="zlib")
        report(
            "read ORC: mixed",
            count,
            {"ours": lambda: read(OrcSource(path)), "pyarrow": lambda: orc.read_table(path)},
        )
        report(
            "write ORC: mixed",
            count,
            {
                "ours": lambda: written(OrcWriterFactory(), other, batches),
                "pyarrow": lambda: orc.write_table(table, path, compression="zlib"),
            },
        )
        assert orc.read_table(other).num_rows == count


if __name__ == "__main__":
    main()
