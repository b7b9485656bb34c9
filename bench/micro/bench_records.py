"""What it costs that records share no objects: jobs of three maps, with copying and with objects reused, in turns.

Run: python -m bench.micro.bench_records
"""

import gc
import statistics
import time

from bench.jobs.records import TailSink
from pyflinkx.common import Configuration, WatermarkStrategy
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.datastream import StreamExecutionEnvironment

ROWS = 1_000_000
TURNS = 5
SHARED = {"unit": "EUR", "scale": 2}

# Name to (function of a number, function of what that gives, called twice).
RECORDS = {
    "tuples of 3": (lambda n: (n, "name", 0.5), lambda r: (r[0], r[1], r[2] + 1)),
    "dicts of 5, each made anew": (
        lambda n: {"id": n, "name": "name", "value": 0.5, "flag": True, "at": n},
        lambda r: {**r, "value": r["value"] + 1},
    ),
    "dicts of 5, changed in place": (
        lambda n: {"id": n, "name": "name", "value": 0.5, "flag": True, "at": n},
        lambda r: r.update(value=r["value"] + 1) or r,
    ),
    "nested: a dict, a list and a tuple in a dict": (
        lambda n: {"id": n, "of": {"x": 0.5, "y": 1.5}, "tags": ["a", "b"], "pair": (n, "c")},
        lambda r: {**r, "id": r["id"] + 1},
    ),
    "nested, with a dict that the function holds": (
        lambda n: {"id": n, "value": 0.5, "of": SHARED},
        lambda r: {**r, "id": r["id"] + 1},
    ),
}


def run(records, reuse):
    """Seconds of processor time that a job takes."""
    make, change = RECORDS[records]
    configuration = Configuration.from_dict({"pyflinkx.workers": "inline", "pipeline.object-reuse": reuse})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(1)
    stream = env.from_source(CollectionSource(range(ROWS)), WatermarkStrategy.no_watermarks(), "numbers")
    sink = TailSink()
    stream.map(make).map(change).map(change).sink_to(sink)
    gc.collect()
    started = time.process_time()
    env.execute()
    taken = time.process_time() - started
    assert sink.rows == ROWS
    assert sink.last[-1] == change(change(make(ROWS - 1)))
    return taken


def main():
    for records in RECORDS:
        turns = [(run(records, True), run(records, False)) for _ in range(TURNS)]
        reused, copied = (statistics.median(times) for times in zip(*turns, strict=True))
        ratio = statistics.median(reused / copied for reused, copied in turns)
        print(f"{records}: reused {ROWS / reused / 1e6:.2f}, copied {ROWS / copied / 1e6:.2f} M/s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
