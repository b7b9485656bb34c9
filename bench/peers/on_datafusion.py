"""W5 in DataFusion's SQL, one partition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datafusion
import pyarrow
from serving import Maker, serve

KEYS = "SELECT key, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM t0 GROUP BY key"


def query(text: str) -> Maker:
    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        config = datafusion.SessionConfig().with_target_partitions(1).with_batch_size(8192)
        context = datafusion.SessionContext(config)
        context.register_record_batches("t0", [tables[0].to_batches(max_chunksize=8192)])
        return lambda: pyarrow.Table.from_batches(context.sql(text).collect())

    return make


if __name__ == "__main__":
    serve(
        lambda: f"DataFusion {datafusion.__version__}",
        {"W5": query(KEYS), "W5m": query(KEYS), "W5s": query(KEYS)},
    )
