"""From CSV to JSON by two INSERTs that run as one job: a statement set.

python -m pyflinkx.examples.table.files_to_files --input trips.csv --output folder
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from pyflinkx.table import EnvironmentSettings, TableEnvironment

TRIPS = """1,Oslo,12.50,2024-01-01 08:00:00
2,Rome,7.25,2024-01-01 08:05:00
3,Oslo,30.00,2024-01-01 08:20:00
"""


def split(input_path: str, output_path: str) -> None:
    """Write trips of a CSV file to two folders of JSON: those that cost 10 and more, and the others.

    Args:
        input_path: the CSV file.
        output_path: the folder that both folders are in.
    """
    environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    columns = "id BIGINT, city STRING, fare DECIMAL(8, 2), started TIMESTAMP(3)"
    environment.execute_sql(
        f"CREATE TABLE trips ({columns}) WITH ('connector' = 'filesystem', 'path' = '{input_path}', 'format' = 'csv')"
    )
    for name in ("dear", "cheap"):
        environment.execute_sql(
            f"CREATE TABLE {name} ({columns}) WITH ('connector' = 'filesystem', 'path' = '{output_path}/{name}', "
            "'format' = 'json')"
        )
    statements = environment.create_statement_set()
    statements.add_insert_sql("INSERT INTO dear SELECT * FROM trips WHERE fare >= 10")
    statements.add_insert_sql("INSERT INTO cheap SELECT * FROM trips WHERE fare < 10")
    statements.execute().wait()


def main() -> None:
    """Split a few trips, and print the files."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--input", help="a CSV file of trips")
    arguments.add_argument("--output", help="the folder to write to")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trips = Path(folder, "trips.csv")
        trips.write_text(TRIPS, encoding="utf-8")
        output = Path(given.output or folder)
        split(given.input or str(trips), str(output))
        for part in sorted(output.glob("*/part-*")):
            print(f"{part.parent.name}:\n{part.read_text(encoding='utf-8')}", end="")


if __name__ == "__main__":
    main()
