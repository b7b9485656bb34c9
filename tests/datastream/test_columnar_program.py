"""A whole program on columns, from table to table."""

import numpy as np
import pyarrow as pa

from pyflinkx.common import Duration, Time, WatermarkStrategy
from pyflinkx.datastream import agg, col, lit
from pyflinkx.datastream.window import TumblingEventTimeWindows


def test_filtered_windows_by_key(env):
    random = np.random.default_rng(7)
    rows = 20_000
    times = np.arange(-3000, rows - 3000) + random.integers(-50, 1, rows)
    table = pa.table({"ts": times, "key": random.integers(0, 50, rows), "value": random.integers(0, 100, rows)})
    watermarks = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(60)).with_timestamp_column("ts")
    result = (
        env.from_arrow(table)
        .assign_timestamps_and_watermarks(watermarks)
        .filter(col("value") * lit(1.1) > lit(50.0))
        .key_by("key")
        .window(TumblingEventTimeWindows.of(Time.milliseconds(1000)))
        .agg(n=agg.count(), total=agg.sum("value"))
        .to_arrow()
    )
    expected = {}
    for row in table.to_pylist():
        if row["value"] * 1.1 > 50:
            window = (row["key"], row["ts"] // 1000 * 1000)
            n, total = expected.get(window, (0, 0))
            expected[window] = n + 1, total + row["value"]
    assert result.column_names == ["key", "window_start", "window_end", "n", "total"]
    found = {(row["key"], row["window_start"]): (row["n"], row["total"]) for row in result.to_pylist()}
    assert found == expected
    assert len(result) == len(expected)
