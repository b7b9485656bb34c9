"""What user functions store in checkpoints, and what they are told of them, in every operator that calls some."""

import inspect
import pickle
import pkgutil
import random
import uuid

import pytest

import pyflinkx.operators
from pyflinkx.common import Types
from pyflinkx.connectors.sink_function import RichSinkFunction, SinkFunction
from pyflinkx.datastream import CheckpointedFunction, CheckpointListener, ListCheckpointed, MapFunction
from pyflinkx.datastream.state import ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.async_wait import AsyncWaitOperator
from pyflinkx.operators.base import Operator
from pyflinkx.operators.broadcast import BroadcastOperator, KeyedBroadcastOperator
from pyflinkx.operators.checkpointed import WithLife
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import IntervalJoinOperator
from pyflinkx.operators.process import KeyedProcessOperator, ProcessOperator
from pyflinkx.operators.record import FilterOperator, FlatMapOperator, MapOperator
from pyflinkx.operators.reduce import ReduceOperator
from pyflinkx.operators.sink_function import SinkFunctionOperator
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
from pyflinkx.testing import OperatorHarness

KEPT = ListStateDescriptor("kept", Types.LONG())
RULES = MapStateDescriptor("rules", Types.STRING(), Types.LONG())


class Asked(WithLife):
    """Counts what passes, in whatever way it is called; keeps the count in operator state."""

    def __init__(self):
        self.count = 0
        self.said = []

    def initialize_state(self, context):
        self.kept = context.get_operator_state_store().get_list_state(KEPT)
        self.count = sum(self.kept.get())
        self.said.append(("initialize", context.is_restored(), context.get_restored_checkpoint_id()))

    def open(self, runtime_context):
        self.said.append("open")

    def snapshot_state(self, context):
        self.kept.update([self.count])
        self.said.append(("snapshot", context.get_checkpoint_id(), context.get_checkpoint_timestamp()))

    def notify_checkpoint_complete(self, checkpoint_id):
        self.said.append(("complete", checkpoint_id))

    def notify_checkpoint_aborted(self, checkpoint_id):
        self.said.append(("aborted", checkpoint_id))

    def call(self, *arguments):
        self.count += 1
        return arguments[0]

    def each(self, *arguments):
        self.count += 1
        yield arguments[0]

    async def later(self, value):
        self.count += 1
        return [value]

    get_key = call
    process_element = each
    create_accumulator = int


class AsListed(WithLife):
    """The same as a list."""

    def __init__(self):
        self.count = 0
        self.said = []

    def restore_state(self, state):
        self.count = sum(state)
        self.said.append(("initialize", True, 7))

    def open(self, runtime_context):
        self.said.append("open")

    def snapshot_state(self, checkpoint_id, timestamp):
        self.said.append(("snapshot", checkpoint_id, timestamp))
        return [self.count]

    notify_checkpoint_complete = Asked.notify_checkpoint_complete
    notify_checkpoint_aborted = Asked.notify_checkpoint_aborted
    call = Asked.call
    each = Asked.each
    later = Asked.later
    get_key = Asked.get_key
    process_element = Asked.process_element


def process(asked):
    return [UserFunction(asked.each, asked), UserFunction(asked.each, asked)]


def windows(asked):
    asked.apply = lambda key, window, values: (asked.each(value) for value in values).__next__()
    return WindowOperator(lambda x: 0, TumblingEventTimeWindows(10), window_function=asked)


OPERATORS = {
    "map": lambda asked: MapOperator(UserFunction(asked.call, asked)),
    "filter": lambda asked: FilterOperator(UserFunction(asked.call, asked)),
    "flat_map": lambda asked: FlatMapOperator(UserFunction(asked.each, asked)),
    "reduce": lambda asked: ReduceOperator(UserFunction(asked.call, asked), lambda x: 0),
    "key selector": lambda asked: KeyedProcessOperator([UserFunction(lambda v, c: [v])], [asked.get_key], None),
    "process": lambda asked: ProcessOperator(UserFunction(asked.each, asked)),
    "connected": lambda asked: ProcessOperator(*process(asked)),
    "keyed process": lambda asked: KeyedProcessOperator([UserFunction(asked.each, asked)], [lambda x: 0], None),
    "keyed connected": lambda asked: KeyedProcessOperator(process(asked), [lambda x: 0] * 2, None),
    "broadcast": lambda asked: BroadcastOperator(process(asked), [RULES]),
    "keyed broadcast": lambda asked: KeyedBroadcastOperator(process(asked), [RULES], lambda x: 0, lambda t, c: ()),
    "interval join": lambda asked: IntervalJoinOperator(UserFunction(asked.each, asked), [lambda x: 0] * 2, -1, 1),
    "async": lambda asked: AsyncWaitOperator(UserFunction(asked.later, asked), lambda v: [], 0, 4, True),
    "sink": lambda asked: SinkFunctionOperator(UserFunction(asked.call, asked), False),
    "window": windows,
}


