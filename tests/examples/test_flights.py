import csv
import subprocess
import sys
from pathlib import Path

import pyflinkx.examples.flights as flights


def test_the_main_job_agrees_with_duckdb_and_writes_its_results(tmp_path):
    program = Path(flights.__file__)
    done = subprocess.run(
        [sys.executable, "-m", "pyflinkx.cli.main", "run", str(program), "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress line where there is no terminal
    assert "agrees with DuckDB on" in done.stdout
    with (tmp_path / "hourly.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "late_flights.csv").open(encoding="utf-8", newline="") as file:
        late = list(csv.DictReader(file))
    assert sum(int(row["flights"]) for row in rows) + len(late) == 336_776
    assert {row["origin"] for row in rows} == {"EWR", "JFK", "LGA"}
    assert late  # some flights really are out of order by more than the bound
    assert (tmp_path / "delay_by_hour.png").read_bytes().startswith(b"\x89PNG")


def test_a_late_bound_beyond_every_delay_loses_no_flight(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", flights.__name__, "--output", str(tmp_path), "--out-of-orderness", "1440"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "late_flights.csv").read_text(encoding="utf-8").count("\n") == 1
