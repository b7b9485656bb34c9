"""What is measured, against whom, and what is to be reached: the jobs W1 to W10 and the limits of pyflinkx alone."""

from __future__ import annotations

from dataclasses import dataclass, field

MILLION = 1_000_000


@dataclass(frozen=True)
class Target:
    """At least ``ratio`` times the rate of a peer; of the fastest of all where the peer is "best"."""

    peer: str
    ratio: float


@dataclass(frozen=True)
class Case:
    """One job and those who run it.

    Attributes:
        name: the job's, as given to ``bench.run --jobs``.
        what: the job in a few words.
        rows: how many rows pyflinkx gets.
        files: sets of bench.jobs.data.
        peers: the peers and how many of the rows each gets: slow ones get fewer, and rates are compared.
        own: the job's name for pyflinkx, and for "self", which is pyflinkx again.
    """

    name: str
    what: str
    rows: int
    files: tuple[str, ...]
    peers: dict[str, int]
    targets: tuple[Target, ...] = ()
    own: str = ""
    against: str = ""

    @property
    def job(self) -> str:
        return self.own or self.name


@dataclass(frozen=True)
class Limit:
    """A figure of pyflinkx alone that has a bound."""

    name: str
    what: str
    unit: str
    bound: float
    at_least: bool = False
    files: tuple[str, ...] = ()
    rows: int = 0

    def met(self, figure: float) -> bool:
        return figure >= self.bound if self.at_least else figure <= self.bound


@dataclass(frozen=True)
class Latency:
    """Times from making to sink at 10,000 records a second, for so many seconds."""

    name: str = "W9"
    what: str = "latency through key_by and a window of one record, 10,000 records/s"
    seconds: int = 60
    peers: tuple[str, ...] = ("bytewax",)
    bounds: dict[str, float] = field(default_factory=lambda: {"p99": 5.0, "p99.9": 20.0})


# Of DuckDB's rate, for keys as they are in real data (see bench.jobs.data.KEYED).
KEYS = {
    "pairs": ("two integers, 1,000,000 groups", 1.2),
    "text_and_integer": ("a text and an integer, 1,000,000 groups", 1.3),
    "triples": ("three integers, 100,000 groups", 1.5),
    "texts": ("1,000,000 texts of 11 bytes", 1.3),
    "long_texts": ("1,000,000 texts of 36 bytes", 1.0),
    "random": ("1,000,000 random integers", 1.2),
    "random_100k": ("100,000 random integers", 1.2),
    "random_1k": ("1,000 random integers", 1.0),
    "zipf": ("random integers, Zipf with exponent 1.2", 1.3),
    "nulls": ("two integers with nulls, 1,000,000 groups", 1.2),
}
WINDOWED_KEYS = {"few_pairs": ("two integers, 1,000 groups", 1.5), "random_1k": ("1,000 random integers", 1.5)}


def keyed(job: str, name: str, what: str, ratio: float) -> Case:
    peers = {"duckdb": 10 * MILLION, "polars": 10 * MILLION}
    return Case(f"{job}/{name}", what, 10 * MILLION, (f"keyed_{name}",), peers, (Target("duckdb", ratio),))


