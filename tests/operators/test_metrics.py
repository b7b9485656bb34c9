"""Metrics of user functions by themselves."""

import logging

import pytest

from pyflinkx.metrics import Counter, Meter, MetricGroup


class Clock:
    def __init__(self):
        self.time = 0

    def now(self):
        return self.time


@pytest.fixture
def registry():
    return {}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def group(registry, clock):
    return MetricGroup(registry, clock, ("Map",))


def test_counter(group, registry):
    counter = group.counter("bad")
    counter.inc()
    counter.inc(5)
    counter.dec()
    counter.dec(2)
    assert counter.get_count() == registry["Map.bad"].value() == 3
    assert group.counter("bad") is counter


def test_groups_name_their_metrics(group, registry):
    group.add_group("quality").add_group("city", "Oslo").counter("n")
    assert list(registry) == ["Map.quality.city.Oslo.n"]
    assert group.add_group("a").get_metric_identifier("b") == "Map.a.b"


def test_gauge(group, registry, caplog):
    sizes = [1, 2]
    group.gauge("size", lambda: len(sizes))
    group.gauge("broken", lambda: 1 // 0)
    sizes.append(3)
    assert registry["Map.size"].value() == 3
    with caplog.at_level(logging.WARNING):
        assert registry["Map.broken"].value() is None
        assert registry["Map.broken"].value() is None
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "gauge 'Map.broken' raises ZeroDivisionError"
    ]


def test_distribution(group, registry):
    distribution = group.distribution("delay")
    empty = {"count": 0, "sum": 0, "min": None, "max": None, "mean": None}
    assert registry["Map.delay"].value() == empty
    for value in (4, -2, 7):
        distribution.update(value)
    assert registry["Map.delay"].value() == {"count": 3, "sum": 9, "min": -2, "max": 7, "mean": 3.0}


def test_meter_counts_all_and_rates_the_span(clock):
    meter = Meter(clock, 10)
    events = {0: 20, 500: 10, 4_000: 5, 12_000: 1, 13_750: 2}
    for now in range(0, 30_000, 250):
        clock.time = now
        if now in events:
            meter.mark_event(events[now])
        happened = [(time, count) for time, count in events.items() if time <= now]
        assert meter.get_rate() == sum(count for time, count in happened if time // 1000 > now // 1000 - 10) / 10
        assert meter.get_count() == sum(count for _, count in happened)
    assert meter.value() == {"count": meter.get_count(), "rate": 0.0}


def test_a_meter_forgets_old_seconds(clock):
    meter = Meter(clock, 5)
    for clock.time in range(0, 1_000_000, 1000):
        meter.mark_event()
    assert len(meter._seconds) == 5
    assert meter.get_rate() == 1.0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda group: group.counter(""), TypeError),
        (lambda group: group.add_group(7), TypeError),
        (lambda group: group.gauge("g", 7), TypeError),
        (lambda group: group.meter("m", 0), ValueError),
        (lambda group: (group.counter("x"), group.meter("x")), ValueError),
    ],
)
def test_wrong_arguments(group, call, error):
    with pytest.raises(error):
        call(group)


def test_a_counter_starts_at_nothing():
    assert Counter().value() == 0
