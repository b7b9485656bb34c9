"""W2 to W5 and W7 in Polars, its streaming engine, one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ["POLARS_MAX_THREADS"] = "1"

import polars as pl
from serving import KEYED, Maker, serve

COUNT_AND_TOTAL = [pl.len().alias("n"), pl.col("value").sum().alias("total")]


def tumbling(frame: pl.LazyFrame) -> pl.LazyFrame:
    start = (pl.col("ts").floordiv(10_000) * 10_000).alias("window_start")
    grouped = frame.group_by(pl.col("^key.*$"), start).agg(*COUNT_AND_TOTAL)
    return grouped.with_columns((pl.col("window_start") + 10_000).alias("window_end"))


def sliding(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Every row in ten windows, as in SQL."""
    last = pl.col("ts").floordiv(1000)
    spread = frame.with_columns(pl.int_ranges(last - 9, last + 1).alias("slot")).explode("slot")
    grouped = spread.group_by("key", "slot").agg(*COUNT_AND_TOTAL)
    start = pl.col("slot") * 1000
    return grouped.select("key", start.alias("window_start"), (start + 10_000).alias("window_end"), "n", "total")


def sessions(frame: pl.LazyFrame) -> pl.LazyFrame:
    ordered = frame.sort("key", "ts")
    new = (pl.col("key") != pl.col("key").shift(1)) | (pl.col("ts") - pl.col("ts").shift(1) > 5_000)
    numbered = ordered.with_columns(new.fill_null(True).cum_sum().alias("session"))
    result = numbered.group_by("session").agg(
        pl.col("key").first(),
        pl.col("ts").min().alias("window_start"),
        (pl.col("ts").max() + 5_000).alias("window_end"),
        *COUNT_AND_TOTAL,
    )
    return result.drop("session")


def keys(frame: pl.LazyFrame) -> pl.LazyFrame:
    low, high = pl.col("value").min().alias("low"), pl.col("value").max().alias("high")
    return frame.group_by("^key.*$").agg(*COUNT_AND_TOTAL, low, high)


def filtered(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.filter(pl.col("value") * 1.1 > 50.0).select("key", "value")


def query(build: Callable[[pl.LazyFrame], pl.LazyFrame]) -> Maker:
    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        frame = pl.from_arrow(tables[0])
        assert isinstance(frame, pl.DataFrame)
        return lambda: build(frame.lazy()).collect(engine="streaming").to_arrow()

    return make


if __name__ == "__main__":
    serve(
        lambda: f"Polars {pl.__version__}",
        {
            "W2": query(tumbling),
            "W3": query(sliding),
            "W4": query(sessions),
            "W5": query(keys),
            "W5m": query(keys),
            "W5s": query(keys),
            **{f"W5k/{name}": query(keys) for name in KEYED},
            **{f"W2k/{name}": query(tumbling) for name in KEYED},
            "W7": query(filtered),
        },
    )