CASES = [
    Case(
        "W1",
        "map, key_by, reduce: three Python functions, every update emitted",
        MILLION,
        (),
        {"plain": MILLION, "bytewax": MILLION // 2, "flink": 100_000, "pathway": 200_000},
        (Target("plain", 0.95), Target("bytewax", 5), Target("flink", 100)),
    ),
    Case(
        "W2",
        "tumbling 10 s windows, count and sum, 1,000 keys",
        10 * MILLION,
        ("events",),
        {
            "duckdb": 10 * MILLION,
            "polars": 10 * MILLION,
            "flinksql": 3 * MILLION,
            "bytewax": 100_000,
            "pathway": 200_000,
        },
        (Target("duckdb", 1.5), Target("flinksql", 30)),
    ),
    Case(
        "W3",
        "sliding 10 s / 1 s windows, count and sum, 1,000 keys",
        10 * MILLION,
        ("events",),
        {"duckdb": 10 * MILLION, "polars": 10 * MILLION, "flinksql": 300_000, "bytewax": 50_000},
        (Target("duckdb", 15),),
    ),
    Case(
        "W4",
        "session windows, gap 5 s, 10,000 keys, 1.6 rows a session",
        10 * MILLION,
        ("sessions",),
        {"duckdb": 10 * MILLION, "polars": 10 * MILLION},
        (Target("duckdb", 5),),
    ),
    Case(
        "W5",
        "count, sum, min, max per key, 1,000 keys, final values",
        10 * MILLION,
        ("events",),
        {"duckdb": 10 * MILLION, "polars": 10 * MILLION, "datafusion": 10 * MILLION, "pathway": 200_000},
        (Target("best", 0.5),),
    ),
    Case(
        "W5m",
        "the same, 1,000,000 keys",
        10 * MILLION,
        ("many_keys",),
        {"duckdb": 10 * MILLION, "polars": 10 * MILLION, "datafusion": 10 * MILLION},
        (Target("polars", 1.0),),
    ),
    Case(
        "W5s",
        "the same, 1,000 keys that are text",
        10 * MILLION,
        ("text_keys",),
        {"duckdb": 10 * MILLION, "polars": 10 * MILLION, "datafusion": 10 * MILLION},
        (Target("best", 0.7),),
    ),
    *(keyed("W5k", name, f"W5 by {what}", ratio) for name, (what, ratio) in KEYS.items()),
    *(keyed("W2k", name, f"W2 by {what}", ratio) for name, (what, ratio) in WINDOWED_KEYS.items()),
    Case(
        "W6",
        "interval join of two streams within 5 s, 1,000 keys",
        MILLION,
        ("left", "right"),
        {"duckdb": MILLION},
        (Target("duckdb", 1.0),),
    ),
    Case(
        "W7",
        "filter by value * 1.1 > 50, two of three columns",
        10 * MILLION,
        ("events",),
        {"duckdb": 10 * MILLION, "polars": 10 * MILLION},
        (Target("duckdb", 0.5),),
    ),
    Case(
        "W8",
        "W2 with a Python AggregateFunction",
        MILLION,
        ("events",),
        {"plain": MILLION, "bytewax": 100_000, "flink": 50_000},
        (Target("plain", 0.8),),
    ),
    Case("W10-W1", "W1 with 2 worker processes", 2 * MILLION, (), {"self": 2 * MILLION}, (), "W10-W1/2", "W10-W1"),
    Case(
        "W10-W2",
        "W2 with 2 workers",
        10 * MILLION,
        ("events",),
        {"self": 10 * MILLION},
        (Target("self", 1.6),),
        "W2/2",
        "W2",
    ),
    Case(
        "W10-W5",
        "W5 with 2 workers",
        10 * MILLION,
        ("events",),
        {"self": 10 * MILLION},
        (Target("self", 1.6),),
        "W5/2",
        "W5",
    ),
]

LATENCY = Latency()

LIMITS = [
    Limit("import", "import pyflinkx.datastream", "ms", 150),
    Limit("empty-job", "a job of one record, inline", "ms", 20),
    Limit("memory", "peak memory of W2, of its input buffers", "x", 1.5, files=("events",), rows=10 * MILLION),
    Limit("encode", "encode tuples of 4 fields one by one, of pickle 5's speed", "x", 4.0, at_least=True),
    Limit("decode", "decode them, of pickle 5's speed", "x", 1.5, at_least=True),
    Limit("columnar-codec", "a columnar batch to bytes and back, of Arrow IPC's speed", "x", 1.0, at_least=True),
]

PEERS = ["plain", "bytewax", "flink", "flinksql", "polars", "duckdb", "datafusion", "pathway"]
# Those whose processes are up in a second.
FAST_PEERS = ["plain", "bytewax", "polars", "duckdb", "datafusion"]
