"""Other programs read the state of running jobs: of every kind, wherever its tasks run, live or as of a checkpoint."""

import contextlib
import os
import threading
import time

import pytest

from pyflinkx.common import Configuration, JobID, Row, Types, WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.requests import ReplySink, RequestSource
from pyflinkx.datastream import AggregateFunction, KeyedProcessFunction, StreamExecutionEnvironment
from pyflinkx.errors import (
    JobCancelledError,
    QueryError,
    UnknownKeyError,
    UnknownStateError,
    UntrustedStateError,
    WrongStateError,
)
from pyflinkx.queryablestate import QueryableStateClient
from pyflinkx.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)

WORKERS = ["inline", "threads", "processes"]
KEYS = ["a", "b", "c", "d", "e"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


class Average(AggregateFunction):
    def create_accumulator(self):
        return (0, 0)

    def add(self, value, accumulator):
        return accumulator[0] + value, accumulator[1] + 1

    def get_result(self, accumulator):
        return accumulator[0] / accumulator[1]

    def merge(self, a, b):
        return a[0] + b[0], a[1] + b[1]


def queryable(descriptor, name):
    descriptor.set_queryable(name)
    return descriptor


def descriptors():
    pair = Types.TUPLE([Types.LONG(), Types.LONG()])
    return {
        "sum": ValueStateDescriptor("sum", Types.LONG()),
        "all": ListStateDescriptor("all", Types.LONG()),
        "by parity": MapStateDescriptor("by parity", Types.STRING(), Types.LONG()),
        "largest": ReducingStateDescriptor("largest", max, Types.LONG()),
        "average": AggregatingStateDescriptor("average", Average(), pair),
        "anything": ValueStateDescriptor("anything"),
        "row": ValueStateDescriptor("row", Types.ROW_NAMED(["n", "text"], [Types.LONG(), Types.STRING()])),
    }


class Keeps(KeyedProcessFunction):
    def open(self, context):
        made = {name: queryable(one, name) for name, one in descriptors().items()}
        self.sum = context.get_state(made["sum"])
        self.all = context.get_list_state(made["all"])
        self.parity = context.get_map_state(made["by parity"])
        self.largest = context.get_reducing_state(made["largest"])
        self.average = context.get_aggregating_state(made["average"])
        self.anything = context.get_state(made["anything"])
        self.row = context.get_state(made["row"])

    def process_element(self, value, context):
        key, number = value
        if number < 0:
            raise ValueError("not this time")
        self.sum.update((self.sum.value() or 0) + number)
        self.all.add(number)
        parity = "even" if number % 2 == 0 else "odd"
        self.parity.put(parity, (self.parity.get(parity) or 0) + 1)
        self.largest.add(number)
        self.average.add(number)
        self.anything.update({"numbers": (self.anything.value() or {"numbers": ()})["numbers"] + (number,)})
        self.row.update(Row(n=number, text=key))
        yield number


class Job:
    """A job that is given one record after the other, and told when each has gone through."""

    def __init__(self, workers, **options):
        configuration = Configuration.from_dict(
            {
                "pyflinkx.workers": workers,
                "queryable-state.enable": "true",
                "queryable-state.proxy.ports": "0",
                **options,
            }
        )
        env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
        self.source = RequestSource()
        records = env.from_source(self.source, WatermarkStrategy.no_watermarks(), "records").uid("records")
        records = records.set_parallelism(1)
        kept = records.key_by(lambda pair: pair[0], key_type=Types.STRING()).process(Keeps()).uid("kept")
        kept.sink_to(ReplySink()).uid("replies")
        self.client = env.execute_async("keeping")
        self.queries = QueryableStateClient(*self.client.get_queryable_state_address(), timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.queries.close()
        self.client.cancel().result(60)

    def give(self, records):
        for record in records:
            self.client.ask(record, 60)

    def get(self, name, key, **options):
        descriptor = descriptors()[name]
        return self.queries.get_kv_state(
            self.client.get_job_id(), name, key, Types.STRING(), descriptor, **options
        ).result(60)


RECORDS = [(KEYS[n % 4], n) for n in range(21)]


@pytest.mark.parametrize("workers", WORKERS)
def test_the_live_value_of_a_key_of_every_kind_of_state(workers):
    with Job(workers) as job:
        job.give(RECORDS)
        for key in KEYS[:4]:
            numbers = [n for other, n in RECORDS if other == key]
            assert job.get("sum", key).value() == sum(numbers)
            assert job.get("all", key).get() == numbers
            parity = job.get("by parity", key)
            even = sum(n % 2 == 0 for n in numbers)
            assert dict(parity.items()) == {k: v for k, v in {"even": even, "odd": len(numbers) - even}.items() if v}
            assert job.get("largest", key).get() == max(numbers)
            assert job.get("average", key).get() == sum(numbers) / len(numbers)
            assert job.get("anything", key).value() == {"numbers": tuple(numbers)}
            assert job.get("row", key).value() == Row(n=numbers[-1], text=key)
        job.give([("a", 1000)])
        assert job.get("largest", "a").get() == 1000


@pytest.mark.parametrize("workers", WORKERS)
def test_several_keys_and_ranges(workers):
    with Job(workers) as job:
        job.give(RECORDS)
        sums = {key: sum(n for other, n in RECORDS if other == key) for key in KEYS[:4]}
        id, descriptor = job.client.get_job_id(), descriptors()["sum"]
        states = job.queries.get_kv_states(id, "sum", ["b", "e", "a"], Types.STRING(), descriptor)
        assert {key: state.value() for key, state in states.items()} == {"a": sums["a"], "b": sums["b"]}

        def table(name="sum", **options):
            found = job.queries.to_arrow(id, name, Types.STRING(), descriptors()[name], **options).to_pydict()
            return dict(zip(found["key"], found["value"], strict=True))

        assert table() == sums
        assert list(table()) == sorted(sums)
        assert table(start="b") == {key: sums[key] for key in "bcd"}
        assert table(start="b", stop="d") == {key: sums[key] for key in "bc"}
        assert table(stop="a") == {}
        assert table(keys=["d", "zz"]) == {"d": sums["d"]}
        assert len(table(limit=3)) == 3
        assert table("row")["a"] == {"n": 20, "text": "a"}
        assert table("all", keys=["b"])["b"] == [n for n in range(21) if n % 4 == 1]
        with pytest.raises(QueryError, match="no order with 3"):
            job.queries.to_arrow(id, "sum", None, descriptor, start=3)


@pytest.mark.parametrize("workers", WORKERS)
def test_the_value_as_of_the_last_checkpoint(workers, tmp_path):
    folder = tmp_path / "checkpoints"
    with (
        Job(workers, **{"execution.checkpointing.dir": str(folder)}) as job,
        pytest.raises(QueryError, match="has not completed a checkpoint yet"),
    ):
        job.get("sum", "a", consistency="checkpoint")
    with Job(workers, **{"execution.checkpointing.interval": "10 ms"}) as job:
        job.give(RECORDS)
        wait_for_checkpoints(job.client, 2)
        for name in descriptors():
            for key in KEYS[:4]:
                live = job.get(name, key)
                assert read(job.get(name, key, consistency="checkpoint")) == read(live)
        found = job.queries.to_arrow(
            str(job.client.get_job_id()), "sum", None, descriptors()["sum"], start="b", consistency="checkpoint"
        )
        assert found.column("key").to_pylist() == ["b", "c", "d"]
        with pytest.raises(UnknownKeyError):
            job.get("sum", "e", consistency="checkpoint")


def read(state):
    return state.value() if hasattr(state, "value") else dict(state.items()) if hasattr(state, "items") else state.get()


def wait_for_checkpoints(client, more):
    statistics = client.get_checkpoint_statistics
    wanted = statistics().completed + more
    deadline = time.monotonic() + 60
    while statistics().completed < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_checkpoint_has_is_not_what_came_after_it(tmp_path):
    with Job("inline", **{"execution.checkpointing.interval": "10 ms"}) as job:
        job.give([("a", 1)])
        wait_for_checkpoints(job.client, 2)
        job.client._thread.job.checkpoints.coordinator.due = None  # the next is far off
        job.give([("a", 2)])
        assert job.get("sum", "a").value() == 3
        assert job.get("sum", "a", consistency="checkpoint").value() in (1, 3)


class Once:
    def delay_after(self, failures):
        return 0 if len(failures) == 1 else None


class FailsOnce(KeyedProcessFunction):
    def __init__(self, folder):
        self.folder = folder

    def open(self, context):
        self.seen = context.get_state(queryable(ValueStateDescriptor("seen", Types.LONG()), "seen"))
        self.first = context.get_attempt_number() == 0

    def process_element(self, value, context):
        if self.first and os.path.exists(self.folder / "armed"):
            raise ValueError("not this time")
        time.sleep(0.001)
        self.seen.update((self.seen.value() or 0) + 1)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_job_that_starts_again_answers_again(workers, tmp_path):
    options = {
        "pyflinkx.workers": workers,
        "pyflinkx.batch.size": "1",
        "queryable-state.enable": "true",
        "queryable-state.proxy.ports": "0",
        "execution.checkpointing.interval": "10 ms",
    }
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    numbers = env.from_collection(list(range(20_000))).key_by(lambda n: n % 3)
    numbers.process(FailsOnce(tmp_path)).sink_to(DiscardSink())
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()

    def run():
        with contextlib.suppress(JobCancelledError):
            job.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    descriptor = ValueStateDescriptor("seen", Types.LONG())
    with QueryableStateClient(*job.query_server.address, timeout=5) as client:

        def seen(consistency="live"):
            try:
                asked = client.get_kv_state(job.job_id, "seen", 1, None, descriptor, consistency=consistency)
                return asked.result(60).value()
            except (QueryError, UnknownKeyError):  # the checkpoint is from before the key's first record
                return 0

        def wait_until(condition):
            deadline = time.monotonic() + 100
            while not condition():
                assert time.monotonic() < deadline
                time.sleep(0.005)

        wait_until(lambda: job.checkpoints.coordinator.latest is not None and seen() > 0)
        (tmp_path / "armed").touch()
        wait_until(lambda: len(job.master.failures) == 1 and seen() > 0)
        wait_until(lambda: seen("checkpoint") > 0)
    job.request_cancel()
    thread.join(60)


def test_clear_errors():
    with Job("inline") as job:
        job.give([("a", 1)])
        with pytest.raises(UnknownKeyError, match="state 'sum' has no value for key 'z'"):
            job.get("sum", "z")
        id = job.client.get_job_id()
        text, number = Types.STRING(), ValueStateDescriptor("sum", Types.LONG())
        for future, kind, message in [
            (job.queries.get_kv_state(id, "smu", "a", text, number), UnknownStateError, "no queryable state 'smu'"),
            (job.queries.get_kv_state(JobID(), "sum", "a", text, number), QueryError, "no job .* answers queries here"),
            (
                job.queries.get_kv_state(id, "sum", "a", text, ListStateDescriptor("sum", Types.LONG())),
                WrongStateError,
                "is a ValueState, and the descriptor describes a ListState",
            ),
            (
                job.queries.get_kv_state(id, "sum", "a", text, ValueStateDescriptor("sum", Types.STRING())),
                WrongStateError,
                "another type than the descriptor's",
            ),
            (
                job.queries.get_kv_state(id, "sum", "a", text, number, consistency="later"),
                QueryError,
                "'live' or 'checkpoint', not 'later'",
            ),
        ]:
            with pytest.raises(kind, match=message):
                future.result(60)
        state = job.get("sum", "a")
        with pytest.raises(WrongStateError, match="cannot be changed"):
            state.update(2)
        assert state.value() == 1
        address = job.client.get_queryable_state_address()
    with QueryableStateClient(*address) as client, pytest.raises(QueryError, match="has ended"):
        client.get_kv_state(id, "sum", "a", text, number).result(60)


def test_a_job_that_has_not_enabled_it_listens_to_nobody():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection([1]).sink_to(DiscardSink())
    client = env.execute_async()
    client.get_job_execution_result().result(60)
    assert client.get_queryable_state_address() is None
    with QueryableStateClient(port=1) as client, pytest.raises(QueryError, match="whose queryable-state"):
        client.get_kv_state(JobID(), "a", 1, None, ValueStateDescriptor("a")).result(60)


def test_pickled_values_need_the_secret_of_the_installation(tmp_path, monkeypatch):
    with Job("inline") as job:
        job.give([("a", 1)])
        assert job.get("anything", "a").value() == {"numbers": (1,)}
        other = tmp_path / "other"
        other.write_bytes(os.urandom(32))
        other.chmod(0o600)
        monkeypatch.setenv("PYFLINKX_SECRET_FILE", str(other))
        with pytest.raises(UntrustedStateError, match="declare the type"):
            job.queries.get_kv_states(
                job.client.get_job_id(), "anything", ["a"], Types.STRING(), descriptors()["anything"]
            )
        assert job.get("sum", "a").value() == 1


@pytest.mark.parametrize("reducing", [False, True])
def test_a_stream_as_queryable_state(reducing):
    options = {"queryable-state.enable": "true", "queryable-state.proxy.ports": "0", "pyflinkx.workers": "inline"}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    source = RequestSource()
    pair = Types.TUPLE([Types.STRING(), Types.LONG()])
    records = env.from_source(source, WatermarkStrategy.no_watermarks(), "records", pair)
    total = ReducingStateDescriptor("totals", lambda a, b: (a[0], a[1] + b[1]), pair) if reducing else None
    made = records.key_by(lambda pair: pair[0], key_type=Types.STRING()).as_queryable_state("totals", total)
    records.sink_to(ReplySink())
    client = env.execute_async()
    for record in [("a", 1), ("b", 2), ("a", 3)]:
        client.ask(record, 60)
    assert made.get_queryable_state_name() == "totals"
    with QueryableStateClient(*client.get_queryable_state_address()) as queries:
        found = queries.get_kv_states(
            client.get_job_id(), "totals", ["a", "b"], made.get_key_type_info(), made.get_state_descriptor()
        )
        assert {key: read(state) for key, state in found.items()} == {
            "a": ("a", 4 if reducing else 3),
            "b": ("b", 2),
        }
    client.cancel().result(60)
