"""A job from Kafka to Kafka under kills; the long form is ``make soak-kafka``."""

import pytest

from pyflinkx.testing.kills import Faults, run_under_faults
from tests.reliability import kafka_job

COUNT = 1_000
OPTIONS = {"pyflinkx.batch.size": "64", "execution.checkpointing.interval": "200 ms"}
WORKERS = {"pyflinkx.workers": "processes", "pyflinkx.workers.start-method": "fork", "parallelism.default": "2"}


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (OPTIONS | WORKERS, Faults(kills=4, client_kills=1, gap=0.5, seed=1)),
        (
            OPTIONS | {"pyflinkx.workers": "inline"},
            Faults(points="sink.commit=crash@2,sink.committed=crash@4,kafka-sink.prepared=crash@3"),
        ),
    ],
)
def test_each_record_once(broker, options, faults):
    program, results = kafka_job.prepared(broker, COUNT)
    report = run_under_faults(program, faults, range(COUNT), options, results=results)
    assert report.check().records == COUNT
    assert report.happened or report.reached
