"""Jobs on worker processes: what fails, who says so, and that nothing stays behind."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from pathlib import Path

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError, DependencyError, GraphError, JobExecutionError, SourceError

ROOT = Path(__file__).resolve().parents[2]


def environment(parallelism=2, **options):
    configuration = Configuration.from_dict({"pyflinkx.workers": "processes"})
    for key, value in options.items():
        configuration.set_string(key.replace("__", "-").replace("_", "."), str(value))
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    return env.set_parallelism(parallelism)


WAYS = [("spawn", "shared-memory"), ("fork", "shared-memory"), ("spawn", "sockets"), ("fork", "sockets")]


@pytest.fixture(params=WAYS, ids="-".join)
def env(request):
    method, transport = request.param
    return environment(pyflinkx_workers_start__method=method, pyflinkx_workers_transport=transport)


def children():
    """Processes of this one that run or were not waited for."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                found.add(int(entry))
    return found


def descriptors():
    return {entry for entry in os.listdir("/proc/self/fd") if Path(f"/proc/self/fd/{entry}").exists()}


def mappings():
    return sum(
        "pyflinkx" in line or "memfd" in line
        for line in Path("/proc/self/maps").read_text().splitlines()
        if ".so" not in line
    )


@pytest.fixture(autouse=True)
def nothing_stays_behind():
    before = children(), descriptors(), set(threading.enumerate()), mappings()
    yield
    assert (children(), descriptors(), set(threading.enumerate()), mappings()) == before


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


NUMBERS = list(range(20_000))


def run(env, function):
    return collect(env.from_collection(NUMBERS).rebalance().map(function).key_by(lambda x: x % 7).map(lambda x: x))


def test_tasks_run_in_other_processes(env):
    pids = set(collect(env.from_collection(NUMBERS).rebalance().map(lambda _: os.getpid())))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_users_exception_comes_with_its_traceback(env):
    def divide(x):
        return 1 // (x - 777)

    with pytest.raises(JobExecutionError, match=r"operator 'Map'.*on record 777") as caught:
        run(env, divide)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert [(frame.name, frame.line) for frame in frames] == [("divide", "return 1 // (x - 777)")]


class StrangeError(Exception):
    """Cannot be pickled."""

    def __init__(self, first):
        super().__init__(first)
        self.lock = threading.Lock()


def test_an_exception_that_cannot_travel_is_told_as_text(env):
    def fail(x):
        raise StrangeError("one")

    with pytest.raises(JobExecutionError, match="StrangeError: one") as caught:
        run(env, fail)
    assert "StrangeError: one" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        # To this thread: another one may handle a signal to the process, while this one goes on with its records.
        (lambda: signal.raise_signal(signal.SIGKILL), "killed by SIGKILL"),
        (lambda: signal.raise_signal(signal.SIGABRT), "killed by SIGABRT"),
        (lambda: os._exit(3), "exit code 3"),
    ],
    ids=["killed", "crashed", "exited"],
)
def test_a_worker_that_dies_is_named_with_its_last_words(env, end, words):
    def die(x):
        if x == 5000:
            print("last words", flush=True)
            end()
        return x

    with pytest.raises(JobExecutionError, match=rf"worker-[12] was lost: {words}.*'Map(?s:.*)last words"):
        run(env, die)


def test_a_worker_that_hangs_is_given_up_after_the_heartbeat_timeout(env):
    env.configure(Configuration.from_dict({"heartbeat.interval": "100 ms", "heartbeat.timeout": "1 s"}))

    def stop(x):
        if x == 5000:
            os.kill(os.getpid(), signal.SIGSTOP)
        return x

    with pytest.raises(JobExecutionError, match=r"worker-[12] was lost: it did not answer for 1 s"):
        run(env, stop)


class Beating(MapFunction):
    """Holds its task up in one record until a named pipe has a byte for it, and counts the heartbeats meanwhile."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.beats = 0

    def open(self, runtime_context):
        runtime_context.get_metrics_group().gauge("beats", self.count)

    def count(self):
        """How often the gauge was read while the task was held up: each heartbeat of the worker reads it."""
        self.beats += self.beats > 0
        return self.beats

    def map(self, value):
        if value == 5000:
            self.beats = 1
            with open(self.pipe, "rb", buffering=0) as pipe:
                pipe.read(1)
        return value


def test_a_worker_that_is_only_busy_is_not_silent(tmp_path):
    """Heartbeats come as often as the configuration says, whatever its tasks do."""
    env = environment(heartbeat_interval="50 ms")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    env.from_collection(NUMBERS).rebalance().map(Beating(pipe)).sink_to(DiscardSink())
    client = env.execute_async()

    def beats():
        return max(
            [seen for task in client.get_metrics().values() for name, seen in task.items() if "beats" in name],
            default=0,
        )

    opener = os.open(pipe, os.O_RDWR)  # for reading too: this end waits for nobody
    try:
        wait_until(lambda: beats() >= 20)
    finally:
        os.write(opener, b"1")
        client.get_job_execution_result().result()
        os.close(opener)


class LongToLoad(MapFunction):
    """Is not there, in a worker, before a named pipe has a byte for it."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.client = os.getpid()

    def __setstate__(self, state):
        self.__dict__.update(state)
        if os.getpid() != self.client:
            with open(self.pipe, "rb", buffering=0) as pipe:
                pipe.read(1)

    def map(self, value):
        return value