@pytest.mark.parametrize("kind", [Asked, AsListed])
@pytest.mark.parametrize("name", OPERATORS)
def test_functions_of_every_operator_store_and_are_told(name, kind):
    made = kind()
    with OperatorHarness(OPERATORS[name](made), now=50) as harness:
        harness.set_processing_time(60)
        (made,) = (each for each in harness.operator.functions.owners if isinstance(each, kind))
        made.count = 5
        snapshot = pickle.loads(pickle.dumps(harness.snapshot(7)))
        harness.notify_checkpoint_complete(7)
        harness.notify_checkpoint_aborted(8)
    begun = [("initialize", False, None)] if kind is Asked else []
    assert made.said == [*begun, "open", ("snapshot", 7, 60), ("complete", 7), ("aborted", 8)]
    again = kind()
    with OperatorHarness(OPERATORS[name](again), restored=snapshot) as harness:
        (again,) = (each for each in harness.operator.functions.owners if isinstance(each, kind))
        assert again.said == [("initialize", True, 7), "open"]
        assert again.count == 5


def calls_functions(cls):
    """Whether an operator has functions of the user's to be told."""
    own = [base for base in cls.__mro__ if base not in (Operator, object)]
    return any("self.functions" in inspect.getsource(base) for base in own)


def test_no_operator_forgets_its_functions():
    for module in pkgutil.iter_modules(pyflinkx.operators.__path__, "pyflinkx.operators."):
        __import__(module.name)
    pending, seen = [Operator], set()
    while pending:
        for cls in pending.pop().__subclasses__():
            pending.append(cls)
            for method in ("store", "checkpoint_completed", "checkpoint_aborted"):
                if cls.__module__.startswith("pyflinkx.") and method in vars(cls) and calls_functions(cls):
                    seen.add(cls.__name__)
                    assert f"super().{method}(" in inspect.getsource(vars(cls)[method]), f"{cls.__name__}.{method}"
    assert "AsyncWaitOperator" in seen


def test_bases_give_plain_callables_a_life():
    class Numbered(CheckpointedFunction):
        def initialize_state(self, context):
            self.kept = context.get_operator_state_store().get_union_list_state(KEPT)

        def snapshot_state(self, context):
            self.kept.add(context.get_checkpoint_id())

        def __call__(self, value):
            return value, self.kept.get()

    class Lists(ListCheckpointed):
        def snapshot_state(self, checkpoint_id, timestamp):
            return [1]

        def restore_state(self, state):
            self.state = state

    class Told(CheckpointListener):
        pass

    function = Numbered()
    with OperatorHarness(MapOperator(UserFunction(function, function))) as harness:
        harness.snapshot(3)
        harness.push([1])
        assert harness.values == [(1, [3])]
    with pytest.raises(TypeError, match="abstract"):
        CheckpointedFunction()
    assert Lists().snapshot_state(1, 2) == [1]
    assert Told().notify_checkpoint_complete(1) is None
    assert Told().notify_checkpoint_aborted(1) is None


def listing(values):
    class Lists(MapFunction, ListCheckpointed):
        def __init__(self):
            self.values = values

        def snapshot_state(self, checkpoint_id, timestamp):
            return self.values

        def restore_state(self, state):
            self.values = state

        def map(self, value):
            return value

        get_key = map

    return Lists()


def of_map(function, **options):
    return OperatorHarness(MapOperator(UserFunction(function.map, function)), **options)


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (2, 3), (3, 2), (2, 2)])
def test_lists_are_dealt_out(before, after):
    snapshots = []
    for subtask in range(before):
        function = listing([(subtask, number) for number in range(subtask + 2)])
        with of_map(function, subtask_index=subtask, parallelism=before) as harness:
            snapshots.append(harness.snapshot(4))
    random.shuffle(snapshots)
    found = []
    for subtask in range(after):
        function = listing([])
        with of_map(function, restored=snapshots, subtask_index=subtask, parallelism=after):
            found.append(function.values)
    assert sorted(item for each in found for item in each) == [(s, n) for s in range(before) for n in range(s + 2)]
    assert max(map(len, found)) - min(map(len, found)) <= 1


