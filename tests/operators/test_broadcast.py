import pytest

from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.broadcast import BroadcastOperator, KeyedBroadcastOperator
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.time_domain import TimeDomain
from pyflinkx.state.descriptors import ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag

RULES = MapStateDescriptor("rules")
OTHERS = MapStateDescriptor("others")
TAG = OutputTag("side")


def harness(element, broadcast, **options):
    functions = [UserFunction(element), UserFunction(broadcast)]
    return OperatorHarness(BroadcastOperator(functions, [RULES, OTHERS]), **options)


def keyed(element, broadcast, on_timer=None, open_function=None):
    class Owner:
        def open(self, runtime_context):
            if open_function is not None:
                open_function(runtime_context)

    functions = [UserFunction(element, Owner()), UserFunction(broadcast)]
    return OperatorHarness(KeyedBroadcastOperator(functions, [RULES], lambda record: record[0], on_timer), name="op")


def test_broadcast_records_change_what_others_see():
    def element(value, ctx):
        yield value, ctx.get_broadcast_state(RULES).get(value), ctx.timestamp()

    def broadcast(value, ctx):
        ctx.get_broadcast_state(RULES).put(*value)
        ctx.get_broadcast_state(OTHERS).put("last", value)
        yield TAG, list(ctx.get_broadcast_state(OTHERS).items())

    with harness(element, broadcast) as h:
        h.push(["a"], [1])
        h.push([("a", 10), ("b", 20)], [5, 6], port=1)
        h.push(["a", "b"], [2, 3])
    assert h.values == [("a", None, 1), ("a", 10, 2), ("b", 20, 3)]
    assert h.side_outputs["side"] == [([("last", ("a", 10))], 5), ([("last", ("b", 20))], 6)]


def test_contexts_tell_the_time():
    def tell(value, ctx):
        yield ctx.timestamp(), ctx.current_watermark(), ctx.current_processing_time()

    with harness(tell, tell, now=7) as h:
        h.push([0], [1])
        h.watermark(3)
        h.push([0], port=1)
    assert h.values == [(1, -(2**63), 7), (None, 3, 7)]


def test_apply_to_keyed_state_visits_each_key_once_and_may_change_it():
    total = ValueStateDescriptor("total")
    states = {}

    def opened(runtime_context):
        states["total"] = runtime_context.get_state(total)

    def element(value, ctx):
        assert ctx.get_current_key() == value[0]
        states["total"].update((states["total"].value() or 0) + value[1])

    def broadcast(value, ctx):
        seen = []

        def visit(key, state):
            seen.append((key, state.value()))
            if value == "clear" and key == "a":
                state.clear()
            elif value == "double":
                state.update(state.value() * 2)

        ctx.apply_to_keyed_state(total, visit)
        yield value, sorted(seen)

    with keyed(element, broadcast, open_function=opened) as h:
        h.push(["none"], port=1)
        h.push([("a", 1), ("b", 5), ("a", 2)])
        h.push(["double", "clear", "look"], port=1)
    assert h.values == [
        ("none", []),
        ("double", [("a", 3), ("b", 5)]),
        ("clear", [("a", 6), ("b", 10)]),
        ("look", [("b", 10)]),
    ]


def test_a_broadcast_record_has_no_key():
    def broadcast(value, ctx):
        if value == "after a visit":
            ctx.apply_to_keyed_state(ListStateDescriptor("l"), lambda key, state: None)
        states["l"].add(1)

    states = {}

    def opened(runtime_context):
        states["l"] = runtime_context.get_list_state(ListStateDescriptor("l"))

    with keyed(lambda v, c: states["l"].add(v), broadcast, open_function=opened) as h:
        h.push([("a", 1)])
        for record in ("at once", "after a visit"):
            with pytest.raises(JobExecutionError, match=rf"operator 'op'.*on record '{record}'.*no current key"):
                h.push([record], port=1)


def test_timers_see_the_broadcast_state():
    def element(value, ctx):
        ctx.timer_service().register_event_time_timer(value[1])
        ctx.timer_service().register_processing_time_timer(value[1])

    def on_timer(timestamp, ctx):
        rule = ctx.get_broadcast_state(RULES).get("r")
        yield ctx.get_current_key(), timestamp, ctx.timestamp(), ctx.time_domain(), rule

    with keyed(element, lambda v, c: c.get_broadcast_state(RULES).put("r", v), on_timer) as h:
        h.push([("a", 5), ("b", 3)])
        h.watermark(4)
        h.push(["new"], port=1)
        h.watermark(9)
        h.set_processing_time(4)
    assert h.values == [
        ("b", 3, 3, TimeDomain.EVENT_TIME, None),
        ("a", 5, 5, TimeDomain.EVENT_TIME, "new"),
        ("b", 3, 3, TimeDomain.PROCESSING_TIME, "new"),
    ]


def test_failures_name_the_record():
    def broadcast(value, ctx):
        ctx.get_broadcast_state(MapStateDescriptor("undeclared"))

    with harness(lambda v, c: None, broadcast) as h:
        with pytest.raises(JobExecutionError, match=r"on record 3.*'undeclared' was not declared.*'rules', 'others'"):
            h.push([3], port=1)
        with pytest.raises(JobExecutionError, match=r"AttributeError.*put"):
            harness(lambda v, c: c.get_broadcast_state(RULES).put(1, 2), broadcast).push([1])
    with (
        keyed(lambda v, c: None, lambda v, c: c.apply_to_keyed_state(ValueStateDescriptor("v"), 5)) as h,
        pytest.raises(JobExecutionError, match=r"apply_to_keyed_state\(\) takes a function"),
    ):
        h.push([3], port=1)
