"""Runs Nexmark's queries here and on DuckDB, holds the answers against each other, and prints a table of rates.

Run: python -m bench.nexmark.run [--events 1000000] [--queries q0,q5] [--turns 3] [--workers 1] [--check 100000]

Both have the events in memory. Here a query is a stream into a sink that discards, with mini-batches as the benchmark's
own configuration has them; DuckDB answers it as a batch, on one thread, into an Arrow table. They take turns, and a
ratio is of processor time. The answers are compared once, at ``--check`` events.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import statistics
import time
from typing import Any

import duckdb
import pyarrow

from bench.jobs.data import FOLDER
from bench.nexmark.answers import connection, difference, folded
from bench.nexmark.generator import CHANNELS, DISORDER_MS, tables
from bench.nexmark.queries import QUERIES
from pyflinkx.errors import PyflinkxError

OPTIONS = {
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "2 s",
    "table.exec.mini-batch.size": "50000",
    "table.optimizer.distinct-agg.split.enabled": "true",
}


def side_input() -> Any:
    """q13's table."""
    keys = range(CHANNELS)
    return pyarrow.table({"key": list(keys), "value": [f"value of {key}" for key in keys]})


def in_database(name: str, table: Any) -> str:
    """The statement that names a table of q13's kind, which is asked by key: it lies in a file of SQLite."""
    path = FOLDER / f"{name}.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(f"DROP TABLE IF EXISTS {name}")
        database.execute(f"CREATE TABLE {name} (key BIGINT PRIMARY KEY, value TEXT)")
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        database.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)
    return (
        f"CREATE TEMPORARY TABLE {name} (key BIGINT, `value` STRING) WITH ('connector' = 'jdbc', "
        f"'url' = 'jdbc:sqlite:{path}', 'table-name' = '{name}', 'lookup.cache' = 'PARTIAL', "
        "'lookup.partial-cache.max-rows' = '100000')"
    )


def environment(data: dict[str, Any], workers: int = 1, options: dict[str, str] | None = None) -> Any:
    """A table environment with the views that the queries read."""
    from pyflinkx.common import Configuration
    from pyflinkx.datastream import StreamExecutionEnvironment
    from pyflinkx.table import EnvironmentSettings, Schema, StreamTableEnvironment

    where = {"pyflinkx.workers": "inline"} if workers == 1 else {}
    configuration = Configuration.from_dict({**where, **OPTIONS, **(options or {})})
    program = StreamExecutionEnvironment.get_execution_environment(configuration)
    program.set_parallelism(workers)
    settings = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    t_env = StreamTableEnvironment.create(program, environment_settings=settings)
    for name, table in data.items():
        if "dateTime" in table.column_names:
            delay = f"INTERVAL '{DISORDER_MS // 1_000}' SECOND"
            schema = Schema.new_builder().watermark("dateTime", f"`dateTime` - {delay}")
            t_env.create_temporary_view(name, program.from_arrow(table), schema.build())
        else:
            t_env.execute_sql(in_database(name, table))
    t_env.execute_sql("CREATE TEMPORARY VIEW bid_now AS SELECT *, PROCTIME() AS p_time FROM bid")
    return t_env


def checked(name: str, data: dict[str, Any], workers: int) -> str:
    """How the answer differs from DuckDB's; empty when it does not."""
    rows = folded(environment(data, workers).execute_sql(QUERIES[name].here).collect())
    return difference(connection(data), QUERIES[name], rows)


def seconds_here(name: str, data: dict[str, Any], workers: int) -> float:
    """Processor time of the query as a stream, with its planning."""
    t_env = environment(data, workers)
    began = processor_time()
    t_env.execute_sql(f"CREATE TABLE nowhere WITH ('connector' = 'blackhole') AS {QUERIES[name].here}").wait()
    return processor_time() - began


def seconds_there(database: Any, name: str) -> float:
    """Processor time of the query in DuckDB."""
    began = processor_time()
    database.sql(QUERIES[name].there).to_arrow_table()
    return processor_time() - began


def processor_time() -> float:
    """Of this process and of those that it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--check", type=int, default=100_000, help="events of the comparison; 0 for none")
    parser.add_argument("--queries", default=",".join(QUERIES))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    names = options.queries.split(",")
    few, many = (
        {**tables(events), "side_input": side_input()} if events else {} for events in (options.check, options.events)
    )
    database = connection(many)
    print(
        f"{options.events} events, {options.workers} workers, load {os.getloadavg()[0]:.1f}, "
        f"DuckDB {duckdb.__version__}"
    )
    print("| Query | Right | M events/s | DuckDB | Ratio (least to largest) |\n|---|---|---|---|---|")
    for name in names:
        print(f"| {name} | {' | '.join(cells(name, few, many, database, options))} |", flush=True)


def cells(
    name: str, few: dict[str, Any], many: dict[str, Any], database: Any, options: argparse.Namespace
) -> list[str]:
    """What a row of the table says of a query."""
    try:
        looks = bool(few) and QUERIES[name].ends
        wrong = checked(name, few, options.workers) if looks else ""
        turns = [
            (seconds_here(name, many, options.workers), seconds_there(database, name)) for _ in range(options.turns)
        ]
    except (PyflinkxError, AssertionError) as error:
        return [f"{type(error).__name__}: {str(error).splitlines()[0]:.200}", "", "", ""]
    ratios = sorted(there / here for here, there in turns)
    here, there = (statistics.median(seconds) for seconds in zip(*turns, strict=True))
    return [
        wrong or ("yes" if looks else "not looked at"),
        f"{options.events / here / 1e6:.3g}",
        f"{options.events / there / 1e6:.3g}",
        f"{statistics.median(ratios):.3g} ({ratios[0]:.3g} to {ratios[-1]:.3g})",
    ]


if __name__ == "__main__":
    main()