def test_union_lists_and_broadcast_maps_of_a_function():
    class Both(MapFunction):
        def initialize_state(self, context):
            store = context.get_operator_state_store()
            self.all = store.get_union_list_state(KEPT)
            self.rules = store.get_broadcast_state(RULES)

        def snapshot_state(self, context):
            pass

        def map(self, value):
            return value

    snapshots = []
    for subtask in range(2):
        function = Both()
        with of_map(function, subtask_index=subtask, parallelism=2) as harness:
            function.all.add(subtask)
            function.rules.put("a", 1)
            snapshots.append(harness.snapshot())
    for subtask in range(3):
        function = Both()
        with of_map(function, restored=snapshots, subtask_index=subtask, parallelism=3):
            assert sorted(function.all.get()) == [0, 1]
            assert dict(function.rules.items()) == {"a": 1}


def test_two_functions_of_an_operator_have_lists_of_their_own():
    def operator(first, second):
        return KeyedProcessOperator([UserFunction(lambda v, c: [v], second)], [first.get_key], None)

    with OperatorHarness(operator(listing([1, 2]), listing([3]))) as harness:
        snapshot = harness.snapshot()
    with OperatorHarness(operator(listing([]), listing([])), restored=snapshot) as harness:
        first, second = harness.operator.functions.owners
        assert (first.values, second.values) == ([1, 2], [3])


def test_an_object_that_is_called_in_two_ways_stores_once():
    asked = Asked()
    with OperatorHarness(ProcessOperator(*process(asked))) as harness:
        harness.snapshot()
        harness.snapshot(2)
    assert [word for word, *_ in asked.said if word == "snapshot"] == ["snapshot"] * 2


def test_keyed_state_in_initialize_state():
    class Counted:
        def initialize_state(self, context):
            self.count = context.get_keyed_state_store().get_state(ValueStateDescriptor("count", Types.LONG()))

        def snapshot_state(self, context):
            pass

        def process_element(self, value, ctx):
            self.count.update((self.count.value() or 0) + 1)
            yield value, self.count.value()

    def keyed(**options):
        function = Counted()
        operator = KeyedProcessOperator([UserFunction(function.process_element, function)], [str], None)
        return OperatorHarness(operator, **options)

    with keyed() as harness:
        harness.push(["a", "b", "a"])
        snapshot = harness.snapshot()
    values = []
    for subtask in range(2):
        with keyed(restored=snapshot, subtask_index=subtask, parallelism=2) as harness:
            tables = harness.context.keyed_state.tables
            values += [
                tables["count"].get(None) for _, harness.context.keyed_state.context.key in [*tables["count"].entries()]
            ]
    assert sorted(values) == [1, 2]
    function = Counted()
    with pytest.raises(JobExecutionError, match=r"in initialize_state\(\)") as caught:
        OperatorHarness(MapOperator(UserFunction(str, function)))
    assert "call key_by first" in str(caught.value.__cause__)


class Bad(MapFunction):
    def __init__(self, name="kept", gives=None):
        self.name = name
        self.gives = gives

    def map(self, value):
        return value


def test_what_functions_do_wrong_says_where():
    class Reserved(Bad):
        def initialize_state(self, context):
            context.get_operator_state_store().get_list_state(ListStateDescriptor("_watermark"))

        def snapshot_state(self, context):
            pass

    with pytest.raises(JobExecutionError, match=r"in initialize_state\(\)") as caught:
        of_map(Reserved(), name="Doubled")
    assert "names that begin with '_' are for the operator's own states" in str(caught.value.__cause__)
    assert "Doubled" in str(caught.value)

    class Nothing(Bad):
        def restore_state(self, state):
            pass

        def snapshot_state(self, checkpoint_id, timestamp):
            return self.gives

    for wrong in (None, "text", 3):
        with of_map(Nothing(gives=wrong)) as harness:
            with pytest.raises(JobExecutionError, match=r"in snapshot_state\(\)") as caught:
                harness.snapshot()
            assert f"gives a list of what to store, not {wrong!r}" in str(caught.value)

    class Fails(Bad):
        def initialize_state(self, context):
            pass

        def snapshot_state(self, context):
            raise ValueError("disk")

        def notify_checkpoint_complete(self, checkpoint_id):
            raise ValueError("line")

    with of_map(Fails()) as harness:
        with pytest.raises(JobExecutionError, match=r"in snapshot_state\(\)"):
            harness.snapshot()
        with pytest.raises(JobExecutionError, match=r"in notify_checkpoint_complete\(\)"):
            harness.notify_checkpoint_complete(1)