def test_a_worker_that_loads_the_job_is_not_silent(tmp_path):
    """What a job imports may take longer than the timeout of heartbeats: it would never come to run."""
    env = environment(1, heartbeat_interval="50 ms")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    env.from_collection([1, 2]).map(LongToLoad(str(pipe))).sink_to(DiscardSink())
    opener = os.open(pipe, os.O_RDWR)
    client = env.execute_async()
    heard = set()

    def beats():
        current = client._thread.job.current
        heard.update(view.heard for view in ([] if current is None else current.workers) if view.deployed)
        return len(heard)

    try:
        wait_until(lambda: beats() >= 5)
    finally:
        os.write(opener, b"1" * 10)
        client.get_job_execution_result().result()
        os.close(opener)


def test_a_task_that_does_not_stop_is_killed(env):
    env.configure(Configuration.from_dict({"task.cancellation.timeout": "300 ms"}))

    def stubborn(x):
        if x % 2:
            threading.Event().wait()
        raise ValueError("enough")

    with pytest.raises(JobExecutionError, match="enough"):
        run(env, stubborn)


def test_closing_the_results_early_cancels_the_job(env):
    results = env.from_collection(NUMBERS * 20).rebalance().map(lambda x: x).execute_and_collect()
    next(results)
    results.close()


def test_functions_close_when_the_job_is_cancelled(env, tmp_path):
    class Closing(MapFunction):
        def __init__(self, folder):
            self.folder = folder

        def open(self, runtime_context):
            self.subtask = runtime_context.get_index_of_this_subtask()

        def map(self, value):
            return value

        def close(self):
            (self.folder / str(self.subtask)).touch()

    results = env.from_collection(NUMBERS * 20).rebalance().map(Closing(tmp_path)).execute_and_collect()
    next(results)
    results.close()
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1"}


def test_output_of_workers_comes_in_whole_lines(env, capsys):
    def say(x):
        print(f"<{x}>" * 3)
        return x

    run(env, say)
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines) == sorted(f"<{x}>" * 3 for x in NUMBERS)


def test_log_records_of_workers_name_worker_and_task(env, caplog):
    def note(x):
        if x == 17:
            logging.getLogger("mine").warning("seventeen")
        return x

    run(env, note)
    (record,) = [record for record in caplog.records if record.name == "mine"]
    assert record.getMessage() == "seventeen"
    assert record.processName in ("worker-1", "worker-2")
    assert record.threadName.startswith("Map (")


def test_a_log_record_that_no_pickle_takes_arrives_without_what_is_not_its_own(env, caplog):
    def log(x):
        if x == 5:
            logging.getLogger("users").warning("hello", extra={"lock": threading.Lock()})
        return x

    run(env, log)
    (record,) = [record for record in caplog.records if record.name == "users"]
    assert record.getMessage() == "hello"
    assert not hasattr(record, "lock")


class Faulty(Exception):
    """Can be pickled, but not read, like many that take several arguments."""

    def __init__(self, what, where):
        super().__init__(f"{what} in {where}")


class EndsAll:
    def __reduce__(self):
        return sys.exit, (3,)


class EndsAllAtOnce:
    def __reduce__(self):
        sys.exit(4)


def test_what_is_attached_to_a_log_record_fails_no_job(env, caplog):
    def log(x):
        if x == 5:
            extra = {"faulty": Faulty("x", "y"), "read": EndsAll(), "write": EndsAllAtOnce(), "order": {"n": 7}}
            logging.getLogger("users").warning("hello", extra=extra)
        return x

    run(env, log)
    (record,) = [record for record in caplog.records if record.name == "users"]
    assert record.getMessage() == "hello"
    assert record.order == {"n": 7}
    assert not {"faulty", "read", "write"} & vars(record).keys()


def test_counters_of_all_subtasks_are_summed(env):
    env.from_collection(NUMBERS).rebalance().map(lambda x: x).print()
    result = env.execute()
    assert result.get_accumulator_result("Collection Source.numRecordsIn") == len(NUMBERS)


class Unpicklable:
    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, x):
        return x


