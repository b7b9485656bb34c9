"""W2 and W3 in Flink SQL: all Java, parallelism 1, streaming, its input Arrow batches in the JVM's memory.

What is timed goes to a table that throws rows away; the answer is of a run before it, which warms up the JVM too.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pyarrow
from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import DataTypes, Schema, StreamTableEnvironment
from serving import serve

TUMBLING = "TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '10' SECOND)"
SLIDING = "HOP(TABLE events, DESCRIPTOR(rt), INTERVAL '1' SECOND, INTERVAL '10' SECOND)"
BLACKHOLE = """
    CREATE TABLE blackhole (key BIGINT, window_start TIMESTAMP(3), window_end TIMESTAMP(3), n BIGINT, total DOUBLE)
    WITH ('connector' = 'blackhole')
"""


def windows(function: str) -> Callable[[list[Any], int], Callable[[], Any]]:
    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        env = StreamExecutionEnvironment.get_execution_environment(Configuration())
        env.set_parallelism(1)
        environment = StreamTableEnvironment.create(env)
        environment.get_config().set("parallelism.default", "1")
        environment.get_config().set("table.local-time-zone", "UTC")
        fields = [("ts", DataTypes.BIGINT()), ("key", DataTypes.BIGINT()), ("value", DataTypes.DOUBLE())]
        row = DataTypes.ROW([DataTypes.FIELD(name, kind) for name, kind in fields])
        source = environment.from_pandas(tables[0].to_pandas(), row, splits_num=1)
        schema = (
            Schema.new_builder()
            .column_by_expression("rt", "TO_TIMESTAMP_LTZ(ts, 3)")
            .watermark("rt", "rt - INTERVAL '1' SECOND")
            .build()
        )
        environment.create_temporary_view("events", environment.to_data_stream(source), schema)
        body = f"""
            SELECT key, window_start, window_end, count(*) AS n, sum(`value`) AS total
            FROM TABLE({function}) GROUP BY key, window_start, window_end
        """
        environment.execute_sql(BLACKHOLE)
        frame = environment.sql_query(body).to_pandas()
        for name in ("window_start", "window_end"):
            frame[name] = frame[name].astype("datetime64[ms]").astype("int64")
        answer = pyarrow.Table.from_pandas(frame)

        def run() -> Any:
            environment.execute_sql(f"INSERT INTO blackhole {body}").wait()
            return answer

        return run

    return make


if __name__ == "__main__":
    serve(
        lambda: f"Flink SQL {version('apache-flink')}",
        {"W2": windows(TUMBLING), "W3": windows(SLIDING)},
    )