def test_asynchronous_functions_may_have_coroutines():
    class Client(Asked):
        async def snapshot_state(self, context):
            self.kept.update([self.count])

        async def notify_checkpoint_complete(self, checkpoint_id):
            self.said.append(checkpoint_id)

    class Lists(AsListed):
        async def snapshot_state(self, checkpoint_id, timestamp):
            return [3]

    client = Client()
    with OperatorHarness(OPERATORS["async"](client)) as harness:
        client.count = 3
        snapshot = harness.snapshot(7)
        harness.notify_checkpoint_complete(7)
    assert client.said[-1] == 7
    for kind, state in ((Client, snapshot), (Lists, None)):
        again = kind()
        if state is None:
            with OperatorHarness(OPERATORS["async"](Lists())) as harness:
                state = harness.snapshot(7)
        with OperatorHarness(OPERATORS["async"](again), restored=state):
            assert again.count == 3


class Kept(SinkFunction):
    values = ()

    def invoke(self, value, context):
        self.values = (*self.values, value)

    def snapshot_state(self, checkpoint_id, timestamp):
        return list(self.values)

    def restore_state(self, state):
        self.values = tuple(state)


class RichKept(RichSinkFunction, Kept):
    pass


@pytest.mark.parametrize("kind", [Kept, RichKept])
def test_sink_functions(kind):
    def sink(function, **options):
        return OperatorHarness(SinkFunctionOperator(UserFunction(function.invoke, function), True), **options)

    with sink(kind()) as harness:
        harness.push([1, 2])
        snapshot = harness.snapshot()
    again = kind()
    with sink(again, restored=snapshot) as harness:
        harness.push([3])
    assert again.values == (1, 2, 3)


# ---- what is no function of the input ----


class Drawn(MapFunction):
    def open(self, runtime_context):
        self.context = runtime_context

    def map(self, value):
        return self.context.random.random(), str(self.context.uuid4())


def drawn(count, **options):
    with of_map(Drawn(), **options) as harness:
        harness.push(range(count))
        return harness.values, harness.snapshot()


def test_random_numbers_follow_from_job_uid_and_subtask():
    first, _ = drawn(3)
    assert drawn(3)[0] == first
    others = [
        drawn(3, uid="other")[0],
        drawn(3, seed="another job")[0],
        drawn(3, subtask_index=1, parallelism=2)[0],
        drawn(3, subtask_index=0, parallelism=2)[0],
    ]
    numbers = [number for values in (first, *others) for number in values]
    assert len(set(numbers)) == len(numbers)
    assert all(uuid.UUID(text).version == 4 for _, text in numbers)


def test_they_go_on_where_the_checkpoint_was():
    whole, _ = drawn(7)
    begun, snapshot = drawn(4)
    assert begun + drawn(3, restored=pickle.loads(pickle.dumps(snapshot)))[0] == whole


def test_they_go_on_in_each_subtask_and_only_where_some_were_drawn():
    snapshots = []
    for subtask, count in enumerate((0, 3, 2)):
        with of_map(Drawn(), subtask_index=subtask, parallelism=3) as harness:
            harness.push(range(count))
            snapshots.append(harness.snapshot())
    for subtask, count in enumerate((0, 3, 2)):
        whole, _ = drawn(count + 2, subtask_index=subtask, parallelism=3)
        assert drawn(2, subtask_index=subtask, parallelism=3, restored=snapshots)[0] == whole[count:]
    # Other subtasks draw new ones, the same each time, and of no other subtask.
    fresh = [drawn(2, subtask_index=subtask, parallelism=2, restored=snapshots)[0] for subtask in range(2)]
    assert [drawn(2, subtask_index=subtask, parallelism=2, restored=snapshots)[0] for subtask in range(2)] == fresh
    later = drawn(2, subtask_index=0, parallelism=2, restored=snapshots[:1])[0]
    known = [number for subtask in range(2) for number in drawn(9, subtask_index=subtask, parallelism=2)[0]]
    numbers = [*fresh[0], *fresh[1], *known]
    assert len(set(numbers)) == len(numbers)
    assert later[0] not in fresh[0]


def test_where_nobody_draws_nothing_is_stored():
    with of_map(listing([])) as harness:
        assert [str(batch.schema) for batch in harness.snapshot().own if b"_random" in str(batch.schema).encode()] == []
        assert "randomness" not in vars(harness.context)


def test_the_time_is_the_clocks():
    class Timed(Drawn):
        def map(self, value):
            return self.context.time()

    with of_map(Timed(), now=123) as harness:
        harness.push([0])
        harness.set_processing_time(124)
        harness.push([0])
        assert harness.values == [123, 124]