def test_a_function_that_cannot_travel_is_named_with_the_attribute(env):
    with pytest.raises(GraphError, match=r"operator 'Map' \(.*test_workers.py:\d+\).*\.lock.*make it in open"):
        run(env, Unpicklable())


def test_a_key_function_that_cannot_travel_is_named(env):
    lock = threading.Lock()
    stream = env.from_collection(NUMBERS).key_by(lambda x: lock and x % 2).map(lambda x: x)
    with pytest.raises(GraphError, match=r"operator 'Map'.*variable 'lock'"):
        collect(stream)


def test_a_closure_that_cannot_travel_is_named_with_the_variable(env):
    lock = threading.Lock()
    with pytest.raises(GraphError, match=r"operator 'Map'.*variable 'lock'"):
        run(env, lambda x: lock and x)


def test_what_is_wrong_with_a_source_shows_before_workers_start(env):
    with pytest.raises(SourceError, match="nowhere"):
        collect(env.read_text_file("/nowhere/at/all").map(len))


def test_memory_beyond_its_limit_is_refused(env):
    env.configure(
        Configuration.from_dict({"taskmanager.memory.network.max": "64 kb", "taskmanager.memory.network.min": "0"})
    )
    with pytest.raises(ConfigurationError, match=r"taskmanager\.memory\.network\.max"):
        run(env, lambda x: x)


PROGRAM = """
import sys
from dataclasses import dataclass
from enum import Enum
from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment

class Colour(Enum):
    RED = 1
    BLUE = 2

@dataclass(frozen=True)
class Point:
    x: int
    colour: Colour

    def double(self):
        return Point(self.x * FACTOR, self.colour)

FACTOR = 2
env = StreamExecutionEnvironment.get_execution_environment(
    Configuration.from_dict({"pyflinkx.workers.start-method": sys.argv[1]})
)
env.set_parallelism(2)
points = env.from_collection([Point(i, Colour(i % 2 + 1)) for i in range(10)]).rebalance().map(Point.double)
with points.key_by(lambda p: p.colour).map(lambda p: p).execute_and_collect() as results:
    found = sorted(results, key=lambda p: p.x)
assert found == [Point(i * 2, Colour(i % 2 + 1)) for i in range(10)], found
assert all(type(point) is Point for point in found)
print("all the same")
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_classes_of_a_script_travel(tmp_path, method):
    """No ``if __name__ == "__main__"`` is needed."""
    script = tmp_path / "job.py"
    script.write_text(textwrap.dedent(PROGRAM))
    done = subprocess.run(
        [sys.executable, str(script), method],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (0, "all the same\n"), done.stderr


FOREVER = """
import os, sys, time
from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment

def report(x):
    with open(os.path.join(sys.argv[2], str(os.getpid())), "w"):
        pass
    time.sleep(1000)

env = StreamExecutionEnvironment.get_execution_environment(
    Configuration.from_dict({"pyflinkx.workers.start-method": sys.argv[1]})
)
env.set_parallelism(2).from_collection(list(range(10))).rebalance().map(report).print()
env.execute()
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_workers_end_with_their_client(tmp_path, method):
    script = tmp_path / "job.py"
    script.write_text(FOREVER)
    folder = tmp_path / "workers"
    folder.mkdir()
    client = subprocess.Popen(
        [sys.executable, str(script), method, str(folder)], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    wait_until(lambda: len(list(folder.iterdir())) == 2)
    workers = [os.pidfd_open(int(path.name)) for path in folder.iterdir()]
    client.kill()
    client.wait()
    for worker in workers:
        assert multiprocessing.connection.wait([worker], timeout=600), "a worker outlives its client"
        os.close(worker)


def wait_until(condition, timeout=600):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # another process is waited for, which signals nothing


def test_debloating_loses_nothing(env):
    env.configure(
        Configuration.from_dict(
            {
                "taskmanager.network.memory.buffer-debloat.enabled": "true",
                "taskmanager.network.memory.buffer-debloat.target": "1 ms",
                "taskmanager.network.memory.buffer-debloat.period": "1 ms",
                "taskmanager.memory.segment-size": "4 kb",
            }
        )
    )
    records = [(x, "x" * 100) for x in NUMBERS]
    stream = env.from_collection(records).slot_sharing_group("a").map(lambda t: t).slot_sharing_group("b")
    assert sorted(collect(stream)) == records


def test_what_connects_workers_is_given_back_when_dependencies_cannot_be_prepared(env, tmp_path):
    (tmp_path / "broken.zip").write_text("no archive")
    env.add_python_archive(str(tmp_path / "broken.zip"))
    before = descriptors(), mappings()
    stream = env.from_collection([1, 2, 3]).rebalance().map(str)
    with pytest.raises(DependencyError, match="cannot be extracted") as failure:
        collect(stream)
    assert (descriptors(), mappings()) == before, failure.value  # while the traceback still has the job
