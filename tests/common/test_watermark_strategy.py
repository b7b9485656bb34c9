import datetime

import cloudpickle
import pytest

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner
from pyflinkx.errors import GraphError


class SecondField(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value[1]


@pytest.mark.parametrize(
    ("strategy", "bound"),
    [
        (WatermarkStrategy.no_watermarks(), None),
        (WatermarkStrategy.for_monotonous_timestamps(), 0),
        (WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(5)), 5000),
        (WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_nanos(1)), 0),
        (WatermarkStrategy.for_bounded_out_of_orderness(datetime.timedelta(minutes=1)), 60_000),
    ],
)
def test_bound(strategy, bound):
    assert strategy.out_of_orderness_ms == bound
    assert strategy.timestamp_assigner is None


def test_assigners():
    strategy = WatermarkStrategy.for_monotonous_timestamps()
    assert strategy.with_timestamp_assigner(SecondField()) is strategy
    assert strategy.timestamp_assigner.extract_timestamp(("a", 7), -1) == 7
    strategy.with_timestamp_assigner(lambda value, timestamp: value + timestamp)
    assert strategy.timestamp_assigner.extract_timestamp(3, 4) == 7
    assert cloudpickle.loads(cloudpickle.dumps(strategy)).timestamp_assigner.extract_timestamp(3, 4) == 7


def test_an_assigner_has_extract_timestamp():
    with pytest.raises(TypeError):
        TimestampAssigner()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, "TimestampAssigner or a callable"),
        (SecondField, "TimestampAssigner or a callable"),
        (lambda value: value, "calls .* with the record and its timestamp"),
    ],
)
def test_wrong_assigners(given, message):
    with pytest.raises(GraphError, match=message):
        WatermarkStrategy.no_watermarks().with_timestamp_assigner(given)


@pytest.mark.parametrize("bound", [5, None, Duration.of_millis(-1), datetime.timedelta(seconds=-1)])
def test_wrong_bounds(bound):
    with pytest.raises(GraphError, match="for_bounded_out_of_orderness"):
        WatermarkStrategy.for_bounded_out_of_orderness(bound)
