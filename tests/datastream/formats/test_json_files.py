"""Jobs that read files of JSON lines: native operations get columns, Python functions rows."""

import json
import random
from decimal import Decimal

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.files.json_sink import JsonLinesSink
from pyflinkx.connectors.source import BadRecord
from pyflinkx.datastream import OutputTag, StreamExecutionEnvironment, col
from pyflinkx.datastream.connectors.file_system import FileSource
from pyflinkx.datastream.formats.json import JsonReaderFormat
from pyflinkx.errors import SinkError, SourceError

TRIP = Types.ROW_NAMED(["km", "stops"], [Types.INT(), Types.LIST(Types.STRING())])
TYPE = Types.ROW_NAMED(
    ["city", "fare", "at", "trip"],
    [
        Types.STRING(),
        Types.DOUBLE(),
        Types.SQL_TIMESTAMP(),
        Types.ROW_NAMED(["km", "stops"], [Types.INT(), Types.LIST(Types.STRING())]),
    ],
)


@pytest.fixture
def trips(tmp_path):
    """Three files in a folder, and what is in them."""
    chance = random.Random(5)
    folder = tmp_path / "trips"
    folder.mkdir()
    rows = []
    for number in range(3):
        lines = []
        for _ in range(500):
            row = {
                "city": chance.choice(["rome", "köln", "oslo\n"]),
                "fare": round(chance.random() * 100, 2),
                "at": f"2024-01-0{number + 1}T10:00:{chance.randrange(60):02d}Z",
                "trip": {"km": chance.randrange(50), "stops": ["a", None][: chance.randrange(3)]},
            }
            rows.append(row)
            lines.append(json.dumps(row, ensure_ascii=chance.random() < 0.5))
        (folder / f"{number}.jsonl").write_text("\n".join(lines))
    return folder, rows


def stream(env, folder, **options):
    source = FileSource.for_record_stream_format(JsonReaderFormat.for_type(TYPE, **options), str(folder)).build()
    return env.from_source(source, WatermarkStrategy.no_watermarks(), "trips")


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


def test_native_operations_get_columns(env, trips):
    folder, rows = trips
    filtered = stream(env, folder).filter(col("fare") > 50.0).select("city", "fare").to_arrow()
    wanted = sorted((row["city"], row["fare"]) for row in rows if row["fare"] > 50)
    assert sorted(zip(filtered["city"].to_pylist(), filtered["fare"].to_pylist(), strict=True)) == wanted


@pytest.mark.parametrize("parallelism", [1, 2])
def test_python_functions_get_rows(env, trips, parallelism):
    folder, rows = trips
    env.set_parallelism(parallelism)
    pairs = stream(env, folder).map(lambda row: (row.city, row["trip"]["km"], row.trip.stops, str(row.at)))
    with pairs.execute_and_collect() as found:
        key = repr
        assert sorted(found, key=key) == sorted(
            ((row["city"], row["trip"]["km"], row["trip"]["stops"], row["at"][:-1].replace("T", " ")) for row in rows),
            key=key,
        )


def test_bad_lines_go_aside(env, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"city": "rome"}\n{"city": 1, "fare": "x"}\n{\n{"city": "oslo"}\n')
    records = stream(env, path, on_error="skip")
    bad = records.get_side_output(OutputTag("bad-records"))
    records.map(lambda row: row.city).print()
    with bad.execute_and_collect() as collected:
        assert list(collected) == [
            BadRecord(str(path), 2, '{"city": 1, "fare": "x"}', "$.fare: expected DOUBLE, got 'x'"),
            BadRecord(str(path), 3, "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ]


def test_a_bad_line_stops_the_job(env, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"city": "rome"}\n{"fare": []}\n')
    stream(env, path).map(lambda row: row.city).print()
    with pytest.raises(SourceError, match=r'in.jsonl:2: \$\.fare: expected DOUBLE, got \[\]: \{"fare": \[\]\}'):
        env.execute()


def test_lines_to_lines(env, trips, tmp_path):
    folder, rows = trips
    filtered = stream(env, folder).filter(col("fare") > 50.0)
    filtered.sink_to(JsonLinesSink(tmp_path / "columns.jsonl", TYPE))
    filtered.map(lambda row: row, output_type=TYPE).sink_to(JsonLinesSink(tmp_path / "rows.jsonl", TYPE))
    env.execute()
    texts = [(tmp_path / name).read_text().split("\n") for name in ("columns.jsonl", "rows.jsonl")]
    assert sorted(texts[0]) == sorted(texts[1])
    written = [json.loads(line) for line in texts[0][:-1]]
    wanted = [row for row in rows if row["fare"] > 50]
    assert sorted(map(repr, written)) == sorted(map(repr, wanted))


def test_rows_that_cannot_be_written(env, tmp_path):
    rows = env.from_collection([(Decimal("NaN"),)], type_info=Types.TUPLE([Types.BIG_DEC()]))
    rows.sink_to(JsonLinesSink(tmp_path / "out.jsonl", Types.ROW_NAMED(["price"], [Types.BIG_DEC()])))
    with pytest.raises(SinkError, match=r"out.jsonl: no row of type .*field '\$.price': JSON has no form"):
        env.execute()
    assert list(tmp_path.iterdir()) == []
