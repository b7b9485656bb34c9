"""JSON lines read and written against pyarrow, msgspec and Polars, by processor time and one thread each.

Run: POLARS_MAX_THREADS=1 python -m bench.micro.bench_json [--rows N] [--turns N]
Each line is a ratio in one run: libraries take turns, and of each the least time counts. msgspec and Polars are left
out where they are not installed.
"""

import argparse
import datetime
import io
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pyarrow
import pyarrow.json

from pyflinkx.common import Types
from pyflinkx.datastream.formats.json import JsonRowDeserializationSchema, JsonRowSerializationSchema
from pyflinkx.formats.json_messages import JsonMessages
from pyflinkx.formats.json_values import Reading

try:
    import msgspec
except ImportError:
    msgspec = None
try:
    import polars
except ImportError:
    polars = None

PLAIN = Types.ROW_NAMED(["id", "user", "amount"], [Types.LONG(), Types.STRING(), Types.DOUBLE()])
NESTED = Types.ROW_NAMED(
    ["id", "tags", "at", "place"],
    [
        Types.LONG(),
        Types.LIST(Types.STRING()),
        Types.SQL_TIMESTAMP(),
        Types.ROW_NAMED(["name", "x", "y"], [Types.STRING(), Types.DOUBLE(), Types.DOUBLE()]),
    ],
)


def plain(chance: random.Random, row: int) -> dict[str, Any]:
    return {"id": row * 7, "user": f"user-{row % 1000}", "amount": round(chance.random() * 1000, 2)}


def escaped(chance: random.Random, row: int) -> dict[str, Any]:
    return {**plain(chance, row), "user": f'"Zoë"\n{row}\\'}


def shuffled(chance: random.Random, row: int) -> dict[str, Any]:
    fields = list(plain(chance, row).items())
    chance.shuffle(fields)
    return dict(fields)


def missing(chance: random.Random, row: int) -> dict[str, Any]:
    fields = {**plain(chance, row), "seen": True, "other": {"a": [1, 2]}}
    return {name: value for name, value in fields.items() if name == "id" or chance.random() < 0.5}


def random_doubles(chance: random.Random, row: int) -> dict[str, Any]:
    return {**plain(chance, row), "amount": chance.random()}


def nested(chance: random.Random, row: int) -> dict[str, Any]:
    return {
        "id": row,
        "tags": ["a", "bc", "def"][: row % 4],
        "at": f"2024-01-{row % 28 + 1:02d}T10:{row % 60:02d}:00.250Z",
        "place": {"name": f"place-{row % 100}", "x": chance.random(), "y": None if row % 5 == 0 else 1.5},
    }


CASES = {
    "plain": (PLAIN, plain),
    "escapes": (PLAIN, escaped),
    "fields in any order": (PLAIN, shuffled),
    "fields missing, others unknown": (PLAIN, missing),
    "doubles of 17 digits": (PLAIN, random_doubles),
    "nested": (NESTED, nested),
}


def arrow_type(type_info: Any) -> Any:
    plain_types = {
        Types.LONG(): pyarrow.int64(),
        Types.STRING(): pyarrow.string(),
        Types.DOUBLE(): pyarrow.float64(),
        Types.SQL_TIMESTAMP(): pyarrow.timestamp("us"),
        Types.LIST(Types.STRING()): pyarrow.list_(pyarrow.string()),
    }
    if type_info in plain_types:
        return plain_types[type_info]
    types = map(arrow_type, type_info.get_field_types())
    return pyarrow.struct(list(zip(type_info.get_field_names(), types, strict=True)))


def struct_of(type_info: Any) -> Any:
    kinds = {
        Types.LONG(): int,
        Types.STRING(): str,
        Types.DOUBLE(): float,
        Types.SQL_TIMESTAMP(): datetime.datetime,
        Types.LIST(Types.STRING()): list[str],
    }
    pairs = zip(type_info.get_field_names(), type_info.get_field_types(), strict=True)
    return msgspec.defstruct(
        "Record", [(name, (kinds.get(kind) or struct_of(kind)) | None, None) for name, kind in pairs]
    )


def least(calls: dict[str, Callable[[], Any]], turns: int) -> dict[str, float]:
    """The least processor time of each, in turns."""
    times = dict.fromkeys(calls, float("inf"))
    for _ in range(turns):
        for name, call in calls.items():
            started = time.process_time()
            call()
            times[name] = min(times[name], time.process_time() - started)
    return times


def shown(case: str, what: str, rows: int, times: dict[str, float]) -> str:
    ours, *others = times.items()
    ratios = ", ".join(f"{seconds / ours[1]:.2f} x {name} ({rows / seconds / 1e6:.2f} M/s)" for name, seconds in others)
    return f"{case}: {what} {rows / ours[1] / 1e6:.2f} M rows/s: {ratios}"


def measured(case: str, rows: int, turns: int) -> Iterator[str]:
    type_info, make = CASES[case]
    chance = random.Random(7)
    lines = [json.dumps(make(chance, row), ensure_ascii=False, separators=(",", ":")).encode() for row in range(rows)]
    block = b"\n".join(lines) + b"\n"
    read = JsonRowDeserializationSchema.builder().type_info(type_info).build()
    write = JsonRowSerializationSchema.builder().with_type_info(type_info).build()
    decoder = JsonMessages(type_info, Reading()).decoder
    reader = decoder.new_line_reader()

    def read_each(some: list[bytes]) -> Any:
        return list(map(read.deserialize, some))

    def columns() -> Any:
        reader.read_lines(block, 0, rows, True)
        return decoder.taken(reader)

    schema = pyarrow.schema(arrow_type(type_info))
    parse = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    once = pyarrow.json.ReadOptions(use_threads=False)
    batch = columns()
    assert batch.to_rows() == list(map(read.deserialize, lines)) == read.decode_many(lines)
    calls = {
        "ours": columns,
        f"pyarrow {pyarrow.__version__}": lambda: pyarrow.json.read_json(io.BytesIO(block), once, parse),
    }
    table = pyarrow.json.read_json(io.BytesIO(block), once, parse).combine_chunks()
    assert table.to_pylist() == batch.to_rows("dict")
    yield shown(case, "lines to columns", rows, least(calls, turns))
    calls = {"ours": lambda: read.decode_many(lines), "one by one": lambda: read_each(lines[: rows // 20])}
    if msgspec is not None:
        decode = msgspec.json.Decoder(struct_of(type_info)).decode
        calls[f"msgspec {msgspec.__version__}"] = lambda: [decode(line) for line in lines]
    times = least(calls, turns)
    times["one by one"] *= 20
    yield shown(case, "messages to rows", rows, times)
    calls = {"ours": lambda: write.encode_columns(batch)}
    if polars is not None:
        frame = polars.DataFrame(batch)
        calls[f"Polars {polars.__version__}"] = lambda: frame.write_ndjson(io.BytesIO())
        assert len(write.encode_columns(batch).split(b"\n")) == rows + 1
    yield shown(case, "columns to lines", rows, least(calls, turns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    for case in CASES:
        for line in measured(case, options.rows, options.turns):
            print(line, flush=True)


if __name__ == "__main__":
    main()
