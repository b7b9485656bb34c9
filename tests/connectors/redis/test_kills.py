"""A job on processes that reads a stream of Redis while its workers are killed: each entry once."""

import time

from pyflinkx.common import WatermarkStrategy
from pyflinkx.testing.exactly_once import ExactlyOnceSink
from pyflinkx.testing.kills import Faults, run_under_faults
from tests.connectors.acknowledging import Until
from tests.connectors.redis.test_redis import source

RECORDS = [str(number) for number in range(1000)]


def test_workers_are_killed(redis):
    stream = redis.add([*RECORDS, "end"])
    url = redis.url

    def program(env, folder):
        def slow(word):
            time.sleep(0.002)  # or there would be nothing left to do when the first worker is killed
            return word

        described = source(url, stream, Until(), fetch_size=50)
        entries = env.from_source(described, WatermarkStrategy.no_watermarks(), "redis").set_parallelism(1)
        entries.map(slow).sink_to(ExactlyOnceSink(folder))

    faults = Faults(kills=2, gap=0.3, seed=3)
    report = run_under_faults(program, faults, RECORDS, {"parallelism.default": "2"}).check()
    assert report.records == len(RECORDS)
    assert report.happened["worker killed"] > 0
