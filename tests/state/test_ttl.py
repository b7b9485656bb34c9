"""States with a time to live against a model that keeps every write with its time."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import WrongStateError
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.process import KeyedProcessOperator
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
from pyflinkx.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapState,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateTtlConfig,
    ValueState,
    ValueStateDescriptor,
)
from pyflinkx.testing.harness import ManualClock, OperatorHarness
from pyflinkx.types.time import Duration, Time
from tests.state.backends import keyed_backend
from tests.state.test_keyed_state import Mean

pytestmark = pytest.mark.usefixtures("each_backend")

TTL = 10
SETTINGS = settings(max_examples=150, deadline=None)


def config(on_read=False, show_expired=False, cleanup=None, background=False):
    builder = StateTtlConfig.new_builder(Time.milliseconds(TTL))
    if on_read:
        builder.update_ttl_on_read_and_write()
    if show_expired:
        builder.return_expired_if_not_cleaned_up()
    if cleanup is not None:
        builder.cleanup_incrementally(*cleanup)
    if not background:
        builder.disable_cleanup_in_background()
    return builder.build()


def with_ttl(descriptor, **options):
    descriptor.enable_time_to_live(config(**options))
    return descriptor


def backend_at(clock):
    backend = keyed_backend()
    backend.use_clock(clock)
    backend.context.key = "a"
    return backend


class Entries:
    """The model: name -> (value, time of its last renewal); what is expired is seen at most once."""

    def __init__(self, on_read, show_expired):
        self.on_read, self.show_expired = on_read, show_expired
        self.kept = {}

    def write(self, name, value, now):
        self.kept[name] = (value, now)

    def alive(self, name, now):
        return name in self.kept and self.kept[name][1] + TTL > now

    def read(self, name, now):
        if name not in self.kept:
            return None
        value = self.kept[name][0]
        if not self.alive(name, now):
            del self.kept[name]
            return value if self.show_expired else None
        if self.on_read:
            self.kept[name] = (value, now)
        return value


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["read", "write", "remove", "all"]), st.sampled_from("xyz"), st.integers(0, 7)),
    max_size=30,
)
FLAGS = {"on_read": st.booleans(), "show_expired": st.booleans()}


@SETTINGS
@given(actions=ACTIONS, **FLAGS)
def test_value_and_map_states(actions, on_read, show_expired):
    clock, model = ManualClock(-5), Entries(on_read, show_expired)
    single = Entries(on_read, show_expired)
    backend = backend_at(clock)
    entries = backend.get_map_state(with_ttl(MapStateDescriptor("m"), on_read=on_read, show_expired=show_expired))
    value = backend.get_state(with_ttl(ValueStateDescriptor("v"), on_read=on_read, show_expired=show_expired))
    assert isinstance(value, ValueState)
    assert isinstance(entries, MapState)
    for count, (action, name, passed) in enumerate(actions):
        clock.time += passed
        now = clock.time
        if action == "write":
            entries[name] = count
            model.write(name, count, now)
            backend.context.key = name
            value.update(count)
            single.write(name, count, now)
        elif action == "remove":
            entries.remove(name)
            model.kept.pop(name, None)
        elif action == "all":
            expected = {key: model.read(key, now) for key in list(model.kept)}
            assert dict(entries.items()) == {key: seen for key, seen in expected.items() if seen is not None}
        else:
            expected = model.read(name, now)
            if count % 2:
                assert entries.get(name) == expected
            else:
                assert (name in entries) == (expected is not None)
            backend.context.key = name
            assert value.value() == single.read(name, now)
        backend.context.key = "a"
    clock.time += TTL
    entries.items()
    assert entries.is_empty()
    assert len(entries.table) == 0


@SETTINGS
@given(actions=ACTIONS, **FLAGS)
def test_list_states(actions, on_read, show_expired):
    clock, model = ManualClock(0), []
    state = backend_at(clock).get_list_state(
        with_ttl(ListStateDescriptor("l"), on_read=on_read, show_expired=show_expired)
    )
    for count, (action, _, passed) in enumerate(actions):
        clock.time += passed
        now = clock.time
        if action == "write":
            state.add(count)
            model.append((count, now))
        elif action == "remove":
            state.update([count, count])
            model = [(count, now)] * 2
        elif action == "all":
            state.add_all([count, -count])
            model += [(count, now), (-count, now)]
        else:
            seen = [value for value, time in model if show_expired or time + TTL > now]
            assert list(state) == seen
            model = [(value, now if on_read else time) for value, time in model if time + TTL > now]


@SETTINGS
@given(actions=ACTIONS, **FLAGS)
def test_folding_states_begin_anew(actions, on_read, show_expired):
    clock = ManualClock(0)
    total, mean = Entries(on_read, show_expired), Entries(on_read, show_expired)
    backend = backend_at(clock)
    options = {"on_read": on_read, "show_expired": show_expired}
    reducing = backend.get_reducing_state(with_ttl(ReducingStateDescriptor("r", lambda a, b: a + b), **options))
    aggregating = backend.get_aggregating_state(with_ttl(AggregatingStateDescriptor("g", Mean()), **options))
    for count, (action, _, passed) in enumerate(actions):
        clock.time += passed
        now = clock.time
        if action in ("write", "all"):
            reducing.add(count)
            aggregating.add(count)
            total.write(0, count + (total.kept[0][0] if total.alive(0, now) else 0), now)
            mean.write(0, [*(mean.kept[0][0] if mean.alive(0, now) else []), count], now)
        elif action == "remove":
            reducing.add(None)
            aggregating.add(None)
            total.kept.clear()
            mean.kept.clear()
        else:
            assert reducing.get() == total.read(0, now)
            values = mean.read(0, now)
            assert aggregating.get() == (None if values is None else sum(values) / len(values))


def test_a_value_has_outlived_its_time_exactly_at_its_end():
    clock = ManualClock(100)
    state = backend_at(clock).get_state(with_ttl(ValueStateDescriptor("v")))
    state.update("x")
    clock.time = 100 + TTL - 1
    assert state.value() == "x"
    clock.time = 100 + TTL
    assert state.value() is None
    assert len(state.table) == 0


@pytest.mark.parametrize(
    ("make", "write"),
    [
        (ValueStateDescriptor, lambda state: state.update(1)),
        (ListStateDescriptor, lambda state: state.add(1)),
        (MapStateDescriptor, lambda state: state.put(1, 1)),
        (lambda name: ReducingStateDescriptor(name, max), lambda state: state.add(1)),
        (lambda name: AggregatingStateDescriptor(name, Mean()), lambda state: state.add(1)),
    ],
)
def test_incremental_cleanup_frees_what_nobody_asks_for(make, write):
    clock = ManualClock(0)
    backend = backend_at(clock)
    state = backend.get_partitioned_state(with_ttl(make("s"), cleanup=(3, False)))
    for key in range(30):
        backend.context.key = key
        write(state)
    clock.time = TTL
    backend.context.key = "other"
    for uses in range(1, 11):
        write(state)
        assert len(state.table) <= 31 - 3 * uses + 3
    write(state)
    assert len(state.table) == 1


def test_cleanup_goes_on_where_the_default_is_not_disabled():
    clock = ManualClock(0)
    backend = backend_at(clock)
    cleaned = backend.get_state(with_ttl(ValueStateDescriptor("on"), background=True))
    kept = backend.get_state(with_ttl(ValueStateDescriptor("off")))
    for key in range(20):
        backend.context.key = key
        cleaned.update(1)
        kept.update(1)
    clock.time = TTL
    for _ in range(20):
        cleaned.value()
        kept.value()
    assert (len(cleaned.table), len(kept.table)) == (0, 19)


class Remember:
    """Keeps its first record of each key, and never asks again."""

    def open(self, runtime_context):
        self.state = runtime_context.get_state(with_ttl(ValueStateDescriptor("seen"), cleanup=(2, True)))

    def process_element(self, value, ctx):
        if value < 100:
            self.state.update(value)


def test_cleanup_for_every_record_needs_no_use_of_the_state():
    function = Remember()
    operator = KeyedProcessOperator([UserFunction(function.process_element, function)], [lambda value: value], None)
    with OperatorHarness(operator) as harness:
        harness.push(range(20))
        harness.set_processing_time(TTL)
        harness.push([100, 100, 100])
        assert len(function.state.table) == 14
        harness.push([100] * 7)
        assert len(function.state.table) == 0


class PerWindow:
    """Counts firings of a window in a state that is forgotten."""

    def process(self, key, context, elements):
        state = context.window_state().get_state(with_ttl(ValueStateDescriptor("fired")))
        state.update((state.value() or 0) + 1)
        yield state.value()

    def clear(self, context):
        context.window_state().get_state(with_ttl(ValueStateDescriptor("fired"))).clear()


def test_window_state_has_a_time_to_live_too():
    operator = WindowOperator(
        lambda value: 0, TumblingEventTimeWindows(10), window_function=PerWindow(), allowed_lateness=100
    )
    with OperatorHarness(operator) as harness:
        harness.push([1], [5])
        harness.watermark(9)
        harness.push([2], [5])
        harness.set_processing_time(TTL)
        harness.push([3], [5])
        assert harness.values == [1, 2, 1]
        harness.finish()
        assert sum(map(len, operator.backend.tables.values())) == 0


def test_merged_windows_combine_only_what_is_alive():
    clock = ManualClock(0)
    backend = backend_at(clock)
    total = backend.per_window.get_reducing_state(with_ttl(ReducingStateDescriptor("r", lambda a, b: a + b)))
    mean = backend.per_window.get_aggregating_state(with_ttl(AggregatingStateDescriptor("g", Mean())))
    items = backend.per_window.get_list_state(with_ttl(ListStateDescriptor("l")))
    for window, time in (("w1", 0), ("w2", 5), ("w3", 6)):
        clock.time = time
        backend.context.namespace = window
        for state in (total, mean, items):
            state.add(time + 1)
    clock.time = TTL
    for state in (total, mean, items):
        state.merge_namespaces("w1", ["w2", "w3"])
    backend.context.namespace = "w1"
    assert (total.get(), mean.get(), items.get()) == (6 + 7, 6.5, [6, 7])


def test_configurations_say_what_they_were_built_with():
    built = (
        StateTtlConfig.new_builder(Duration.of_seconds(2))
        .set_ttl(timedelta(seconds=3))
        .cleanup_full_snapshot()
        .cleanup_in_rocksdb_compact_filter(7)
        .use_processing_time()
        .never_return_expired()
        .update_ttl_on_create_and_write()
        .build()
    )
    cleanup = built.get_cleanup_strategies()
    assert built.is_enabled()
    assert built.get_ttl() == Time.seconds(3)
    assert built.get_update_type() is StateTtlConfig.UpdateType.OnCreateAndWrite
    assert built.get_state_visibility() is StateTtlConfig.StateVisibility.NeverReturnExpired
    assert built.get_ttl_time_characteristic() is StateTtlConfig.TtlTimeCharacteristic.ProcessingTime
    assert cleanup.is_cleanup_in_background()
    assert cleanup.in_full_snapshot()
    assert cleanup.get_incremental_cleanup_strategy().get_cleanup_size() == 5
    compaction = cleanup.get_rocksdb_compact_filter_cleanup_strategy()
    assert compaction.get_query_time_after_num_entries() == 7
    assert compaction.get_periodic_compaction_time() == Duration.of_days(30)
    off = StateTtlConfig.new_builder(Time.seconds(1)).disable_cleanup_in_background().build().get_cleanup_strategies()
    assert off.get_incremental_cleanup_strategy() is off.get_rocksdb_compact_filter_cleanup_strategy() is None


def test_a_disabled_time_to_live_is_none():
    descriptor = ValueStateDescriptor("v")
    builder = StateTtlConfig.new_builder(Time.seconds(1)).set_update_type(StateTtlConfig.UpdateType.Disabled)
    descriptor.enable_time_to_live(builder.build())
    assert type(keyed_backend().get_state(descriptor)) is ValueState


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: StateTtlConfig.new_builder(Time.seconds(0)).build(), ValueError),
        (lambda: StateTtlConfig.new_builder(5).build(), TypeError),
        (lambda: StateTtlConfig.new_builder(Time.seconds(1)).set_update_type("x").build(), TypeError),
        (lambda: StateTtlConfig.new_builder(Time.seconds(1)).cleanup_incrementally(0, True), ValueError),
        (lambda: ValueStateDescriptor("v").enable_time_to_live(Time.seconds(1)), TypeError),
    ],
)
def test_wrong_arguments(make, error):
    with pytest.raises(error):
        make()


def test_one_state_cannot_live_both_ways():
    backend = backend_at(ManualClock(0))
    backend.get_state(with_ttl(ValueStateDescriptor("v")))
    with pytest.raises(WrongStateError):
        backend.per_window.get_state(ValueStateDescriptor("v"))


def test_without_an_operator_there_is_no_time():
    backend = keyed_backend()
    backend.context.key = "a"
    with pytest.raises(WrongStateError, match="clock"):
        backend.get_state(with_ttl(ValueStateDescriptor("v"))).update(1)
