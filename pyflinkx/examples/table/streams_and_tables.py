"""From a stream to a table and back: SQL in the middle of a program of the DataStream API.

python -m pyflinkx.examples.table.streams_and_tables
"""

from __future__ import annotations

from pyflinkx.common import Types
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.table import Schema, StreamTableEnvironment

RIDES = [(1, "Oslo", 1_000), (2, "Rome", 2_500), (3, "Oslo", 4_000)]


def main() -> None:
    """Print rides that began after the first two seconds."""
    program = StreamExecutionEnvironment.get_execution_environment().set_parallelism(1)
    environment = StreamTableEnvironment.create(program)
    info = Types.ROW_NAMED(["id", "city", "millis"], [Types.INT(), Types.STRING(), Types.LONG()])
    rides = program.from_collection(RIDES, info)
    schema = (
        Schema.new_builder()
        .column("id", "INT")
        .column("city", "STRING")
        .column("millis", "BIGINT")
        .column_by_expression("seconds", "millis / 1000")
        .build()
    )
    environment.create_temporary_view("rides", rides, schema)
    late = environment.sql_query("SELECT id, UPPER(city) AS city FROM rides WHERE seconds >= 2")
    environment.to_data_stream(late).map(lambda ride: f"{ride.city}: ride {ride.id}").print()
    program.execute("rides")


if __name__ == "__main__":
    main()
